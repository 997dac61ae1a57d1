"""A friend asked for a quote or booked, or no longer so: the message that brought them counts, while there is one."""

from datetime import datetime

from moref.kernel.errors import Conflict
from moref.records import Change, Create, Point, Require, Write
from moref.referrals.model import Referral
from moref.reporting.carriers import carriers
from moref.reporting.model import CAME_BY, CameBy, Credit
from moref.reporting.stages import came_at, credited, doubtful, worth
from moref.reporting.tally import Tally
from moref.runtime import Runtime

TRIES = 8


def count_referral(runtime: Runtime, organization_id: str, referral_id: str) -> None:
    """On every change of a referral. Raises Conflict after lost races."""
    for _ in range(TRIES):
        # Its credit first: an older look at the referral would otherwise take back what a newer one counted.
        before = runtime.store.find(Credit, organization_id, referral_id)
        referral = runtime.store.find(Referral, organization_id, referral_id)
        if referral is None:
            return
        writes = _writes(runtime, referral, before)
        if not writes:
            return
        try:
            runtime.store.commit(*writes)
        except Conflict:
            continue
        return
    raise Conflict("the counters are being changed by others")


def _writes(runtime: Runtime, referral: Referral, before: Credit | None) -> list[Write]:
    org, at = referral.organization_id, came_at(referral)
    messages = carriers(runtime.store, org, referral.code)
    if before is None and not messages:
        return []  # whatever is planned from now on leaves after the friend came
    chosen = credited(messages, at)
    quoted, booked = worth(referral) if chosen else (False, False)
    now = runtime.clock.now()
    row = before or Credit(organization_id=org, id=referral.id, created_at=now, updated_at=now)
    after = row.changed(now, message_id=chosen.id if chosen else None, quoted=quoted, booked=booked)
    head = [] if before is not None and _same(before, after) else [_change(before, after)]
    seen = _seen(runtime, referral, at)
    if not head and not seen:
        return []
    counted = _counted(runtime, before, after)
    return [*head, *seen, *counted, *(Require(message) for message in doubtful(messages, at))]


def _same(one: Credit, other: Credit) -> bool:
    return (one.message_id, one.quoted, one.booked) == (other.message_id, other.quoted, other.booked)


def _change(before: Credit | None, after: Credit) -> Write:
    return Create(after) if before is None else Change(before, after)


def _counted(runtime: Runtime, before: Credit | None, after: Credit) -> list[Write]:
    """From the message that had the credit to the one that has it."""
    tally, was = Tally(runtime, after.organization_id), (before.quoted, before.booked) if before else (False, False)
    old = before.message_id if before else None
    if old is not None and old != after.message_id:
        tally.message(old, (-was[0], -was[1]))
        was = (False, False)
    if after.message_id is not None:
        tally.message(after.message_id, (after.quoted - was[0], after.booked - was[1]))
    return tally.writes()


def _seen(runtime: Runtime, referral: Referral, at: datetime) -> list[Write]:
    """So that a message that is found to have left before takes the credit over."""
    org, code, now = referral.organization_id, referral.code, runtime.clock.now()
    point = Point(org, CAME_BY, code, referral.id)
    before = runtime.store.find(CameBy, org, code)
    if before is None:
        row = CameBy(organization_id=org, id=code, created_at=now, updated_at=now, latest=at)
        return [Create(row), point]
    if before.latest < at:
        return [Change(before, before.changed(now, latest=at)), point]
    if referral.id not in runtime.store.lookup(org, CAME_BY, code):
        return [point]
    return []
