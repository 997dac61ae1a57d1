"""Nothing left to chance: the payout's whole story is run once for every point at which its worker can die."""

import pytest

from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.kernel.errors import MorefError
from moref.rewards.model import Payout, Reward
from tests.fakes.memory_store import Crash
from tests.simulation import invariants
from tests.simulation.provider import FAULTS
from tests.simulation.world import ORG, World


def story(crash_at: int | None, fault: str | None) -> World:
    """A friend's job is invoiced, the conversion approved, the gift card ordered; the worker dies once on the way."""
    world = World()
    world.refer()
    world.fact(1, "invoiced")
    world.provider.fault = fault
    world.store.crash_at = crash_at
    world.drain()
    for _ in range(2):  # staff click again when the first click came to nothing
        try:
            approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
        except (Crash, MorefError):
            continue
    world.drain()
    invariants.check(world)
    for external_id, order in world.provider.orders.items():
        if order.status not in ("EXECUTED", "CANCELED"):
            world.provider.progress(external_id)
    world.settle_down()
    invariants.check(world)
    invariants.ended(world)
    return world


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_dying_at_any_point_changes_nothing_in_the_end(fault: str | None) -> None:
    calm = story(None, fault)
    first = World().store.points
    expected = outcome(calm)
    for point in range(first + 1, calm.store.points + 1):
        world = story(point, fault)
        assert len(world.provider.orders) <= 1, f"crash point {point}"
        # Whether the worker died before or after the spoilt answer decides only whether that answer was heard.
        assert outcome(world) in (expected, outcome(story(None, None))), f"crash point {point}"


def outcome(world: World) -> list[tuple[str, str, int]]:
    payouts = {payout.reward_id: payout for payout in world.all(Payout)}
    return [(reward.status, payouts[reward.id].status, len(world.provider.orders)) for reward in world.all(Reward)]
