"""What people text back."""

from itertools import count
from urllib.parse import urlencode

import pytest

from moref.intake.model import InboxEvent
from moref.kernel.errors import Malformed
from moref.messaging.receive import receive
from tests.unit.messaging.world import NUMBER, ORG, PHONE, World, world

_sids = count()


def text(it: World, body: str, *, sid: str = "", sender: str = PHONE, to: str = NUMBER) -> str | None:
    form = {
        "MessageSid": sid or f"SM-in-{next(_sids)}",
        "From": sender,
        "To": to,
        "Body": body,
        "SmsStatus": "received",
    }
    now = it.clock.now()
    event = InboxEvent(
        organization_id=ORG, id="inb_1", created_at=now, updated_at=now,
        source="twilio", connection_id="twilio", event_id="e", body="",
    )  # fmt: skip
    return receive(it.runtime, event, urlencode(form).encode())


STOP_WORDS = ["STOP", "stop", " Stop. ", "STOPALL", "Unsubscribe", "cancel", "END", "quit", "Revoke", "OPTOUT"]


@pytest.mark.parametrize("word", [*STOP_WORDS, "opt out", "Opt-Out"])
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
