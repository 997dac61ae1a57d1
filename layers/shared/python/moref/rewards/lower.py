"""The job came to less after the approval (a partial refund): a reward that is a share of it follows.

    not frozen yet   lowered in place by a correcting entry; budgets, caps and the tax count follow
    frozen or paid   the difference is the company's loss, unless the accepted terms allow a debt (debts.py), which
                     follows the job down and up again
    flat             unaffected, until the job falls below the program's minimum: then it qualifies no more at all

A job that comes to more raises nothing: a tier is frozen at approval.
"""

from moref.budgets import room
from moref.conversions.model import Conversion
from moref.programs import standing
from moref.programs.tiers import amount, tier_at
from moref.records import Change, Write, get
from moref.rewards import debts, ledger
from moref.rewards.model import Reward
from moref.runtime import Runtime


def lower(runtime: Runtime, conversion: Conversion, job_amount: int | None) -> bool:
    """Whether the reward was lowered in place. A share of nothing stays at one minor unit: reversing is for a job that
    does not qualify. Raises NotFound, and Conflict on a lost race."""
    terms, ordinal = conversion.terms, conversion.period_ordinal or conversion.ordinal
    tier = tier_at(terms, ordinal) if ordinal else None
    if tier is None or tier.basis_points is None or job_amount is None or conversion.reward_id is None:
        return False
    reward = get(runtime.store, Reward, conversion.organization_id, conversion.reward_id)
    due = max(amount(terms, ordinal or 0, job_amount) or 0, 1)
    if reward.status == "pending" and reward.frozen_at is None and not reward.withheld:
        if due < reward.amount:
            _in_place(runtime, conversion, reward, due)
        return due < reward.amount
    if debts.allowed(runtime.store, reward.organization_id, conversion.program_id, conversion.advocate_id, terms):
        _owed(runtime, reward, max(reward.amount - due, 0))
    return False


def _owed(runtime: Runtime, reward: Reward, much: int) -> None:
    """The debt for the refunded part follows the job both ways: a CRM may take back what it said."""
    if not much:
        debts.counts_again(runtime, reward, words="the job came to as much again")
        return
    words = "the job was refunded in part after the reward was paid"
    debts.record(runtime, reward, cause="cancellation", words=words, actor="policy", amount=much)


def _in_place(runtime: Runtime, conversion: Conversion, reward: Reward, due: int) -> None:
    now, org, store = runtime.clock.now(), conversion.organization_id, runtime.store
    less, taken = reward.amount - due, conversion.taken
    writes: list[Write] = [
        Change(reward, reward.changed(now, amount=due, reason="lowered: the job came to less")),
        ledger.book(reward, "lowered", now, amount=less, turn=str(reward.version)),
    ]
    if taken is not None:
        followed = taken.model_copy(update={"amount": taken.amount - less})
        writes += [
            Change(conversion, conversion.changed(now, taken=followed)),
            *standing.lowering(store, org, taken.standings, less, now, currency=taken.currency),
            *room.giving_back(store, org, taken.spends, less, now, approvals=0),
        ]  # fmt: skip
    store.commit(*writes)
