"""Shares, periods and caps: to the minor unit, frozen at approval, and what a reversal does to later ones."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.conversions.approve import approve
from moref.conversions.model import Conversion
from moref.conversions.qualify import qualify
from moref.conversions.undo import undo
from moref.kernel.money import MAXIMUM
from moref.money import share
from moref.programs.model import Cap, Standing, Terms, Tier
from moref.programs.periods import bounds, period_key
from moref.programs.tiers import amount
from moref.records import get
from moref.rewards.model import Reward
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import program, referred


def terms(*tiers: Tier, mode: Any = "band") -> Terms:
    return Terms(
        qualifying_fact="invoiced", mode=mode, tiers=list(tiers), currency="USD", approval="manual", hold_days=0
    )


@pytest.mark.parametrize(
    ("job", "basis_points", "most", "earned"),
    [
        (100_000, 500, 10_000, 5000),
        (99_999, 500, 10_000, 4999),  # 4,999.95: never more than was published
        (1_000_000, 500, 10_000, 10_000),
        (19, 500, 10_000, None),  # less than one cent
        (20, 500, 10_000, 1),
        (0, 10_000, 10_000, None),
        (MAXIMUM, 10_000, 200_000, 200_000),
    ],
)
def test_a_share_is_rounded_down_and_cut_at_its_maximum(
    job: int, basis_points: int, most: int, earned: int | None
) -> None:
    assert amount(terms(Tier(at=1, basis_points=basis_points, maximum=most)), 1, job) == earned


@given(st.integers(0, MAXIMUM), st.integers(1, 10_000))
def test_a_share_is_the_exact_one_less_than_a_minor_unit(whole: int, basis_points: int) -> None:
    part = share(whole, basis_points)
    assert 0 <= whole * basis_points - part * 10_000 < 10_000
    assert type(part) is int


@pytest.mark.parametrize("wrong", [1.5, "100", True, None])
def test_a_share_is_never_taken_of_what_is_no_amount(wrong: Any) -> None:
    with pytest.raises(TypeError):
        share(wrong, 100)
    with pytest.raises((TypeError, ValueError)):
        amount(terms(Tier(at=1, basis_points=500, maximum=100)), 1, wrong)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"amount": 1, "basis_points": 1, "maximum": 1},
        {"basis_points": 500},
        {"maximum": 500},
        {"amount": 5, "maximum": 5},
        {"basis_points": 10_001, "maximum": 1},
        {"basis_points": 2.5, "maximum": 1},
    ],
    ids=str,
)
def test_a_tier_is_flat_or_a_share_with_its_maximum(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Tier"):
        Tier(at=1, **fields)


def test_periods_are_the_branchs_own_and_begin_where_the_last_ended() -> None:
    night = datetime(2026, 7, 1, 4, 59, 59, tzinfo=UTC)
    assert period_key("month", night, "America/Chicago") == "2026-06"
    assert period_key("quarter", night, "America/Chicago") == "2026-Q2"
    assert period_key("year", datetime(2027, 1, 1, 5, 59, tzinfo=UTC), "America/Chicago") == "2026"
    for period in ("month", "quarter", "year"):
        begin, end = bounds(period, night, "America/Chicago")
        assert begin <= night < end
        assert bounds(period, end, "America/Chicago")[0] == end
    assert bounds("year", night, "America/Chicago")[0] == datetime(2026, 1, 1, 6, tzinfo=UTC)


def yes(world: World, id: str) -> Conversion:
    return approve(world.runtime, ORG, id, actor="mem_1", reason="known")


def earned(world: World, id: str) -> int | None:
    one = yes(world, id)
    return get(world.store, Reward, ORG, one.reward_id).amount if one.reward_id else None


def test_where_tiers_count_by_the_month_the_fact_decides_and_not_the_approval() -> None:
    world = World()
    program(world, tier_period="month", tiers=[Tier(at=1, amount=1000), Tier(at=2, amount=2000)])
    world.clock.at = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)
    june = [referred(world, "june1"), referred(world, "june2")]
    world.clock.at = datetime(2026, 7, 2, 20, 0, tzinfo=UTC)
    july = [referred(world, "july1"), referred(world, "july2")]
    assert [earned(world, id) for id in (july[0], june[0], july[1], june[1])] == [1000, 1000, 2000, 2000]
    found = {row.period: row.approved for row in world.all(Standing)}
    assert found == {"2026-06": 2, "2026-07": 2, "tax-2026": 4}
    assert sorted(one.ordinal or 0 for one in world.all(Conversion)) == [1, 2, 3, 4], "of the lifetime, beside"


def test_a_reversal_frees_its_ordinal_for_the_next_of_the_same_period_only() -> None:
    world = World()
    program(world, mode="milestone", tier_period="month", tiers=[Tier(at=2, amount=5000)])
    june = [referred(world, f"june{n}") for n in range(3)]
    assert [earned(world, id) for id in june[:2]] == [None, 5000]
    undo(world.runtime, ORG, june[1], actor="mem_1")
    world.clock.at = datetime(2026, 7, 2, 20, 0, tzinfo=UTC)
    july = referred(world, "july")
    assert earned(world, july) is None, "the first of July, whatever was freed in June"
    assert earned(world, june[2]) == 5000, "the freed one of June"
    standing = [one for one in world.all(Reward) if one.status != "reversed"]
    assert [one.amount for one in standing] == [5000]


def test_what_later_ones_earned_stays_as_it_was_approved() -> None:
    world = World()
    program(world, tiers=[Tier(at=1, amount=1000), Tier(at=2, amount=9000)])
    ids = [referred(world, f"f{n}") for n in range(3)]
    assert [earned(world, id) for id in ids[:2]] == [1000, 9000]
    undo(world.runtime, ORG, ids[0], actor="mem_1")
    assert sorted(one.amount for one in world.all(Reward) if one.status == "pending") == [9000]
    assert earned(world, ids[2]) == 1000, "the first place was free again"


@pytest.mark.parametrize(
    ("cap", "paid"),
    [
        (Cap(period="month", count=2), [2500, 2500, None]),
        (Cap(period="month", amount=6000), [2500, 2500, 1000]),
        (Cap(period="lifetime", amount=5000), [2500, 2500, None]),
        (Cap(period="year", count=1, amount=100), [100, None, None]),
    ],
)
def test_a_cap_is_met_to_the_cent_and_says_so(cap: Cap, paid: list[int | None]) -> None:
    world = World()
    program(world, caps=[cap], tiers=[Tier(at=1, amount=2500)])
    ids = [referred(world, f"f{n}") for n in range(3)]
    assert [earned(world, id) for id in ids] == paid
    words = [get(world.store, Conversion, ORG, id).reason or "" for id in ids]
    assert ["most" in text for text in words] == [amount != 2500 for amount in paid]


def test_a_cap_that_was_met_has_room_again_after_a_reversal_and_in_the_next_period() -> None:
    world = World()
    program(world, caps=[Cap(period="month", amount=2500)], tiers=[Tier(at=1, amount=2500)])
    ids = [referred(world, f"f{n}") for n in range(2)]
    assert earned(world, ids[0]) == 2500
    undo(world.runtime, ORG, ids[0], actor="mem_1")
    assert earned(world, ids[1]) == 2500
    world.clock.move(days=40)
    assert earned(world, referred(world, "later")) == 2500


def test_a_share_of_the_job_is_of_its_amount_when_it_is_approved_and_frozen_then() -> None:
    world = World()
    program(world, tiers=[Tier(at=1, basis_points=250, maximum=100_000)])
    id = referred(world, "x", amount=123_456)
    assert earned(world, id) == 3086
    qualify(world.runtime, ORG, "ref_x")
    assert [one.amount for one in world.all(Reward)] == [3086]
