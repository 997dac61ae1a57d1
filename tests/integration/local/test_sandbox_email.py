"""The sandboxes of SendGrid and SNS, and WhatsApp in Twilio's: what they tell, the product's plugins verify."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from infra.local.sandbox.sendgrid import verification_key
from infra.local.sandbox.web import Answer
from moref.kernel.webhook import Request
from moref.messaging.channels import _sns, sendgrid
from moref.messaging.channels.base import Outgoing
from tests.contract.signers import certificates
from tests.integration.local.receiver import Receiver, receiving
from tests.integration.local.sandbox_client import NOW, NUMBER, PERSON, Client, value

KEY = "SG.sandbox-key"
MAIL = Outgoing(
    to="ada@example.com", sender="Redbird", subject="Hi ☃", body="t", html="<p>t</p>", organization_id="org_1",
    message_id="msg_1", template="ask",
)  # fmt: skip
TOPIC = "arn:aws:sns:us-east-1:000000000000:mail"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def client(receiver: Receiver) -> Client:
    made = Client(receiver.url)
    made.register(vendor="sendgrid", api_key=KEY, url=f"{receiver.url}/sendgrid")
    return made


def send(client: Client, key: str = KEY, **config: str) -> Answer:
    body = json.dumps(sendgrid.mail({"from_email": "hello@redbird.example.com", **config}, MAIL)).encode()
    return client.ask(
        "POST", "/sendgrid/v3/mail/send", body, authorization=f"Bearer {key}", content_type="application/json"
    )


def test_sendgrid_takes_a_mail_shows_it_and_tells_of_it_signed(client: Client, receiver: Receiver) -> None:
    taken = send(client)
    assert taken.status == 202
    assert send(client, key="SG.other").status == 401
    (shown,) = value(client.ask("GET", "/messages.json"))
    assert (shown["channel"], shown["to"], shown["subject"]) == ("email", "ada@example.com", "Hi ☃")
    assert client.requests("sendgrid")[0]["valid"] in (True, None)
    assert client.ask("POST", "/sendgrid/_event?message=msg_1&kind=open").status == 200
    client.await_callbacks()
    events = []
    for request in receiver.received:
        posted = Request("POST", request.path, request.headers, request.body)
        sendgrid.verify(posted, [verification_key(KEY).encode()], NOW.timestamp())
        events += sendgrid.reports(request.body)
    assert [(one.state, one.message_id) for one in events] == [("delivered", "msg_1"), ("opened", "msg_1")]
    assert {one.provider_id for one in events} == {taken.headers["X-Message-Id"]}


def test_a_mail_that_is_not_as_sendgrid_describes_it_is_refused(client: Client) -> None:
    answer = client.ask("POST", "/sendgrid/v3/mail/send", b'{"from": {}}', authorization=f"Bearer {KEY}",
                        content_type="application/json")  # fmt: skip
    if client.requests("sendgrid")[-1]["valid"] is not None:  # with the description at hand
        assert answer.status == 400


def test_an_event_of_ses_is_signed_by_the_certificate_that_the_sandbox_shows(
    client: Client, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"MessageId": "ses-1", "To": ["ada@example.com"], "Tags": {"organization": "org_1", "message": "msg_1"}}
    pem = client.ask("GET", "/sns/SimpleNotificationService-sandbox.pem").body
    with certificates({"sandbox": pem}) as (base, _):
        client.register(vendor="sns", topic_arn=TOPIC, base=base, url=f"{receiver.url}/ses")
        monkeypatch.setattr(client.pages._sns, "_mail", lambda: [record])
        assert client.ask("POST", "/ses/_event?message=msg_1&kind=bounce").status == 200
        assert client.ask("POST", "/ses/_event?message=msg_2&kind=bounce").status == 404
        client.await_callbacks()
        (posted,) = [request for request in receiver.received if request.path == "/ses"]
        _sns.check(posted.body, [{"topic_arn": TOPIC, "certificates_at": base}], NOW.timestamp())
    event = json.loads(json.loads(posted.body)["Message"])
    assert event["mail"]["tags"] == {"organization": ["org_1"], "message": ["msg_1"]}


def test_whatsapp_takes_templates_always_and_free_text_for_a_day_after_the_person_wrote(
    client: Client, receiver: Receiver
) -> None:
    status, chat = f"{receiver.url}/status", {"From": f"whatsapp:{NUMBER}", "To": f"whatsapp:{PERSON}"}
    template = client.text(ContentSid="HX" + "a" * 32, ContentVariables='{"1": "Ada"}', StatusCallback=status, **chat)
    stranger = client.text(Body="free", StatusCallback=status, **chat)
    assert (template.status, stranger.status) == (201, 201)  # the refusal comes later, as a status
    assert client.ask("POST", f"/twilio/_inbound?from=whatsapp:{PERSON}&to=whatsapp:{NUMBER}&body=STOP").status == 200
    friend = client.text(Body="free again", StatusCallback=status, **chat)
    client.await_callbacks()
    forms = [dict(parse_qsl(request.body.decode())) for request in receiver.received if request.path == "/status"]
    last = {form["MessageSid"]: (form["MessageStatus"], form.get("ErrorCode")) for form in forms}
    assert [last[value(each)["sid"]] for each in (template, stranger, friend)] == [
        ("delivered", None), ("failed", "63016"), ("delivered", None),
    ]  # fmt: skip
    (inbound,) = [request for request in receiver.received if request.path == "/inbound"]
    assert dict(parse_qsl(inbound.body.decode()))["From"] == f"whatsapp:{PERSON}"
    assert client.text(Body="mixed", From=NUMBER, To=f"whatsapp:{PERSON}").status == 400
    assert {message["channel"] for message in value(client.ask("GET", "/messages.json"))} == {"whatsapp"}
