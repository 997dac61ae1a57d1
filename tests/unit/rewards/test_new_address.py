"""A gift card that could not be delivered goes to a new address only with the advocate's own word, and is one order."""

from datetime import timedelta
from typing import Any

import pytest

from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict, OutcomeUnknown
from moref.messaging.model import Message
from moref.records import get
from moref.referrals.merge_contacts import merge_contacts
from moref.rewards import ledger
from moref.rewards.model import Payout
from moref.rewards.new_address import MOST_CODES, NewAddress, ask, confirm, masked
from moref.rewards.redirect import redirect
from moref.rewards.settle import UNDELIVERABLE
from tests.fakes.runtime import START
from tests.simulation.world import ORG, World
from tests.unit.rewards.test_payouts import approved, payout

NEW = "ann@new.test"


def undelivered() -> World:
    world = approved("undeliverable", phone="+15125550123")
    assert (payout(world).status, payout(world).reason) == ("needs_person", UNDELIVERABLE)
    return world


def asked(world: World, **address: Any) -> str:
    """The code, as the advocate reads it."""
    ask(world.runtime, ORG, payout(world).id, actor="mem_1", **({"email": NEW, "phone": None} | address))
    sent = [message for message in world.all(Message) if message.template == "confirm_address"]
    return str(max(sent, key=lambda one: one.created_at).fields["code"])


def confirmed(world: World, code: str) -> Payout:
    return confirm(world.runtime, ORG, payout(world).id, code, actor="mem_1")


def test_the_confirmed_address_gets_the_same_order_and_delivery_ends_it() -> None:
    world = undelivered()
    assert confirmed(world, asked(world)).status == "accepted"
    world.drain()
    (order,) = world.provider.orders.values()
    assert (order.recipient_email, order.delivery_status, len(world.provider.asked)) == (NEW, "PENDING", 1)
    world.provider.progress(payout(world).id)
    world.reconcile()
    world.drain()
    done = payout(world)
    assert (done.status, done.recipient_email, done.redirected_email) == ("delivered", "ann@home.test", NEW)
    assert ledger.balances(world.store, ORG)["USD"]["provider_funding"] == -2500


def test_the_code_goes_to_another_address_on_file_and_the_new_one_is_hidden_in_it() -> None:
    world = undelivered()
    asked(world)
    (message,) = [one for one in world.all(Message) if one.template == "confirm_address"]
    assert (message.channel, message.contact_id, message.fields["new_address"]) == ("sms", "con_ann", "a***@new.test")
    assert (masked("+15125550123"), masked("x@y.test")) == ("***0123", "x***@y.test")


def test_no_code_goes_to_an_address_that_only_a_form_brought_while_the_crm_gave_the_other() -> None:
    person = {"phone": "+15125550123", "email": "thief@elsewhere.test", "known_at": {"phone": START}}
    world = approved("undeliverable", **person)
    assert payout(world).recipient_phone == "+15125550123"
    with pytest.raises(Conflict, match="no other address"):
        asked(world, email=None, phone="+15125550199")


def test_the_code_goes_to_the_person_as_known_after_a_merge() -> None:
    world = approved("undeliverable")
    world.make(Contact, "con_new", location_id="loc_1", first_name="Ann", phone="+15125550123", person_keys=["key-new"])
    merge_contacts(world.runtime, ORG, "con_ann", "con_new", actor="mem_1", reason="one person")
    asked(world)
    (message,) = [one for one in world.all(Message) if one.template == "confirm_address"]
    assert (message.channel, message.contact_id) == ("sms", "con_new")


def test_without_another_address_nobody_can_confirm() -> None:
    world = approved("undeliverable")
    with pytest.raises(Conflict, match="no other address"):
        asked(world)


def test_five_wrong_codes_burn_it_and_an_old_one_is_worth_nothing() -> None:
    world = undelivered()
    code = asked(world)
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    for _ in range(5):
        with pytest.raises(BadInput):
            confirmed(world, wrong)
    with pytest.raises(Conflict, match="no longer valid"):
        confirmed(world, code)
    again = asked(world)
    world.clock.at += timedelta(minutes=31)
    with pytest.raises(Conflict, match="no longer valid"):
        confirmed(world, again)
    assert payout(world).redirected_email is None


def test_a_newer_code_ends_the_older_one_and_there_are_five() -> None:
    world = undelivered()
    first = asked(world)
    codes = []
    for _ in range(MOST_CODES - 1):
        world.clock.move(seconds=1)
        codes.append(asked(world))
    if first != codes[-1]:
        with pytest.raises(BadInput):
            confirmed(world, first)
    with pytest.raises(Conflict, match="no more codes"):
        asked(world)
    assert confirmed(world, codes[-1]).status == "accepted"


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ({"email": None, "phone": None}, "email"),
        ({"email": NEW, "phone": "+15125550199"}, "email"),
        ({"email": None, "phone": "+15125550199"}, "phone"),
        ({"email": "nobody"}, "email"),
    ],
)
def test_the_address_is_one_and_of_the_kind_the_order_has(address: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        asked(undelivered(), **address)
    assert refusal.value.field == field


def test_only_what_could_not_be_delivered_gets_a_new_address() -> None:
    world = approved(phone="+15125550123")
    with pytest.raises(Conflict, match="could not be delivered"):
        asked(world)


@pytest.mark.parametrize("crash_at", range(1, 12))
def test_wherever_a_worker_dies_the_reward_is_sent_once_more_and_paid_once(crash_at: int) -> None:
    world = undelivered()
    confirmed(world, asked(world))
    world.store.crash_at = crash_at
    world.drain()
    world.settle_down(2)
    assert (payout(world).status, payout(world).redirect_pending) == ("accepted", False)
    assert [order.recipient_email for order in world.provider.orders.values()] == [NEW]
    assert len(world.provider.asked) == 1


def test_a_lost_answer_is_asked_again_and_a_second_failure_is_for_people() -> None:
    world = undelivered()
    confirmed(world, asked(world))
    world.provider.silent = True

    class Silent:
        def resend(self, *_: Any, **__: Any) -> None:
            raise OutcomeUnknown("timeout")

    with pytest.raises(OutcomeUnknown):
        redirect(world.runtime, ORG, payout(world).id, lambda *_: Silent())  # type: ignore[arg-type]
    world.provider.silent = False
    world.drain()
    assert payout(world).redirect_pending is False
    world.provider.progress(payout(world).id, delivery="FAILED")
    world.reconcile()
    world.drain()
    assert (payout(world).status, payout(world).reason) == ("needs_person", UNDELIVERABLE)


def test_confirming_twice_is_once_and_what_is_stored_is_no_code() -> None:
    world = undelivered()
    code = asked(world)
    confirmed(world, code)
    world.drain()
    before = payout(world)
    assert confirmed(world, code).version == before.version
    assert code not in get(world.store, NewAddress, ORG, before.id).model_dump_json()
    assert get(world.store, Contact, ORG, "con_ann").email == "ann@home.test"
