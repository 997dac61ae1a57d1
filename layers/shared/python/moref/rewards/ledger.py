"""The ledger: one balanced entry for each step of a reward, written once, never changed. Functions may only put and
query here, so nothing in this file (or after it) reads an entry by key or changes one."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from moref.records import Create, Store, every
from moref.rewards.model import Account, Entry, Line, Reward

Step = Literal[
    "accrued", "submitted", "accepted", "returned", "reversed", "lowered", "handed_over",
    "credit_granted", "credit_used", "credit_returned", "credit_taken_back", "credit_restored",
    "code_granted", "code_redeemed", "code_returned", "code_released", "code_restored",
    "credit_transferred", "credit_received",
    "debt_recorded", "debt_released", "debt_settled", "debt_restored",
]  # fmt: skip

# step -> (debited account, credited account, what it says)
STEPS: dict[Step, tuple[Account, Account, str]] = {
    "accrued": ("referral_expense", "reward_payable", "reward approved"),
    "lowered": ("reward_payable", "referral_expense", "the job came to less"),
    "submitted": ("reward_payable", "in_flight", "provider asked to pay"),
    "accepted": ("in_flight", "provider_funding", "provider accepted the order"),
    "returned": ("in_flight", "reward_payable", "provider was asked and paid nothing"),
    "reversed": ("reward_payable", "referral_expense", "reward reversed"),
    "handed_over": ("reward_payable", "handed_over", "staff handed the reward over"),
    "credit_granted": ("reward_payable", "service_credit_payable", "service credit given"),
    "credit_used": ("service_credit_payable", "credits_applied", "service credit taken off an invoice"),
    "credit_returned": ("credits_applied", "service_credit_payable", "the invoice was undone"),
    "credit_taken_back": ("service_credit_payable", "referral_expense", "unused service credit taken back"),
    "credit_restored": ("referral_expense", "service_credit_payable", "what earned the credit counts again"),
    "credit_transferred": ("service_credit_payable", "branch_transfers", "service credit went with its branch"),
    "credit_received": ("branch_transfers", "service_credit_payable", "service credit came with its branch"),
    "code_granted": ("reward_payable", "discount_code_payable", "discount code given"),
    "code_redeemed": ("discount_code_payable", "discounts_applied", "discount code redeemed"),
    "code_returned": ("discounts_applied", "discount_code_payable", "the job it was taken off was undone"),
    "code_released": ("discount_code_payable", "referral_expense", "discount code not used, or not whole"),
    "code_restored": ("referral_expense", "discount_code_payable", "discount code worth its whole amount again"),
    "debt_recorded": ("advocate_receivable", "referral_expense", "owed back by the accepted terms"),
    "debt_released": ("referral_expense", "advocate_receivable", "not owed any more"),
    "debt_settled": ("reward_payable", "advocate_receivable", "kept from a later reward"),
    "debt_restored": ("advocate_receivable", "reward_payable", "that later reward was reversed"),
}
OWED: frozenset[Account] = frozenset({"reward_payable", "in_flight", "service_credit_payable", "discount_code_payable"})

Balances = dict[str, dict[str, int]]  # currency -> account -> minor units, debits positive


def book(
    reward: Reward, step: Step, now: datetime, *, amount: int | None = None, turn: str = "", memo: str | None = None
) -> Create:
    """The write of one step's entry, of the reward's whole amount unless said. A step (of that `turn`) that is booked
    already makes the commit a Conflict. Raises ValueError on nothing to book."""
    debit, credit, words = STEPS[step]
    whole = reward.amount if step in ("accrued", "reversed") else reward.payable
    size = whole if amount is None else amount
    if size <= 0:
        raise ValueError(f"{step} of {reward.id} books nothing")
    return Create(
        Entry(
            organization_id=reward.organization_id,
            id=".".join(filter(None, (reward.id, step, turn))),
            created_at=now,
            updated_at=now,
            reward_id=reward.id,
            step=step,
            legal_entity_id=reward.legal_entity_id,
            location_id=reward.location_id,
            currency=reward.currency,
            lines=[Line(account=debit, amount=size), Line(account=credit, amount=-size)],
            memo=memo or words,
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


# Which steps must have been booked when this one is; all of them follow "accrued".
_AFTER = {
    "accepted": "submitted", "returned": "submitted", "credit_used": "credit_granted",
    "credit_returned": "credit_used", "credit_taken_back": "credit_granted", "credit_restored": "credit_taken_back",
    "code_redeemed": "code_granted", "code_returned": "code_redeemed", "code_released": "code_granted",
    "code_restored": "code_released", "debt_released": "debt_recorded", "debt_restored": "debt_settled",
    "credit_transferred": "credit_granted",
}  # fmt: skip
_CAME = frozenset({"accrued", "credit_granted"})  # booked elsewhere for a credit that came with its branch
_WHOLE = frozenset({"submitted", "credit_granted", "code_granted", "handed_over"})  # the reward leaves as one of these


def faults(entries: Iterable[Entry]) -> list[str]:
    """What is wrong with a set of entries, in words; empty when all is well. Independent of how they were made."""
    found = []
    by_reward: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if sum(line.amount for line in entry.lines) or not entry.lines:
            found.append(f"{entry.id} is not balanced")
        if not _as_its_step_says(entry):
            found.append(f"{entry.id} is not what its step books")
        by_reward[entry.reward_id].append(entry)
    for reward_id, booked in by_reward.items():
        found += [f"{reward_id} {words}" for words in _of_reward(booked)]
    return found


def _as_its_step_says(entry: Entry) -> bool:
    step = next((known for name, known in STEPS.items() if name == entry.step), None)
    debits = [line.account for line in entry.lines if line.amount > 0]
    credits = [line.account for line in entry.lines if line.amount < 0]
    return step is None or (debits, credits) == ([step[0]], [step[1]])


def _of_reward(booked: list[Entry]) -> list[str]:
    steps = {entry.step for entry in booked}
    known = steps | _CAME if "credit_received" in steps else steps
    found = [f"has {step} without a known step" for step in sorted(steps - STEPS.keys())]
    found += [f"has {step} without accrued" for step in sorted(steps & STEPS.keys()) if "accrued" not in known]
    found += [
        f"has {step} without {_AFTER[step]}" for step in sorted(steps & _AFTER.keys()) if _AFTER[step] not in known
    ]
    sums = Counter[str]()
    for entry in booked:
        sums[entry.step] += sum(line.amount for line in entry.lines if line.amount > 0)
    return found + _sizes(steps, sums, {entry.currency for entry in booked}) + _contradictions(booked, steps)


def _sizes(steps: set[str], sums: Counter[str], currencies: set[str]) -> list[str]:
    """What leaves is what was accrued, less what was lowered and what was kept for a debt (and not put back)."""
    stands = sums["accrued"] - sums["lowered"]
    left = stands - sums["debt_settled"]
    whole = [sums[step] for step in steps & _WHOLE]
    same = all(size == left for size in whole) and sums["returned"] in (0, sums["submitted"])
    same = same and sums["accepted"] in (0, sums["submitted"])
    same = same and sums["reversed"] in (0, stands, sums["debt_restored"])
    return [] if same and len(currencies) == 1 else ["is booked with different amounts"]


def _contradictions(booked: list[Entry], steps: set[str]) -> list[str]:
    found = []
    if {"submitted", "reversed"} <= steps and "returned" not in steps:
        found.append("is reversed while in flight")
    if "accepted" in steps and ("returned" in steps or "reversed" in steps):
        found.append("is both paid and taken back")
    for accounts in total(booked).values():
        found += [f"has {account} overdrawn" for account in sorted(OWED) if accounts.get(account, 0) > 0]
        if accounts.get("credits_applied", 0) > 0 or accounts.get("discounts_applied", 0) > 0:
            found.append("has more returned than was used")
    return found
