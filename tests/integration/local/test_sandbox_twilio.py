"""The Twilio sandbox sends, reports, hears answers and keeps opt-outs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest

from infra.local.sandbox import twilio_text
from infra.local.sandbox.web import Flaw, Request
from tests.integration.local.receiver import Receiver, receiving
from tests.integration.local.sandbox_client import NUMBER, PERSON, SID, TOKEN, Client, value


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def client(receiver: Receiver) -> Client:
    return Client(receiver.url)


def _forms(receiver: Receiver, path: str) -> list[dict[str, str]]:
    return [dict(parse_qsl(request.body.decode())) for request in receiver.received if request.path == path]


def _signed(receiver: Receiver, request: Request) -> bool:
    form = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
    wanted = twilio_text.signature(TOKEN, receiver.url + request.path, form)
    return request.headers["x-twilio-signature"] == wanted


def test_a_text_is_queued_then_reported_sent_and_delivered(client: Client, receiver: Receiver) -> None:
    answer = client.text(Body="Hello", StatusCallback=f"{receiver.url}/status")
    assert (answer.status, value(answer)["status"]) == (201, "queued")
    client.await_callbacks()
    forms = _forms(receiver, "/status")
    assert [form["MessageStatus"] for form in forms] == ["queued", "sent", "delivered"]
    assert {form["MessageSid"] for form in forms} == {value(answer)["sid"]}
    assert all(_signed(receiver, request) for request in receiver.received)


def test_texts_are_found_by_recipient_and_time(client: Client) -> None:
    client.text(Body="one")
    client.text(Body="two", To="+12025550199")
    assert [text["body"] for text in client.texts()] == ["two", "one"]
    assert [text["body"] for text in client.texts(f"?To={PERSON}")] == ["one"]
    assert len(client.texts("?DateSent=2026-11-20")) == 2
    assert client.texts("?DateSent=2026-11-21") == []
    assert len(client.texts("?DateSent>=2026-11-20T15:00:00Z")) == 2
    assert client.texts("?DateSent<=2026-11-20T15:00:00Z") == []


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"To": "2025550123"}, 21211),
        ({"From": "+12025550111"}, 21606),
        ({"Body": ""}, 21602),
        ({"Body": "x" * 1601}, 21617),
    ],
)
def test_a_text_that_twilio_refuses(client: Client, form: dict[str, str], code: int) -> None:
    answer = client.text(**{"Body": "hello", **form})
    assert (answer.status, value(answer)["code"]) == (400, code)
    assert client.texts() == []


def test_a_wrong_token_is_401(client: Client) -> None:
    assert client.text(Body="hello", token="wrong").status == 401


def test_stop_opts_out_is_answered_once_and_told_to_the_product(client: Client, receiver: Receiver) -> None:
    answer = client.ask("POST", f"/twilio/_inbound?from={PERSON}&to={NUMBER}&body=Stop")
    assert value(answer)["opted_out"] is True
    client.await_callbacks()
    form = _forms(receiver, "/inbound")[0]
    assert (form["Body"], form["From"], form["To"], form["AccountSid"]) == ("Stop", PERSON, NUMBER, SID)
    assert _signed(receiver, receiver.received[0])
    assert [text["direction"] for text in client.texts()] == ["outbound-reply"]
    refused = client.text(Body="more")
    assert (refused.status, value(refused)["code"]) == (400, 21610)
    client.ask("POST", f"/twilio/_inbound?from={PERSON}&to={NUMBER}&body=START")
    assert client.text(Body="more").status == 201


def test_an_ordinary_answer_changes_nothing(client: Client, receiver: Receiver) -> None:
    client.ask("POST", f"/twilio/_inbound?from={PERSON}&to={NUMBER}&body=5")
    client.await_callbacks()
    assert _forms(receiver, "/inbound")[0]["Body"] == "5"
    assert client.texts() == []
    assert client.text(Body="thanks").status == 201


def test_an_undelivered_text_has_its_error(client: Client, receiver: Receiver) -> None:
    client.fault("twilio", "undelivered:30005")
    client.text(Body="hello", StatusCallback=f"{receiver.url}/status")
    client.await_callbacks()
    last = _forms(receiver, "/status")[-1]
    assert (last["MessageStatus"], last["ErrorCode"]) == ("undelivered", "30005")
    assert client.texts()[0]["error_code"] == 30005


def test_a_lost_answer_leaves_a_sent_text_and_a_refusal_none(client: Client) -> None:
    client.fault("twilio", "lost_answer")
    assert client.text(Body="hello").flaw is Flaw.LOST
    assert len(client.texts()) == 1
    client.fault("twilio", "http_429")
    refused = client.text(Body="hello")
    assert (refused.status, value(refused)["code"]) == (429, 20429)
    assert len(client.texts()) == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [("a" * 160, 1), ("a" * 161, 2), ("€" * 80, 1), ("€" * 81, 2), ("ж" * 70, 1), ("ж" * 71, 2), ("", 1)],
)
def test_segments_are_counted_as_they_are_billed(text: str, count: int) -> None:
    assert twilio_text.segments(text) == count


def test_recorded_requests_hold_the_form_and_no_secret(client: Client) -> None:
    client.text(Body="hello")
    entry = client.requests("twilio")[0]
    assert entry["body"] == {"From": NUMBER, "To": PERSON, "Body": "hello"}
    assert (entry["path"], entry["status"]) == (f"/2010-04-01/Accounts/{SID}/Messages.json", 201)
    assert TOKEN not in json.dumps(entry)
    assert entry["headers"]["authorization"] == "[redacted]"
