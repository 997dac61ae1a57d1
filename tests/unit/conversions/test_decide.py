"""From a fact to an approval, and back: each state of a conversion, and everything that goes with it in one commit."""

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from moref.conversions.approve import POLICY, approve
from moref.conversions.auto_approve import auto_approve
from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.conversions.qualify import NO_PROGRAM, STAYS, UNDONE, qualify
from moref.conversions.reject import reject
from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict
from moref.programs.model import Program, Tier, program_id
from moref.records import get
from moref.referrals.model import Advocate, Referral
from moref.rewards import ledger
from moref.rewards.model import AuditRow, Entry, Payout, Reward
from tests.fakes.memory_store import Crash
from tests.simulation import invariants
from tests.simulation.town import Town
from tests.simulation.world import ORG, World

ID = conversion_id(ORG, "ref_1")


def invoiced(world: World | None = None, friends: int = 1, **fields: Any) -> World:
    world = world or World()
    for _ in range(friends):
        world.refer(**fields)
        world.fact(world.friends, "invoiced")
        world.drain()
    return world


def the_conversion(world: World, id: str = ID) -> Conversion:
    return get(world.store, Conversion, ORG, id)


def the_referral(world: World, id: str = "ref_1") -> Referral:
    return get(world.store, Referral, ORG, id)


def yes(world: World, n: int = 1) -> Conversion:
    return approve(world.runtime, ORG, conversion_id(ORG, f"ref_{n}"), actor="mem_1", reason="known")


def released(world: World) -> None:
    """The minutes pass in which an approval may be undone."""
    world.drain()
    world.pass_time(minutes=10)
    world.drain()


def program(world: World, **fields: Any) -> Program:
    return world.edit(get(world.store, Program, ORG, program_id(ORG, "customer", None)), **fields)


def test_the_qualifying_fact_makes_a_conversion_once() -> None:
    world = World()
    world.refer()
    world.fact(1, "booked")
    world.drain()
    assert world.all(Conversion) == []
    world.fact(1, "invoiced")
    world.drain()
    rows, events = len(world.store.rows), len(world.store.events)
    qualify(world.runtime, ORG, "ref_1")
    assert (len(world.store.rows), len(world.store.events)) == (rows, events)
    assert (the_conversion(world).status, the_referral(world).status) == ("pending", "qualified")


def test_without_a_program_the_referral_says_so() -> None:
    world = World()
    program(world, status="archived")
    assert world.all(Conversion) == []
    invoiced(world)
    assert (world.all(Conversion), the_referral(world).reason) == ([], NO_PROGRAM)


def test_the_locations_own_program_goes_before_the_organizations() -> None:
    world = World()
    own = program_id(ORG, "customer", "loc_1")
    world.make(Program, own, name="Austin", location_id="loc_1", tiers=[Tier(at=1, amount=9900)])
    assert the_conversion(invoiced(world)).program_id == own


def test_one_commit_approves_counts_rewards_books_and_tells() -> None:
    world = invoiced()
    before = world.store.points
    done = yes(world)
    assert world.store.points == before + 2, "one commit"
    reward = get(world.store, Reward, ORG, done.reward_id or "")
    assert (done.status, done.ordinal, done.decided_by, reward.amount) == ("approved", 1, "mem_1", 2500)
    assert reward.legal_entity_id == "ent_1"
    assert get(world.store, Advocate, ORG, "adv_1").approved == 1
    assert [entry.step for entry in world.all(Entry)] == ["accrued"]
    assert [row.action for row in world.all(AuditRow)] == ["conversion.approved"]
    assert reward.released_at is None
    assert world.store.events[-1]["name"] == "conversion.changed"
    assert yes(world) == done


def test_bands_pay_by_the_number_of_standing_approvals() -> None:
    world = invoiced(friends=6)
    for n in range(1, 7):
        yes(world, n)
    assert sorted(reward.amount for reward in world.all(Reward)) == [2500, 2500, 5000, 5000, 10000, 10000]


def test_milestones_pay_only_where_they_stand() -> None:
    world = World()
    tiers = [Tier(at=1, amount=2500), Tier(at=3, amount=5000), Tier(at=5, amount=10000)]
    program(world, mode="milestone", tiers=tiers)
    invoiced(world, friends=5)
    rewards = [yes(world, n).reward_id for n in range(1, 6)]
    assert [reward is not None for reward in rewards] == [True, False, True, False, True]
    assert "no reward" in (yes(world, 2).reason or "")
    world.drain()
    invariants.check(world)


def test_terms_are_those_of_the_day_it_qualified() -> None:
    world = invoiced()
    program(world, tiers=[Tier(at=1, amount=100)], revision=2)
    yes(world)
    assert [reward.amount for reward in world.all(Reward)] == [2500]


def test_a_held_one_needs_a_persons_reason_and_never_expires() -> None:
    world = World()
    program(world, approval="automatic")
    invoiced(world, said_at=timedelta(days=1))  # the job was known a day before the referral
    held = the_conversion(world)
    assert (held.status, the_referral(world).status) == ("held", "booked")
    assert "held: " in (the_referral(world).reason or "")
    world.clock.move(days=400)
    auto_approve(world.runtime, ORG, ID)
    assert the_conversion(world).status == "held"
    with pytest.raises(BadInput):
        approve(world.runtime, ORG, ID, actor="mem_1", reason=" ")
    with pytest.raises(Conflict):
        approve(world.runtime, ORG, ID, actor="policy", reason="time")
    done = yes(world)
    assert (done.status, [hold.open for hold in done.holds], done.reason) == ("approved", [False], "known")


def test_what_shows_after_it_qualified_holds_it_all_the_same() -> None:
    world = invoiced()
    friend = get(world.store, Contact, ORG, "con_1")
    world.edit(friend, person_keys=["key-1", "key-ann"])
    world.tell("referral.changed", "ref_1")
    world.drain()
    held = the_conversion(world)
    assert (held.status, [hold.rule for hold in held.holds]) == ("held", ["self_referral", "tariff"])
    qualify(world.runtime, ORG, "ref_1")
    assert the_conversion(world) == held


def test_the_policy_looks_at_the_people_again_before_it_approves() -> None:
    world = World()
    program(world, approval="automatic", hold_days=14)
    invoiced(world)
    world.edit(get(world.store, Contact, ORG, "con_ann"), person_keys=["key-ann", "key-1"])
    world.pass_time(days=15)
    world.settle_down(1)
    assert (the_conversion(world).status, world.all(Reward)) == ("held", [])


def test_staff_who_closed_a_hold_are_not_asked_again_when_the_job_comes_back() -> None:
    world = invoiced(said_at=timedelta(days=1))
    assert the_conversion(world).status == "held"
    assert yes(world).status == "approved"
    world.fact(1, "cancelled")
    world.drain(queues=("referrals",))
    world.fact(1, "cancelled", value=False)
    world.drain(queues=("referrals",))
    assert [hold.open for hold in the_conversion(world).holds] == [False]


def test_rejected_stays_rejected_whatever_the_job_does() -> None:
    world = invoiced()
    with pytest.raises(BadInput):
        reject(world.runtime, ORG, ID, actor="mem_1", reason="")
    assert reject(world.runtime, ORG, ID, actor="mem_1", reason="employee").status == "rejected"
    assert (the_referral(world).status, the_referral(world).reason) == ("ineligible", "employee")
    world.clock.move(seconds=1)
    world.fact(1, "paid")
    world.drain()
    assert the_conversion(world).status == "rejected"
    with pytest.raises(Conflict):
        yes(world)
    assert reject(world.runtime, ORG, ID, actor="mem_1", reason="again").reason == "employee"


def test_automatic_approval_waits_for_its_hold_from_the_fact_on() -> None:
    world = World()
    program(world, approval="automatic", hold_days=3)
    invoiced(world)
    assert the_conversion(world).status == "pending"
    world.pass_time(days=3, seconds=-1)
    world.drain()
    assert the_conversion(world).status == "pending"
    world.pass_time(seconds=2)
    world.drain()
    assert (the_conversion(world).status, the_conversion(world).decided_by) == ("approved", "policy")


def test_a_cancelled_job_withdraws_and_comes_back() -> None:
    world = invoiced()
    for cancelled, status, shown in ((True, "withdrawn", "cancelled"), (False, "pending", "qualified")):
        world.clock.move(seconds=1)
        world.fact(1, "cancelled", cancelled)
        world.drain()
        assert (the_conversion(world).status, the_referral(world).status) == (status, shown)
    world.fact(1, "cancelled", True)
    with pytest.raises(Conflict):
        yes(world)  # the event is still under way; the job itself is looked at


def test_undone_before_the_provider_is_asked_the_reward_is_reversed_and_may_be_earned_again() -> None:
    world = invoiced()
    first = yes(world)
    world.fact(1, "cancelled", True)
    qualify(world.runtime, ORG, "ref_1")
    assert get(world.store, Reward, ORG, first.reward_id or "").status == "reversed"
    assert (the_conversion(world).status, the_conversion(world).reason) == ("withdrawn", UNDONE)
    assert get(world.store, Advocate, ORG, "adv_1").approved == 0
    world.drain()
    assert (world.provider.orders, world.all(Payout)) == ({}, [])
    world.clock.move(seconds=1)
    world.fact(1, "cancelled", False)
    world.drain()
    second = yes(world)
    assert (second.ordinal, second.reward_id != first.reward_id) == (1, True)
    released(world)
    invariants.check(world)
    assert len(world.provider.orders) == 1


@pytest.mark.parametrize("fault", [None, "lost_before"])
def test_a_referral_whose_approval_was_taken_back_is_no_longer_qualified(fault: str | None) -> None:
    """At once, or when the provider has said that it paid nothing; nobody brings news of it again."""
    world = Town()
    world.quote(1)
    world.clock.move(hours=2)
    world.says(1, "invoiced", True)
    world.drain()
    (waiting,) = world.all(Conversion)
    approve(world.runtime, ORG, waiting.id, actor=POLICY if fault else "mem_1", reason="checked")
    world.provider.fault = fault
    world.drain()
    world.clock.move(seconds=1)
    world.says(1, "invoiced", False)
    world.drain()
    world.settle_down(2)
    assert [one.status for one in world.all(Reward)] == ["reversed"]
    assert [(one.status, one.reason) for one in world.all(Referral)] == [("new", UNDONE)]


def test_undone_after_acceptance_it_stays_and_says_so() -> None:
    world = invoiced()
    yes(world)
    released(world)
    world.fact(1, "cancelled", True)
    world.drain()
    assert (the_conversion(world).status, the_conversion(world).reason) == ("approved", STAYS)
    assert [reward.status for reward in world.all(Reward)] == ["issued"]
    assert ledger.balances(world.store, ORG)["USD"]["provider_funding"] == -2500


def test_a_freed_ordinal_is_earned_by_the_next_so_no_milestone_pays_twice() -> None:
    world = World()
    program(world, mode="milestone", tiers=[Tier(at=1, amount=2500), Tier(at=2, amount=5000)])
    invoiced(world, friends=3)
    yes(world, 1)
    yes(world, 2)
    world.fact(1, "cancelled", True)
    qualify(world.runtime, ORG, "ref_1")
    assert yes(world, 3).ordinal == 1
    assert sorted(one.amount for one in world.all(Reward) if one.status != "reversed") == [2500, 5000]


@pytest.mark.parametrize("order", list(permutations([1, 2])))
def test_two_approvals_of_one_advocate_never_share_an_ordinal(order: tuple[int, int]) -> None:
    """The second commits while the first is between reading and writing."""
    world = invoiced(friends=2)
    inner = world.store.commit
    waiting = [order[1]]

    def commit(*writes: Any) -> None:
        if waiting:
            yes(world, waiting.pop())
        inner(*writes)

    world.store.commit = commit  # type: ignore[method-assign]
    yes(world, order[0])
    assert sorted(one.ordinal or 0 for one in world.all(Conversion)) == [1, 2]
    assert get(world.store, Advocate, ORG, "adv_1").approved == 2


@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_in_the_approval_leaves_all_or_nothing(point: int) -> None:
    world = invoiced()
    world.store.crash_at = world.store.points + point
    with pytest.raises(Crash):
        yes(world)
    assert (len(world.all(Reward)), len(world.all(Entry))) == ((0, 0) if point == 1 else (1, 1))
    yes(world)
    world.drain()
    invariants.check(world)
