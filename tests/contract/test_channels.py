"""Twilio's SMS and WhatsApp: its own signature vectors, and what its answers mean over real sockets, held to its own
description. What every channel's webhooks keep is in test_channel_webhooks.py."""

import json
import socket
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlencode

import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from moref.kernel.errors import Malformed, NeedsPerson, OutcomeUnknown, Retry
from moref.kernel.webhook import Request
from moref.messaging.channels import twilio
from moref.messaging.channels.base import Account, Outgoing, Refused
from tests.contract.vendor_server import Answer, serving
from tests.fakes.runtime import fake_runtime
from tests.shared_specs import shared_vendor

SID = "AC" + "a" * 32
ACCOUNT = Account(secret={"account_sid": SID, "auth_token": "12345"}, config={"account_sid": SID}, hook_token="tok")
TEXT = Outgoing(to="+15558675310", sender="+15017122661", body="Hello there", valid_seconds=3600)


# Webhooks


def signed(
    form: dict[str, str], url: str = "https://go.example.test/hooks/twilio/tok", secret: bytes = b"12345"
) -> Request:
    import base64
    import hashlib
    import hmac

    text = url + "".join(name + form[name] for name in sorted(form))
    signature = base64.b64encode(hmac.new(secret, text.encode(), hashlib.sha1).digest()).decode()
    return Request("POST", url, {"x-twilio-signature": signature}, urlencode(form).encode())


def test_signatures_equal_twilios_own_vectors() -> None:
    vectors = json.loads((shared_vendor("twilio") / "samples" / "signature-vectors.json").read_text())
    assert vectors["vectors"]
    for one in vectors["vectors"]:
        body = urlencode(one["params"], doseq=True).encode()
        request = Request("POST", one["url"], {"x-twilio-signature": one["expected"]}, body)
        twilio.verify(request, [vectors["auth_token"].encode()], 0)


def test_the_samples_of_callbacks_and_replies_verify_and_have_an_id_each() -> None:
    ids = set()
    for file in sorted((shared_vendor("twilio") / "constructed").glob("*.json")):
        one = json.loads(file.read_text())
        request = Request("POST", one["url"], {"x-twilio-signature": one["X-Twilio-Signature"]}, one["body"].encode())
        twilio.verify(request, [b"12345"], 0)
        ids.add(twilio.event_id(request))
    assert len(ids) == 3


FORM = {"MessageSid": "SM1", "From": "+15558675310", "To": "+15017122661", "Body": "naïve ☃ & = +", "New": ""}


@pytest.mark.parametrize(
    "url", ["https://go.example.test:443/hooks/twilio/tok", "https://go.example.test/hooks/twilio/tok"]
)
def test_the_port_may_be_in_the_signed_url_or_not(url: str) -> None:
    request = signed(FORM, url)
    plain = Request("POST", "https://go.example.test/hooks/twilio/tok", request.headers, request.body)
    twilio.verify(plain, [b"12345"], 0)


def test_a_status_and_a_later_one_are_two_events_and_a_repeat_is_the_same() -> None:
    one = {"MessageSid": "SM1", "MessageStatus": "sent"}
    assert twilio.event_id(signed(one)) == twilio.event_id(signed(dict(one)))
    assert twilio.event_id(signed(one)) != twilio.event_id(signed(one | {"MessageStatus": "delivered"}))
    with pytest.raises(Malformed):
        twilio.event_id(signed({"Body": "x"}))


# Sending


def error(status: int, code: int) -> Answer:
    return status, json.dumps({"code": code, "message": "x", "status": status}).encode()


def test_a_taken_message_gives_its_sid_and_the_request_is_as_twilio_describes_it() -> None:
    folder = shared_vendor("twilio")
    sample = (folder / "samples" / "message.sent.json").read_bytes()
    with serving("twilio") as (server, runtime):
        server.answer = (201, sample)
        assert twilio.send(runtime, ACCOUNT, TEXT) == "SMXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX"
    ((method, path, headers, body),) = server.seen
    assert (method, path) == ("POST", f"/twilio/2010-04-01/Accounts/{SID}/Messages.json")
    form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
    assert form == {
        "To": "+15558675310", "From": "+15017122661", "Body": "Hello there", "ValidityPeriod": "3600",
        "StatusCallback": "https://go.example.test/hooks/twilio/tok",
    }  # fmt: skip
    OpenAPI.from_file_path(str(folder / "openapi.json")).validate_request(
        MockRequest(
            "https://api.twilio.com",
            "post",
            path.removeprefix("/twilio"),
            headers={"authorization": headers["Authorization"]},
            data=body,
            content_type="application/x-www-form-urlencoded",
        )
    )


def test_a_messaging_service_is_named_as_one() -> None:
    with serving("twilio") as (server, runtime):
        server.answer = (201, b'{"sid": "SM1"}')
        twilio.send(runtime, ACCOUNT, Outgoing(to="+15558675310", sender="MG" + "c" * 32, body="x"))
    form = parse_qs(server.seen[0][3].decode())
    assert form["MessagingServiceSid"] == ["MG" + "c" * 32]
    assert "From" not in form
    assert "ValidityPeriod" not in form


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(429, 20429), Retry),
        (error(401, 20003), NeedsPerson),
        (error(403, 20003), NeedsPerson),
        (error(400, 21211), Refused),
        ((400, b"<html>"), Refused),
        ((404, b"[]"), Refused),
        (error(500, 20500), OutcomeUnknown),
        ((503, b""), OutcomeUnknown),
        ((302, b""), OutcomeUnknown),
        ((201, b'{"sid": "SM'), OutcomeUnknown),
        ((201, b"[]"), OutcomeUnknown),
        ((201, b"{}"), OutcomeUnknown),
        ("cut", OutcomeUnknown),
        ("reset", OutcomeUnknown),
        ("closed", OutcomeUnknown),
    ],
)
def test_each_kind_of_answer_says_what_may_be_done_next(answer: Answer | str, kind: type[Exception]) -> None:
    with serving("twilio") as (server, runtime):
        server.answer = answer
        with pytest.raises(kind):
            twilio.send(runtime, ACCOUNT, TEXT)
        assert len(server.seen) == 1, "nothing is repeated by itself"


def test_21610_is_told_apart() -> None:
    with serving("twilio") as (server, runtime):
        server.answer = error(400, 21610)
        with pytest.raises(Refused) as caught:
            twilio.send(runtime, ACCOUNT, TEXT)
    assert (caught.value.provider_code, caught.value.opted_out) == ("21610", True)


def test_nobody_listening_means_surely_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    runtime = fake_runtime(vendor_urls=json.dumps({"twilio": f"http://127.0.0.1:{port}/twilio"}))
    with pytest.raises(Retry):
        twilio.send(runtime, ACCOUNT, TEXT)


def listed(sid: str, body: str, created: str) -> dict[str, str]:
    return {"sid": sid, "body": body, "date_created": created, "to": TEXT.to}


def test_a_lost_message_is_found_by_recipient_text_and_time() -> None:
    since = datetime(2026, 6, 2, 15, 0, 30, tzinfo=UTC)
    found = [
        listed("SM3", "Sent from your Twilio trial account - Hello there", "Tue, 02 Jun 2026 15:00:31 +0000"),
        listed("SM2", "Something else", "Tue, 02 Jun 2026 15:00:31 +0000"),
        listed("SM1", "Hello there", "Tue, 02 Jun 2026 13:00:00 +0000"),
    ]
    with serving("twilio") as (server, runtime):
        server.answer = (200, json.dumps({"messages": found}).encode())
        assert twilio.find(runtime, ACCOUNT, TEXT, since) == ["SM3"]
        assert "To=%2B15558675310" in server.seen[0][1]
        for answer in ((500, b""), (200, b"{"), (200, b"{}"), (200, b'{"messages": [1]}'), "reset"):
            server.answer = answer
            with pytest.raises(Retry):
                twilio.find(runtime, ACCOUNT, TEXT, since)
