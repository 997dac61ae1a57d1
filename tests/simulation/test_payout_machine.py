"""Invariants 3, 4 and 7 attacked at random: faults, crashes, lost answers, repeats and reorderings in any mixture.

The search is in four parts that run side by side on the cores there are. MOREF_LONG=20000 gives each of them so many
runs of 50 steps instead of 500 of 25, from other seeds each time:

    MOREF_LONG=20000 pytest tests/simulation/test_payout_machine.py
"""

import os
import random

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from moref.kernel.errors import MorefError
from tests.simulation.machine import PayoutMachine
from tests.simulation.naive import keyed_work, naive_work
from tests.simulation.parts import search_in_parts
from tests.simulation.world import PayoutWork

LONG = int(os.environ.get("MOREF_LONG", "0"))
PARTS = 4  # of one search, so that several processors may share it
EFFORT = settings(
    max_examples=LONG or 500, stateful_step_count=50 if LONG else 25, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
# A failure is expected there: no time is spent on making it small.
QUICK = settings(EFFORT, phases=[Phase.generate], max_examples=400, derandomize=True, print_blob=False)


def test_whatever_goes_wrong_one_reward_is_paid_at_most_once_and_the_books_agree() -> None:
    search_in_parts(search, random.sample(range(2**32), PARTS) if LONG else range(PARTS))


def search(start: int) -> None:
    class Part(PayoutMachine):
        """Of a class of its own, for a seed is kept at the class."""

    run_state_machine_as_test(seed(start)(Part), settings=EFFORT)


@pytest.mark.parametrize("work", [naive_work, keyed_work])
def test_the_same_machine_catches_a_careless_worker(work: PayoutWork) -> None:
    class Careless(PayoutMachine):
        pass

    Careless.work = staticmethod(work)
    with pytest.raises((AssertionError, MorefError, ExceptionGroup)):
        run_state_machine_as_test(Careless, settings=QUICK)
