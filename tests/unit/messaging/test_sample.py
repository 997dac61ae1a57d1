"""A member sends a template to themselves."""

from typing import Any

import pytest

from moref.kernel.errors import BadInput, Conflict
from moref.messaging.sample import rendered
from moref.messaging.send_sample import MOST_PER_HOUR, send_sample
from moref.messaging.template_model import Language, Wording
from moref.records import Create, get
from moref.tenants.model import Branding, Location, Member
from tests.unit.messaging.world import ORG, PLACE, World, world

MEMBER, OWN = "mem_1", "ann@bluebird.test"


def staffed() -> World:
    it = world()
    now = it.clock.now()
    base: Any = {"organization_id": ORG, "created_at": now, "updated_at": now}
    it.store.commit(Create(Member(**base, id=MEMBER, email=OWN, name="Ann", role="admin")))
    return it


def place(it: World) -> Location:
    return get(it.store, Location, ORG, PLACE)


def send(it: World, name: str, language: Language = "en") -> str:
    id = send_sample(it.runtime, ORG, name, place(it), member_id=MEMBER, language=language)
    it.pump()
    return id


@pytest.mark.parametrize("name", ["ask", "invite", "reward", "stop_confirmed", "low_score"])
def test_it_goes_to_their_own_address_only_and_says_what_it_is(name: str) -> None:
    it = staffed()
    id = send(it, name)
    (mail,) = it.email.sent
    assert not it.sms.sent
    assert mail.to == OWN
    assert mail.subject.startswith("TEST: ")
    assert mail.body.startswith("TEST: only you got this message.")
    assert not mail.headers  # nobody unsubscribes by it
    assert it.message(id).status == "sent"


def test_text_and_mail_are_both_in_it_in_the_language_asked_for() -> None:
    it = staffed()
    send(it, "ask", "es")
    (mail,) = it.email.sent
    assert "Gracias por elegir a Bluebird Moving Austin" in mail.body
    assert "Denos una nota del 1 al 5: https://go.example.com/review/" in mail.body
    assert "https://go.example.test/u/sample" in mail.body


def test_it_carries_nothing_of_a_customer() -> None:
    it = staffed()
    send(it, "invite")
    (mail,) = it.email.sent
    assert "Lee" not in mail.body
    assert "7K3M9QX2WDT" in mail.body  # the sample link


def test_an_hour_has_ten() -> None:
    it = staffed()
    for _ in range(MOST_PER_HOUR):
        send(it, "ask")
    with pytest.raises(Conflict):
        send(it, "ask")
    it.move(hours=1)
    send(it, "ask")
    it.move(hours=1)  # the channel has its pace
    assert len(it.email.sent) == MOST_PER_HOUR + 1


def test_a_mail_looks_as_the_branch_does() -> None:
    it = staffed()
    it.change(
        Location, PLACE, branding=Branding(company="Bluebird", colour="#ffd400", signature=["Ana"], reply_to="a@b.test")
    )
    it.plan("ask", channel="email")
    it.pump()
    (mail,) = it.email.sent
    assert (mail.sender, mail.reply_to) == ("Bluebird", "a@b.test")
    assert mail.html is not None
    assert "#ffd400" in mail.html
    assert "Ana" in mail.body


def test_a_template_without_words_cannot_be_shown() -> None:
    it = staffed()
    wordings: dict[Language, Wording] = {"en": Wording()}
    with pytest.raises(BadInput):
        rendered(wordings, "en", place(it), base_url="https://go.example.test")
