"""The invitation by e-mail: once, by the rules of a marketing message, again when staff ask, and taken back."""

from contextlib import suppress as suppress_
from typing import Any

import pytest

from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict
from moref.messaging.compose_message import outgoing
from moref.messaging.do_not_contact import Address, suppress
from moref.messaging.last_look import Go, Skip, last_look
from moref.messaging.model import CONFIDENTIAL, Message
from moref.partners.invite import withdraw
from moref.partners.mail_invitation import MOST, mail_again
from moref.partners.model import Partner
from moref.partners.suspend import suspend
from moref.privacy.person import Person
from moref.records import every, get
from moref.rewards.model import AuditRow
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import ORG
from tests.unit.partners.world import World

BO = "bo@homes.example.com"


def mailed(world: World, **more: Any) -> Partner:
    return world.invited(email=BO, by_mail=True, **more)


def mails(world: World) -> list[Message]:
    return every(world.base.store, Message, ORG, newest_first=False)


def test_it_is_mailed_once_as_marketing_with_the_page_and_a_way_to_unsubscribe() -> None:
    world = World()
    one = mailed(world)
    assert mailed(world) == one
    (message,) = mails(world)
    assert (message.template, message.kind, message.channel) == ("partner_invitation", "marketing", "email")
    assert (one.mailed, one.message_id, one.contact_id) == (1, message.id, message.contact_id)
    contact = get(world.base.store, Contact, ORG, message.contact_id or "")
    assert (contact.email, contact.first_name) == (BO, "Homes")
    go = last_look(world.base.runtime, message)
    if isinstance(go, Go):
        mail = outgoing(world.base.runtime, message, go, world.base.clock.at, unsubscribe="https://go.test/u/x")
        assert f"/p/{one.token}" in mail.body
        assert "https://go.test/u/x" in mail.body
        assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.template in CONFIDENTIAL
    actions = [row.action for row in every(world.base.store, AuditRow, ORG) if row.subject == one.id]
    assert sorted(actions) == ["partner.invitation_mailed", "partner.invited"]


def test_who_wants_no_mail_gets_none() -> None:
    world = World()
    suppress(world.base.runtime, ORG, Address("email", BO, None))
    mailed(world)
    (message,) = mails(world)
    assert last_look(world.base.runtime, message) == Skip("suppressed")


@pytest.mark.parametrize("more", [{"by_mail": False}, {"email": None, "phone": "+15125550142"}], ids=str)
def test_without_an_address_or_by_hand_nobody_is_written_to(more: dict[str, Any]) -> None:
    world = World()
    asked: dict[str, Any] = {"email": BO, "by_mail": True} | more
    one = world.invited(**asked)
    assert (mails(world), one.mailed, one.contact_id) == ([], 0, None)
    if one.email is None:
        with pytest.raises(BadInput, match="hand the page over"):
            mail_again(world.base.runtime, ORG, one.id, actor="mem_1")
    else:
        assert mail_again(world.base.runtime, ORG, one.id, actor="mem_1").mailed == 1


def test_again_when_staff_ask_and_five_times_at_the_most() -> None:
    world = World()
    one = mailed(world)
    for number in range(2, MOST + 1):
        assert mail_again(world.base.runtime, ORG, one.id, actor="mem_1").mailed == number
    with pytest.raises(Conflict, match="5 times"):
        mail_again(world.base.runtime, ORG, one.id, actor="mem_1")
    assert len({message.id for message in mails(world)}) == MOST


def test_what_was_accepted_or_stopped_is_not_mailed() -> None:
    world = World()
    world.accept()
    with pytest.raises(Conflict, match="active"):
        mail_again(world.base.runtime, ORG, world.partner_id, actor="mem_1")
    other = mailed(world)
    suspend(world.base.runtime, ORG, other.id, reason="not yet", actor="mem_1")
    with pytest.raises(Conflict, match="suspended"):
        mail_again(world.base.runtime, ORG, other.id, actor="mem_1")


def test_withdrawn_its_page_is_closed_and_inviting_anew_opens_another_one() -> None:
    world = World()
    one = mailed(world)
    for _ in range(2):
        assert withdraw(world.base.runtime, ORG, one.id, actor="mem_1").status == "withdrawn"
    assert "Closed for now" in world.page(one.token)
    assert world.post(one.token, do="accept", terms="1", attestation="yes")[0] == 410
    with pytest.raises(Conflict, match="withdrawn"):
        suspend(world.base.runtime, ORG, one.id, reason="x", actor="mem_1")
    again = mailed(world)
    assert (again.id, again.status, again.mailed) == (one.id, "invited", 1)
    assert again.token != one.token
    assert "Closed for now" in world.page(one.token)
    assert "Accept the invitation" in world.page(again.token)
    assert len(mails(world)) == 2
    world.accept()
    with pytest.raises(Conflict, match="nobody has accepted"):
        withdraw(world.base.runtime, ORG, world.partner_id, actor="mem_1")


def test_a_crash_on_the_way_is_healed_by_asking_again() -> None:
    for point in range(1, 8):
        world = World()
        world.base.store.crash_at = world.base.store.points + point
        with suppress_(Crash):
            mailed(world)
        world.base.store.crash_at = None
        one = mailed(world)
        assert (one.mailed, len(mails(world))) == (1, 1), point


def test_whoever_was_invited_by_mail_is_found_when_they_are_to_be_forgotten() -> None:
    world = World()
    one = mailed(world)
    rows = Person(world.base.runtime, ORG, [one.contact_id or ""]).rows()
    assert [row.id for row in rows["partner"]] == [one.id]
