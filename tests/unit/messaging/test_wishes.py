"""However a wish reaches us, it binds what is queued already; and what was never agreed to is not made up."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.messaging.channels.base import Refused
from moref.messaging.do_not_contact import MOST_ROWS, contacts_with, import_list, lift
from moref.messaging.model import Suppression
from moref.messaging.opt_out import opt_out, suppression_id, suppression_of
from moref.messaging.preferences import preferences_url
from moref.messaging.staff_wishes import record_consent, record_opt_out
from moref.pages import preferences
from moref.people import person_keys
from moref.records import Create, Point, every
from moref.rewards.model import AuditRow
from tests.unit.messaging.test_receive import text
from tests.unit.messaging.world import EMAIL, ORG, PERSON, PHONE, World, world


def page(it: World, **form: str) -> None:
    preferences.post(it.runtime, preferences_url(it.runtime, ORG, PERSON).rpartition("/")[2], form)


def staff(it: World, *channels: str, scope: str = "everything") -> None:
    record_opt_out(it.runtime, ORG, PERSON, channels, scope=scope, reason="on the phone", actor="mem_1")  # type: ignore[arg-type]


def imported(it: World, text: str, *, dry_run: bool = False) -> None:
    import_list(it.runtime, ORG, text, dry_run=dry_run, actor="mem_1")


WAYS: dict[str, tuple[str, Callable[[World], object]]] = {
    "STOP by text": ("sms", lambda it: text(it, "STOP")),
    "opt out by text": ("sms", lambda it: text(it, "Opt-out!")),
    "any other reply": ("sms", lambda it: text(it, "leave me alone")),
    "the page, texts": ("sms", lambda it: page(it, do="stop_sms")),
    "the page, e-mail": ("email", lambda it: page(it, do="stop_email")),
    "the page, everything by text": ("sms", lambda it: page(it, do="stop_all")),
    "the page, everything by e-mail": ("email", lambda it: page(it, do="stop_all")),
    "one click": ("email", lambda it: page(it, **{"List-Unsubscribe": "One-Click"})),
    "spoken, texts": ("sms", lambda it: staff(it, "sms")),
    "spoken, e-mail": ("email", lambda it: staff(it, "email", "sms")),
    "spoken, marketing only": ("sms", lambda it: staff(it, "sms", scope="marketing")),
    "the do-not-contact list, phone": ("sms", lambda it: imported(it, "phone\n(512) 555-0123\n")),
    "the do-not-contact list, e-mail": ("email", lambda it: imported(it, f"email\n{EMAIL.upper()}\n")),
    "a bounce": ("email", lambda it: opt_out(it.runtime, ORG, "email", EMAIL, "bounce")),
    "a complaint": ("email", lambda it: opt_out(it.runtime, ORG, "email", EMAIL, "complaint")),
    "the carrier's 21610": ("sms", lambda it: opt_out(it.runtime, ORG, "sms", PHONE, "21610")),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_wish_binds_the_marketing_that_is_queued_already(way: str) -> None:
    channel, wish = WAYS[way]
    it = world()
    id = it.plan("ask", "marketing", channel=channel)
    wish(it)
    it.pump()
    assert it.message(id).status == "skipped", way
    assert it.message(id).reason in ("suppressed", "marketing_paused")


def test_a_stop_that_only_the_provider_knows_of_binds_from_its_refusal_on() -> None:
    it = world()
    it.sms.script = [Refused("21610", opted_out=True)]
    first, second = it.plan(cause="first"), it.plan("reward", "service", cause="second")
    it.pump()
    assert (it.message(first).reason, it.message(second).reason) == ("opted_out", "suppressed")


def test_a_weaker_wish_never_takes_the_place_of_a_stronger_one() -> None:
    for strong, weak in (("STOP", "do_not_contact"), ("STOP", "unsubscribed"), ("bounce", "unsubscribed")):
        it = world()
        opt_out(it.runtime, ORG, "sms", PHONE, strong)
        opt_out(it.runtime, ORG, "sms", PHONE, weak)
        found = suppression_of(it.runtime, ORG, "sms", PHONE)
        assert found is not None
        assert found.reason == strong


# Staff record a consent


def consent(it: World, **over: object) -> Contact:
    values = {
        "channel": "sms", "text": "Yes, text me about my move and offers", "at": it.clock.now(),
        "source": "work order of today", "actor": "mem_1",
    }  # fmt: skip
    return record_consent(it.runtime, ORG, PERSON, **(values | over))  # type: ignore[arg-type]


def test_a_recorded_consent_is_stored_with_its_proof_and_lets_texts_go() -> None:
    it = world(consents=[])
    staff(it, "sms")
    consent(it)
    (proof,) = it.contact().consents
    assert (proof.channel, proof.text, proof.source) == (
        "sms", "Yes, text me about my move and offers", "staff: work order of today"
    )  # fmt: skip
    assert it.contact().opted_out == {}
    id = it.plan("ask", "marketing", channel="sms")
    it.pump()
    assert it.message(id).status == "sent"
    assert {row.action for row in every(it.store, AuditRow, ORG)} == {"contact.opted_out", "contact.opted_in"}


@pytest.mark.parametrize("reason", ["STOP", "21610", "revoked", "bounce", "complaint", "do_not_contact"])
def test_no_consent_is_recorded_against_what_only_others_may_undo(reason: str) -> None:
    it = world(consents=[])
    opt_out(it.runtime, ORG, "sms", PHONE, reason)
    with pytest.raises(Conflict):
        consent(it)
    assert it.contact().consents == []
    id = it.plan("ask", "marketing", channel="sms")
    it.pump()
    assert it.message(id).reason == "suppressed"


def test_no_consent_from_the_future_for_nobody_or_without_an_address() -> None:
    it = world(consents=[], phone=None)
    with pytest.raises(BadInput, match="no address"):
        consent(it)
    with pytest.raises(BadInput, match="future"):
        consent(it, channel="email", at=it.clock.now() + timedelta(seconds=1))
    with pytest.raises(NotFound):
        record_consent(it.runtime, ORG, "con_9", channel="sms", text="x", at=it.clock.now(), source="x", actor="mem_1")
    with pytest.raises(BadInput, match="no address"):
        staff(it, "sms")


# The do-not-contact list


def test_an_import_reports_every_line_and_repeats_nothing_of_it() -> None:
    it = world()
    rows = "\ufeffE-mail;Phone;Reason\r\n"
    rows += f"{EMAIL};;asked by letter\r\n"  # line 2
    rows += f";{PHONE};\r\n"
    rows += ";512.555.0123;again\r\n"  # the same phone
    rows += "not-an-address;;\r\n"  # line 5
    rows += ";;nothing\r\n"
    rows += "\r\n"
    rows += ';12;"a reason; with a semicolon"\r\n'  # line 8
    dry = import_list(it.runtime, ORG, rows, dry_run=True, actor="mem_1")
    assert every(it.store, Suppression, ORG) == []
    assert every(it.store, AuditRow, ORG) == []
    real = import_list(it.runtime, ORG, rows, dry_run=False, actor="mem_1")
    for report in (dry, real):
        assert (report.rows, report.added, report.already, report.duplicates) == (6, 2, 0, 1)
        assert [line for line, _ in report.rejected] == [5, 6, 8]
        assert not re.search("not-an|12", " ".join(words for _, words in report.rejected))
    again = import_list(it.runtime, ORG, rows, dry_run=False, actor="mem_1")
    assert (again.added, again.already, again.duplicates) == (0, 2, 1)
    found = {one.channel: one for one in every(it.store, Suppression, ORG)}
    assert (found["email"].note, found["sms"].note) == ("asked by letter", None)
    assert {one.version for one in found.values()} == {1}
    assert sorted(it.contact().opted_out) == ["email", "sms"]
    assert sorted(row.detail["added"] for row in every(it.store, AuditRow, ORG)) == ["0", "2"]  # of one instant


def test_a_slip_in_one_address_of_a_line_does_not_let_go_of_the_other() -> None:
    it = world()
    report = import_list(it.runtime, ORG, f"phone,email\n512,{EMAIL}\n{PHONE},sam@\n1,x\n", dry_run=False, actor="m")
    assert (report.rows, report.added) == (3, 2)
    assert [line for line, _ in report.rejected] == [2, 3, 4, 4]
    assert sorted(it.contact().opted_out) == ["email", "sms"]


def test_an_unsubscribed_address_on_the_list_is_bound_more() -> None:
    it = world()
    page(it, do="stop_email")
    imported(it, f"email\n{EMAIL}\n")
    id = it.plan("reward", "service", channel="email")
    it.pump()
    assert it.message(id).reason == "suppressed"


@pytest.mark.parametrize(
    "file",
    ["", "name\nSam\n", "phone\n" + "5125550199\n" * (MOST_ROWS + 1), 'phone\n"5125550199\n', "\x00", "512 555 0199\n"],
)
def test_a_file_that_cannot_be_taken_changes_nothing(file: str) -> None:
    it = world()
    with pytest.raises(BadInput) as caught:
        imported(it, file)
    assert caught.value.field == "csv"
    assert every(it.store, Suppression, ORG) == []


def test_an_address_is_lifted_with_a_reason_and_everybody_who_has_it_gets_messages_again() -> None:
    it = world()
    imported(it, f"phone\n{PHONE}\n")
    id = suppression_id(it.runtime, ORG, "sms", PHONE)
    (found,) = every(it.store, Suppression, ORG)
    assert [contact.id for contact in contacts_with(it.runtime, found)] == [PERSON]
    lifted = lift(it.runtime, ORG, id, reason="typed by mistake", actor="mem_1")
    assert (lifted.active, it.contact().opted_out) == (False, {})
    lift(it.runtime, ORG, id, reason="again", actor="mem_1")
    message = it.plan("ask", "marketing", channel="sms")
    it.pump()
    assert it.message(message).status == "sent"
    rows = [row for row in every(it.store, AuditRow, ORG) if row.action == "do_not_contact.lifted"]
    assert [(row.actor, row.detail) for row in rows] == [
        ("mem_1", {"was": "do_not_contact", "reason": "typed by mistake"})
    ]


@pytest.mark.parametrize("stronger", ["do_not_contact", "bounce"])
@pytest.mark.parametrize(
    ("channel", "own", "service"),
    [
        ("email", {"do": "stop_email"}, "sent"),
        ("email", {"do": "stop_all"}, "skipped"),
        ("sms", {"do": "stop_offers"}, "sent"),
        ("sms", {"do": "stop_sms"}, "skipped"),
    ],
)
def test_what_the_person_wanted_before_is_in_force_again_when_the_list_lets_go(
    stronger: str, channel: Any, own: dict[str, str], service: str
) -> None:
    it = world()
    address = EMAIL if channel == "email" else PHONE
    page(it, **own)
    opt_out(it.runtime, ORG, channel, address, stronger)
    lift(it.runtime, ORG, suppression_id(it.runtime, ORG, channel, address), reason="a mistake", actor="mem_1")
    marketing = it.plan("ask", "marketing", channel=channel, cause="1")
    about_the_job = it.plan("reward", "service", channel=channel, cause="2")
    it.pump()
    assert it.message(marketing).status == "skipped"
    assert it.message(about_the_job).status == service


def test_a_wish_taken_back_by_the_person_does_not_come_back_with_the_list() -> None:
    it = world()
    page(it, do="stop_sms")
    text(it, "START")
    imported(it, f"phone\n{PHONE}\n")
    lift(it.runtime, ORG, suppression_id(it.runtime, ORG, "sms", PHONE), reason="a mistake", actor="mem_1")
    id = it.plan("ask", "marketing", channel="sms")
    it.pump()
    assert it.message(id).status == "sent"


@pytest.mark.parametrize("reason", ["STOP", "21610", "revoked", "complaint", "unsubscribed", "preferences page"])
def test_a_persons_own_word_is_not_lifted_by_staff(reason: str) -> None:
    it = world()
    opt_out(it.runtime, ORG, "sms", PHONE, reason)
    with pytest.raises(Conflict):
        lift(it.runtime, ORG, suppression_id(it.runtime, ORG, "sms", PHONE), reason="please", actor="mem_1")
    assert suppression_of(it.runtime, ORG, "sms", PHONE) is not None


@pytest.mark.parametrize(("reason", "reward"), [("STOP", "email"), ("unsubscribed", "sms")])
def test_who_stopped_texts_before_the_crm_told_of_them_gets_e_mail(reason: str, reward: str) -> None:
    it = world()
    opt_out(it.runtime, ORG, "sms", PHONE, reason)
    it.change(Contact, PERSON, opted_out={})  # as of a row that was made afterwards
    asked, thanked = it.plan(), it.plan("reward", "service", cause="another")
    assert (it.message(asked).channel, it.message(thanked).channel) == ("email", reward)


def test_a_contact_who_changed_the_number_is_not_bound_by_the_old_one() -> None:
    it = world()
    imported(it, f"phone\n{PHONE}\n")
    it.change(Contact, PERSON, phone="+15125550999", opted_out={})
    (found,) = every(it.store, Suppression, ORG)
    assert contacts_with(it.runtime, found) == []
    id = it.plan("ask", "marketing", channel="sms")
    it.pump()
    assert it.message(id).status == "sent"


def test_an_old_mails_link_reaches_who_the_person_is_after_two_merges() -> None:
    it = world()
    others = [("con_2", "con_3"), ("con_3", None)]
    for id, into in others:
        fields = {"id": id, "version": 0, "email": f"{id}@example.test", "merged_into": into}
        keys = person_keys(it.runtime.keys, ORG, None, f"{id}@example.test")
        now = it.contact().model_copy(update={**fields, "person_keys": keys})
        it.store.commit(Create(now), *(Point(ORG, "person", key, id) for key in keys))
    it.change(Contact, PERSON, merged_into="con_2")
    id = it.plan("ask", "marketing", channel="email")
    page(it, **{"List-Unsubscribe": "One-Click"})
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "suppressed")
