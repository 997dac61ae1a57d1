"""What providers say of messages: the samples of events/channels mean what they should, in any order and repeated."""

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from moref.intake.model import InboxEvent
from moref.kernel import plugins
from moref.kernel.errors import Malformed, OutcomeUnknown
from moref.messaging import receive, receive_reports
from moref.messaging.channels.base import Account, Outgoing
from moref.messaging.model import Message, Suppression
from moref.messaging.open_door import is_open
from moref.messaging.reputation import MailTrouble
from moref.messaging.senders import Sender
from moref.people import person_key
from moref.records import every
from moref.runtime import Runtime
from tests.unit.messaging.world import EMAIL, ORG, PHONE, PLACE, FakeChannel, World, world

SAMPLES = Path(__file__).resolve().parents[3] / "events" / "channels"


def body_of(source: str, name: str, message_id: str, organization_id: str) -> bytes:
    content = (SAMPLES / source / f"{name}.json").read_text()
    content = content.replace('"msg_1"', f'"{message_id}"').replace('"org_1"', f'"{organization_id}"')
    if source == "ses":
        return json.dumps({"Type": "Notification", "Message": content}).encode()
    return urlencode(json.loads(content)).encode() if source == "twilio" else content.encode()


def told(
    it: World, source: str, name: str, message_id: str = "msg_1", *, of: str = ORG, by: str | None = None
) -> str | None:
    """The webhook of a sample comes in for an organization."""
    owner = by or ORG
    now = it.clock.now()
    event = InboxEvent(
        organization_id=owner, id="inb_1", created_at=now, updated_at=now,
        source=source, connection_id=source, event_id="e", body="",
    )  # fmt: skip
    work = receive.receive if source == "twilio" else receive_reports.receive
    return work(it.runtime, event, body_of(source, name, message_id, of))


def mailed() -> tuple[World, str]:
    """An e-mail that has left."""
    it = world(consents=[])
    id = it.plan()
    it.pump()
    assert it.message(id).status == "sent"
    return it, id


def suppression(it: World, kind: str = "email", address: str = EMAIL) -> Suppression | None:
    return it.store.find(Suppression, ORG, person_key(it.runtime.keys, ORG, kind, address))  # type: ignore[arg-type]


MEANS = [
    # sample, status, reason, suppressed because, (opened, clicked)
    ("ses", "delivery", "delivered", None, None, (False, False)),
    ("ses", "bounce__permanent", "undelivered", "Permanent/General", "bounce", (False, False)),
    ("ses", "bounce__transient", "undelivered", "Transient/MailboxFull", None, (False, False)),
    ("ses", "complaint", "delivered", None, "complaint", (False, False)),
    ("ses", "complaint__not_spam", "sent", None, None, (False, False)),
    ("ses", "open", "delivered", None, None, (True, False)),
    ("ses", "click", "delivered", None, None, (True, True)),
    ("ses", "reject", "failed", "Reject", None, (False, False)),
    ("ses", "rendering_failure", "failed", "Rendering Failure", None, (False, False)),
    ("ses", "send", "sent", None, None, (False, False)),
    ("ses", "delivery_delay", "sent", None, None, (False, False)),
    ("sendgrid", "delivered", "delivered", None, None, (False, False)),
    ("sendgrid", "bounce", "undelivered", "bounce 5.1.1", "bounce", (False, False)),
    ("sendgrid", "bounce__blocked", "undelivered", "blocked 4.7.1", None, (False, False)),
    ("sendgrid", "dropped__bounced_address", "failed", "dropped: Bounced Address", "bounce", (False, False)),
    ("sendgrid", "dropped__unsubscribed_address", "failed", "dropped: Unsubscribed Address", "unsubscribed",
     (False, False)),
    ("sendgrid", "dropped__spam_content", "failed", "dropped: Spam Content (if Spam Checker app is enabled)", None,
     (False, False)),
    ("sendgrid", "spamreport", "delivered", None, "complaint", (False, False)),
    ("sendgrid", "unsubscribe", "delivered", None, "unsubscribed", (False, False)),
    ("sendgrid", "group_unsubscribe", "delivered", None, "unsubscribed", (False, False)),
    ("sendgrid", "open", "delivered", None, None, (True, False)),
    ("sendgrid", "click", "delivered", None, None, (True, True)),
    ("sendgrid", "deferred", "sent", None, None, (False, False)),
    ("sendgrid", "delivered__of_others", "sent", None, None, (False, False)),
]  # fmt: skip


ROWS = [(source, name, (status, reason), *rest) for source, name, status, reason, *rest in MEANS]


@pytest.mark.parametrize(("source", "name", "means", "because", "seen"), ROWS)
def test_every_sample_of_an_email_means_what_it_should(
    source: str, name: str, means: tuple[str, str | None], because: str | None, seen: tuple[bool, bool]
) -> None:
    it, id = mailed()
    for _ in range(2):  # the second time changes nothing more
        told(it, source, name, id)
        message = it.message(id)
        assert (message.status, message.reason) == means
        assert (message.opened_at is not None, message.clicked_at is not None) == seen
        found = suppression(it)
        assert (found.reason if found else None) == because
    assert len(every(it.store, MailTrouble, ORG)) == (because in ("bounce", "complaint"))


def test_every_sample_has_a_meaning_here() -> None:
    named = {(source, name) for source, name, *_ in MEANS} | {("twilio", name) for name in TWILIO_SAMPLES}
    assert named == {(file.parent.name, file.stem) for file in SAMPLES.glob("*/*.json")}


@pytest.mark.parametrize("order", list(permutations(["delivery", "open", "click", "complaint"])))
def test_reports_of_one_mail_end_the_same_in_any_order(order: tuple[str, ...]) -> None:
    it, id = mailed()
    for name in order + order:
        told(it, "ses", name, id)
    message = it.message(id)
    assert message.status == "delivered"
    assert message.clicked_at is not None
    assert message.clicked_at.isoformat() == "2026-06-02T16:01:00+00:00"
    assert message.opened_at is not None


@pytest.mark.parametrize("order", list(permutations(["delivery", "bounce__permanent", "open"])))
def test_a_mail_that_bounces_for_good_after_its_delivery_is_undelivered_in_any_order(order: tuple[str, ...]) -> None:
    it, id = mailed()
    for name in order:
        told(it, "ses", name, id)
    assert (it.message(id).status, it.message(id).reason) == ("undelivered", "Permanent/General")
    assert it.message(id).opened_at is not None


def test_an_answering_machine_after_the_delivery_changes_nothing() -> None:
    it, id = mailed()
    told(it, "ses", "delivery", id)
    told(it, "ses", "bounce__transient", id)
    assert it.message(id).status == "delivered"


@pytest.mark.parametrize(("source", "name"), [("ses", "delivery"), ("sendgrid", "open")])
def test_a_mail_whose_answer_was_lost_is_recognised_by_our_own_id_and_never_sent_again(source: str, name: str) -> None:
    it = world(consents=[])
    it.email.script = [("lost", OutcomeUnknown("the answer was lost"))]
    id = it.plan()
    it.pump()
    assert it.message(id).status == "unknown"
    assert told(it, source, name, id) is None
    assert it.message(id).status == "delivered"
    assert it.message(id).sent_at is not None
    it.move(days=4)
    assert len(it.email.sent) == 1


class ToldMeanwhile(FakeChannel):
    """The provider tells of the message before its answer to our call is in."""

    tell: Callable[[], None] | None = None
    fails: Exception | None = None

    def send(self, runtime: Runtime, account: Account, outgoing: Outgoing) -> str:
        id = super().send(runtime, account, outgoing)
        if self.tell is not None:
            self.tell()
        if self.fails is not None:
            raise self.fails
        return id


@pytest.mark.parametrize("fails", [None, OutcomeUnknown("the answer was lost")])
def test_a_report_that_is_faster_than_the_answer_to_our_call_counts_and_nothing_is_sent_twice(
    fails: Exception | None,
) -> None:
    it = world(consents=[])
    id = it.plan()
    it.email = ToldMeanwhile("ses", "email", None, False, "platform")
    it.email.fails, it.email.tell = fails, lambda: (told(it, "ses", "open", id), None)[1]
    it.pump()
    it.move(days=4)
    message = it.message(id)
    assert message.status == "delivered"
    assert message.provider_id is not None
    assert message.sent_at is not None
    assert message.opened_at is not None
    assert len(it.email.sent) == 1


@pytest.mark.parametrize("source", ["ses", "sendgrid"])
def test_another_tenants_report_changes_nothing_of_ours(source: str) -> None:
    it, id = mailed()
    before = it.message(id)
    name = "bounce__permanent" if source == "ses" else "bounce"
    assert told(it, source, name, id, of="org_2", by="org_2") == "not a message of ours"
    assert told(it, source, name, id, of="org_2") == "not a message of ours"
    assert told(it, source, name, id, by="org_2") == "not a message of ours"  # it claims to be ours
    assert it.message(id) == before
    assert suppression(it) is None


@pytest.mark.parametrize(("source", "name"), [("ses", "delivery"), ("sendgrid", "delivered")])
def test_a_report_of_a_mail_nobody_knows_leaves_no_trace(source: str, name: str) -> None:
    it, _ = mailed()
    rows = dict(it.store.rows)
    assert told(it, source, name, "msg_unknown") == "not a message of ours"
    assert it.store.rows == rows


def test_one_bad_event_of_a_batch_hides_no_other() -> None:
    it, id = mailed()
    batch = json.loads(body_of("sendgrid", "delivered", "msg_unknown", ORG))
    batch += json.loads(body_of("sendgrid", "open", id, ORG))
    batch += [{"event": 7, "moref_message": id}, {"event": "delivered", "moref_message": id, "timestamp": "x"}]
    plugin = plugins.load("moref.messaging.channels", "sendgrid")
    assert len(plugin.reports(json.dumps(batch).encode())) == 2
    event = InboxEvent(
        organization_id=ORG, id="inb_1", created_at=it.clock.now(), updated_at=it.clock.now(),
        source="sendgrid", connection_id="sendgrid", event_id="e", body="",
    )  # fmt: skip
    assert receive_reports.receive(it.runtime, event, json.dumps(batch).encode()) is None
    assert it.message(id).opened_at is not None


@pytest.mark.parametrize(
    ("source", "body"),
    [
        ("ses", b"{}"), ("ses", b'{"Type": "Notification"}'), ("ses", b'{"Type": "Notification", "Message": "x"}'),
        ("ses", b'{"Type": "Notification", "Message": "[]"}'),
        ("ses", b'{"Type": "Notification", "Message": "{\\"eventType\\": \\"Open\\", \\"mail\\": 7}"}'),
        ("sendgrid", b"{}"), ("sendgrid", b"[7]"), ("sendgrid", b"\xff"), ("sendgrid", b"[" * 100_000),
        ("twilio", b"Body=x"), ("twilio", b"MessageSid=SM1&MessageStatus=teleported"),
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_malformed(source: str, body: bytes) -> None:
    with pytest.raises(Malformed):
        plugins.load("moref.messaging.channels", source).reports(body)


# Twilio


TWILIO_SAMPLES: dict[str, Any] = {
    "status__queued": ("sent", None),
    "status__sent": ("sent", None),
    "status__delivered": ("delivered", None),
    "status__undelivered_30034": ("undelivered", "30034"),
    "status__undelivered_21610": ("undelivered", "21610"),
    "status__failed": ("failed", "30008"),
    "status__whatsapp_read": ("delivered", None),
    "inbound__whatsapp": None,
}


def texted() -> tuple[World, str]:
    """A text that has left under the id of the samples."""
    it = world()
    id = it.plan()
    it.pump()
    assert it.message(id).provider_id == "SM1"
    return it, id


@pytest.mark.parametrize("name", [name for name, means in TWILIO_SAMPLES.items() if means])
def test_every_status_of_twilio_means_what_it_should(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    it, id = texted()
    sample = json.loads((SAMPLES / "twilio" / f"{name}.json").read_text()) | {"MessageSid": "SM1", "SmsSid": "SM1"}
    monkeypatch.setattr(f"{__name__}.body_of", lambda *_: urlencode(sample).encode())
    for _ in range(2):
        told(it, "twilio", name)
        assert (it.message(id).status, it.message(id).reason) == TWILIO_SAMPLES[name]
    assert (it.message(id).opened_at is not None) == (name == "status__whatsapp_read")
    sender = it.store.find(Sender, ORG, f"sms.{PLACE}")
    assert sender is not None
    assert (sender.status == "blocked") == (name == "status__undelivered_30034")
    assert (suppression(it, "phone", PHONE) is not None) == (name == "status__undelivered_21610")


def test_whoever_writes_by_whatsapp_may_be_answered_freely_and_is_kept_as_a_contacts_message() -> None:
    it, _ = texted()
    assert not is_open(it.runtime, ORG, PHONE)
    assert told(it, "twilio", "inbound__whatsapp") is None
    assert is_open(it.runtime, ORG, PHONE)
    (found,) = [one for one in every(it.store, Message, ORG) if one.direction == "in"]
    assert (found.channel, found.address, found.body) == ("whatsapp", PHONE, "Sí, todo bien ☃")
    assert found.contact_id is not None
