"""Each rule of a program, at its edge: what qualifies, when, and by whose program."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.conversions.auto_approve import auto_approve
from moref.conversions.model import Conversion
from moref.conversions.qualify import NO_PROGRAM, qualify
from moref.intake.model import Fact, Job
from moref.programs.agree import save_exception
from moref.programs.model import Program, ProgramException, Tier, program_id
from moref.records import get
from moref.referrals.model import Advocate, Referral
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, program, referred


def reason(world: World, name: str = "x") -> str | None:
    return get(world.store, Referral, ORG, f"ref_{name}").reason


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (50_000, None),
        (49_999, "below the program's $500"),
        (None, "the CRM has not said it"),
        (0, "below the program's $500"),
    ],
)
def test_the_job_is_large_enough(amount: int | None, words: str | None) -> None:
    world = World()
    program(world, minimum_amount=50_000)
    told: dict[str, Any] = {} if amount is None else {"amount": amount}
    referred(world, "x", **told)
    if words is None:
        assert conversion(world, "x").status == "pending"
    else:
        assert world.all(Conversion) == []
        assert words in (reason(world) or "")


def test_the_amount_may_come_later_and_may_shrink_again() -> None:
    world = World()
    program(world, minimum_amount=50_000)
    referred(world, "x")
    for amount, status in ((60_000, "pending"), (10_000, "withdrawn"), (50_000, "pending")):
        world.clock.move(minutes=1)
        job = get(world.store, Job, ORG, "job_x")
        world.edit(job, facts=job.facts | {"amount": Fact(kind="amount", value=amount, at=world.clock.at)})
        qualify(world.runtime, ORG, "ref_x")
        assert conversion(world, "x").status == status
    assert conversion(world, "x").reason is None


def test_amounts_of_two_currencies_are_never_compared() -> None:
    world = World()
    program(world, minimum_amount=50_000)
    referred(world, "x", amount=90_000, currency="CAD")
    assert world.all(Conversion) == []
    assert reason(world) == "the job's amount is in CAD, and the program counts in USD"
    program(world, minimum_amount=0)
    referred(world, "flat", amount=90_000, currency="CAD")
    assert conversion(world, "flat").status == "pending", "a flat reward needs no amount"


@pytest.mark.parametrize(
    ("kinds", "kind", "counts"),
    [
        ([], None, True),
        (["Local"], "local", True),
        (["local", "long distance"], " Long Distance ", True),
        (["local"], "junk removal", False),
        (["local"], None, False),
    ],
)
def test_the_job_is_of_a_kind_that_counts(kinds: list[str], kind: str | None, counts: bool) -> None:
    world = World()
    program(world, job_types=kinds)
    referred(world, "x", job_type=kind)
    assert bool(world.all(Conversion)) is counts
    assert counts or "jobs of other kinds" in (reason(world) or "")


@pytest.mark.parametrize(("late", "counts"), [(timedelta(seconds=-1), True), (timedelta(0), False)])
def test_the_fact_comes_within_the_window_by_the_branchs_own_clock(late: timedelta, counts: bool) -> None:
    """Ten days over the night in which clocks go back are 241 hours."""
    world = World()
    program(world, window_days=10)
    world.clock.at = datetime(2026, 10, 25, 17, 0, tzinfo=UTC)  # noon in Chicago, summer time
    world.refer()
    world.clock.at = datetime(2026, 11, 4, 18, 0, tzinfo=UTC) + late  # noon, winter time
    world.fact(1, "invoiced")
    world.drain()
    assert bool(world.all(Conversion)) is counts


def test_without_a_window_a_referral_never_expires() -> None:
    world = World()
    world.refer()
    world.clock.move(days=3000)
    world.fact(1, "invoiced")
    world.drain()
    assert conversion(world, 1).status == "pending"


def test_a_qualified_lead_may_be_the_fact() -> None:
    world = World()
    program(world, qualifying_fact="lead_qualified")
    world.refer()
    world.fact(1, "lead_qualified")
    world.drain()
    assert conversion(world, 1).status == "pending"


@pytest.mark.parametrize(
    ("starts", "ends", "counts"),
    [(0, None, True), (1, None, False), (None, 1, True), (None, 0, False), (-2, -1, False), (-1, 1, True)],
)
def test_a_referral_belongs_to_the_days_of_its_first_evidence(
    starts: int | None, ends: int | None, counts: bool
) -> None:
    world = World()
    day = timedelta(days=1)
    program(
        world,
        starts_at=None if starts is None else world.clock.at + starts * day,
        ends_at=None if ends is None else world.clock.at + ends * day,
    )
    world.refer()
    world.clock.move(days=30)
    world.fact(1, "invoiced")
    world.drain()
    assert bool(world.all(Conversion)) is counts
    assert counts or get(world.store, Referral, ORG, "ref_1").reason == NO_PROGRAM


def own(world: World, **fields: Any) -> Program:
    tiers = [Tier(at=1, amount=9900)]
    return world.make(
        Program, program_id(ORG, "customer", "loc_1"), name="Austin", location_id="loc_1", **{"tiers": tiers} | fields
    )


def test_what_the_organization_locks_counts_in_its_locations_programs() -> None:
    world = World()
    program(world, hold_days=14, locked=["hold_days"])
    made = own(world, hold_days=2, approval="automatic")
    referred(world, "x")
    terms = conversion(world, "x").terms
    assert (terms.hold_days, terms.approval, terms.tiers[0].amount) == (14, "automatic", 9900)
    assert conversion(world, "x").program_id == made.id


def test_money_locked_in_another_currency_is_not_the_locations_own() -> None:
    world = World()
    general = program(world, locked=["tiers"])
    own(world, currency="CAD")
    referred(world, "x")
    found = conversion(world, "x")
    assert (found.program_id, found.terms.currency, found.terms.tiers[0].amount) == (general.id, "USD", 2500)


def test_an_advocate_in_a_group_has_the_groups_tiers() -> None:
    world = World()
    program(world, tier_groups={"gold": [Tier(at=1, amount=7700)]})
    world.edit(get(world.store, Advocate, ORG, "adv_1"), tier_group="gold")
    referred(world, "x")
    assert (conversion(world, "x").terms.tier_group, conversion(world, "x").terms.tiers[0].amount) == ("gold", 7700)
    world.edit(get(world.store, Advocate, ORG, "adv_1"), tier_group="unheard")
    referred(world, "y")
    assert conversion(world, "y").terms.tiers[0].amount == 2500


def test_what_was_agreed_with_one_advocate_counts_for_them_until_it_ends() -> None:
    world = World()
    fields = {"tiers": [Tier(at=1, amount=12_000)], "reason": "a friend of the house", "approval": "automatic"}
    end = world.clock.at + timedelta(days=1)
    save_exception(world.runtime, ORG, program(world), "adv_1", fields | {"ends_at": end}, actor="mem_1")
    referred(world, "x")
    terms = conversion(world, "x").terms
    assert (terms.tiers[0].amount, terms.approval, terms.hold_days) == (12_000, "automatic", 0)
    assert terms.exception_id == world.all(ProgramException)[0].id
    world.clock.at = end
    referred(world, "y")
    assert conversion(world, "y").terms.exception_id is None


def test_the_hold_may_count_from_another_fact_and_without_it_the_policy_waits() -> None:
    world = World()
    program(world, approval="automatic", hold_days=3, hold_fact="paid")
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    world.pass_time(days=30)
    auto_approve(world.runtime, ORG, conversion(world, 1).id)
    assert conversion(world, 1).status == "pending"
    world.fact(1, "paid")
    world.drain()
    world.pass_time(days=3, seconds=-1)
    world.drain()
    assert conversion(world, 1).status == "pending"
    world.pass_time(seconds=2)
    world.drain()
    assert (conversion(world, 1).status, conversion(world, 1).decided_by) == ("approved", "policy")


def test_the_policy_leaves_what_is_too_much_for_it_to_staff() -> None:
    world = World()
    program(world, approval="automatic", automatic_under=2500, tiers=[Tier(at=1, amount=2499), Tier(at=2, amount=2500)])
    referred(world, "small")
    referred(world, "large")
    world.drain()
    assert conversion(world, "small").decided_by == "policy"
    left = conversion(world, "large")
    assert (left.status, left.by_hand, left.waiting_since) == ("pending", True, world.clock.at)
    program(world, automatic_under=None)
    auto_approve(world.runtime, ORG, left.id)
    assert conversion(world, "large").status == "pending"
