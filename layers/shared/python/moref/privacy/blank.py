"""A row without what it held of a person: the inventory's fields emptied, and what waited for the person ended.

What is under way at a provider keeps its frozen recipient until that has ended, or the provider could be asked twice.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from moref.intake.model import Job
from moref.messaging.model import Message
from moref.privacy.inventory import INVENTORY
from moref.records import Entity
from moref.referrals.model import Lead
from moref.rewards.model import Payout
from moref.rewards.new_address import NewAddress

REASON = "the person was erased"
ACCEPTED_LONG_AGO = timedelta(days=30)  # a gift card that bounces does so within days
NEVER_KNOWN = timedelta(days=3)  # a message whose fate nobody could tell by then is asked about no more
_OF_OTHERS = ("referred_by", "source")  # in the job of a friend who named them


def blanked(row: Entity, contact_ids: Collection[str], now: datetime) -> Entity | None:
    """None when it is empty already."""
    fields = dict(INVENTORY[row.noun].personal)
    if isinstance(row, Job) and row.contact_id not in contact_ids:
        fields = {name: fields[name] for name in _OF_OTHERS}
    fields |= _ended(row, now)
    if all(getattr(row, name) == value for name, value in fields.items()):
        return None
    return row.changed(now, **fields)


def under_way(row: Entity, now: datetime) -> bool:
    """Whether a provider may still be asked about it, or with it."""
    if isinstance(row, Payout):
        if row.status == "accepted" and row.accepted_at is not None:
            return now - row.accepted_at < ACCEPTED_LONG_AGO
        return row.status not in ("delivered", "failed", "cancelled")
    if isinstance(row, NewAddress):
        return row.status == "waiting" and now < row.valid_until
    if isinstance(row, Message) and row.status in ("sending", "unknown"):
        return now - (row.claimed_at or row.updated_at) < NEVER_KNOWN
    return False


def _ended(row: Entity, now: datetime) -> dict[str, Any]:
    """What was to go to the person, or to tell of them, and has not left."""
    if isinstance(row, Message) and row.status == "queued":
        return {"status": "skipped", "reason": "contact_gone", "not_before": None}
    if isinstance(row, Lead) and row.status == "new":
        told = row.branch_told_at or now
        return {"status": "failed", "reason": REASON, "next_attempt_at": None, "branch_told_at": told}
    return {}
