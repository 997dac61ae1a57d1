"""The payout machine, one situation at a time; the simulation mixes them."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from moref.campaigns.thank import thank
from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.intake.model import Contact
from moref.kernel.errors import Conflict, Malformed, Retry
from moref.kernel.keys import GLOBAL
from moref.messaging.model import Message
from moref.records import Change, get
from moref.referrals.merge_contacts import merge_contacts
from moref.rewards import ledger, slots
from moref.rewards.connect import connect
from moref.rewards.model import Entry, OpenPayout, Payout, Reward
from moref.rewards.settle import UNDELIVERABLE, differs
from moref.rewards.start_payout import NO_ADDRESS
from moref.rewards.wake import GIVE_UP
from moref.rewards.work import work
from moref.runtime import Runtime
from moref.tenants.model import VendorAccount
from moref.tenants.switches import set_switch
from tests.fakes.runtime import START, fake_runtime
from tests.simulation import invariants
from tests.simulation.provider import STATUSES, FakeProvider
from tests.simulation.world import ORG, World


def approved(fault: str | None = None, **person: Any) -> World:
    """A reward that was released; its payout's first message is done."""
    world = World()
    if person:
        world.edit(get(world.store, Contact, ORG, "con_ann"), **person)
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    world.provider.fault = fault
    world.drain()
    return world


def payout(world: World) -> Payout:
    (found,) = world.all(Payout)
    return found


def count(world: World, name: str) -> int:
    return world.runtime.metrics.counts.get(name, 0)  # type: ignore[attr-defined, no-any-return]


def test_executed_is_accepted_issued_booked_measured_and_told() -> None:
    world = approved()
    done = payout(world)
    assert (done.status, done.order_id, done.provider_reward_id) == ("accepted", "ORDER1", "ORDER1R")
    assert [reward.status for reward in world.all(Reward)] == ["issued"]
    assert ledger.balances(world.store, ORG) == {
        "USD": {"referral_expense": 2500, "reward_payable": 0, "in_flight": 0, "provider_funding": -2500}
    }
    assert ledger.balances(world.store, ORG, legal_entity_id="ent_2") == {}
    assert (count(world, "payout_accepted"), count(world, "time_to_payout_seconds")) == (1, 0)
    assert count(world, "approval_to_payout_seconds") == 0
    told = [event["data"]["status"] for event in world.store.events if event["name"] == "payout.changed"]
    assert told == ["intent", "submitted", "accepted"]


@pytest.mark.parametrize("fault", STATUSES)
def test_a_status_that_is_not_executed_is_kept_and_never_ordered_again(fault: str) -> None:
    world = approved(fault)
    world.pass_time(hours=3)
    world.reconcile()
    world.drain()
    held = payout(world)
    assert (held.status, held.order_id, held.provider_status) == ("submitted", "ORDER1", STATUSES[fault])
    assert len(world.provider.asked) == 1
    world.pass_time(hours=46)
    world.reconcile()
    world.drain()
    assert (payout(world).status, STATUSES[fault] in (payout(world).reason or "")) == ("needs_person", True)
    world.provider.progress(held.id, delivery="PENDING")
    world.reconcile()
    world.drain()
    assert payout(world).status == "accepted"


@pytest.mark.parametrize("fault", ["lost_after", "cut", "error_after", "bug"])
def test_a_lost_answer_is_found_by_our_id(fault: str) -> None:
    world = approved(fault)
    assert payout(world).status == ("submitted" if fault == "bug" else "unknown")
    world.settle_down(1)
    assert (payout(world).status, len(world.provider.asked), len(world.provider.orders)) == ("accepted", 1, 1)


@pytest.mark.parametrize("fault", ["lost_before", "error_before"])
def test_surely_absent_is_asked_again_under_the_same_id(fault: str) -> None:
    world = approved(fault)
    world.settle_down(1)
    assert payout(world).status == "accepted"
    assert len({asked.id for asked in world.provider.asked}) == 1
    assert len(world.provider.asked) == 2


def test_a_job_undone_while_the_answer_is_open_is_reversed_once_the_provider_surely_has_nothing() -> None:
    world = approved("lost_before")
    world.clock.move(seconds=1)
    world.fact(1, "cancelled", True)
    world.drain()
    (reward,) = world.all(Reward)
    assert (reward.status, reward.revoke_reason is not None, payout(world).status) == ("pending", True, "unknown")
    world.settle_down(2)
    assert [one.status for one in world.all(Reward)] == ["reversed"]
    assert (payout(world).status, world.provider.orders, len(world.provider.asked)) == ("cancelled", {}, 1)
    assert set(ledger.balances(world.store, ORG)["USD"].values()) == {0}
    invariants.check(world)


def test_a_wish_to_reverse_that_arrives_between_look_and_claim_stops_the_claim() -> None:
    world = approved("no_money")
    world.clock.move(minutes=5)
    inner = world.store.commit

    def commit(*writes: Any) -> None:
        after = [write.after for write in writes if isinstance(write, Change)]
        if any(isinstance(row, Payout) and row.status == "submitted" for row in after):
            (reward,) = world.all(Reward)
            inner(Change(reward, reward.changed(world.clock.at, revoke_reason="undone")))
        inner(*writes)

    world.store.commit = commit  # type: ignore[method-assign]
    command = {"command": "pay", "organization_id": ORG, "payout_id": payout(world).id}
    with pytest.raises(Conflict):
        work(world.runtime, command, lambda *_: world.provider)
    assert (len(world.provider.asked), payout(world).status) == (1, "retry_wait")


def test_unknown_stays_while_nobody_answers() -> None:
    world = approved("lost_after")
    world.provider.silent = True
    for _ in range(30):
        world.pass_time(hours=2)
        world.reconcile()
        world.drain()
    assert payout(world).status == "unknown"
    assert count(world, "payout_unknown") > 20
    assert len(world.provider.asked) == 1


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("no_money", "insufficient_funds"),
        ("too_fast", "rate_limited"),
        ("bad_key", "credentials"),
        ("unreachable", "unreachable"),
    ],
)
def test_a_refusal_waits_with_its_reason_and_the_payout_keeps_what_was_frozen(fault: str, reason: str) -> None:
    world = approved(fault)
    waits = payout(world)
    assert (waits.status, waits.reason) == ("retry_wait", reason)
    assert waits.next_attempt_at is not None
    assert timedelta(seconds=60) < waits.next_attempt_at - world.clock.at <= timedelta(seconds=120)
    world.edit(get(world.store, Contact, ORG, "con_ann"), email="else@where.test")
    world.settle_down(1)
    assert (payout(world).status, world.provider.orders[waits.id].recipient_email) == ("accepted", "ann@home.test")


def test_after_48_hours_of_refusals_a_person_decides() -> None:
    world = approved("no_money")
    first = payout(world).first_submitted_at or world.clock.at
    while payout(world).status == "retry_wait":
        world.provider.fault = "no_money"
        assert world.jump()
        world.drain()
        assert world.clock.at - first <= GIVE_UP
    assert payout(world).status == "needs_person"
    assert "48 hours: insufficient_funds" in (payout(world).reason or "")
    assert 20 < payout(world).attempts < 45
    invariants.check(world)


@pytest.mark.parametrize(
    ("fault", "words"),
    [("invalid", "refused"), ("taken", "differs: amount"), ("another_amount", "differs: amount")],
)
def test_what_trying_again_cannot_mend_needs_a_person(fault: str, words: str) -> None:
    world = approved(fault)
    assert payout(world).status == "needs_person"
    assert words in (payout(world).reason or "")
    assert count(world, "payout_needs_person") == 1
    world.settle_down(60)
    assert (payout(world).status, len(world.provider.asked)) == ("needs_person", 1)


def test_the_stop_switch_is_read_when_it_matters() -> None:
    world = World()
    set_switch(world.store, world.clock.at, GLOBAL, "payouts", stop=True, reason="checking", by="mem_1")
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    world.drain()
    assert (payout(world).status, payout(world).reason, world.provider.asked) == ("retry_wait", "stopped", [])
    world.pass_time(days=3)
    world.drain()
    assert payout(world).status == "retry_wait"
    set_switch(world.store, world.clock.at, GLOBAL, "payouts", stop=False, reason="fine", by="mem_1")
    world.settle_down(1)
    assert payout(world).status == "accepted"


def test_nobody_to_send_it_to_waits_for_an_address_and_calls_somebody() -> None:
    world = approved(email=None, phone=None)
    (reward,) = world.all(Reward)
    assert (reward.reason, world.all(Payout), count(world, "payout_needs_person")) == (NO_ADDRESS, [], 1)
    world.edit(get(world.store, Contact, ORG, "con_ann"), phone="+15125550100")
    world.settle_down(1)
    assert (payout(world).status, payout(world).recipient_phone) == ("accepted", "+15125550100")
    assert [reward.reason for reward in world.all(Reward)] == [None]


def test_after_a_merge_the_gift_card_goes_where_the_person_is_reached_now() -> None:
    world = approved(email=None, phone=None)
    world.make(Contact, "con_new", location_id="loc_1", first_name="Ann", email="ann@new.test", person_keys=["key-new"])
    merge_contacts(world.runtime, ORG, "con_ann", "con_new", actor="mem_1", reason="one person")
    world.settle_down(1)
    assert (payout(world).status, payout(world).recipient_email) == ("accepted", "ann@new.test")
    thank(world.runtime, ORG, payout(world).id)
    assert [one.contact_id for one in world.all(Message) if one.template == "reward"] == ["con_new"]


def test_an_address_that_only_a_form_brought_gets_no_money_when_the_crm_gave_another() -> None:
    world = approved(phone="+15125550100", email="thief@elsewhere.test", known_at={"phone": START})
    assert (payout(world).recipient_phone, payout(world).recipient_email) == ("+15125550100", None)


def test_delivery_news_finishes_it_or_calls_a_person_and_may_mend_it() -> None:
    world = approved()
    world.provider.progress(payout(world).id, delivery="FAILED")
    assert world.notice("REWARDS.DELIVERY.FAILED", "rewards", "ORDER1R") is None
    assert (payout(world).status, payout(world).reason) == ("needs_person", UNDELIVERABLE)
    assert [reward.status for reward in world.all(Reward)] == ["issued"]
    world.provider.progress(payout(world).id, delivery="SUCCEEDED")
    world.notice("REWARDS.DELIVERY.SUCCEEDED", "rewards", "ORDER1R")
    assert payout(world).status == "delivered"
    assert payout(world).delivered_at == world.clock.at
    listed = get(world.store, OpenPayout, GLOBAL, payout(world).id)
    assert listed.status == "closed"
    world.provider.progress(payout(world).id, delivery="PENDING")
    world.notice("ORDERS.APPROVED", "orders", "ORDER1")
    assert payout(world).status == "delivered", "older news"


def test_news_of_an_order_before_its_answer_settles_it() -> None:
    world = approved("lost_after")
    world.notice("ORDERS.CREATED", "orders", "ORDER1")
    assert payout(world).status == "accepted"
    invariants.check(world)


def test_an_order_that_comes_to_light_after_the_end_calls_a_person_and_is_never_booked_however_often_told() -> None:
    world = approved("lost_before")
    world.clock.move(seconds=1)
    world.fact(1, "cancelled", True)
    world.drain()
    world.settle_down(2)
    assert payout(world).status == "cancelled"
    world.provider._make(payout(world))
    for name in ("ORDERS.CREATED", "ORDERS.APPROVED", "REWARDS.DELIVERY.SUCCEEDED"):
        world.notice(name, "orders", "ORDER1")
        assert (payout(world).status, payout(world).order_id, payout(world).accepted_at) == (
            "needs_person",
            "ORDER1",
            None,
        )
    assert [one.status for one in world.all(Reward)] == ["reversed"]
    assert set(ledger.balances(world.store, ORG)["USD"].values()) == {0}
    assert ledger.faults(world.all(Entry)) == []
    assert count(world, "payout_needs_person") == 1


@pytest.mark.parametrize(
    ("name", "kind", "id", "words"),
    [
        ("CAMPAIGNS.CREATED", "campaigns", "C", "is not used"),
        ("ORDERS.CREATED", "orders", "NOBODYS", "does not know"),
        ("REWARDS.DELIVERY.FAILED", "rewards", "NOBODYS", "does not know"),
    ],
)
def test_other_news_is_ignored_with_the_reason(name: str, kind: str, id: str, words: str) -> None:
    assert words in (approved().notice(name, kind, id) or "")


def test_a_notice_that_is_none_is_malformed() -> None:
    with pytest.raises(Malformed):
        approved().notice("", "orders", "ORDER1")


def test_money_again_wakes_what_waited_for_it() -> None:
    world = approved("no_money")
    world.notice("FUNDING_SOURCES.FUNDED", "funding_sources", "BALANCE")
    for _ in range(2):  # its turn, then its slot
        world.pass_time(seconds=1)
        world.drain()
    assert payout(world).status == "accepted"


def test_money_that_comes_after_48_hours_pays_what_was_given_up_for_lack_of_it_and_nothing_else() -> None:
    world = approved("no_money")
    while payout(world).status != "needs_person":
        world.provider.fault = "no_money"
        world.pass_time(hours=1)
        world.drain()
    assert (payout(world).reason, world.provider.orders) == ("given up after 48 hours: insufficient_funds", {})
    world.provider.fault = None
    for _ in range(2):
        world.notice("FUNDING_SOURCES.FUNDED", "funding_sources", "BALANCE")
    world.settle_down(1)
    assert (payout(world).status, len(world.provider.orders)) == ("accepted", 1)
    refused = approved("invalid")
    refused.notice("FUNDING_SOURCES.FUNDED", "funding_sources", "BALANCE")
    refused.drain()
    assert payout(refused).status == "needs_person"


def test_how_long_it_took_is_measured_from_the_approval_and_from_the_release() -> None:
    world = World()
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor="mem_1")
    world.drain()
    world.pass_time(minutes=12)
    world.drain()
    assert (count(world, "time_to_payout_seconds"), count(world, "approval_to_payout_seconds")) == (120, 720)


def test_every_frozen_field_is_compared() -> None:
    world = approved()
    ours, order = payout(world), world.provider.orders[payout(world).id]
    assert differs(ours, order) is None
    assert differs(ours, replace(order, recipient_email=" ANN@home.test")) is None
    wrong: list[dict[str, Any]] = [
        {"amount": 2501}, {"amount": None}, {"currency": "CAD"}, {"external_id": "pay_2"}, {"external_id": None},
        {"recipient_email": "eve@home.test"}, {"recipient_phone": "+1"}, {"id": "ORDER2"},
    ]  # fmt: skip
    for change in wrong:
        assert differs(ours, replace(order, **change)), change


def test_slots_of_a_credential_are_an_eighth_of_a_second_apart_and_a_late_one_waits() -> None:
    runtime = fake_runtime()
    begun = runtime.clock.now()
    reserved = [slots.reserve(runtime, ORG, "tremendous", "tremendous") for _ in range(16)]
    assert [(slot - begun) / timedelta(milliseconds=125) for slot in reserved] == list(range(16))
    assert slots.usable(begun, begun)
    assert not slots.usable(reserved[1], begun)
    assert not slots.usable(begun, begun + timedelta(seconds=11))
    assert slots.reserve(runtime, "org_2", "tremendous", "tremendous") == begun


def test_how_fast_a_provider_is_asked_is_data_and_who_says_nothing_is_asked_slowly() -> None:
    rows = json.loads(files("moref.rewards").joinpath("data/paces.json").read_text("utf-8"))["rows"]
    assert all(row["source"] and Decimal(row["per_second"]) > 0 and date.fromisoformat(row["from"]) for row in rows)
    today = START.date()
    assert slots.gap("tremendous", today) == timedelta(milliseconds=125)
    assert slots.gap("tremendous", date(2025, 12, 31)) == slots.gap("acme", today) == timedelta(seconds=1)


def test_a_busy_credential_delays_by_the_queue_and_asks_once() -> None:
    world = World()
    for _ in range(40):
        slots.reserve(world.runtime, ORG, "tremendous", "tremendous")
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    world.drain()
    assert (payout(world).status, world.provider.asked) == ("intent", [])
    world.pass_time(seconds=6)
    world.drain()
    assert payout(world).status == "accepted"


def test_work_reads_both_shapes_of_the_command_and_refuses_others() -> None:
    world = approved("no_money")
    world.clock.move(minutes=5)
    command = {"command": "pay", "organization_id": ORG, "payout_id": payout(world).id}
    work(world.runtime, command, lambda *_: world.provider)
    assert payout(world).status == "accepted"
    with pytest.raises(Malformed):
        work(world.runtime, {"command": "dance", "organization_id": ORG})


def test_an_account_is_opened_with_its_own_secret_or_waits() -> None:
    world = World()
    with pytest.raises(Retry, match="credentials"):
        connect(sealed_for_another(world), ORG, "tremendous")
    account = get(world.store, VendorAccount, ORG, "tremendous")
    sealed = world.runtime.vault.seal(ORG, "vendor:tremendous", json.dumps({"api_key": "TEST_1"}).encode())
    account = world.edit(account, secret_ciphertext=sealed)
    assert not isinstance(connect(world.runtime, ORG, "tremendous"), FakeProvider)
    world.edit(account, status="stopped")
    with pytest.raises(Retry, match="account_stopped"):
        connect(world.runtime, ORG, "tremendous")
    with pytest.raises(Retry, match="account_missing"):
        connect(world.runtime, "org_2", "tremendous")


def sealed_for_another(world: World) -> Runtime:
    account = get(world.store, VendorAccount, ORG, "tremendous")
    sealed = world.runtime.vault.seal("org_2", "vendor:tremendous", b"{}")
    world.edit(account, secret_ciphertext=sealed)
    return world.runtime
