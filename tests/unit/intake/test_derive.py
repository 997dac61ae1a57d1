"""Facts make the state, whatever order they come in."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.intake.derive import merge_facts, newest, state
from moref.intake.model import Fact
from tests.fakes.runtime import START


def fact(kind: str, value: bool | int = True, hours: float = 0) -> Fact:
    return Fact(kind=kind, value=value, at=START + timedelta(hours=hours))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], "new"),
        ([fact("amount", 100)], "new"),
        ([fact("quoted")], "quoted"),
        ([fact("quoted"), fact("booked", hours=1)], "booked"),
        ([fact("invoiced"), fact("completed", hours=1)], "invoiced"),
        ([fact("booked"), fact("cancelled", hours=1)], "cancelled"),
        ([fact("cancelled"), fact("completed", hours=1)], "cancelled"),
        ([fact("booked"), fact("cancelled", hours=1), fact("cancelled", False, 2)], "booked"),
        ([fact("booked"), fact("completed", hours=1), fact("completed", False, 2)], "booked"),
        ([fact("paid"), fact("paid", False, 1), fact("invoiced")], "invoiced"),
        ([fact("completed"), fact("completed", False, 0)], "completed"),
    ],
)
def test_the_state_follows_from_the_facts_in_any_order(facts: list[Fact], expected: str) -> None:
    assert {state(merge_facts({}, order)) for order in permutations(facts)} == {expected}


KINDS = ["quoted", "booked", "completed", "invoiced", "paid", "cancelled"]
FACTS = st.lists(st.builds(fact, st.sampled_from(KINDS), st.booleans(), st.integers(0, 2)), max_size=8)


@given(FACTS, st.randoms(use_true_random=False), st.integers(0, 8))
def test_order_copies_and_batches_make_no_difference(facts: list[Fact], chance: Any, cut: int) -> None:
    expected = merge_facts({}, facts)
    again = facts + facts
    chance.shuffle(again)
    assert merge_facts(merge_facts({}, again[:cut]), again[cut:]) == expected


HEARD = st.lists(st.tuples(st.sampled_from([None, "", "a", "b", "c"]), st.integers(0, 3)), max_size=6)


@given(HEARD, st.randoms(use_true_random=False))
def test_the_newest_value_stays_and_nothing_erases(heard: list[tuple[str | None, int]], chance: Any) -> None:
    def after(order: list[tuple[str | None, int]]) -> Any:
        fields: dict[str, Any] = {"name": None}
        times: dict[str, Any] = {}
        for value, hours in order:
            fields, times = newest(fields, times, {"name": value}, START + timedelta(hours=hours))
        return fields, times

    shuffled = heard + heard
    chance.shuffle(shuffled)
    assert after(shuffled) == after(heard)
    if any(value for value, _ in heard):
        assert after(heard)[0]["name"]
