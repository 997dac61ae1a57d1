"""What an organization used, counted by day as it happens, each message and each referral once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from moref.billing.model import UsageDay, UsageKind, UsageMark
from moref.kernel.errors import Conflict
from moref.messaging.model import Message
from moref.records import Change, Create, Store, every
from moref.referrals.model import Referral
from moref.runtime import Runtime

TRIES = 8  # a day's counters are one row, and two workers count
KINDS: tuple[UsageKind, ...] = ("sms", "whatsapp", "email", "referrals")


def count_message(runtime: Runtime, organization_id: str, message_id: str) -> None:
    """On message.changed: it left, to somebody outside. Raises Conflict after lost races."""
    message = runtime.store.find(Message, organization_id, message_id)
    left = None if message is None else message.sent_at or message.delivered_at
    if message is not None and left is not None and message.kind != "staff":
        _count(runtime, organization_id, message_id, message.channel, left)


def count_referral(runtime: Runtime, organization_id: str, referral_id: str) -> None:
    """On whatever is told of it first. Raises Conflict after lost races."""
    referral = runtime.store.find(Referral, organization_id, referral_id)
    if referral is not None:
        _count(runtime, organization_id, referral_id, "referrals", referral.created_at)


def used(store: Store, organization_id: str, since: datetime, until: datetime) -> dict[UsageKind, int]:
    """By whole days (UTC), both ends included; one row a day."""
    days = every(store, UsageDay, organization_id, since=_midnight(since), until=until)
    return {kind: sum(day.counts.get(kind, 0) for day in days) for kind in KINDS}


def _count(runtime: Runtime, org: str, id: str, kind: UsageKind, at: datetime) -> None:
    store, now = runtime.store, runtime.clock.now()
    mark = UsageMark(organization_id=org, id=id, created_at=now, updated_at=now)
    day = _midnight(at)
    for _ in range(TRIES):
        if store.find(UsageMark, org, id) is not None:
            return
        before = store.find(UsageDay, org, day.date().isoformat())
        row = before or UsageDay(organization_id=org, id=day.date().isoformat(), created_at=day, updated_at=now)
        after = row.changed(now, counts={**row.counts, kind: row.counts.get(kind, 0) + 1})
        try:
            store.commit(Create(mark), Create(after) if before is None else Change(before, after))
        except Conflict:
            continue
        return
    raise Conflict("the counters are being changed by others")


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


# Which events tell of something that was used -> what is counted of it.
TOLD_BY: dict[str, Callable[[Runtime, str, dict[str, Any]], None]] = {
    "message.changed": lambda runtime, org, event: count_message(runtime, org, event["subject"]),
    "referral.changed": lambda runtime, org, event: count_referral(runtime, org, event["subject"]),
    "lead.created": lambda runtime, org, event: count_referral(runtime, org, event["data"]["referral_id"]),
}
