"""The machine and the payout's story on DynamoDB itself: every read compared with the twin, every answer lost once."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from pynamodb.exceptions import PynamoDBException

from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.conversions.qualify import qualify
from moref.kernel.errors import Conflict, Retry
from moref.records import every
from moref.rewards import ledger
from moref.rewards.model import Entry, Payout, Reward
from moref.rewards.work import work
from moref.runtime import Runtime
from tests.contract.both_stores import BothStores
from tests.contract.conftest import Backend, Faults
from tests.simulation.machine import PayoutMachine
from tests.simulation.parts import search_in_parts
from tests.simulation.provider import FakeProvider
from tests.simulation.store import StrictStore
from tests.simulation.world import World

pytestmark = pytest.mark.cloud
_numbers = itertools.count()
PARTS = 2  # of the fifty runs, side by side
RUNS = settings(
    max_examples=50 // PARTS, stateful_step_count=25, deadline=None, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


def test_fifty_runs_of_the_machine_on_the_table(emulator: str) -> None:
    search_in_parts(partial(search, emulator), range(PARTS))


def search(emulator: str, start: int) -> None:
    made: list[BothStores] = []

    class OnTheTable(PayoutMachine):
        def new_store(self) -> StrictStore:
            made.append(BothStores(emulator, f"machine{start}-{next(_numbers)}"))
            return made[-1]

        def teardown(self) -> None:
            try:
                super().teardown()
            finally:
                made.pop().drop()

    run_state_machine_as_test(seed(start)(OnTheTable), settings=RUNS)


class Paying:
    """One reward, approved, on the table behind the proxy; the provider is the simulation's."""

    def __init__(self, backend: Backend, org: str) -> None:
        world = World(org=org)
        world.refer()
        world.fact(1, "invoiced")
        qualify(world.runtime, org, "ref_1")
        self.conversion_id = conversion_id(org, "ref_1")
        for (table, _, _), row in world.store.rows.items():
            backend.write(table, row)
        self.org, self.clock, self.provider = org, world.clock, FakeProvider(lambda: None, org)
        self.runtime: Runtime = replace(world.runtime, store=backend.store)

    def approve(self) -> None:
        self._again(lambda: approve(self.runtime, self.org, self.conversion_id, actor=POLICY))

    def rewards(self) -> list[Reward]:
        return every(self.runtime.store, Reward, self.org)

    def look(self) -> None:
        self._again(self._work)

    def _work(self) -> None:
        (reward,) = self.rewards()
        message = {"name": "reward.released", "organization_id": self.org, "subject": reward.id}
        work(self.runtime, message, lambda *_: self.provider)

    @staticmethod
    def _again(act: Callable[[], object]) -> None:
        """As a queue does."""
        failures: list[Exception] = []
        while len(failures) < 8:
            try:
                act()
            except (Retry, Conflict, PynamoDBException) as failure:
                failures.append(failure)
                continue
            return
        raise AssertionError(failures)

    def is_paid_once(self) -> None:
        store = self.runtime.store
        (payout,) = every(store, Payout, self.org)
        assert payout.status in ("accepted", "delivered"), (payout.status, payout.reason)
        assert list(self.provider.orders) == [payout.id]
        assert ledger.faults(every(store, Entry, self.org)) == []
        assert [one.status for one in self.rewards()] == ["issued"]


@pytest.mark.parametrize(("client", "step"), [("hasty", 1), ("disturbed", 5)])
def test_an_answer_of_the_table_lost_at_every_call_ends_in_one_order(
    client: str, step: int, faults: Faults, request: pytest.FixtureRequest
) -> None:
    """The n-th answer never comes: `disturbed` repeats by itself, `hasty` leaves it to the queue."""
    backend: Backend = request.getfixturevalue(client)
    for nth in range(1, 200, step):
        paying = Paying(backend, f"org_{client}{nth}")
        lose_the_nth(faults, nth)
        paying.approve()
        for _ in range(3):
            paying.look()
            paying.clock.move(minutes=5)
        lost = faults.fired() >= nth
        faults.set()
        paying.is_paid_once()
        if not lost:
            assert nth > 40, "hardly a call was counted"
            return  # every call of the story has had its turn
    raise AssertionError("the story never ends")


def lose_the_nth(faults: Faults, nth: int) -> None:
    through = {"service": "dynamodb", "times": nth - 1, "latency": {"dist": "uniform", "min_ms": 0, "max_ms": 0}}
    cut = {"service": "dynamodb", "times": 1, "response": {"abort_bytes": 0}}
    faults.set(*([through] if nth > 1 else []), cut)


@pytest.mark.parametrize("workers", [2, 8])
def test_workers_that_meet_at_one_reward_make_one_order(direct: Backend, workers: int) -> None:
    paying = Paying(direct, f"org_meet{workers}")
    paying.approve()
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(lambda _: paying.look(), range(workers * 3)))
    paying.clock.move(minutes=5)
    paying.look()
    assert len(paying.provider.asked) == 1
    paying.is_paid_once()
