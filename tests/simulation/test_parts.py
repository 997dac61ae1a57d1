"""What a part finds in its own process fails the test here, and is told in full."""

import os
import warnings

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.simulation.parts import search_in_parts

QUIET, DYING, WARNING, FINDING = range(4)


class Counting(RuleBasedStateMachine):
    @rule(number=st.integers(min_value=0))
    def count(self, number: int) -> None:
        assert number < 7000, "counted too far"


def search(start: int) -> None:
    if start == DYING:
        os._exit(3)
    if start == WARNING:
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    if start == FINDING:
        run_state_machine_as_test(seed(start)(Counting), settings=settings(database=None))


def test_parts_that_find_nothing_pass_whatever_their_number() -> None:
    search_in_parts(search, [QUIET] * 5)


def test_every_part_that_fails_is_told_with_its_falsifying_example() -> None:
    with pytest.raises(pytest.fail.Exception) as failed:
        search_in_parts(search, [FINDING, QUIET, WARNING])
    told = str(failed.value)
    assert f"part with seed {FINDING}:" in told
    assert "count(number=7000)" in told
    assert "counted too far" in told
    assert f"part with seed {WARNING}:" in told
    assert "DeprecationWarning: old ways" in told
    assert f"part with seed {QUIET}:" not in told


def test_a_part_whose_process_dies_fails() -> None:
    with pytest.raises(RuntimeError, match="terminated abruptly"):
        search_in_parts(search, [QUIET, DYING])
