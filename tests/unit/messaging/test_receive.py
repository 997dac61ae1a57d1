"""What people text back."""

from contextlib import suppress
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import urlencode

import pytest

from moref.campaigns.model import Feedback
from moref.intake.model import InboxEvent
from moref.kernel.errors import Conflict, Malformed
from moref.messaging.model import Message
from moref.messaging.opt_out import suppression_of
from moref.messaging.page_wishes import stop_texts
from moref.messaging.read_reply import read_reply
from moref.messaging.receive import receive
from moref.records import Create, Point, every
from moref.rewards.model import AuditRow
from moref.tenants.model import VendorAccount
from tests.fakes.memory_store import Crash
from tests.unit.messaging.world import JOB, NUMBER, ORG, PHONE, World, world

_sids = count()


def text(
    it: World,
    body: str,
    *,
    sid: str = "",
    sender: str = PHONE,
    to: str = NUMBER,
    at: datetime | None = None,
    **more: str,
) -> str | None:
    form = {
        "MessageSid": sid or f"SM-in-{next(_sids)}",
        "From": sender,
        "To": to,
        "Body": body,
        "SmsStatus": "received",
    } | more
    now = at or it.clock.now()
    event = InboxEvent(
        organization_id=ORG, id="inb_1", created_at=now, updated_at=now,
        source="twilio", connection_id="twilio", event_id="e", body="",
    )  # fmt: skip
    return receive(it.runtime, event, urlencode(form).encode())


STOP_WORDS = ["STOP", "stop", " Stop. ", "STOPALL", "Unsubscribe", "cancel", "END", "quit", "Revoke", "OPTOUT"]


@pytest.mark.parametrize("word", [*STOP_WORDS, "opt out", "Opt-Out", "ALTO", "Parar!", "baja"])
def test_every_stop_word_stops_at_once(word: str) -> None:
    it = world()
    id = it.plan()
    assert text(it, word) is None
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "suppressed")


def test_a_stop_word_that_twilio_does_not_answer_gets_one_confirmation_without_marketing() -> None:
    it = world()
    text(it, "opt out", sid="SM-1")
    text(it, "opt out", sid="SM-1")
    it.pump()
    (confirmation,) = it.sms.sent
    assert "unsubscribed" in confirmation.body
    assert "http" not in confirmation.body
    assert (confirmation.to, confirmation.sender) == (PHONE, NUMBER)


def test_a_stop_word_that_twilio_answers_itself_is_not_answered_twice() -> None:
    it = world()
    text(it, "STOP")
    it.pump()
    assert not it.sms.sent


@pytest.mark.parametrize(
    ("told", "said"),
    [("STOP", "STOP"), ("START", "START"), ("HELP", "HELP"), ("stop", "STOP"), ("", None), ("NO", None)],
)
def test_a_word_that_the_account_added_is_what_twilio_says_it_is_and_twilio_has_answered(
    told: str, said: str | None
) -> None:
    it = world()
    it.change(VendorAccount, "twilio", config={"account_sid": "AC" + "a" * 32, "keyword_replies": "ours"})
    text(it, "No more of this", OptOutType=told)
    it.pump()
    assert not it.sms.sent
    assert [one.reason for one in it.messages() if one.direction == "in"] == [said]
    found = suppression_of(it.runtime, ORG, "sms", PHONE)
    assert (found is not None) == (said == "STOP")


def test_a_stop_word_is_one_whatever_twilio_makes_of_it() -> None:
    it = world()
    text(it, "stop", OptOutType="HELP")
    assert suppression_of(it.runtime, ORG, "sms", PHONE) is not None


@pytest.mark.parametrize("sender", [PHONE, "+15125550188"], ids=["customer", "stranger"])
@pytest.mark.parametrize("to", [NUMBER, "+15125550777"], ids=["ours", "nobody's"])
def test_a_start_that_is_worked_on_after_a_later_stop_does_not_undo_it(sender: str, to: str) -> None:
    """Queues keep no order: the START was delayed, or is replayed."""
    it = world()
    first = it.clock.now()
    text(it, "STOP", sender=sender, to=to, at=first)
    text(it, "STOP", sender=sender, to=to, at=first + timedelta(minutes=2))
    it.clock.move(minutes=5)
    text(it, "START", sender=sender, to=to, at=first + timedelta(minutes=1))
    it.pump()
    assert suppression_of(it.runtime, ORG, "sms", sender) is not None
    assert not it.sms.sent
    text(it, "START", sender=sender, to=to, at=first + timedelta(minutes=3))
    assert suppression_of(it.runtime, ORG, "sms", sender) is None


def test_a_start_of_before_does_not_undo_what_was_said_on_the_page() -> None:
    it = world()
    text(it, "STOP")
    before = it.clock.now()
    it.clock.move(minutes=1)
    stop_texts(it.runtime, it.contact())
    text(it, "START", at=before)
    assert suppression_of(it.runtime, ORG, "sms", PHONE) is not None


def test_a_reply_from_a_number_of_very_many_is_kept_and_told() -> None:
    it = world()
    for number in range(120):
        row = it.contact().model_copy(update={"id": f"con_many_{number}", "version": 0})
        it.store.commit(Create(row), *(Point(ORG, "person", key, row.id) for key in row.person_keys))
    text(it, "Who is this?")
    (reply,) = [one for one in it.messages() if one.direction == "in"]
    read_reply(it.runtime, ORG, reply.id, keep_paused=False, revoked=False, actor="mem_1")


def test_start_undoes_stop_and_a_late_repeat_of_the_stop_does_not_undo_the_start() -> None:
    it = world()
    text(it, "STOP", sid="SM-stop")
    text(it, "START", sid="SM-start")
    text(it, "STOP", sid="SM-stop")
    id = it.plan()
    it.pump()
    assert it.message(id).status == "sent"


def test_any_other_reply_pauses_marketing_and_tells_staff_what_was_said() -> None:
    it = world()
    id = it.plan()
    text(it, "please leave me alone <b>")
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "marketing_paused")
    (mail,) = it.email.sent
    assert mail.to == "staff@bluebird.test"
    assert "please leave me alone" in mail.body
    assert mail.html is not None
    assert "<b>" not in mail.html
    assert [m.body for m in it.messages() if m.direction == "in"] == ["please leave me alone <b>"]


def test_a_stranger_who_texts_stop_is_suppressed_too() -> None:
    it = world()
    assert text(it, "STOP", sender="+15125550777") is None
    assert text(it, "who is this?", sender="+15125550777") is None
    it.pump()
    assert len(it.email.sent) == 1


def test_a_text_to_a_number_of_nobody_is_ignored_with_the_reason() -> None:
    it = world()
    assert text(it, "hello", sender="+15125550777", to="+15125550999") == "no location has this number"


def test_what_is_no_form_is_refused_so_that_it_is_quarantined() -> None:
    it = world()
    now = it.clock.now()
    event = InboxEvent(
        organization_id=ORG, id="inb_1", created_at=now, updated_at=now,
        source="twilio", connection_id="twilio", event_id="e", body="",
    )  # fmt: skip
    for body in (b"\xff\xfe", b"", b"{}"):
        with pytest.raises(Malformed):
            receive(it.runtime, event, body)


# A reply to the question for a score


def asked(**contact: object) -> World:
    """The question was texted three hours after the job."""
    it = world(**contact)
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    assert [m.status for m in it.messages() if m.template == "ask"] == ["sent"]
    return it


def given(it: World) -> list[Feedback]:
    return every(it.store, Feedback, ORG)


def test_a_score_that_is_texted_back_is_the_feedback_and_pauses_nothing() -> None:
    it = asked()
    text(it, "Great, 5 stars")
    (feedback,) = given(it)
    assert (feedback.score, feedback.comment, feedback.source) == (5, "Great, 5 stars", "sms")
    assert (feedback.enrollment_id, feedback.sentiment) == (it.enrollment().id, "positive")
    assert it.contact().marketing_paused_at is None
    assert it.contact().unread_replies == []
    (reply,) = [m for m in it.messages() if m.direction == "in"]
    assert (reply.reason, reply.enrollment_id, reply.body) == ("score", it.enrollment().id, "Great, 5 stars")
    assert [event["data"]["score"] for event in it.store.events if event["name"] == "feedback.given"] == [5]


def test_a_bare_number_leaves_no_comment() -> None:
    it = asked()
    text(it, "cinco")
    assert [(one.score, one.comment) for one in given(it)] == [(5, "")]


def test_the_same_text_delivered_again_changes_nothing() -> None:
    it = asked()
    for _ in range(3):
        text(it, "4", sid="SM-four")
    assert [one.version for one in given(it)] == [1]
    assert it.contact().marketing_paused_at is None


@pytest.mark.parametrize("said", ["5", "1", "3 stars"])
def test_whoever_texts_a_score_is_shown_the_way_to_the_review_link_in_the_same_words(said: str) -> None:
    it = asked()
    text(it, said)
    (thanks,) = [one for one in it.messages() if one.template == "score_received"]
    assert (thanks.kind, thanks.channel, thanks.prompted_at is None) == ("marketing", "sms", False)
    assert thanks.fields == {"feedback_link": f"{it.runtime.settings.base_url}/review/{it.enrollment().token}"}
    assert (thanks.job_id, thanks.places) == (JOB, it.enrollment().places)  # no other hours than the question


def test_a_claim_that_is_open_by_then_stops_that_answer_too() -> None:
    it = asked()
    it.clock.move(hours=9)  # 22:00: it waits for the morning
    text(it, "5")
    it.job_facts("completed", damage_claim=True)
    it.move(days=1)
    (thanks,) = [one for one in it.messages() if one.template == "score_received"]
    assert (thanks.status, thanks.reason) == ("skipped", "stop_condition")


def test_a_worker_that_dies_while_taking_a_score_loses_and_doubles_nothing() -> None:
    for point in range(1, 12):
        it = asked()
        it.store.points, it.store.crash_at = 0, point
        with suppress(Crash):
            text(it, "5", sid="SM-five")
        it.store.crash_at = None
        text(it, "5", sid="SM-five")
        assert [(one.score, one.version) for one in given(it)] == [(5, 1)]
        assert [m.reason for m in it.messages() if m.direction == "in"] == ["score"]
        assert it.contact().marketing_paused_at is None


def test_what_is_no_clear_score_pauses_marketing_until_it_is_read() -> None:
    it = asked()
    text(it, "5 people came, 2 hours late")
    assert given(it) == []
    assert it.contact().marketing_paused_at is not None


def test_a_number_that_nobody_asked_for_is_a_reply_like_any_other() -> None:
    it = world()
    text(it, "5")
    assert given(it) == []
    assert it.contact().marketing_paused_at is not None


def test_a_number_a_month_after_the_question_answers_something_else() -> None:
    it = asked()
    it.move(days=31)
    text(it, "5")
    assert given(it) == []


def test_a_second_score_is_for_staff_to_read() -> None:
    it = asked()
    text(it, "5")
    text(it, "1")
    assert [one.score for one in given(it)] == [5]
    assert it.contact().marketing_paused_at is not None


def test_the_newest_open_question_is_the_one_that_is_answered() -> None:
    it = asked()
    first = it.enrollment()
    later = first.model_copy(update={"id": "enr_2", "version": 0, "token": "bbbbbbbbbbbbbbbbbbbb"})
    it.store.commit(Create(later))
    it.clock.move(hours=1)
    link = "https://go.example.test/review/bbbbbbbbbbbbbbbbbbbb"
    it.plan("ask", cause="second", enrollment_id="enr_2", fields={"feedback_link": link})
    sent = it.messages()[-1]
    it.change(Message, sent.id, status="sent", sent_at=it.clock.now())
    text(it, "2")
    text(it, "5")
    assert {one.enrollment_id: one.score for one in given(it)} == {"enr_2": 2, first.id: 5}


# Staff read it


def replied(*bodies: str) -> tuple[World, list[str]]:
    it = world()
    for body in bodies:
        text(it, body)
        it.clock.move(minutes=1)
    return it, [m.id for m in it.messages() if m.direction == "in"]


def read(it: World, id: str, **over: bool) -> None:
    read_reply(it.runtime, ORG, id, actor="mem_1", **({"keep_paused": False, "revoked": False} | over))


def test_marketing_goes_on_once_every_reply_is_read() -> None:
    it, (first, second) = replied("is my invoice ready?", "hello?")
    read(it, first)
    assert it.contact().marketing_paused_at is not None
    read(it, second)
    read(it, second)
    assert it.contact().marketing_paused_at is None
    assert (it.message(first).read_by, it.message(second).read_at) == ("mem_1", it.clock.now())
    id = it.plan()
    it.pump()
    assert it.message(id).status == "sent"


def test_a_reply_that_comes_while_staff_read_another_keeps_marketing_paused() -> None:
    it, (first,) = replied("hello?")
    text(it, "please leave me alone")
    read(it, first)
    assert it.contact().marketing_paused_at is not None


def test_staff_may_keep_the_pause_and_lift_it_later() -> None:
    it, (first,) = replied("call me before you send anything else")
    read(it, first, keep_paused=True)
    assert it.contact().marketing_paused_at is not None
    assert it.contact().unread_replies == []
    read(it, first)
    assert it.contact().marketing_paused_at is None


def test_a_revocation_stops_what_is_queued_already() -> None:
    it, (first,) = replied("please leave me alone")
    texted = it.plan("reward", "service", channel="sms", cause="text")
    mailed = it.plan("ask", "marketing", channel="email", cause="mail")
    read(it, first, revoked=True)
    it.pump()
    assert [it.message(id).reason for id in (texted, mailed)] == ["suppressed", "suppressed"]
    audits = every(it.store, AuditRow, ORG)
    assert [(row.action, row.detail["outcome"]) for row in audits] == [("message.read", "revoked")]


def test_only_a_reply_can_be_read() -> None:
    it = world()
    with pytest.raises(Conflict):
        read(it, it.plan())
