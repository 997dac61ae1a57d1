"""How often one contact gets marketing: over all campaigns and channels, in the contact's wall-time days.

What left stands in one row of the contact. A claim commits it together with the message (`Allowance.writes`,
conditioned on the row as it was looked at): of two messages at the same instant one finds that the other was first.

A message with the public review link is not held back by what only a score brought about for the same job: else the cap
would decide who gets the link, and when, by what they think (rules.md "Reviews"). That is the one way past the cap.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import count

from moref.campaigns.zones import resolve, zone
from moref.messaging.model import Frequency, Message, MessageStatus
from moref.records import Change, Create, Store, Write

WEEK = timedelta(days=7)
KEPT = timedelta(days=9)  # a week of wall-time days, wherever the zones of a contact's messages are
# Whether a claim led to anything is read from its message: these never reached the person, and do not count.
_NOT_SENT: tuple[MessageStatus, ...] = ("queued", "skipped", "failed", "undelivered")


@dataclass(frozen=True, slots=True)
class Most:
    """The settings most_per_day and most_per_week; a week is any seven days in a row."""

    per_day: int
    per_week: int


@dataclass(frozen=True, slots=True)
class Allowance:
    """From when on the message may leave; then `writes` belong into the commit that claims it."""

    free_at: datetime
    writes: tuple[Write, ...]


def allowance(
    store: Store, message: Message, contact_id: str, now: datetime, *, zone_name: str, most: Most
) -> Allowance:
    """`free_at` is `now`, or the start of the first day in the zone that has room."""
    found = store.find(Frequency, message.organization_id, contact_id)
    today = now.astimezone(zone(zone_name)).date()
    sent = {id: at for id, at in (found.sent if found else {}).items() if id != message.id}
    spared = _spared(found, message)
    prompted = message.prompted_at is not None and message.prompted_at.astimezone(zone(zone_name)).date() == today

    def first(sent: Mapping[str, datetime]) -> date:
        days = [at.astimezone(zone(zone_name)).date() for id, at in sent.items() if id not in spared]
        return first_day(days, today, most, prompted=prompted)

    day = first(sent)
    if day > today:  # the few messages it takes to get here are looked at: some may never have left
        sent = {id: at for id, at in sent.items() if _left(store, message.organization_id, id)}
        day = first(sent)
    free_at = now if day == today else resolve(datetime.combine(day, datetime.min.time()), zone_name)
    return Allowance(free_at, (_noted(found, message, contact_id, sent, now),))


def _spared(found: Frequency | None, message: Message) -> frozenset[str]:
    """What does not hold this message back."""
    if found is None or not message.review_link or message.job_id is None:
        return frozenset()
    return frozenset(id for id, job_id in found.by_opinion.items() if job_id == message.job_id)


def first_day(days: Sequence[date], today: date, most: Most, *, prompted: bool = False) -> date:
    """The first day from today on with room, given the days on which something left.

    `prompted`: the message answers what the person did today. It counts, and today's number does not hold it back.
    """
    for later in count():
        day = today + timedelta(days=later)
        of_day = sum(one == day for one in days)
        of_week = sum(day - WEEK < one <= day for one in days)
        if of_week < most.per_week and (of_day < most.per_day or prompted):
            return day
    raise AssertionError("count() has no end")


def _left(store: Store, organization_id: str, message_id: str) -> bool:
    """Or may have: a claim under way and an unknown outcome count."""
    message = store.find(Message, organization_id, message_id)
    return message is None or message.status not in _NOT_SENT


def _noted(
    found: Frequency | None, message: Message, contact_id: str, others: Mapping[str, datetime], now: datetime
) -> Write:
    sent = {id: at for id, at in others.items() if at > now - KEPT} | {message.id: now}
    by_opinion = {id: job for id, job in (found.by_opinion if found else {}).items() if id in sent}
    if message.by_opinion and message.job_id is not None:
        by_opinion[message.id] = message.job_id
    if found is not None:
        return Change(found, found.changed(now, sent=sent, by_opinion=by_opinion))
    return Create(
        Frequency(
            organization_id=message.organization_id, id=contact_id, created_at=now, updated_at=now,
            sent=sent, by_opinion=by_opinion,
        )
    )  # fmt: skip
