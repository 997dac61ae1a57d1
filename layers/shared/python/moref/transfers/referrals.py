"""Referrals that earned nothing yet: closed at the seller and opened at the buyer in one commit, with their evidence
and the quote forms they came by. So each can earn at one side only, whatever either side's CRM tells afterwards."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice

from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Contact
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.records import Change, Create, Emit, Point, Require, Write, get
from moref.referrals.attribution import with_evidence
from moref.referrals.evidence import referral_id
from moref.referrals.model import Advocate, Evidence, Lead, Link, Referral
from moref.referrals.progress import ENDED
from moref.referrals.recognise import LOOKUP, ways
from moref.transfers.crossing import Crossing
from moref.transfers.links import bring_advocate
from moref.transfers.persons import bring

TRIES = 5
WENT = "the branch went to another organization, and this referral with it"
SETTLED = "it was decided at the branch's former owner, who pays what it earned"
CAME = "came with the branch"
LEADS_AT_ONCE = 40
_BY_LEAD = ("quote_form", "lead_submitted")


def is_open(referral: Referral, judged: Conversion | None) -> bool:
    """Nothing was earned or decided: a conversion that waits, or was decided, is the seller's to the end."""
    undecided = judged is None or judged.status == "withdrawn"
    return undecided and referral.status != "qualified" and referral.status not in ENDED


def move_referral(one: Crossing, id: str) -> Mapping[str, int]:
    """Raises Conflict after lost races: a fact, a lead or a decision was faster, and counts."""
    for _ in range(TRIES):
        referral = get(one.runtime.store, Referral, one.seller, id)
        try:
            found = _moved(one, referral)
        except Conflict:
            continue
        if found.get("referrals"):
            _bring_other_leads(one, referral)
        return found
    raise Conflict("the referral is being changed by others")


def _moved(one: Crossing, referral: Referral) -> Mapping[str, int]:
    """As it was read. Raises Conflict."""
    store = one.runtime.store
    if referral.status == "lost":
        return {"referrals": 1} if referral.reason == WENT else {}
    if _beaten_for_good(one, referral):
        return {}
    judged = store.find(Conversion, one.seller, conversion_id(one.seller, referral.id))
    advocate, friend = bring_advocate(one, referral.advocate_id), bring(one, referral.contact_id)
    if advocate is None:
        return {}
    if is_open(referral, judged):
        still = [Require(judged)] if judged is not None else []
        store.commit(*_writes(one, referral, advocate, friend), *still)
        return {"referrals": 1}
    if settled := _remembered(one, referral, advocate, friend):
        store.commit(*settled)
    return {"settled_referrals": 1}


def _remembered(one: Crossing, referral: Referral, advocate: Advocate, friend: Contact) -> list[Write]:
    """What was decided at the seller is not opened again by the same friend's next job here, nor by a form that came
    by the link as soon as that led here."""
    now, id = one.runtime.clock.now(), referral_id(one.buyer, advocate.id, friend.id)
    before = one.runtime.store.find(Referral, one.buyer, id)
    if before is not None:
        return _settled(one, before)
    settled = Referral(
        organization_id=one.buyer, id=id, created_at=now, updated_at=now,
        advocate_id=advocate.id, contact_id=friend.id, location_id=one.becomes, code=_code(one, referral, advocate),
        status="lost", reason=SETTLED, evidence=[_ours(one, piece) for piece in referral.evidence],
    )  # fmt: skip
    points = (Point(one.buyer, LOOKUP, value, settled.id) for value in ways(one.runtime.keys, friend))
    return [Create(settled), Require(friend), *points]


def _settled(one: Crossing, before: Referral) -> list[Write]:
    """One that the buyer had before is its own; one that came of this branch meanwhile is over, unless it earned."""
    judged = one.runtime.store.find(Conversion, one.buyer, conversion_id(one.buyer, before.id))
    if before.created_at < one.into.created_at or not is_open(before, judged):
        return []
    now, data = one.runtime.clock.now(), {"previous_status": before.status, "job_id": before.job_id}
    return [
        Change(before, before.changed(now, status="lost", reason=SETTLED)),
        Emit(Event("referral.changed", one.buyer, before.id, {"status": "lost", **data}), now),
    ]


def _beaten_for_good(one: Crossing, referral: Referral) -> bool:
    """A claim that another of the same person beat, which earned: it is over with that one."""
    if referral.status != "duplicate":
        return False
    store = one.runtime.store
    for id in store.lookup(one.seller, LOOKUP, referral.contact_id):
        other = store.find(Referral, one.seller, id)
        judged = store.find(Conversion, one.seller, conversion_id(one.seller, id))
        if other is not None and other.id != referral.id and other.status not in ENDED and not is_open(other, judged):
            return True
    return False


def _writes(one: Crossing, referral: Referral, advocate: Advocate, friend: Contact) -> list[Write]:
    now = one.runtime.clock.now()
    data = {"status": "lost", "previous_status": referral.status, "job_id": referral.job_id}
    ours, write = _opened(one, referral, advocate, friend, now)
    return [
        Change(referral, referral.changed(now, status="lost", reason=WENT)),
        Require(friend),
        Emit(Event("referral.changed", one.seller, referral.id, data), now),
        write,
        *(Point(one.buyer, LOOKUP, value, ours.id) for value in ways(one.runtime.keys, friend)),
        *_leads(one, referral, ours.id, friend),
        Emit(Event("referral.changed", one.buyer, ours.id, {"status": ours.status, "previous_status": None}), now),
        Emit(Event("contact.identified", one.buyer, friend.id), now),  # the buyer's CRM may know the job already
    ]


def _opened(
    one: Crossing, referral: Referral, advocate: Advocate, friend: Contact, now: datetime
) -> tuple[Referral, Write]:
    id = referral_id(one.buyer, advocate.id, friend.id)
    evidence = [_ours(one, piece) for piece in referral.evidence]
    before = one.runtime.store.find(Referral, one.buyer, id)
    if before is None:
        leads = [piece.source_id for piece in evidence if piece.kind in _BY_LEAD]
        made = Referral(
            organization_id=one.buyer, id=id, created_at=now, updated_at=now, advocate_id=advocate.id,
            contact_id=friend.id, location_id=one.becomes, evidence=evidence, lead_id=leads[0] if leads else None,
            code=_code(one, referral, advocate),
        )  # fmt: skip
        return made, Create(made)
    known = before.evidence
    for piece in evidence:
        known = with_evidence(known, piece)
    came_back = {"status": "new", "reason": None, "job_id": None, "job_version": 0, "location_id": one.becomes}
    back = before.status == "lost" and (before.reason == WENT or _was_settled_as(before, evidence))
    after = before.changed(now, evidence=known, **(came_back if back else {}))
    return after, Change(before, after)


def _was_settled_as(before: Referral, evidence: list[Evidence]) -> bool:
    """It was this very one that had earned at the seller, and that was undone before the last look."""
    said = {(piece.kind, piece.source_id) for piece in evidence}
    return before.reason == SETTLED and {(piece.kind, piece.source_id) for piece in before.evidence} <= said


def _code(one: Crossing, referral: Referral, advocate: Advocate) -> str:
    link = one.runtime.store.find(Link, one.buyer, referral.code)
    return link.id if link is not None else advocate.links.get(one.becomes, "")


def _ours(one: Crossing, piece: Evidence) -> Evidence:
    """A job of the seller's CRM, or a member there, is nobody's here; when it was said, and how, stays. One source
    stays one."""
    by_lead = piece.kind in _BY_LEAD
    source = lead_id(one, piece.source_id) if by_lead else ids.derived("src", one.buyer, one.offer.id, piece.source_id)
    return piece.model_copy(update={"source_id": source, "job_id": None})


def lead_id(one: Crossing, id: str) -> str:
    return ids.derived("lead", one.buyer, one.offer.id, id)


def _bring_other_leads(one: Crossing, referral: Referral) -> None:
    """Anybody may send the form a hundred times; a commit holds so many rows. Raises Conflict when the friend is
    changed meanwhile."""
    if len(_forms(referral)) <= LEADS_AT_ONCE:
        return
    advocate, friend = bring_advocate(one, referral.advocate_id), bring(one, referral.contact_id)
    if advocate is None:
        return
    ours = referral_id(one.buyer, advocate.id, friend.id)
    while some := _leads(one, referral, ours, friend):
        one.runtime.store.commit(*some, Require(friend))


def _forms(referral: Referral) -> list[str]:
    return [*dict.fromkeys(piece.source_id for piece in referral.evidence if piece.kind in _BY_LEAD)]


def _leads(one: Crossing, referral: Referral, ours: str, friend: Contact) -> list[Write]:
    """The next of them. Whom either side erased has written nothing."""
    theirs = current(one.runtime.store, one.seller, referral.contact_id)
    if theirs is None or theirs.erased_at is not None or friend.erased_at is not None:
        return []
    some = [*islice(_not_there_yet(one, referral, ours, friend), LEADS_AT_ONCE)]
    return [*some, Require(theirs)] if some else []


def _not_there_yet(one: Crossing, referral: Referral, ours: str, friend: Contact) -> Iterator[Write]:
    """What nobody has taken yet waits for staff; no CRM of the buyer's is asked to take what it cannot know."""
    store, now = one.runtime.store, one.runtime.clock.now()
    for id in _forms(referral):
        lead = store.find(Lead, one.seller, id)
        if lead is None or store.find(Lead, one.buyer, lead_id(one, id)) is not None:
            continue
        waits = lead.status != "accepted" and lead.entered_at is None
        fields = dict(lead) | {
            "organization_id": one.buyer, "id": lead_id(one, id), "version": 0, "updated_at": now,
            "location_id": one.becomes, "contact_id": friend.id, "referral_id": ours, "reason": CAME,
            "status": "failed" if waits else "accepted", "attempts": 0, "next_attempt_at": None,
            "branch_told_at": now, "entered_at": None, "entered_by": None,
        }  # fmt: skip
        yield Create(Lead(**fields))
