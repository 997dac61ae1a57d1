"""The audit row of a decision about money; goes into the commit of the decision itself."""

from datetime import datetime

from moref.kernel import ids
from moref.records import Create
from moref.rewards.model import AuditRow


def audit(
    now: datetime, organization_id: str, actor: str, action: str, subject: str, *, turn: str, reason: str | None = None
) -> Create:
    """`turn` tells a second decision of this kind about the subject from the first one repeated."""
    return Create(
        AuditRow(
            organization_id=organization_id,
            id=ids.derived("aud", subject, action, turn),
            created_at=now,
            updated_at=now,
            actor=actor,
            action=action,
            subject=subject,
            detail={"reason": reason[:500]} if reason else {},
        )
    )
