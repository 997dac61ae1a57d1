"""The audit row of a change that a member made; goes into the commit of the change itself."""

from datetime import datetime

from moref.kernel import ids
from moref.records import Create
from moref.rewards.model import AuditRow


def audited(now: datetime, organization_id: str, actor: str, action: str, subject: str, **detail: str) -> Create:
    """`actor` is a member id; `detail` holds names of fields, ids and enums, never a person's data or a secret."""
    return Create(
        AuditRow(
            organization_id=organization_id,
            id=ids.new("aud"),
            created_at=now,
            updated_at=now,
            actor=actor,
            action=action,
            subject=subject,
            detail=detail,
        )
    )
