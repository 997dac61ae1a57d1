"""On contact.merged: what points at the old row follows to the one that counts. Every step alone, each harmless twice.

Advocates: the person keeps one that new referrals are credited to, and every old link goes on leading there. What the
other row earned stays with it but counts here: tiers, caps and years go by the person. Referrals: one friend is one
referral, so the published rule leaves one of several.
"""

from collections.abc import Iterator
from datetime import datetime

from moref.campaigns.model import JOURNEY, Enrollment, Feedback
from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Contact, Job
from moref.kernel.errors import Conflict
from moref.messaging.model import Frequency
from moref.programs.tiers import joined
from moref.records import Change, Create, Emit, Point, Write, every
from moref.referrals.advocates import LOOKUP as ADVOCATE
from moref.referrals.advocates import advocate_id, advocate_of
from moref.referrals.attribution import choose
from moref.referrals.late_identity import attribute_contact
from moref.referrals.model import Advocate, Referral
from moref.referrals.progress import ENDED
from moref.referrals.recognise import LOOKUP
from moref.referrals.track_job import DUPLICATE
from moref.runtime import Runtime

TRIES = 5
_ROWS = (Job, Enrollment, Feedback)  # listed by their contact


def merge_rows(runtime: Runtime, organization_id: str, old_id: str) -> None:
    """Raises Conflict after losing races: the queue brings it again, and what is done stays done."""
    into = current(runtime.store, organization_id, old_id)
    if into is None or into.id == old_id:
        return
    for _ in range(TRIES):
        try:
            for writes in _steps(runtime, organization_id, old_id, into.id, runtime.clock.now()):
                runtime.store.commit(*writes)
            _one_referral(runtime, into)
        except Conflict:
            continue  # a notice, a step or an approval was at one of the rows: go on from what is there now
        attribute_contact(runtime, organization_id, into.id)
        return
    raise Conflict("rows of the merged contact are being changed by others")


def _steps(runtime: Runtime, org: str, old: str, into: str, now: datetime) -> Iterator[list[Write]]:
    yield from _advocate(runtime, org, old, into, now)
    yield from _frequency(runtime, org, old, into, now)
    for kind in _ROWS:
        for row in every(runtime.store, kind, org, parent=old):
            stored = runtime.store.find(kind, org, row.id)  # the list lags
            if stored is not None and getattr(stored, "contact_id", None) == old:
                found = [Point(org, JOURNEY, into, row.id)] if kind is Enrollment else []
                yield [Change(stored, stored.changed(now, contact_id=into)), *found]
    pointed = runtime.store.lookup(org, LOOKUP, into)
    for id in runtime.store.lookup(org, LOOKUP, old):
        referral = runtime.store.find(Referral, org, id)
        if referral is not None and (referral.contact_id == old or id not in pointed):
            mine = referral.changed(now, contact_id=into if referral.contact_id == old else referral.contact_id)
            yield [Change(referral, mine), Point(org, LOOKUP, into, id)]


def _advocate(runtime: Runtime, org: str, old: str, into: str, now: datetime) -> Iterator[list[Write]]:
    mine = [advocate_id(org, old), *runtime.store.lookup(org, ADVOCATE, old)]
    for id in mine:
        advocate = runtime.store.find(Advocate, org, id)
        if advocate is None or advocate.contact_id != old:
            continue
        other = advocate_of(runtime.store, org, into)
        merged = other.id if other is not None and other.id != advocate.id else advocate.merged_into
        after = advocate.changed(now, contact_id=into, merged_into=merged)
        point = Point(org, ADVOCATE, into, advocate.id)
        if other is None or merged != other.id:
            yield [Change(advocate, after), point]
            continue
        # One commit: from then on approvals of either row's referrals go on from the joined counts (programs.standing
        # brings those of periods along), and a reversal finds them there.
        approved, freed = joined((advocate.approved, advocate.freed_ordinals), (other.approved, other.freed_ordinals))
        fields = {
            "links": {**advocate.links, **other.links}, "approved": approved, "freed_ordinals": freed,
            "joined": [*dict.fromkeys([*other.joined, advocate.id, *advocate.joined])],
        }  # fmt: skip
        emptied = after.changed(now, approved=0, freed_ordinals=[], joined=[])
        yield [Change(advocate, emptied), Change(other, other.changed(now, **fields)), point]


def _frequency(runtime: Runtime, org: str, old: str, into: str, now: datetime) -> Iterator[list[Write]]:
    """What either row got counts against how much the person may get."""
    theirs, mine = runtime.store.find(Frequency, org, old), runtime.store.find(Frequency, org, into)
    if theirs is None or (mine is not None and theirs.sent.keys() <= mine.sent.keys()):
        return
    if mine is None:
        yield [Create(theirs.model_copy(update={"id": into, "created_at": now, "updated_at": now, "version": 0}))]
    else:
        yield [Change(mine, mine.changed(now, sent=theirs.sent | mine.sent))]


def _one_referral(runtime: Runtime, into: Contact) -> None:
    """Of several referrals of one person that are alive, one stays: an earned reward first, then the rule."""
    org, now = into.organization_id, runtime.clock.now()
    found = [runtime.store.find(Referral, org, id) for id in runtime.store.lookup(org, LOOKUP, into.id)]
    alive = [each for each in found if each and each.contact_id == into.id and each.status not in {*ENDED, "duplicate"}]
    best = choose([each for each in alive if each.status == "qualified"] or alive)
    for referral in alive:
        if best is None or referral.id == best.id:
            continue
        data = {
            "status": "duplicate", "previous_status": referral.status, "job_id": referral.job_id,
            "job_version": referral.job_version,
        }  # fmt: skip
        after = referral.changed(now, status="duplicate", reason=DUPLICATE, job_id=None, job_version=0)
        runtime.store.commit(Change(referral, after), Emit(Event("referral.changed", org, referral.id, data), now))
