"""On job.changed: a person's service credit comes off their own next invoice, and goes back when the invoice is undone.

Nothing is taken on an interstate move unless a tariff item allows it (rules.md "Money"), of a job whose amount is not
known or in another currency, or from credit with another payer. Staff get a task in any case, the CRM a note if it can.
"""

from collections.abc import Iterator
from datetime import datetime

from moref.campaigns.model import StaffTask
from moref.conversions.conditions import interstate
from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Job
from moref.kernel import ids
from moref.kernel.money import Money
from moref.programs.accepted import tariff_allows
from moref.records import Change, Create, Emit, Point, Require, Write, get
from moref.rewards import ledger
from moref.rewards.after_use import went
from moref.rewards.benefit_model import CreditAccount, CreditPart, CreditUse, Lot
from moref.rewards.give_code_back import give_codes_back
from moref.rewards.kinds.service_credit import LOOKUP
from moref.rewards.model import Reward
from moref.rewards.moves import moved
from moref.rewards.redeem import redeem_on
from moref.runtime import Runtime
from moref.tenants.model import Location

MOST_LOTS = 20  # of one use: a transaction holds so many rows; what is left waits for the next invoice


def use_id(organization_id: str, job_id: str) -> str:
    return ids.derived("cru", organization_id, job_id)


def use_benefits(runtime: Runtime, organization_id: str, job_id: str) -> None:
    """On job.changed: credit comes off the customer's own invoice, a code that the CRM was told is redeemed; both go
    back with the job. Raises Conflict on lost races."""
    job = get(runtime.store, Job, organization_id, job_id)
    give_codes_back(runtime, organization_id, job)
    redeem_on(runtime, organization_id, job)
    use_credit(runtime, organization_id, job_id)


def use_credit(runtime: Runtime, organization_id: str, job_id: str) -> CreditUse | None:
    """What was taken off the job, if anything ever was. A repeat changes nothing. Raises NotFound, and Conflict when an
    account or a reward changed in this moment: the queue brings it again."""
    job = get(runtime.store, Job, organization_id, job_id)
    if "invoiced" not in job.facts:
        return None
    found = runtime.store.find(CreditUse, organization_id, use_id(organization_id, job_id))
    stands, applied = (
        job.holds("invoiced") and job.state != "cancelled",
        found is not None and found.status == "applied",
    )
    if stands and not applied:
        _apply(runtime, job, found)
    elif found is not None and applied and not stands:
        runtime.store.commit(*_undo(runtime, job, found))
    else:
        return found
    return runtime.store.find(CreditUse, organization_id, use_id(organization_id, job_id))


def follow_merge(runtime: Runtime, organization_id: str, old_id: str) -> None:
    """On contact.merged: credit of the old row is found by the one that counts."""
    into = current(runtime.store, organization_id, old_id)
    accounts = runtime.store.lookup(organization_id, LOOKUP, old_id)
    if into is not None and into.id != old_id and accounts:
        runtime.store.commit(*(Point(organization_id, LOOKUP, into.id, id) for id in accounts))


def _apply(runtime: Runtime, job: Job, before: CreditUse | None) -> None:
    org, now = job.organization_id, runtime.clock.now()
    accounts = _accounts(runtime, job)
    fact = job.facts.get("amount")
    amount = fact.value if fact is not None and type(fact.value) is int else 0
    parts = _taken(accounts, amount)
    if not parts or (interstate(job) and not tariff_allows(runtime.store, org, now)):
        return
    after = CreditUse(
        organization_id=org, id=use_id(org, job.id), version=before.version if before else 0,
        created_at=before.created_at if before else now, updated_at=now, job_id=job.id, contact_id=job.contact_id,
        location_id=job.location_id, connection_id=job.connection_id, external_id=job.external_id,
        amount=sum(part.amount for part in parts), currency=job.currency, parts=parts,
        turn=before.turn + 1 if before else 1, applied_at=now,
    )  # fmt: skip
    runtime.store.commit(
        Change(before, after) if before else Create(after),
        Require(job),  # else it may have been undone before, and nobody would look again
        *(_less(account, parts, now) for account in accounts if any(part.account_id == account.id for part in parts)),
        *_used(runtime, accounts, after, now),
        _task(after, now, "Take {} off the invoice of job {}: service credit of the customer."),
        Emit(Event("credit.applied", org, after.id, {"turn": after.turn}), now),
    )


def _accounts(runtime: Runtime, job: Job) -> list[CreditAccount]:
    """The customer's accounts with the job's payer, oldest first; those of rows that were merged count together."""
    org, store = job.organization_id, runtime.store
    person = current(store, org, job.contact_id)
    ids_ = store.lookup(org, LOOKUP, person.id if person else job.contact_id)
    if not ids_:
        return []
    payer = get(store, Location, org, job.location_id).legal_entity_id
    found = [store.find(CreditAccount, org, id) for id in ids_]
    own = [each for each in found if each and (each.legal_entity_id, each.currency) == (payer, job.currency)]
    return sorted(own, key=lambda each: (each.created_at, each.id))


def _taken(accounts: list[CreditAccount], amount: int) -> list[CreditPart]:
    """First in, first out, until the invoice is covered."""
    parts: list[CreditPart] = []
    for account in accounts:
        for lot in account.lots:
            size = min(lot.left, amount - sum(part.amount for part in parts))
            if size > 0 and len(parts) < MOST_LOTS:
                parts.append(CreditPart(account_id=account.id, reward_id=lot.reward_id, amount=size))
    return parts


def _less(account: CreditAccount, parts: list[CreditPart], now: datetime) -> Change:
    took = {part.reward_id: part.amount for part in parts if part.account_id == account.id}
    lots = [Lot(reward_id=lot.reward_id, left=lot.left - took.get(lot.reward_id, 0)) for lot in account.lots
            if lot.left > took.get(lot.reward_id, 0)]  # fmt: skip
    return Change(account, account.changed(now, lots=lots))


def _used(runtime: Runtime, accounts: list[CreditAccount], use: CreditUse, now: datetime) -> Iterator[Write]:
    left = {lot.reward_id: lot.left for account in accounts for lot in account.lots}
    for part in use.parts:
        reward = get(runtime.store, Reward, use.organization_id, part.reward_id)
        yield ledger.book(reward, "credit_used", now, amount=part.amount, turn=_turn(use))
        if left[part.reward_id] == part.amount:
            yield from moved(reward, now, status="redeemed", redeemed_at=now)


def _undo(runtime: Runtime, job: Job, use: CreditUse) -> list[Write]:
    """The lots are as they were, at the front. What belongs to a reward that is to be taken back goes with it."""
    org, now, store = use.organization_id, runtime.clock.now(), runtime.store
    back: dict[str, list[Lot]] = {}
    writes: list[Write] = [Require(job)]
    for part in use.parts:
        reward = get(store, Reward, org, part.reward_id)
        writes.append(ledger.book(reward, "credit_returned", now, amount=part.amount, turn=_turn(use)))
        if reward.revoke_reason is not None:
            writes.append(ledger.book(reward, "credit_taken_back", now, amount=part.amount, turn=_turn(use)))
            writes += went(reward, part.amount, now)
            continue
        back.setdefault(part.account_id, []).append(Lot(reward_id=part.reward_id, left=part.amount))
        if reward.status == "redeemed":
            writes += moved(reward, now, status="issued", redeemed_at=None)
    for id, lots in back.items():
        account = get(store, CreditAccount, org, id)
        writes.append(Change(account, account.changed(now, lots=_together(lots, account.lots))))
    undone = use.changed(now, status="undone", undone_at=now)
    task = _task(undone, now, "The invoice of job {1} was undone: the {0} of service credit taken off it are back.")
    told = Emit(Event("credit.undone", org, use.id, {"turn": use.turn}), now)
    return [Change(use, undone), *writes, task, told]


def _together(first: list[Lot], rest: list[Lot]) -> list[Lot]:
    """One lot a reward."""
    sums: dict[str, int] = {}
    for lot in [*first, *rest]:
        sums[lot.reward_id] = sums.get(lot.reward_id, 0) + lot.left
    return [Lot(reward_id=id, left=left) for id, left in sums.items()]


def _turn(use: CreditUse) -> str:
    return f"{use.job_id}-{use.turn}"


def _task(use: CreditUse, now: datetime, words: str) -> Create:
    amount = Money(use.amount, use.currency).for_people()
    id = ids.derived("tsk", use.organization_id, use.id, str(use.turn), use.status)
    return Create(
        StaffTask(
            organization_id=use.organization_id, id=id, created_at=now, updated_at=now, location_id=use.location_id,
            contact_id=use.contact_id, source=use.id, words=words.format(amount, use.external_id),
        )
    )  # fmt: skip
