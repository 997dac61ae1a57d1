"""Invariants 3 and 4 attacked at random: faults, crashes, repeats and reorderings in any mixture."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from moref.kernel.errors import MorefError
from tests.simulation.machine import PayoutMachine
from tests.simulation.naive import keyed_work, naive_work
from tests.simulation.world import PayoutWork

EFFORT = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
# A failure is expected there: no time is spent on making it small.
QUICK = settings(EFFORT, phases=[Phase.generate], max_examples=400, derandomize=True, print_blob=False)


def test_whatever_goes_wrong_one_reward_is_paid_at_most_once_and_the_books_agree() -> None:
    run_state_machine_as_test(PayoutMachine, settings=EFFORT)


@pytest.mark.parametrize("work", [naive_work, keyed_work])
def test_the_same_machine_catches_a_careless_worker(work: PayoutWork) -> None:
    class Careless(PayoutMachine):
        pass

    Careless.work = staticmethod(work)
    with pytest.raises((AssertionError, MorefError, ExceptionGroup)):
        run_state_machine_as_test(Careless, settings=QUICK)
