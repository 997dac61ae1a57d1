"""Whether an organization may begin and send new things, by its subscription.

Who has not paid can still read everything, pay what it owes its advocates, hear from its CRM, and export; its opt-outs
count as ever. What stops is whatever begins something new: marketing, the steps of campaigns, enrollments.
"""

from datetime import datetime, timedelta

from moref.billing.model import Subscription
from moref.kernel.errors import PaymentRequired
from moref.records import Store

GO_ON = "The owner chooses a plan at POST /v1/billing/checkout."
MEND = "The owner pays, or changes the card, at POST /v1/billing/portal."


def lapsed(store: Store, organization_id: str, now: datetime) -> str | None:
    """Why nothing new may begin, in words; None when it may. One strongly consistent read."""
    return lapse(store.find(Subscription, organization_id, organization_id), now)


def require(store: Store, organization_id: str, now: datetime) -> None:
    """Raises PaymentRequired with the words."""
    words = lapsed(store, organization_id, now)
    if words is not None:
        raise PaymentRequired(words)


def lapse(row: Subscription | None, now: datetime) -> str | None:
    """Of a row as read; None: not billed. The trial that was given lasts, whatever became of a payment."""
    if row is None or row.agreed or now < row.trial_until:
        return None
    if row.subscription_id is None:
        return f"The trial ended on {day(row.trial_until)}. {GO_ON}"
    if row.status in ("trialing", "active"):
        return None
    if row.status == "past_due":
        end = grace_ends(row)
        return None if end is not None and now < end else f"A payment is missing{_since(row)}. {MEND}"
    if row.status in ("canceled", "incomplete"):
        ended = f" on {day(row.ended_at)}" if row.ended_at else ""
        return f"The subscription ended{ended}, or was never paid for. {GO_ON}"
    return f"The subscription is {row.status}: a payment is missing{_since(row)}. {MEND}"


def grace_ends(row: Subscription) -> datetime | None:
    """Until when an organization whose payment failed goes on as before; None when no payment is missing."""
    if row.status != "past_due" or row.overdue_since is None:
        return None
    return row.overdue_since + timedelta(days=row.grace_days)


def _since(row: Subscription) -> str:
    return f" since {day(row.overdue_since)}" if row.overdue_since else ""


def day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"
