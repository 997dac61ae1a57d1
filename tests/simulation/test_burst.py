"""Two thousand conversions released in one instant: all paid, none twice, in minutes, and each as cheaply as one."""

from collections import Counter
from datetime import timedelta
from functools import cache

import pytest

from moref.rewards import ledger
from moref.rewards.model import Entry, Payout, Reward
from moref.rewards.slots import gap
from tests.fakes.runtime import START
from tests.simulation.burst import Burst

FEW, MANY = 100, 2_000
GAP = gap("tremendous", START.date())


@cache
def done(many: int) -> Burst:
    burst = Burst(many)
    burst.run()
    return burst


@pytest.mark.parametrize("many", [FEW, MANY])
def test_all_are_paid_and_none_twice(many: int) -> None:
    burst = done(many)
    world = burst.world
    orders = burst.provider.orders
    assert len(orders) == len(burst.provider.asked) == many
    assert Counter(one.reward_id for one in world.all(Payout)) == Counter(one.id for one in world.all(Reward))
    assert {one.status for one in world.all(Reward)} == {"issued"}
    assert ledger.faults(world.all(Entry)) == []
    assert ledger.total(world.all(Entry))["USD"]["provider_funding"] == -many * 2500


def test_nineteen_of_twenty_are_taken_within_five_minutes_at_the_pace_of_the_credential() -> None:
    waited = done(MANY).waited()
    assert len(waited) == MANY
    assert waited[int(MANY * 0.95)] < 300
    assert waited[-1] >= (MANY - 1) * GAP.total_seconds(), "faster than the provider allows"


def test_the_provider_is_never_asked_faster_than_it_allows() -> None:
    """Counted in every window of ten seconds."""
    times = sorted(one.submitted_at for one in done(MANY).world.all(Payout) if one.submitted_at is not None)
    most = timedelta(seconds=10) / GAP
    for place, start in enumerate(times):
        later = place + int(most) * 5 // 4  # ten a second are documented
        assert later >= len(times) or times[later] - start > timedelta(seconds=10)


def test_one_payout_asks_as_much_of_aws_among_many_as_among_few() -> None:
    """But for one in ten, whose turn passes while all workers are busy with first looks, and who takes another turn:
    one more look, one more message. Counts are of calls, rows of a commit aside."""
    few, many = done(FEW).calls_per_payout(), done(MANY).calls_per_payout()
    assert few.keys() == many.keys()
    calls = few.keys() - {"rows written"}
    assert sum(many[name] for name in calls) <= 1.05 * sum(few[name] for name in calls)
    assert many["sent"] <= few["sent"] + 0.15
