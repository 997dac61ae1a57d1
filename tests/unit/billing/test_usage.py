"""What was used: each message and each referral once, on its day, and readable for the period."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from moref.billing.overview import overview
from moref.billing.usage import count_message, count_referral, used
from moref.messaging.model import Message
from moref.records import Create
from moref.referrals.model import Referral
from tests.unit.billing.world import World


def message(world: World, id: str, **over: Any) -> None:
    now = world.clock.now()
    fields: dict[str, Any] = {
        "organization_id": world.org, "id": id, "created_at": now, "updated_at": now, "channel": "sms",
        "template": "invite", "kind": "marketing", "location_id": "loc", "status": "sent", "sent_at": now,
    }  # fmt: skip
    world.store.commit(Create(Message(**fields | over)))


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 40)), max_size=30))
def test_each_counts_once_however_often_it_is_told(told: list[tuple[int, int]]) -> None:
    world = World()
    begun = world.clock.now()
    day_of: dict[int, int] = {}
    for number, day in told:
        day_of.setdefault(number, day)
    for number, day in day_of.items():
        message(world, f"msg_{number}", sent_at=begun + timedelta(days=day))
    for number, _ in told:
        count_message(world.runtime, world.org, f"msg_{number}")
    for last in (0, 7, 40):
        expected = sum(1 for day in day_of.values() if day <= last)
        assert used(world.store, world.org, begun, begun + timedelta(days=last))["sms"] == expected


def test_what_staff_are_told_and_what_never_left_is_not_used() -> None:
    world = World()
    message(world, "staff", kind="staff", channel="email")
    message(world, "queued", status="queued", sent_at=None)
    message(world, "given_up", status="delivered", sent_at=None, delivered_at=world.clock.now())
    for id in ("staff", "queued", "given_up", "unknown"):
        count_message(world.runtime, world.org, id)
    assert used(world.store, world.org, world.clock.now(), world.clock.now()) == {
        "sms": 1, "whatsapp": 0, "email": 0, "referrals": 0,
    }  # fmt: skip


def test_the_overview_shows_the_usage_of_the_billing_period_and_what_is_paid() -> None:
    from moref.billing.follow_locations import look

    world = World()
    now = world.clock.now()
    message(world, "before", channel="email")
    count_message(world.runtime, world.org, "before")
    world.location("loc_2")
    world.clock.move(days=20)
    world.processor.pay(world.open())
    look(world.runtime, world.org, connect=world.connect)
    made = {"organization_id": world.org, "created_at": world.clock.now(), "updated_at": world.clock.now()}
    row = Referral(**made, id="ref", advocate_id="adv", contact_id="con", location_id="loc", code="C")
    world.store.commit(Create(row))
    for _ in range(2):
        count_referral(world.runtime, world.org, "ref")
    found = overview(world.runtime, world.org)
    assert found["usage"]["messages"] == {"sms": 0, "whatsapp": 0, "email": 0}
    assert found["usage"]["referrals"] == 1
    assert (found["status"], found["locations"], found["quantity_billed"]) == ("active", 2, 2)
    assert found["plan"] == {
        "name": "team", "words": "2 to 9 locations, each", "monthly": {"amount": 15800, "currency": "USD"},
    }  # fmt: skip
    assert found["may"] == {"read": True, "export": True, "pay_owed_rewards": True, "send": True, "enroll": True}
    assert used(world.store, world.org, now, now)["email"] == 1


def test_after_the_trial_the_overview_says_so_and_what_may_still_be_done() -> None:
    world = World()
    world.clock.move(days=14)
    found = overview(world.runtime, world.org)
    assert (found["status"], found["lapsed"], found["may"]["send"]) == ("trial_ended", True, False)
    assert found["may"]["pay_owed_rewards"] is True
