"""Redeems a discount code: what is really taken off is booked, the rest of its worth is released. Once, until the job
it was redeemed on is undone (give_code_back.py)."""

from datetime import datetime

from moref.conversions.conditions import interstate
from moref.intake.model import Job
from moref.kernel import codes
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.kernel.money import MAXIMUM, Money
from moref.money import share
from moref.programs.accepted import tariff_allows
from moref.records import Change, Point, Require, Write, get
from moref.rewards import ledger
from moref.rewards.audit import audit
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.model import Reward
from moref.rewards.moves import moved
from moref.runtime import Runtime

CRM = "crm"
LOOKUP = "redeemed_on"  # look-up kind: job leads to codes


def redeem(
    runtime: Runtime, organization_id: str, code: str, *, job_id: str | None, price: int | None, actor: str
) -> DiscountCode:
    """The redeemed code. `price`: minor units before the discount; by default the job's amount.

    Raises NotFound; BadInput on a price that is no amount, when a share is asked of no price, or no job is named and no
    tariff item allows discounts on interstate moves; Conflict when it was redeemed on another job, has ended or was
    revoked, or is of another currency, on a job that is cancelled or changes in this moment, or on an interstate move
    that no tariff item lets it off (rules.md "Money"). For the same job again: as it is.
    """
    store, org = runtime.store, organization_id
    if price is not None and (type(price) is not int or not 0 <= price <= MAXIMUM):
        raise BadInput("a price is a whole number of minor units", field="price")
    found = get(store, DiscountCode, org, codes.normalise(code) or code)
    if found.status == "redeemed" and found.job_id is not None and found.job_id == job_id:
        return found
    now = runtime.clock.now()
    if found.status != "active" or now >= found.valid_until:
        raise Conflict(f"the code is {'expired' if found.status == 'active' else found.status}")
    job = get(store, Job, org, job_id) if job_id else None
    if job is not None:
        price = _price(runtime, found, job, price)
    elif not tariff_allows(store, org, now):
        raise BadInput("name the job: a move that nobody names counts as interstate", field="job_id")
    used = found.changed(
        now, status="redeemed", redeemed_amount=_off(found, price), redeemed_at=now, redeemed_by=actor, job_id=job_id,
        turn=found.turn + 1,
    )  # fmt: skip
    # A job that is undone in this moment would have given nothing back yet, and nobody would look again.
    named: list[Write] = [Require(job), Point(org, LOOKUP, job.id, used.id)] if job is not None else []
    store.commit(Change(found, used), *named, *_booked(get(store, Reward, org, found.reward_id), used, now))
    return get(store, DiscountCode, org, found.id)


def _booked(reward: Reward, used: DiscountCode, now: datetime) -> list[Write]:
    off, turn, org = used.redeemed_amount or 0, str(used.turn), used.organization_id
    said, actor = f"{off} minor units off", str(used.redeemed_by)
    writes: list[Write] = [
        *moved(reward, now, status="redeemed", redeemed_at=now, reason=None),
        audit(now, org, actor, "discount_code.redeemed", reward.id, turn=turn, reason=said),
    ]
    if off:
        writes.append(ledger.book(reward, "code_redeemed", now, amount=off, turn=turn))
    if off < used.amount:
        writes.append(ledger.book(reward, "code_released", now, amount=used.amount - off, turn=turn))
    return writes


def redeem_on(runtime: Runtime, organization_id: str, job: Job) -> DiscountCode | None:
    """By what the CRM says: a job that was given the code as its code, once it is invoiced. None: nothing redeemed."""
    given = job.referral_code
    if given is None or not job.holds("invoiced") or job.state == "cancelled":
        return None
    code = runtime.store.find(DiscountCode, organization_id, given)
    if code is None or code.status != "active":
        return None
    try:
        return redeem(runtime, organization_id, given, job_id=job.id, price=None, actor=CRM)
    except (BadInput, NotFound):
        return None  # a share of an amount that is not known yet: asked again when it is
    except Conflict:
        fresh = get(runtime.store, DiscountCode, organization_id, given)
        if fresh.version != code.version:
            raise  # a race: the queue brings the job again
        return None


def _price(runtime: Runtime, code: DiscountCode, job: Job, price: int | None) -> int | None:
    if job.state == "cancelled":
        raise Conflict("the job is cancelled")
    if interstate(job) and not tariff_allows(runtime.store, code.organization_id, runtime.clock.now()):
        raise Conflict("the move is or may be interstate, and no tariff item is recorded that allows a discount")
    if job.currency != code.currency:
        raise Conflict(f"the code is in {code.currency}, the job in {job.currency}")
    fact = job.facts.get("amount")
    known = fact.value if fact is not None and type(fact.value) is int else None
    return known if price is None else price


def _off(code: DiscountCode, price: int | None) -> int:
    if code.basis_points is None:
        return code.amount if price is None else min(code.amount, price)
    if price is None:
        most = Money(code.amount, code.currency).for_people()
        raise BadInput(f"the code is a share of a price, up to {most}: which price?", field="price")
    return min(share(price, code.basis_points), code.amount)
