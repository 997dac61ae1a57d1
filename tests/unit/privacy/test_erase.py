"""An erased person stands nowhere any more, and comes back by no way; money, links and opt-outs go on."""

import json

import pytest

from bulk_worker.handler import WORK
from moref.intake.model import ERASED, InboxEvent
from moref.intake.replay import replay
from moref.intake.work_inbox import work_inbox
from moref.kernel.errors import BadInput, Conflict, Retry
from moref.kernel.keys import GLOBAL
from moref.messaging.opt_out import suppression_of
from moref.privacy.ask_erasure import ask_erasure
from moref.privacy.model import Erasure
from moref.privacy.sweep import sweep_erasures
from moref.records import every, get
from moref.referrals.merge_contacts import merge_contacts
from moref.referrals.model import Advocate, Door, Lead, Referral
from moref.referrals.search_people import search_people
from moref.rewards.model import Payout
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import ORG
from tests.unit.privacy.world import ANN, FRITZ, Life


@pytest.fixture
def life() -> Life:
    made = Life()
    made.full()
    return made


def test_nothing_of_an_advocate_stands_anywhere_afterwards(life: Life) -> None:
    assert len(life.traces("ann")) > 20, "the story holds her everywhere"
    done = life.erase(life.ann)
    assert life.traces("ann") == []
    assert (done.status, done.waits_for) == ("done", [])
    assert life.traces("fritz"), "her friend is another person"


def test_nothing_of_a_friend_stands_anywhere_afterwards(life: Life) -> None:
    done = life.erase(life.fritz)
    assert life.traces("fritz") == []
    assert done.status == "done"
    lead = get(life.store, Lead, ORG, life.lead.id)
    assert (lead.status, lead.notes, lead.origin) == ("failed", "", None)
    assert "annabel" in json.dumps(life.contact(life.ann).data()).lower()


def test_the_link_goes_on_leading_where_it_did_and_the_referral_stays(life: Life) -> None:
    referral = every(life.store, Referral, ORG, parent=life.link.advocate_id)
    life.erase(life.ann)
    assert get(life.store, Door, GLOBAL, life.link.id).advocate_id == life.link.advocate_id
    assert get(life.store, Advocate, ORG, life.link.advocate_id).contact_id == life.ann
    assert every(life.store, Referral, ORG, parent=life.link.advocate_id) == referral


def test_the_opt_out_survives_as_a_keyed_hash_without_staffs_words(life: Life) -> None:
    life.erase(life.ann)
    found = suppression_of(life.runtime, ORG, "sms", ANN["phone"])
    assert found is not None
    assert found.note is None


def test_she_is_found_neither_by_name_nor_by_phone(life: Life) -> None:
    for asked in ("annabel", ANN["phone"], ANN["email"]):
        assert search_people(life.runtime, ORG, asked, shown=lambda _: True, limit=9).contacts
    life.erase(life.ann)
    for asked in ("annabel", "quimby", ANN["phone"], ANN["email"]):
        assert not search_people(life.runtime, ORG, asked, shown=lambda _: True, limit=9).contacts


@pytest.mark.parametrize("known_by", [("id",), ("phone",), ("email",), ("id", "first_name", "phone", "email")])
def test_a_webhook_that_comes_later_brings_the_jobs_facts_and_nobody(life: Life, known_by: tuple[str, ...]) -> None:
    life.erase(life.ann)
    said = {name: ANN[name] for name in known_by}
    event = life.webhook("J-new", said, "completed", origin={"street": "77 Canary Lane", "postal_code": "78701"},
                         referred_by="Zebedee")  # fmt: skip
    assert life.traces("ann") == []
    job = life.job("J-new")
    assert (job.contact_id, job.state, job.origin) == (life.ann, "completed", None)
    assert (event.status, event.reason, event.body, event.headers) == ("handled", ERASED, "", {})


def test_a_notice_of_her_old_job_that_names_only_the_job_stores_nothing_of_her(life: Life) -> None:
    life.erase(life.ann)
    life.webhook("J-1", {"first_name": "Annabel", "phone": "+15125550188"}, "invoiced")
    assert (life.job("J-1").state, life.contact(life.ann).first_name) == ("invoiced", "")
    assert life.traces("ann") == []


def test_a_raw_webhook_that_was_erased_is_not_replayed(life: Life) -> None:
    life.erase(life.ann)
    erased = [event for event in every(life.store, InboxEvent, ORG) if event.reason == ERASED]
    assert len(erased) == 3, "her job's, the friend's job's, which names her, and what she texted"
    for event in erased:
        with pytest.raises(Conflict, match="nothing is left"):
            replay(life.runtime, ORG, event.id)


def test_a_webhook_that_waits_is_worked_on_before_it_is_emptied(life: Life) -> None:
    at = life.runtime.clock.now().isoformat()
    body = {"type": "job.updated", "timestamp": at, "data": {
        "job": {"id": "J-wait"}, "customer": ANN, "facts": [{"kind": "booked", "value": True, "at": at}]}}  # fmt: skip
    event = life.raw("crm:generic", json.dumps(body).encode(), "waits", work=False)
    life.erase(life.ann)
    assert life.job("J-wait").state == "booked"
    assert get(life.store, InboxEvent, ORG, event.id).body == ""
    assert life.traces("ann") == []


def test_another_of_the_household_stays_who_they_are(life: Life) -> None:
    bob = {"id": "C-bob", "first_name": "Bob", "last_name": "Quimby-Other", "phone": ANN["phone"]}
    life.webhook("J-bob", bob, "booked")
    life.erase(life.ann)
    life.webhook("J-bob", bob, "completed")
    contact = life.contact(life.job("J-bob").contact_id)
    assert (contact.first_name, contact.phone, contact.erased_at) == ("Bob", ANN["phone"], None)
    life.webhook("J-1", {"first_name": "Annabel", "phone": ANN["phone"]}, "paid", minute=9)
    assert life.job("J-1").contact_id == life.ann


def test_whoever_fills_in_a_form_afterwards_begins_anew_and_the_crm_stays_bound(life: Life) -> None:
    life.erase(life.fritz)
    lead = life.form("n2", email=FRITZ["email"])
    assert lead.contact_id != life.fritz
    assert life.contact(lead.contact_id).first_name == "Fritz"
    life.webhook("J-again", FRITZ, "booked")
    assert life.job("J-again").contact_id == life.fritz
    again = life.erase(lead.contact_id)
    assert (again.status, life.traces("fritz")) == ("done", [])


def test_a_payout_in_flight_keeps_its_recipient_until_it_has_ended(life: Life) -> None:
    payout = life.payout()
    done = life.erase(life.ann)
    assert (done.status, done.waits_for) == ("waiting", [payout.id])
    assert get(life.store, Payout, ORG, payout.id).recipient_email == ANN["email"]
    assert life.contact(life.ann).email is None
    assert sweep_erasures(life.runtime) == 1
    assert life.go_on(done.id).status == "waiting"
    life.end_payout()
    assert life.go_on(done.id).status == "done"
    assert life.traces("ann") == []
    assert get(life.store, Payout, ORG, payout.id).amount == payout.amount


def test_a_released_reward_is_ordered_to_the_address_before_it_goes(life: Life) -> None:
    life.reward()
    done = life.erase(life.ann)
    (payout,) = life.payouts()
    assert (done.waits_for, get(life.store, Payout, ORG, payout).recipient_email) == ([payout], ANN["email"])


def test_while_an_approval_may_be_undone_the_erasure_waits_for_staff(life: Life) -> None:
    life.reward(released=False)
    with pytest.raises(Conflict, match="may be undone until"):
        life.erase(life.ann)
    assert life.contact(life.ann).erased_at is None


def test_rows_that_were_merged_are_one_person(life: Life) -> None:
    life.webhook("J-old", {"id": "C-old", "first_name": "Annabel", "last_name": "Quimby"}, "booked")
    old = life.job("J-old").contact_id
    merge_contacts(life.runtime, ORG, old, life.ann, actor="mem_1", reason="the same")
    done = life.erase(old)
    assert (done.contact_id, {*done.contact_ids}) == (life.ann, {life.ann, old})
    assert life.traces("ann") == []
    with pytest.raises(BadInput, match="merged with nobody"):
        merge_contacts(life.runtime, ORG, life.fritz, life.ann, actor="mem_1", reason="no")


def test_asking_twice_is_one_erasure_and_one_line_of_the_audit(life: Life) -> None:
    first = life.erase(life.ann)
    assert ask_erasure(life.runtime, ORG, life.ann, reason="again", actor="mem_2").id == first.id
    audits = [row for row in life.store.rows.values() if row["noun"] == "audit"]
    assert sum(row["data"]["action"] == "person.erased" for row in audits) == 1


def test_a_crash_at_any_write_is_mended_by_the_next_slice() -> None:
    place = 0
    while True:
        life = Life()
        life.full()
        asked = ask_erasure(life.runtime, ORG, life.ann, reason="they wrote", actor="mem_1")
        life.store.points = 0
        life.store.crash_at = place + 1
        try:
            WORK["erasure.asked"](life.runtime, ORG, asked.id)
        except Crash:
            place += 3
        else:
            break
        assert life.go_on(asked.id).status == "done"
        assert life.traces("ann") == []
    assert place > 20


def test_from_the_moment_it_is_asked_nothing_is_stored_and_the_pages_are_gone(life: Life) -> None:
    ask_erasure(life.runtime, ORG, life.ann, reason="they wrote", actor="mem_1")
    before = life.contact(life.ann)
    life.webhook("J-1", ANN | {"first_name": "Annabella"}, "invoiced")
    assert life.contact(life.ann) == before
    (asked,) = every(life.store, Erasure, ORG)
    assert asked.status == "running"
    life.runtime.clock.move(hours=1)  # type: ignore[attr-defined]
    assert sweep_erasures(life.runtime) == 1, "a slice that was lost"


def test_work_on_an_emptied_webhook_does_nothing(life: Life) -> None:
    life.erase(life.ann)
    for event in every(life.store, InboxEvent, ORG):
        work_inbox(life.runtime, ORG, event.id)
    assert life.traces("ann") == []


def test_a_webhook_whose_work_fails_does_not_keep_her_for_ever(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"type": "job.updated", "data": {"customer": ANN}}
    event = life.raw("crm:generic", json.dumps(body).encode(), "broken", work=False)

    def fails(*_: object) -> None:
        raise Retry("the CRM does not answer")

    monkeypatch.setattr("moref.privacy.erase.work_inbox", fails)
    with pytest.raises(Retry):
        life.erase(life.ann)
    life.world.clock.move(hours=2)
    (asked,) = every(life.store, Erasure, ORG)
    assert life.go_on(asked.id).status == "done"
    assert get(life.store, InboxEvent, ORG, event.id).body == ""
    assert life.traces("ann") == []


def test_events_and_queue_messages_hold_nobody_to_begin_with(life: Life) -> None:
    life.payout()
    named = [trace for who in ("ann", "fritz") for trace in life.traces(who)]
    assert named
    assert [trace for trace in named if trace.endswith((" in events", " in queues"))] == []
