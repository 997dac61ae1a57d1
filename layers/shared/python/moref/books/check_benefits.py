"""Re-derives from the journal what stands beside it: credit accounts, discount codes, debts, rewards' own amounts."""

from collections import Counter, defaultdict

from moref.records import Store, every
from moref.rewards.benefit_model import CreditAccount, Debt, DiscountCode
from moref.rewards.model import Entry, Reward

Sums = Counter[tuple[str, str]]  # (reward, step) -> minor units


def faults(store: Store, organization_id: str, entries: list[Entry]) -> list[str]:
    """In words; empty when all says the same."""
    sums: Sums = Counter()
    for entry in entries:
        sums[(entry.reward_id, entry.step)] += sum(line.amount for line in entry.lines if line.amount > 0)
    rewards = every(store, Reward, organization_id)
    return [
        *_rewards(rewards, sums),
        *_credits(store, organization_id, sums, {reward.id for reward in rewards}),
        *_codes(store, organization_id, sums),
        *_debts(store, organization_id, sums, rewards),
    ]


def _rewards(rewards: list[Reward], sums: Sums) -> list[str]:
    booked = (
        (one, sums[(one.id, "accrued")] + sums[(one.id, "credit_received")] - sums[(one.id, "lowered")])
        for one in rewards
    )
    found = [f"{one.id} says {one.amount}, the journal {amount}" for one, amount in booked if one.amount != amount]
    kept = ((one, sums[(one.id, "debt_settled")]) for one in rewards)
    return found + [f"{one.id} says {one.withheld} was kept, the journal {sum_}" for one, sum_ in kept
                    if one.withheld != sum_]  # fmt: skip


def _credits(store: Store, org: str, sums: Sums, known: set[str]) -> list[str]:
    left: defaultdict[str, int] = defaultdict(int)
    for account in every(store, CreditAccount, org):
        for lot in account.lots:
            left[lot.reward_id] += lot.left
    derived = {
        id: sums[(id, "credit_granted")] + sums[(id, "credit_returned")] + sums[(id, "credit_restored")]
        - sums[(id, "credit_used")] - sums[(id, "credit_taken_back")]
        + sums[(id, "credit_received")] - sums[(id, "credit_transferred")]
        for id in known | left.keys()
    }  # fmt: skip
    return [f"{id} has {left[id]} of credit left, the journal {owed}" for id, owed in sorted(derived.items())
            if left[id] != owed]  # fmt: skip


def _codes(store: Store, org: str, sums: Sums) -> list[str]:
    found = []
    for code in every(store, DiscountCode, org):
        used = sums[(code.reward_id, "code_redeemed")] - sums[(code.reward_id, "code_returned")]
        gone = sums[(code.reward_id, "code_released")] - sums[(code.reward_id, "code_restored")]
        expected = {
            "active": (0, 0), "redeemed": (code.redeemed_amount or 0, code.amount - (code.redeemed_amount or 0)),
            "expired": (0, code.amount), "revoked": (0, code.amount),
        }  # fmt: skip
        if (used, gone) != expected[code.status] or sums[(code.reward_id, "code_granted")] != code.amount:
            found.append(f"the code of {code.reward_id} is {code.status}, and the journal says otherwise")
    return found


def _debts(store: Store, org: str, sums: Sums, rewards: list[Reward]) -> list[str]:
    settled: defaultdict[str, int] = defaultdict(int)
    for one in rewards:
        if one.debt_id is not None:
            settled[one.debt_id] += sums[(one.id, "debt_settled")] - sums[(one.id, "debt_restored")]
    found = []
    for debt in every(store, Debt, org):
        left = sums[(debt.reward_id, "debt_recorded")] - sums[(debt.reward_id, "debt_released")] - settled[debt.id]
        if (debt.settled, debt.left) != (settled[debt.id], left):
            found.append(f"{debt.id} says {debt.left} is owed, the journal {left}")
    return found
