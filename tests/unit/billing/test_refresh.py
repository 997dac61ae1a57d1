"""What the processor says is taken over as it is now: events may come late, twice, in any order, or not at all."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from moref.billing.follow_locations import look
from moref.billing.model import Status
from moref.billing.refresh import refresh, sweep_subscriptions, taken
from moref.kernel.errors import Retry
from moref.kernel.names import BILLING
from moref.tenants.close_organization import close_organization, reopen_organization
from tests.unit.billing.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.processor.pay(world.open())
    look(world.runtime, world.org, connect=world.connect)
    return world


def test_the_period_the_plan_and_the_state_are_taken_over_and_told_once(world: World) -> None:
    row = world.row
    assert (row.status, row.plan, row.quantity, row.subscription_id) == ("trialing", "single", 1, "sub_1")
    assert row.period_end == row.trial_until
    world.processor.set("sub_1", "active")
    for _ in range(3):
        look(world.runtime, world.org, connect=world.connect)
    told = [event["data"] for event in world.store.events if event["name"] == "subscription.changed"]
    assert told == [{"status": "active", "previous_status": "trialing"}]


def test_fetches_that_end_in_any_order_leave_what_the_latest_one_saw(world: World) -> None:
    statuses: list[Status] = ["active", "past_due", "canceled"]
    seen = []
    for status in statuses:
        world.clock.move(minutes=1)
        world.processor.set("sub_1", status)
        told = world.processor.subscription(world.org, f"cus_{world.org}")
        assert told is not None
        seen.append((told, world.clock.now()))
    for order in itertools.permutations(seen):
        row = world.row
        for told, begun in order:
            row = taken(row, told, begun) or row
        assert (row.status, row.fetched_at) == ("canceled", seen[-1][1])


def test_grace_counts_from_when_the_payment_was_first_seen_missing(world: World) -> None:
    world.processor.set("sub_1", "past_due")
    look(world.runtime, world.org, connect=world.connect)
    first = world.clock.now()
    world.clock.move(days=3)
    look(world.runtime, world.org, connect=world.connect)
    assert world.row.overdue_since == first
    world.processor.set("sub_1", "active")
    look(world.runtime, world.org, connect=world.connect)
    assert world.row.overdue_since is None


def test_the_quantity_follows_the_locations_and_the_price_their_number(world: World) -> None:
    world.location("loc_2")
    look(world.runtime, world.org, connect=world.connect)
    assert (world.row.quantity, world.row.plan, world.row.asked) == (2, "team", None)
    world.archive("loc_2")
    look(world.runtime, world.org, connect=world.connect)
    assert (world.row.quantity, world.row.plan) == (1, "single")
    events = [event for event in world.store.events if event["name"] == "location.changed"]
    assert [event["data"]["status"] for event in events] == ["active"]


def test_back_and_forth_within_a_day_is_asked_each_time_and_a_repeat_is_not(world: World) -> None:
    world.location("loc_2")
    for status in ("archived", "active") * 3:
        change(world, "loc_2", status)
        for _ in range(2):
            look(world.runtime, world.org, connect=world.connect)
        assert world.row.quantity == (2 if status == "active" else 1)
    assert world.processor.asked.count("change") == 5  # it began as it was first asked for: with one location


@pytest.mark.parametrize("answer", range(4))
def test_a_lost_answer_changes_nothing_twice(world: World, answer: int) -> None:
    world.location("loc_2")
    begun = len(world.processor.asked)

    class Losing:
        def __getattr__(self, name: str) -> Any:
            world.processor.lost = len(world.processor.asked) - begun == answer
            return getattr(world.processor, name)

    for _ in range(3):
        try:
            look(world.runtime, world.org, connect=lambda _: Losing())
        except Retry:
            continue
    assert (world.row.quantity, world.row.asks, world.row.asked) == (2, 1, None)


def test_what_was_changed_by_hand_is_put_right_under_a_number_of_its_own(world: World) -> None:
    world.location("loc_2")
    look(world.runtime, world.org, connect=world.connect)
    world.processor.change("sub_1", "si_1", world.row.price_id or "", 7, key="by hand")
    look(world.runtime, world.org, connect=world.connect)
    assert (world.row.quantity, world.row.asks) == (2, 2)


def test_who_closes_pays_to_the_end_of_the_period_and_who_comes_back_goes_on(world: World) -> None:
    close_organization(world.runtime, world.org, reason="sold", actor="mem")
    for _ in range(3):
        look(world.runtime, world.org, connect=world.connect)
    assert (world.row.ending, world.row.cancel_at) == (True, world.row.period_end)
    assert world.processor.asked.count("end") == 1
    reopen_organization(world.runtime, world.org, actor="mem")
    for _ in range(3):
        look(world.runtime, world.org, connect=world.connect)
    assert (world.row.ending, world.row.cancel_at) == (False, None)
    assert world.processor.asked.count("end") == 2


def test_an_end_that_the_owner_asked_for_in_the_portal_is_left_alone(world: World) -> None:
    world.processor.end("sub_1", with_period=True)
    look(world.runtime, world.org, connect=world.connect)
    assert world.row.cancel_at == world.row.period_end
    assert world.processor.asked.count("end") == 1


def test_who_never_bought_anything_is_never_asked_about() -> None:
    world = World()
    assert refresh(world.runtime, world.org, connect=world.connect) == world.row
    look(world.runtime, world.org, connect=world.connect)
    assert (world.processor.asked, sweep_subscriptions(world.runtime)) == ([], 0)


def test_the_sweep_looks_once_a_day_and_when_a_period_ended(world: World) -> None:
    assert sweep_subscriptions(world.runtime) == 0
    world.clock.move(hours=24)
    assert sweep_subscriptions(world.runtime) == 1
    assert world.sent[-1] == (BILLING, {"command": "refresh", "organization_id": world.org})
    look(world.runtime, world.org, connect=world.connect)
    assert sweep_subscriptions(world.runtime) == 0
    end = world.row.period_end
    assert end is not None
    world.clock.at = end - timedelta(hours=1)
    look(world.runtime, world.org, connect=world.connect)
    world.clock.move(hours=1)
    assert sweep_subscriptions(world.runtime) == 1


def change(world: World, id: str, status: str) -> None:
    from moref.records import Change, get
    from moref.tenants.model import Location

    before = get(world.store, Location, world.org, id)
    world.store.commit(Change(before, before.changed(world.clock.now(), status=status)))
