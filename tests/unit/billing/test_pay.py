"""The payment page and the portal: nobody can subscribe twice, whatever gets lost or races."""

from datetime import timedelta

import pytest

from moref.billing.model import BillingCustomer
from moref.billing.pay import open_portal
from moref.billing.refresh import refresh
from moref.kernel.errors import BadInput, Conflict, Retry
from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.rewards.model import AuditRow
from tests.unit.billing.world import BACK, World


def test_a_page_offers_the_plan_of_the_active_locations_and_leaves_the_trial_alone() -> None:
    world = World()
    world.location("loc_2")
    world.location("loc_3")
    world.archive("loc_3")
    order = world.processor.orders[world.open()]
    assert (order.price_id, order.quantity) == ("price_moref_team_2026_01", 2)
    assert (order.organization_id, order.return_url) == (world.org, BACK)
    assert order.trial_end == world.row.trial_until
    assert get(world.store, BillingCustomer, GLOBAL, order.customer_id).owner_id == world.org
    actions = [row.action for row in world.store.list(AuditRow, world.org).items]
    assert {"billing.customer_made", "billing.checkout_opened"} <= set(actions)


def test_a_trial_that_is_nearly_over_is_not_promised() -> None:
    world = World()
    world.clock.at = world.row.trial_until - timedelta(hours=48)
    assert world.processor.orders[world.open()].trial_end is None


def test_only_the_newest_page_can_be_paid_on() -> None:
    world = World()
    first, second = world.open(), world.open()
    assert first != second
    assert world.processor.open == {second}


def test_who_paid_on_the_first_page_gets_no_second_one() -> None:
    world = World()
    world.processor.pay(world.open())
    with pytest.raises(Conflict, match="runs already"):
        world.open()
    assert (world.row.status, len(world.processor.told)) == ("trialing", 1)


@pytest.mark.parametrize("answers", range(6))
def test_a_lost_answer_anywhere_leaves_one_customer_and_one_open_page(answers: int) -> None:
    world = World()
    calls = 0

    class Losing:
        def __getattr__(self, name: str) -> object:
            nonlocal calls
            calls += 1
            world.processor.lost = calls == answers + 1
            return getattr(world.processor, name)

    from moref.billing.pay import start_checkout

    def start() -> str:
        return start_checkout(world.runtime, world.org, BACK, actor="mem", connect=lambda _: Losing())  # type: ignore[return-value, arg-type]

    try:
        url = start()
    except Retry:
        url = start()
    world.processor.pay(url.rpartition("/")[2])
    # A page whose answer was lost is at nobody's hands: its address was never told.
    assert len(world.processor.told) == 1
    customers = [key for key, (content, _) in world.processor.keys.items() if content == world_customer(world)]
    assert len(customers) == 1


def world_customer(world: World) -> tuple[str, str]:
    return ("Bluebird", "owner@bluebird.example.com")


def test_the_browser_goes_back_to_a_public_address_only() -> None:
    world = World()
    for address in ("https://user@evil.example.com", "https://10.0.0.1/", "javascript:alert(1)"):
        with pytest.raises(BadInput) as refused:
            open_portal(world.runtime, world.org, address, actor="mem", connect=world.connect)
        assert refused.value.field == "return_url"


def test_the_portal_is_for_who_bought_something() -> None:
    world = World()
    with pytest.raises(Conflict, match="checkout"):
        open_portal(world.runtime, world.org, BACK, actor="mem", connect=world.connect)
    world.processor.pay(world.open())
    url = open_portal(world.runtime, world.org, BACK, actor="mem", connect=world.connect)
    assert url == f"https://portal.example/cus_{world.org}"


def test_after_a_subscription_ended_another_one_is_bought_at_the_day_s_prices() -> None:
    world = World()
    ended = world.processor.pay(world.open())
    world.processor.set(ended, "canceled")
    refresh(world.runtime, world.org, connect=world.connect)
    world.clock.move(days=60)
    world.processor.pay(world.open())
    row = refresh(world.runtime, world.org, connect=world.connect)
    assert row is not None
    assert (row.status, row.subscription_id, row.began_at) == ("active", "sub_2", world.clock.now())
