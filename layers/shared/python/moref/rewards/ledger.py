"""The ledger: one balanced entry for each step of a reward, written once, never changed. Functions may only put and
query here, so nothing in this file (or after it) reads an entry by key or changes one."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from moref.records import Create, Store, every
from moref.rewards.model import Entry, Line, Reward

Step = Literal["accrued", "submitted", "accepted", "returned", "reversed"]
Account = Literal["referral_expense", "reward_payable", "in_flight", "provider_funding"]

# step -> (debited account, credited account, what it says)
STEPS: dict[Step, tuple[Account, Account, str]] = {
    "accrued": ("referral_expense", "reward_payable", "reward approved"),
    "submitted": ("reward_payable", "in_flight", "provider asked to pay"),
    "accepted": ("in_flight", "provider_funding", "provider accepted the order"),
    "returned": ("in_flight", "reward_payable", "provider was asked and paid nothing"),
    "reversed": ("reward_payable", "referral_expense", "reward reversed"),
}
# Which steps may have been booked when this one is; a checker's view of the payout machine.
_AFTER: dict[str, set[str]] = {
    "accrued": set(),
    "submitted": {"accrued"},
    "accepted": {"accrued", "submitted"},
    "returned": {"accrued", "submitted"},
    "reversed": {"accrued"},
}

Balances = dict[str, dict[str, int]]  # currency -> account -> minor units, debits positive


def book(reward: Reward, step: Step, now: datetime) -> Create:
    """The write of one step's entry. A step that is booked already makes the commit a Conflict."""
    debit, credit, memo = STEPS[step]
    lines = [Line(account=debit, amount=reward.amount), Line(account=credit, amount=-reward.amount)]
    return Create(
        Entry(
            organization_id=reward.organization_id,
            id=f"{reward.id}.{step}",
            created_at=now,
            updated_at=now,
            reward_id=reward.id,
            step=step,
            legal_entity_id=reward.legal_entity_id,
            location_id=reward.location_id,
            currency=reward.currency,
            lines=lines,
            memo=memo,
        )
    )


def total(entries: Iterable[Entry]) -> Balances:
    found: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry in entries:
        for line in entry.lines:
            found[entry.currency][line.account] += line.amount
    return {currency: dict(accounts) for currency, accounts in found.items()}


def balances(store: Store, organization_id: str, *, legal_entity_id: str | None = None) -> Balances:
    """Derived from every entry (of one payer); nothing is kept beside them that could disagree."""
    entries = every(store, Entry, organization_id, newest_first=False)
    return total(entry for entry in entries if legal_entity_id in (None, entry.legal_entity_id))


def faults(entries: Iterable[Entry]) -> list[str]:
    """What is wrong with a set of entries, in words; empty when all is well. Independent of how they were made."""
    found = []
    by_reward: defaultdict[str, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        if sum(line.amount for line in entry.lines) or not entry.lines:
            found.append(f"{entry.id} is not balanced")
        by_reward[entry.reward_id][entry.step] = entry
    for reward_id, steps in by_reward.items():
        found.extend(
            f"{reward_id} has {step} without {missing}"
            for step in steps
            for missing in sorted(_AFTER.get(step, {"a known step"}) - steps.keys())
        )
        if len({(entry.currency, abs(entry.lines[0].amount)) for entry in steps.values()}) > 1:
            found.append(f"{reward_id} is booked with different amounts")
        if {"submitted", "reversed"} <= steps.keys() and "returned" not in steps:
            found.append(f"{reward_id} is reversed while in flight")
        if "accepted" in steps and ("returned" in steps or "reversed" in steps):
            found.append(f"{reward_id} is both paid and taken back")
    return found
