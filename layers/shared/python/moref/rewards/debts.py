"""What an advocate owes for a reward that was paid: recorded only after fraud or cancellation, and only where the terms
that they accepted say so (rules.md "Money"). Kept from a later reward before that one is frozen, and told; never asked
for in any other way. A wrong attribution by the company is the company's loss."""

from datetime import datetime
from typing import Literal

from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Contact
from moref.kernel import ids
from moref.kernel.money import Money
from moref.programs.accepted import has_accepted
from moref.programs.model import Terms
from moref.records import Change, Create, Emit, Point, Store, Write, every, get
from moref.referrals.model import Advocate
from moref.rewards import ledger
from moref.rewards.audit import audit
from moref.rewards.benefit_model import Debt
from moref.rewards.model import Reward, payout_id
from moref.rewards.outcomes import closing
from moref.runtime import Runtime

LOOKUP = "debt"  # look-up kind: advocate leads to debts
_MADE_OF = frozenset({"gift_card", "service_credit", "discount_code"})  # a custom reward cannot be cut

_PAID = frozenset({"gift_card", "custom"})  # of credits and codes what was not used is taken back, and the rest is lost


def debt_id(reward: Reward) -> str:
    return ids.derived("dbt", reward.organization_id, reward.id)


def allowed(store: Store, organization_id: str, program_id: str, advocate_id: str, terms: Terms) -> bool:
    """Whether the advocate accepted terms by which a paid reward can be owed back. No text, no acceptance, no debt."""
    if not terms.debt_allowed or terms.terms_version == 0:
        return False
    return has_accepted(store, organization_id, program_id, advocate_id, terms.terms_version)


def record(
    runtime: Runtime, reward: Reward, *, cause: Literal["fraud", "cancellation"], words: str, actor: str,
    amount: int | None = None,
) -> Debt | None:  # fmt: skip
    """The debt for a paid reward, or for `amount` of it. A repeat changes nothing; another amount raises or lessens it,
    and fraud stays fraud. None for what was not paid, or the friend's, who accepted nothing. Whether the terms allow it
    is the caller's to ask. Raises Conflict on a lost race."""
    if reward.who != "advocate" or reward.kind not in _PAID or reward.status not in ("issued", "redeemed"):
        return None
    if reward.payable <= 0:
        return None
    org, now = reward.organization_id, runtime.clock.now()
    before = runtime.store.find(Debt, org, debt_id(reward))
    known = before if before is not None and before.status != "released" else None
    due, settled = min(amount or reward.payable, reward.payable), before.settled if before else 0
    if known is not None and (known.cause == "fraud" or (known.due, known.cause) == (due, cause)):
        return known
    if known is None and due <= settled:
        return before
    size = max(due, settled)  # what was kept already stays kept
    after = Debt(
        organization_id=org, id=debt_id(reward), version=before.version if before else 0,
        created_at=before.created_at if before else now, updated_at=now, reward_id=reward.id,
        advocate_id=reward.advocate_id, contact_id=reward.contact_id, location_id=reward.location_id,
        legal_entity_id=reward.legal_entity_id, currency=reward.currency, amount=size, due=due, settled=settled,
        cause=cause, words=words[:300], turn=before.turn + 1 if before else 1,
        status="open" if settled < size else "settled",
    )  # fmt: skip
    runtime.store.commit(
        Change(before, after) if before else Create(after),
        Point(org, LOOKUP, reward.advocate_id, after.id),
        *_difference(reward, after, size - (known.amount if known else settled), now),
        audit(now, org, actor, "debt.recorded", reward.id, turn=str(after.turn), reason=words),
        Emit(Event("debt.recorded", org, after.id, {"reward_id": reward.id, "cause": cause}), now),
    )
    return get(runtime.store, Debt, org, after.id)


def _difference(reward: Reward, after: Debt, more: int, now: datetime) -> list[Write]:
    """What the journal says when a debt was raised or lessened."""
    if more > 0:
        return [ledger.book(reward, "debt_recorded", now, amount=more, turn=str(after.turn))]
    return [ledger.book(reward, "debt_released", now, amount=-more, turn=f"{after.turn}.part")] if more else []


def counts_again(runtime: Runtime, reward: Reward, *, words: str) -> None:
    """Nothing is owed for the job any more; a debt for fraud stays. Raises Conflict on a lost race."""
    before = runtime.store.find(Debt, reward.organization_id, debt_id(reward))
    if before is None or before.cause == "fraud":
        return
    if before.status == "settled" and before.due:  # all kept already: what comes of it by a reversal is not due
        now, turn = runtime.clock.now(), str(before.turn + 1)
        after = before.changed(now, due=0, turn=before.turn + 1)
        record = audit(now, before.organization_id, "policy", "debt.released", reward.id, turn=turn, reason=words)
        runtime.store.commit(Change(before, after), record)
        return
    release(runtime, reward, actor="policy", words=words)


def release(runtime: Runtime, reward: Reward, *, actor: str, words: str) -> Debt | None:
    """It is not owed any more: the job counts again, or staff let it go. What was kept already stays kept, and the
    audit says how much: giving it back is a goodwill reward. None when nothing is owed. Raises Conflict."""
    org, now = reward.organization_id, runtime.clock.now()
    before = runtime.store.find(Debt, org, debt_id(reward))
    if before is None or before.status != "open":
        return before
    after = before.changed(now, status="released")
    kept = f"{words}; {Money(before.settled, before.currency).for_people()} had been kept" if before.settled else words
    runtime.store.commit(
        Change(before, after),
        ledger.book(reward, "debt_released", now, amount=before.left, turn=str(before.turn)),
        audit(now, org, actor, "debt.released", reward.id, turn=str(before.turn), reason=kept),
    )
    return get(runtime.store, Debt, org, before.id)


def kept_back(runtime: Runtime, reward: Reward) -> Reward:
    """The reward less what its advocate owes to the same payer in the same currency: the oldest debt, down to nothing
    at the least. One that is all kept is issued so. Once it is frozen nothing is kept any more. Raises Conflict."""
    if reward.who != "advocate" or reward.kind not in _MADE_OF or reward.frozen_at or reward.debt_id:
        return reward
    debt = _oldest(runtime.store, reward)
    if debt is None:
        return reward
    org, now = reward.organization_id, runtime.clock.now()
    kept = min(debt.left, reward.amount)
    settled = debt.settled + kept
    paid_off = "settled" if settled == debt.amount else "open"
    words = f"{Money(kept, debt.currency).for_people()} was kept for a reward that is owed back"
    less = reward.changed(now, withheld=kept, debt_id=debt.id, reason=words)
    ended: list[Write] = []
    if less.payable == 0:
        less = less.changed(now, status="issued", issued_at=now, frozen_at=now)
        ended = [*closing(runtime, payout_id(org, reward.id), now), _changed(less, now)]
    runtime.store.commit(
        Change(reward, less),
        Change(debt, debt.changed(now, settled=settled, status=paid_off)),
        ledger.book(reward, "debt_settled", now, amount=kept),
        *ended,
        *_telling(runtime, less, kept),
    )
    return get(runtime.store, Reward, org, reward.id)


def put_back(runtime: Runtime, reward: Reward, now: datetime) -> list[Write]:
    """The writes for a reward that is reversed: what it had settled is owed again, unless it was let go."""
    if not reward.withheld or reward.debt_id is None:
        return []
    debt = get(runtime.store, Debt, reward.organization_id, reward.debt_id)
    settled, gone = debt.settled - reward.withheld, debt.status == "released"
    size = debt.amount if gone else max(debt.due, settled)  # it may have been lessened since
    stands = "open" if settled < size else "settled"
    after = debt.changed(now, settled=settled, amount=size, status="released" if gone else stands)
    writes: list[Write] = [Change(debt, after), ledger.book(reward, "debt_restored", now, amount=reward.withheld)]
    let_go = reward.withheld if gone else debt.amount - size
    if let_go:
        owing = get(runtime.store, Reward, reward.organization_id, debt.reward_id)
        writes.append(ledger.book(owing, "debt_released", now, amount=let_go, turn=f"{debt.turn}.{reward.id}"))
    return writes


def _oldest(store: Store, reward: Reward) -> Debt | None:
    """Also of other rows of the same person that were advocates before they were merged."""
    org = reward.organization_id
    merged = every(store, Advocate, org, parent=reward.contact_id)
    advocates = [reward.advocate_id, *(advocate.id for advocate in merged)]
    found = [store.find(Debt, org, id) for one in dict.fromkeys(advocates) for id in store.lookup(org, LOOKUP, one)]
    open_ = [
        debt
        for debt in found
        if debt is not None and debt.left > 0
        and (debt.legal_entity_id, debt.currency) == (reward.legal_entity_id, reward.currency)
        and debt.reward_id != reward.id
    ]  # fmt: skip
    return min(open_, key=lambda debt: (debt.created_at, debt.id), default=None)


def _telling(runtime: Runtime, reward: Reward, kept: int) -> tuple[Write, ...]:
    from moref.messaging.plan_message import planned  # who only decides does not wait for what messages need

    contact: Contact | None = current(runtime.store, reward.organization_id, reward.contact_id)
    if contact is None or not (contact.email or contact.phone):
        return ()
    fields = {
        "kept": Money(kept, reward.currency).for_people(), "left": Money(reward.payable, reward.currency).for_people(),
    }  # fmt: skip
    return planned(
        runtime, reward.organization_id, cause=f"{reward.id}.kept", template="reward_kept", kind="service",
        location_id=reward.location_id, contact=contact, fields=fields,
    )  # fmt: skip


def _changed(reward: Reward, now: datetime) -> Emit:
    data = {"status": reward.status, "previous_status": "pending", "kind": reward.kind}
    return Emit(Event("reward.changed", reward.organization_id, reward.id, data), now)
