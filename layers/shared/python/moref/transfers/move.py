"""On the command location_transfer.move: carries a branch over, for some seconds, page by page; a command asks for the
rest. What was in work when the machine died is done again, and meets itself.

    open the branch at the buyer -> crew, links -> cut over: archived at the seller -> enrollments stop
    -> contacts -> referrals -> credits -> partners

and then all of it once more, when whoever was at work on a link as it went is surely done: lists lag, and a form that
was read before may be written a moment after.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from moref.campaigns.model import Enrollment
from moref.campaigns.stop import stop
from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.kernel.names import BULK
from moref.partners.invite import Invitation, invite, partner_id
from moref.partners.model import Partner
from moref.records import Change, Write, get
from moref.referrals.crew_members import SOURCE as CREW
from moref.referrals.model import CrewMember, Link, Referral
from moref.rewards.model import Reward
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.transfers.accept import command
from moref.transfers.branch import MOREF, cut_over, opened, refused
from moref.transfers.credits import move_credit
from moref.transfers.crossing import Crossing, crossing
from moref.transfers.links import move_crew_member, move_link
from moref.transfers.persons import bring
from moref.transfers.referrals import move_referral
from moref.transfers.walk import BUDGET, OVER, Stage, page

SETTLED = timedelta(minutes=3)  # longer than any function runs
STOPPED = "location_transferred"
CUT_OVER = "cut_over"
AFTER = ("enrollments", "contacts", "referrals", "credits", "partners")  # stages


def move(runtime: Runtime, offer_id: str) -> None:
    """Harmless when repeated. Raises NotFound; Conflict when another worker is at it, or after lost races: the queue
    brings it again."""
    until = runtime.clock.now() + BUDGET
    while (one := crossing(runtime, offer_id)) is not None and one.into.status in ("accepted", "moving"):
        now, wait = runtime.clock.now(), one.into.last_look_at
        if wait is not None and now < wait:
            runtime.queues.send(BULK, command(offer_id), delay_seconds=int((wait - now).total_seconds()) + 1)
            return
        if now >= until:
            runtime.queues.send(BULK, command(offer_id))
            return
        one.runtime.store.commit(*_step(one))


def _step(one: Crossing) -> list[Write]:
    if one.into.status == "accepted":
        return _begun(one)
    if one.into.stage == OVER:
        return _finished(one) if one.into.last_look_at is not None else _once_more(one)
    if one.into.stage == CUT_OVER:
        at = one.out.cut_over_at or one.runtime.clock.now()
        return [*_gone_on(one, stage=AFTER[0], cut_over_at=at), *(cut_over(one) if one.out.cut_over_at is None else [])]
    first, second = _stages(one)
    part = second if one.into.stage in AFTER else first
    found = page(one.runtime.store, one.into, one.seller, one.was, part)
    if found["stage"] == OVER and part is first:
        found["stage"] = CUT_OVER
    return _gone_on(one, **found)


def _begun(one: Crossing) -> list[Write]:
    try:
        return opened(one)
    except Conflict as why:
        return refused(one, why.detail)


def _gone_on(one: Crossing, **fields: Any) -> list[Write]:
    """Both rows say how far it is; the second look counts anew, and what is shown never falls."""
    now, told = one.runtime.clock.now(), _shown(one, fields.get("tally", one.into.tally))
    theirs = {name: fields[name] for name in ("cut_over_at",) if name in fields}
    return [
        Change(one.into, one.into.changed(now, **fields, **told)),
        Change(one.out, one.out.changed(now, **theirs, **told)),
    ]


def _shown(one: Crossing, tally: Mapping[str, int]) -> dict[str, dict[str, int]]:
    counts, sums = dict(one.into.counts), dict(one.into.sums)
    for name, number in tally.items():
        what, _, currency = name.partition(".")
        kept, key = (sums, currency) if currency else (counts, what)
        kept[key] = max(number, kept.get(key, 0))
    return {"counts": counts, "sums": sums}


def _once_more(one: Crossing) -> list[Write]:
    return _gone_on(one, stage="", after=None, tally={}, last_look_at=one.runtime.clock.now() + SETTLED)


def _finished(one: Crossing) -> list[Write]:
    now = one.runtime.clock.now()
    over = {"status": "done", "finished_at": now}
    return [
        Change(one.into, one.into.changed(now, **over)),
        Change(one.out, one.out.changed(now, **over)),
        Change(one.offer, one.offer.changed(now, status="done")),
        audited(now, one.seller, MOREF, "location_transfer.done", one.out.id, location=one.was),
        audited(now, one.buyer, MOREF, "location_transfer.done", one.into.id, location=one.becomes),
    ]


def _stages(one: Crossing) -> tuple[tuple[Stage, ...], tuple[Stage, ...]]:
    """Before the cut-over, and after it."""
    return (
        (
            Stage("crew_members", CrewMember, lambda id: move_crew_member(one, id)),
            Stage("links", Link, lambda id: move_link(one, id)),
        ),
        (
            Stage("enrollments", Enrollment, lambda id: _stopped(one, id)),
            Stage("contacts", Contact, lambda id: _brought(one, id)),
            Stage("referrals", Referral, lambda id: move_referral(one, id)),
            Stage("credits", Reward, lambda id: move_credit(one, id)),
            Stage("partners", Partner, lambda id: _invited(one, id)),
        ),
    )


def _stopped(one: Crossing, id: str) -> Mapping[str, int]:
    stop(one.runtime, one.seller, id, STOPPED)
    return {}


def _brought(one: Crossing, id: str) -> Mapping[str, int]:
    contact = get(one.runtime.store, Contact, one.seller, id)
    if contact.merged_into is not None or contact.erased_at is not None or contact.source == CREW:
        return {}
    bring(one, id)
    return {"contacts": 1}


def _invited(one: Crossing, id: str) -> Mapping[str, int]:
    """Staff hand the new page's address over, or have it mailed, as of any partner."""
    partner = get(one.runtime.store, Partner, one.seller, id)
    address = partner.email or partner.phone
    if partner.status in ("suspended", "withdrawn") or not address:
        return {}
    if one.runtime.store.find(Partner, one.buyer, partner_id(one.buyer, one.becomes, address)) is None:
        who = Invitation(
            location_id=one.becomes, partner_type=partner.partner_type, first_name=partner.first_name,
            last_name=partner.last_name, phone=partner.phone, email=partner.email, language=partner.language,
            by_mail=False,
        )  # fmt: skip
        invite(one.runtime, one.buyer, who, actor=MOREF)
    return {"partners": 1}
