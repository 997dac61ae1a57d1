"""An account without money: nobody is told that they were paid, staff hear of it once, and it goes on by itself."""

import json

from moref.conversions.approve import approve
from moref.conversions.judge import conversion_id
from moref.intake.model import InboxEvent
from moref.kernel.keys import GLOBAL
from moref.kernel.money import Money
from moref.messaging.model import Message
from moref.records import Create, get
from moref.rewards.funding import EVERY, Funding, forecast
from moref.rewards.model import Payout, Reward
from moref.rewards.receive_notice import receive_notice
from moref.rewards.reconcile import forecast_all
from moref.tenants.model import Hook
from tests.simulation.world import ORG, World
from tests.unit.rewards.test_payouts import approved

ACCOUNT = "tremendous"


def told(world: World) -> list[str]:
    return [message.template for message in world.all(Message)]


def state(world: World) -> Funding:
    return get(world.store, Funding, ORG, ACCOUNT)


def look(world: World) -> None:
    forecast(world.runtime, ORG, ACCOUNT, lambda *_: world.provider)


def funded(world: World) -> None:
    now = world.clock.at
    event = InboxEvent(
        organization_id=ORG, id="inb_1", created_at=now, updated_at=now, source="tremendous", connection_id=ACCOUNT,
        event_id="u", headers={}, body="",
    )  # fmt: skip
    body = {"event": "FUNDING_SOURCES.FUNDED", "payload": {"resource": {"type": "funding_sources", "id": "F1"}}}
    assert receive_notice(world.runtime, event, json.dumps(body).encode(), connect=lambda *_: world.provider) is None


def test_many_refusals_are_one_message_to_staff_and_none_to_the_advocate() -> None:
    world = approved("no_money")
    for _ in range(4):
        world.provider.fault = "no_money"
        world.pass_time(hours=1)
        world.drain()
    assert told(world) == ["funding_short"]
    assert (state(world).status, world.all(Reward)[0].status) == ("short", "pending")


def test_money_that_comes_in_pays_what_waits_and_the_next_shortage_is_told_anew() -> None:
    world = approved("no_money")
    funded(world)
    world.pass_time(seconds=5)
    world.drain()
    assert [payout.status for payout in world.all(Payout)] == ["accepted"]
    assert state(world).status == "ok"
    world.refer()
    world.fact(2, "invoiced")
    world.drain()
    world.clock.move(seconds=1)
    approve(world.runtime, ORG, conversion_id(ORG, "ref_2"), actor="mem_1")
    world.drain()
    world.provider.fault = "no_money"
    world.pass_time(minutes=11)
    world.drain()
    assert told(world).count("funding_short") == 2


def test_an_order_that_goes_through_ends_the_shortage_without_a_notice() -> None:
    world = approved("no_money")
    world.pass_time(hours=3)
    world.drain()
    assert (state(world).status, world.all(Payout)[0].status) == ("ok", "accepted")


def test_an_account_that_will_not_last_a_week_is_told_of_once() -> None:
    world = approved()
    for _ in range(3):
        world.provider.money = Money(400, "USD")
        look(world)
        world.clock.move(seconds=int(EVERY.total_seconds()))
    seen = state(world)
    assert (seen.status, seen.balance, seen.daily, seen.days_left, seen.waiting) == ("low", 400, 89, 4, 0)
    assert told(world).count("funding_low") == 1
    world.provider.money = Money(100_000, "USD")
    look(world)
    assert (state(world).status, state(world).days_left) == ("ok", 1123)


def test_what_waits_is_money_that_is_gone_already() -> None:
    world = approved("unreachable")
    world.provider.money = Money(2400, "USD")
    look(world)
    assert (state(world).status, state(world).waiting) == ("low", 2500)
    world.edit(world.all(Reward)[0], withheld=200, debt_id="dbt_1")  # kept for what they owe: it is not paid out
    world.clock.move(seconds=int(EVERY.total_seconds()))
    look(world)
    assert (state(world).status, state(world).waiting) == ("ok", 2300)


def test_a_balance_is_read_every_six_hours_at_most_and_silence_says_nothing() -> None:
    world = approved()
    world.provider.money = Money(100_000, "USD")
    look(world)
    world.provider.money = Money(1, "USD")
    look(world)
    assert state(world).balance == 100_000
    world.clock.move(seconds=int(EVERY.total_seconds()))
    world.provider.silent = True
    look(world)
    assert state(world).balance == 100_000
    world.provider.silent, world.provider.money = False, None
    look(world)
    assert (state(world).balance, state(world).status) == (None, "ok")


def test_every_connected_account_is_looked_at() -> None:
    world = World()
    now = world.clock.at
    for token, source in (("t1", "tremendous"), ("t2", "twilio"), ("t3", "crm:generic")):
        hook = Hook(
            organization_id=GLOBAL, id=token, created_at=now, updated_at=now, owner_id=ORG, source=source,
            connection_id=source, secret_ciphertexts=["-"],
        )  # fmt: skip
        world.store.commit(Create(hook))
    assert forecast_all(world.runtime) == 1
    world.provider.money = Money(5, "USD")
    world.drain()
    assert state(world).balance == 5
