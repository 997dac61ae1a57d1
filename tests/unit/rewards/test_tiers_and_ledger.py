"""Tiers as a table, and a ledger whose checker finds what is wrong without asking how it was written."""

from datetime import UTC, datetime
from typing import Any

import pytest

from moref.programs.model import Terms, Tier
from moref.programs.tiers import amount
from moref.rewards import ledger
from moref.rewards.model import Entry, Line, Reward

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mode", "earned"),
    [("band", [2500, 2500, 5000, 5000, 10000, 10000]), ("milestone", [2500, None, 5000, None, 10000, None])],
)
def test_what_the_nth_earns(mode: Any, earned: list[int | None]) -> None:
    tiers = [Tier(at=5, amount=10000), Tier(at=1, amount=2500), Tier(at=3, amount=5000)]
    terms = Terms(
        qualifying_fact="invoiced", mode=mode, tiers=tiers, currency="USD", approval="manual", hold_days=0
    )  # fmt: skip
    assert [amount(terms, n) for n in range(1, 7)] == earned
    late = terms.model_copy(update={"tiers": [Tier(at=2, amount=1)]})
    assert amount(late, 1) is None


def booked(*steps: ledger.Step, minor: int = 2500) -> list[Entry]:
    reward = Reward(
        organization_id="o", id="rwd_1", created_at=NOW, updated_at=NOW, advocate_id="a", contact_id="c",
        conversion_id="v", location_id="l", legal_entity_id="e", amount=minor, currency="USD", approved_at=NOW,
    )  # fmt: skip
    entries = [ledger.book(reward, step, NOW).entity for step in steps]
    return [entry for entry in entries if isinstance(entry, Entry)]


@pytest.mark.parametrize(
    "steps",
    [
        ("accrued",),
        ("accrued", "submitted", "accepted"),
        ("accrued", "reversed"),
        ("accrued", "submitted", "returned", "reversed"),
    ],
)
def test_every_honest_history_is_without_fault_and_balanced(steps: tuple[ledger.Step, ...]) -> None:
    entries = booked(*steps)
    assert ledger.faults(entries) == []
    assert sum(ledger.total(entries)["USD"].values()) == 0


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        (booked("submitted"), "without accrued"),
        (booked("accrued", "accepted"), "without submitted"),
        (booked("accrued", "submitted", "accepted", "reversed"), "both paid and taken back"),
        (booked("accrued", "submitted", "reversed"), "reversed while in flight"),
        (booked("accrued") + booked("submitted", minor=1), "different amounts"),
    ],
)
def test_the_checker_finds(entries: list[Entry], words: str) -> None:
    assert any(words in fault for fault in ledger.faults(entries))


def test_the_checker_finds_what_does_not_balance() -> None:
    (entry,) = booked("accrued")
    lame = entry.model_copy(update={"lines": [*entry.lines, Line(account="in_flight", amount=1)]})
    assert any("not balanced" in fault for fault in ledger.faults([lame]))
