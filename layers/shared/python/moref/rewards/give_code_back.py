"""On job.changed: a discount code goes back with the job that it was redeemed on.

    the job is cancelled                        whoever redeemed it
    its invoice is undone                       where the CRM redeemed it, by that invoice

It is the same code, worth its whole amount again until its day; redeemed by the CRM, it is redeemed anew when the job
comes back, by staff, when they do it again. After its day it has expired; if its own cause was undone, it goes with
that (after_use.py). A code that no job was named for stays as it is.
"""

from datetime import datetime

from moref.campaigns.model import StaffTask
from moref.intake.model import Job
from moref.kernel import codes, ids
from moref.records import Change, Create, Require, Write, get
from moref.rewards import ledger
from moref.rewards.after_use import went
from moref.rewards.audit import audit
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.kinds.discount_code import day
from moref.rewards.model import Reward
from moref.rewards.moves import moved
from moref.rewards.redeem import CRM, LOOKUP
from moref.runtime import Runtime

_FREE = {"redeemed_amount": None, "redeemed_at": None, "redeemed_by": None, "job_id": None}


def give_codes_back(runtime: Runtime, organization_id: str, job: Job) -> None:
    """A repeat changes nothing. Raises NotFound; Conflict when code, reward or job change in this moment."""
    for id in runtime.store.lookup(organization_id, LOOKUP, job.id):
        code = get(runtime.store, DiscountCode, organization_id, id)
        words = _undone(code, job)
        if words is not None:
            reward = get(runtime.store, Reward, organization_id, code.reward_id)
            runtime.store.commit(Require(job), *_back(code, reward, job, words, runtime.clock.now()))


def _undone(code: DiscountCode, job: Job) -> str | None:
    """Why it goes back; None: it does not."""
    if code.status != "redeemed" or code.job_id != job.id:
        return None
    if job.state == "cancelled":
        return "the job it was redeemed on was cancelled"
    if code.redeemed_by == CRM and not job.holds("invoiced"):
        return "the invoice it was taken off was undone"
    return None


def _back(code: DiscountCode, reward: Reward, job: Job, words: str, now: datetime) -> list[Write]:
    status = "revoked" if reward.revoke_reason is not None else "active" if now < code.valid_until else "expired"
    after = code.changed(now, **_FREE, status=status, given_back_at=now, given_back_words=words)
    off, turn = code.redeemed_amount or 0, str(code.turn)
    writes: list[Write] = [
        Change(code, after),
        audit(now, code.organization_id, "policy", "discount_code.given_back", reward.id, turn=turn, reason=words),
        _task(after, job, now),
    ]
    if off:
        writes.append(ledger.book(reward, "code_returned", now, amount=off, turn=turn))
    if status == "active":
        if off < code.amount:
            writes.append(ledger.book(reward, "code_restored", now, amount=code.amount - off, turn=turn))
        return [*writes, *moved(reward, now, status="issued", redeemed_at=None, reason=f"{words}: it is valid again")]
    if off:
        writes.append(ledger.book(reward, "code_released", now, amount=off, turn=f"{turn}.back"))
    if status == "revoked":
        return [*writes, *went(reward, reward.payable, now)]
    late = f"{words} after its last day, {day(code)}"
    return [*writes, *moved(reward, now, status="expired", redeemed_at=None, reason=late)]


def _task(code: DiscountCode, job: Job, now: datetime) -> Create:
    then = {"active": f"valid again until {day(code)}", "expired": "past its last day", "revoked": "no longer valid"}
    shown = f"Discount code {codes.display(code.id)} was taken off job {job.external_id}"
    return Create(
        StaffTask(
            organization_id=code.organization_id, created_at=now, updated_at=now, location_id=job.location_id,
            id=ids.derived("tsk", code.organization_id, code.id, str(code.turn)), contact_id=job.contact_id,
            source=code.id, words=f"{shown}, which was undone: take the discount off its invoice. The code is "
            f"{then[code.status]}.",
        )
    )  # fmt: skip
