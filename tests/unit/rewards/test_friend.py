"""The friend's reward: made with the advocate's, counted by the budgets, gone with it, and never given twice."""

from typing import Any

import pytest

from moref.budgets.model import Budget, Spend, budget_id
from moref.conversions.approve import approve
from moref.conversions.qualify import qualify
from moref.conversions.undo import undo
from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.programs.model import FriendReward
from moref.records import Point, get
from moref.referrals.model import Advocate, Referral
from moref.referrals.remove import remove
from moref.rewards.model import Payout, Reward
from moref.rewards.year_to_date import year_to_date
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, program, referred
from tests.unit.rewards.benefits import FRIEND, accounts, earned, job_says, reward, right, world_with


def both(**rules: Any) -> World:
    return world_with(**{"friend_reward": FRIEND} | rules)


def reachable(world: World, name: str = "x") -> None:
    world.edit(get(world.store, Contact, ORG, f"con_{name}"), email=f"bob-{name}@friend.test")


def spend(world: World) -> tuple[int, int]:
    (row,) = world.all(Spend)
    return row.amount, row.approvals


def test_both_are_paid_each_to_their_own() -> None:
    world = both()
    earned(world)
    reachable(world)
    world.reconcile()
    world.drain()
    world.pass_time(minutes=1)
    world.drain()
    paid = {payout.recipient_email: payout.amount for payout in world.all(Payout) if payout.accepted_at}
    assert paid == {"ann@home.test": 2500, "bob-x@friend.test": 1000}
    assert year_to_date(world.runtime, ORG, "con_ann", world.clock.at.year) == 2500
    right(world)


def test_the_budget_counts_both_and_holds_for_both() -> None:
    world = both()
    world.make(Budget, budget_id(ORG, "loc_1"), location_id="loc_1", amount=3499)
    id = referred(world, "x")
    with pytest.raises(Conflict, match="budget"):
        approve(world.runtime, ORG, id, actor="mem_1", reason="known")
    world.edit(get(world.store, Budget, ORG, budget_id(ORG, "loc_1")), amount=3500)
    approve(world.runtime, ORG, id, actor="mem_1", reason="known")
    assert spend(world) == (3500, 1)
    undo(world.runtime, ORG, id, actor="mem_1")
    assert spend(world) == (0, 0)
    assert {one.status for one in world.all(Reward)} == {"reversed"}
    assert (conversion(world, "x").friend_reward_id, accounts(world)) == (None, {})
    approve(world.runtime, ORG, id, actor="mem_1", reason="known")
    assert len(world.all(Reward)) == 4
    assert spend(world) == (3500, 1)


def test_both_go_when_the_job_is_undone() -> None:
    world = both(reward_type="service_credit", friend_reward=FriendReward(amount=1000, reward_type="discount_code"))
    world.make(Budget, budget_id(ORG, "loc_1"), location_id="loc_1", amount=9000)
    earned(world)
    assert {one.kind: one.status for one in world.all(Reward)} == {
        "service_credit": "issued",
        "discount_code": "issued",
    }
    job_says(world, "job_x", cancelled=True)
    assert {one.status for one in world.all(Reward)} == {"reversed"}
    assert (accounts(world), spend(world), conversion(world, "x").status) == ({}, (0, 0), "withdrawn")
    right(world)


def test_a_friend_who_keeps_a_paid_reward_gets_no_second_one() -> None:
    world = both(reward_type="custom", reward_words="a hat", friend_reward=FriendReward(amount=1000))
    world.make(Budget, budget_id(ORG, "loc_1"), location_id="loc_1", amount=9000)
    id = referred(world, "x")
    reachable(world)
    approve(world.runtime, ORG, id, actor="policy")
    world.drain()
    kept = reward(world, "x", "friend")
    assert kept.status == "issued"
    job_says(world, "job_x", cancelled=True)
    assert reward(world, "x", "friend").status == "issued"
    assert conversion(world, "x").friend_reward_id == kept.id
    assert spend(world) == (1000, 0)
    job_says(world, "job_x", cancelled=False)
    approve(world.runtime, ORG, id, actor="mem_1", reason="known")
    assert [one.id for one in world.all(Reward) if one.who == "friend"] == [kept.id]
    assert spend(world) == (3500, 1)
    right(world)


def test_where_the_advocate_earns_nothing_the_friend_still_does() -> None:
    from moref.programs.model import Tier

    world = both(tiers=[Tier(at=2, amount=2500)])
    earned_friend = referred(world, "x")
    approve(world.runtime, ORG, earned_friend, actor="policy")
    assert [(one.who, one.amount) for one in world.all(Reward)] == [("friend", 1000)]
    job_says(world, "job_x", cancelled=True)
    assert [one.status for one in world.all(Reward)] == ["reversed"]
    assert conversion(world, "x").status == "withdrawn"


def test_an_interstate_move_holds_it() -> None:
    world = both()
    program(world, friend_reward=FRIEND)
    referred(world, "x", interstate=None)
    assert [hold.rule for hold in conversion(world, "x").open_holds()] == ["tariff"]


def test_when_the_job_is_credited_to_somebody_else_the_friend_is_not_paid_twice() -> None:
    world = both()
    earned(world)
    reachable(world)
    world.reconcile()
    world.drain()
    world.pass_time(minutes=1)
    world.drain()
    first = get(world.store, Referral, ORG, conversion(world, "x").referral_id)
    remove(world.runtime, ORG, first.id, actor="mem_1", reason="it was Tom")
    world.route()
    world.drain()
    world.make(Contact, "con_tom", location_id="loc_1", first_name="Tom", person_keys=["key-tom"])
    world.make(Advocate, "adv_tom", contact_id="con_tom", location_id="loc_1")
    second = world.make(
        Referral, "ref_tom", **first.model_dump(include={"contact_id", "location_id", "code", "job_id", "evidence"}),
        advocate_id="adv_tom", status="invoiced",
    )  # fmt: skip
    points = [Point(ORG, "job_referral", first.job_id or "", one.id) for one in (first, second)]
    world.store.commit(*points)
    made = qualify(world.runtime, ORG, second.id)
    assert made is not None
    done = approve(world.runtime, ORG, made.id, actor="mem_1", reason="known")
    assert (done.reward_id is not None, done.friend_reward_id) == (True, None)
    assert [one.who for one in world.all(Reward) if one.status in ("pending", "issued")].count("friend") == 1
