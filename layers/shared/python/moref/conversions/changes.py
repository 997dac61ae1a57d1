"""The writes that move a conversion and its referral, each with the event that tells of it."""

from datetime import datetime
from typing import Any

from moref.conversions.model import Conversion
from moref.events import Event
from moref.kernel import ids
from moref.records import Change, Create, Emit, Write
from moref.referrals.model import Referral, ReferralStatus
from moref.rewards.model import AuditRow

TRIES = 5
WAITS = frozenset({"pending", "held"})


def told(after: Conversion, previous: str | None, now: datetime) -> Emit:
    data = {"status": after.status, "previous_status": previous, "referral_id": after.referral_id}
    return Emit(Event("conversion.changed", after.organization_id, after.id, data), now)


def moved(before: Conversion, now: datetime, **fields: Any) -> list[Write]:
    """Unless nothing changes. `waiting_since` follows by itself: it runs while the decision is with staff."""
    after = before.changed(now, **fields)
    after = after.changed(now, **waiting(after, before, now))
    if after.data() | {"updated_at": None} == before.data() | {"updated_at": None}:
        return []
    return [Change(before, after), *([told(after, before.status, now)] if after.status != before.status else [])]


def waiting(after: Conversion, before: Conversion | None, now: datetime) -> dict[str, Any]:
    """The fields that say since when staff are asked."""
    if after.status == "withdrawn":
        return {"waiting_since": None, "escalated": 0}
    staffs_turn = after.status == "held" or after.by_hand or after.terms.approval == "manual"
    if after.status in WAITS and staffs_turn and (before is None or before.waiting_since is None):
        return {"waiting_since": now, "escalated": 0}
    return {}


def referral_to(before: Referral, now: datetime, status: ReferralStatus, reason: str | None = None) -> list[Write]:
    """Nothing when the referral says so already."""
    if (before.status, before.reason) == (status, reason):
        return []
    writes: list[Write] = [Change(before, before.changed(now, status=status, reason=reason))]
    if status != before.status:
        data = {"status": status, "previous_status": before.status, "job_id": before.job_id}
        writes.append(Emit(Event("referral.changed", before.organization_id, before.id, data), now))
    return writes


def audit(
    conversion: Conversion, now: datetime, actor: str, action: str, reason: str | None, *, turn: str = ""
) -> Create:
    """Once per decision: the id comes from the conversion, its round and the action.

    `turn` tells what may happen twice in a round from the first time repeated.
    """
    return Create(
        AuditRow(
            organization_id=conversion.organization_id,
            id=ids.derived("aud", conversion.id, str(conversion.round), action, *filter(None, [turn])),
            created_at=now,
            updated_at=now,
            actor=actor,
            action=action,
            subject=conversion.id,
            detail={"reason": reason[:500]} if reason else {},
        )
    )
