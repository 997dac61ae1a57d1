"""What has to be there first: tax details, terms, a tariff item, an attestation. Met, it lifts; time never does."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.conversions.approve import approve
from moref.conversions.conditions import interstate
from moref.conversions.hold_decisions import close_hold
from moref.conversions.model import Conversion
from moref.intake.model import Address, Job
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.programs.agree import end_tariff, record_acceptance, record_tariff
from moref.programs.model import FriendReward, Program, Tier, program_id
from moref.records import Create, get
from moref.referrals.model import Advocate
from moref.rewards.model import Reward
from moref.rewards.year_to_date import threshold, year_to_date
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, program, referred

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)


def open_rules(world: World, name: str = "x") -> list[str]:
    return [hold.rule for hold in conversion(world, name).open_holds()]


def yes(world: World, id: str) -> Conversion:
    return approve(world.runtime, ORG, id, actor="mem_1", reason="known")


def accept(world: World, number: int | None = 1, what: Any = "terms", **over: Any) -> Any:
    of = over.pop("of", None) or get(world.store, Program, ORG, program_id(ORG, "customer", None))
    fields: dict[str, Any] = {"advocate_id": "adv_1", "accepted_at": world.clock.at}
    fields |= {"source": "signed paper", "actor": "mem_1"} | over
    return record_acceptance(world.runtime, ORG, of, what=what, number=number, **fields)


# Tax


def earned_before(world: World, amount: int, *, days: int = 1, currency: str = "USD", status: Any = "issued") -> None:
    at = world.clock.at - timedelta(days=days)
    world.store.commit(_create(world, amount, at, currency, status))


def _create(world: World, amount: int, at: datetime, currency: str, status: Any) -> Any:
    return Create(
        Reward(
            organization_id=ORG, id=f"rwd_{at.timestamp():.0f}{amount}", created_at=at, updated_at=at,
            advocate_id="adv_1", contact_id="con_ann", conversion_id="c", location_id="loc_1",
            legal_entity_id="ent_1", amount=amount, currency=currency, status=status, approved_at=at,
        )
    )  # fmt: skip


@pytest.mark.parametrize(("before", "held"), [(197_499, False), (197_500, True), (300_000, True)])
def test_from_the_threshold_on_tax_details_are_asked_for(before: int, held: bool) -> None:
    world = World()
    earned_before(world, before)
    id = referred(world, "x")
    assert open_rules(world) == (["tax"] if held else [])
    if not held:
        assert "of $2000" in (yes(world, id).reason or ""), "nine tenths are told"
        return
    with pytest.raises(Conflict, match="tax details"):
        yes(world, id)
    close_hold(world.runtime, ORG, id, "tax", actor="mem_1", reason="W-9 is on file at the accountant's")
    assert yes(world, id).status == "approved"


@pytest.mark.parametrize("over", [{"days": 200}, {"currency": "CAD"}, {"status": "reversed"}, {"status": "failed"}])
def test_another_year_another_currency_and_what_was_taken_back_do_not_count(over: dict[str, Any]) -> None:
    world = World()
    earned_before(world, 900_000, **over)
    assert year_to_date(world.runtime, ORG, "con_ann", 2026) == 0
    referred(world, "x")
    assert open_rules(world) == []


def test_two_approvals_of_one_moment_do_not_slip_past_the_threshold() -> None:
    """The list lags; the advocate's own count does not."""
    world = World()
    program(world, tiers=[Tier(at=1, amount=150_000)])
    ids = [referred(world, "x"), referred(world, "y")]
    inner = world.store.list

    def lagging(kind: Any, *args: Any, **kwargs: Any) -> Any:
        page = inner(kind, *args, **kwargs)
        return type(page)([], None) if kind is Reward else page

    world.store.list = lagging  # type: ignore[method-assign]
    assert yes(world, ids[0]).status == "approved"
    with pytest.raises(Conflict, match="tax"):
        yes(world, ids[1])


def test_the_threshold_is_dated() -> None:
    assert (threshold(2025), threshold(2026), threshold(2030)) == (60_000, 200_000, 200_000)


# Terms


def test_nothing_is_approved_before_the_terms_are_accepted_and_then_the_policy_goes_on() -> None:
    world = World()
    program(world, terms_required=True, terms_version=2, approval="automatic")
    id = referred(world, "x")
    world.drain()
    assert open_rules(world) == ["terms"]
    with pytest.raises(Conflict, match="version 2"):
        yes(world, id)
    with pytest.raises(Conflict, match="not set aside"):
        close_hold(world.runtime, ORG, id, "terms", actor="mem_1", reason="never mind")
    world.pass_time(days=400)
    world.drain()
    assert conversion(world, "x").status == "held"
    accept(world, 1)
    world.drain()
    assert open_rules(world) == ["terms"], "an older text is not this one"
    accept(world, 2)
    world.drain()
    assert (conversion(world, "x").status, conversion(world, "x").decided_by) == ("approved", "policy")


def test_an_acceptance_is_kept_once_with_its_time_and_of_a_text_that_is_there() -> None:
    world = World()
    program(world, terms_version=1)
    first = accept(world)
    world.clock.move(days=1)
    assert accept(world) == first
    for wrong in ({"number": 2}, {"number": None}, {"accepted_at": world.clock.at + timedelta(hours=1)}):
        with pytest.raises(BadInput):
            accept(world, **wrong)
    with pytest.raises(NotFound):
        accept(world, advocate_id="adv_of_somebody_else")


# Interstate


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, True),
        ({"interstate": False}, False),
        ({"interstate": True, "origin": Address(state="TX"), "destination": Address(state="TX")}, True),
        ({"origin": Address(state="TX"), "destination": Address(state="TX")}, False),
        ({"origin": Address(state="TX"), "destination": Address(state="OK")}, True),
        ({"origin": Address(state="TX")}, True),
        ({"origin": Address(state="TX"), "destination": Address(city="Austin")}, True),
    ],
)
def test_what_is_not_known_counts_as_interstate(fields: dict[str, Any], expected: bool) -> None:
    job = Job(
        organization_id="o", id="j", created_at=NOW, updated_at=NOW, connection_id="c", external_id="j", contact_id="b",
        location_id="l", received_at=NOW, **fields,
    )  # fmt: skip
    assert interstate(job) is expected


@pytest.mark.parametrize(("crosses", "held"), [(True, True), (None, True), (False, False)])
def test_a_friends_reward_for_an_interstate_move_needs_a_tariff_item(crosses: bool | None, held: bool) -> None:
    world = World()
    program(world, friend_reward=FriendReward(amount=1000))
    id = referred(world, "x", interstate=crosses)
    assert open_rules(world) == (["tariff"] if held else [])
    if held:
        with pytest.raises(Conflict, match="tariff"):
            yes(world, id)
        with pytest.raises(Conflict, match="not set aside"):
            close_hold(world.runtime, ORG, id, "tariff", actor="mem_1", reason="never mind")
        record_tariff(world.runtime, ORG, item="Item 130", valid_from=world.clock.at, actor="mem_1")
        world.drain()
        assert conversion(world, "x").status == "pending"
    assert yes(world, id).status == "approved"


def test_the_advocates_own_reward_for_a_strangers_interstate_move_is_free() -> None:
    world = World()
    referred(world, "x", interstate=True)
    assert open_rules(world) == []


def test_a_tariff_item_counts_from_its_day_until_it_is_ended() -> None:
    world = World()
    program(world, friend_reward=FriendReward(amount=1000))
    item = record_tariff(world.runtime, ORG, item="130", valid_from=world.clock.at + timedelta(days=1), actor="mem_1")
    referred(world, "early", interstate=True)
    assert open_rules(world, "early") == ["tariff"]
    world.clock.move(days=1)
    referred(world, "within", interstate=True)
    assert open_rules(world, "within") == []
    end_tariff(world.runtime, ORG, item.id, actor="mem_1")
    with pytest.raises(Conflict, match="tariff"):
        yes(world, conversion(world, "within").id)


# Partners


def test_a_partner_who_is_paid_a_share_of_an_interstate_move_attests_first() -> None:
    world = World()
    tiers = [Tier(at=1, basis_points=500, maximum=50_000)]
    of = world.make(Program, program_id(ORG, "partner", None), name="Agents", advocate_kind="partner", tiers=tiers)
    world.edit(get(world.store, Advocate, ORG, "adv_1"), kind="partner")
    referred(world, "local", amount=100_000, interstate=False)
    assert open_rules(world, "local") == []
    id = referred(world, "far", amount=100_000, interstate=True)
    assert open_rules(world, "far") == ["attestation"]
    with pytest.raises(Conflict, match="attested"):
        yes(world, id)
    accept(world, None, "attestation", of=of)
    world.drain()
    assert yes(world, id).status == "approved"
    assert sorted(reward.amount for reward in world.all(Reward)) == [5000]
