"""A link on the customer's spoken request: consent is kept, nothing is lifted, no member sends by the hundred."""

import pytest

from moref.campaigns.send_now import send_now
from moref.intake.model import Contact, Fact, Job
from moref.kernel.errors import BadInput, Conflict
from moref.messaging.opt_out import opt_out
from moref.records import Create, Point, every
from moref.rewards.model import AuditRow
from moref.tenants.model import Organization
from tests.fakes.memory_store import Crash
from tests.fakes.runtime import START
from tests.unit.messaging.world import JOB, ORG, PERSON, PHONE, World, world

ASKED = "May I text you your link? You get a reward when a friend moves with us. Reply STOP to opt out."


def give(it: World, **more: str) -> None:
    send_now(it.runtime, ORG, by="mem_1", **({"job_id": JOB, "consent_text": ASKED} | more))
    it.move(minutes=2)  # a sender has its pace


def test_the_link_leaves_at_once_and_what_was_said_is_kept() -> None:
    it = world(consents=[])
    give(it)
    (text,) = it.sms.sent
    assert text.to == PHONE
    assert "https://go.example.test/r/" in text.body
    (consent,) = it.contact().consents
    assert (consent.channel, consent.text, consent.at) == ("sms", ASKED, START)
    assert "mem_1" in consent.source
    (row,) = [row for row in every(it.store, AuditRow, ORG) if row.action == "link.sent"]
    assert (row.actor, row.subject) == ("mem_1", PERSON)


def test_asked_for_twice_it_is_sent_once() -> None:
    it = world()
    give(it)
    give(it)
    it.clock.move(days=1)
    give(it)
    assert len(it.sms.sent) == 2


def test_it_does_not_wait_for_the_days_other_message() -> None:
    it = world()
    it.plan()
    it.move(minutes=2)
    give(it)
    assert len(it.sms.sent) == 2


def test_an_opt_out_and_a_stop_condition_stand() -> None:
    it = world()
    opt_out(it.runtime, ORG, "sms", PHONE, "STOP")
    it.change(Contact, PERSON, email=None)
    with pytest.raises(Conflict, match="suppressed"):
        give(it)
    it = world()
    it.change(Job, JOB, facts={"unpaid_balance": Fact(kind="unpaid_balance", value=True, at=it.clock.now())})
    with pytest.raises(Conflict, match="unpaid balance"):
        give(it)
    assert not it.messages()


def test_a_new_yes_counts_after_an_earlier_one_was_withdrawn() -> None:
    it = world()
    withdrawn = it.contact().consents[0].model_copy(update={"withdrawn": True})
    it.change(Contact, PERSON, consents=[*it.contact().consents, withdrawn])
    give(it)
    assert len(it.sms.sent) == 1


def test_without_a_yes_it_is_no_text() -> None:
    it = world(consents=[])
    send_now(it.runtime, ORG, by="mem_1", job_id=JOB)
    it.pump()
    assert (len(it.sms.sent), len(it.email.sent)) == (0, 1)


def test_outside_the_hours_it_waits_for_them() -> None:
    it = world()
    it.clock.move(hours=11)  # 21:00
    give(it)
    assert not it.sms.sent
    it.move(hours=14)
    assert len(it.sms.sent) == 1


def test_a_member_has_so_many_in_an_hour() -> None:
    it = world()
    it.change(Organization, ORG, settings={"link_per_hour": 2})
    for number in range(3):
        person = it.contact().model_copy(update={"id": f"con_x{number}", "version": 0, "phone": f"+151255501{number}0"})
        it.store.commit(Create(person), Point(ORG, "person", f"k{number}", person.id))
    for number in range(2):
        send_now(it.runtime, ORG, by="mem_1", contact_id=f"con_x{number}")
    with pytest.raises(Conflict, match="2 links in one hour"):
        send_now(it.runtime, ORG, by="mem_1", contact_id="con_x2")
    send_now(it.runtime, ORG, by="mem_2", contact_id="con_x2")
    it.clock.move(hours=1)
    send_now(it.runtime, ORG, by="mem_1", contact_id=PERSON)


def test_who_and_what_must_make_sense() -> None:
    it = world()
    with pytest.raises(BadInput):
        send_now(it.runtime, ORG, by="mem_1")
    with pytest.raises(BadInput):
        send_now(it.runtime, ORG, by="mem_1", job_id=JOB, template="ask")


def test_dying_at_any_write_it_is_one_message() -> None:
    point = 1
    while True:
        it = world(consents=[])
        it.store.crash_at = it.store.points + point
        try:
            give(it)
        except Crash:
            it.store.crash_at = None
            give(it)
            it.heard = 0
            it.move(hours=1)
        else:
            break
        assert len(it.sms.sent) == 1
        point += 1
    assert point > 6
