"""The vendors' door: the same promises as the CRM's, with each vendor's own signature and answer."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

import pytest

from moref.intake.hook_door import HookDoor
from moref.intake.model import InboxEvent
from moref.kernel.env import VendorWebhook
from tests.fakes.light import FakeLight
from tests.unit.doors import world
from vendor_webhook import handler as vendor_handler
from vendor_webhook.senders import senders

BASE = "https://go.example.test"
AUTH_TOKEN = b"an-auth-token-of-twilio"
KEY = b"a-private-key-of-tremendous"
SETTINGS = VendorWebhook()
SETTINGS.mail_topic, SETTINGS.vendor_urls = "arn:aws:sns:us-east-1:123456789012:mail", "{}"
SECRETS = {
    "twilio": json.dumps({"account_sid": "AC1", "auth_token": AUTH_TOKEN.decode()}).encode(),
    "tremendous": json.dumps({"api_key": "TEST_x", "webhook_secret": KEY.decode()}).encode(),
}


@pytest.fixture
def here(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> FakeLight:
    vendor = request.param
    hook = world.hook([SECRETS[vendor]], source=vendor, purpose=f"vendor:{vendor}", connection_id=vendor)
    made, light = world.door(None, hook, base_url=BASE)
    monkeypatch.setattr(vendor_handler, "door", lambda: made)
    monkeypatch.setattr(vendor_handler, "sender", senders(SETTINGS).get)
    assert isinstance(made, HookDoor)
    return light


def post(vendor: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    event = world.post(body, headers, as_base64=True)
    event |= {"rawPath": f"/hooks/{vendor}/{world.TOKEN}"}
    event["pathParameters"] = {"vendor": vendor, "token": world.TOKEN}
    return vendor_handler.handler(event, None)


def twilio(form: dict[str, str], *, url: str = f"{BASE}/hooks/twilio/{world.TOKEN}") -> tuple[bytes, dict[str, str]]:
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(AUTH_TOKEN, signed.encode(), hashlib.sha1).digest()
    return urlencode(form).encode(), {"X-Twilio-Signature": base64.b64encode(digest).decode()}


def tremendous(body: bytes) -> tuple[bytes, dict[str, str]]:
    return body, {"Tremendous-Webhook-Signature": "sha256=" + hmac.new(KEY, body, hashlib.sha256).hexdigest()}


STATUS = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+15125550142", "Body": "Zo\u00eb & co"}


@pytest.mark.parametrize("here", ["twilio"], indirect=True)
def test_a_status_of_twilio_is_stored_under_the_message_and_status(here: FakeLight) -> None:
    answer = post("twilio", *twilio(STATUS))
    assert (answer["statusCode"], answer["headers"]["content-type"], answer["body"]) == (200, "text/xml", "<Response/>")
    assert post("twilio", *twilio(STATUS))["statusCode"] == 200
    assert post("twilio", *twilio({**STATUS, "MessageStatus": "sent"}))["statusCode"] == 200
    events = [InboxEvent.from_row(row) for row in world.inbox(here)]
    assert sorted(event.event_id for event in events) == ["SM1.delivered", "SM1.sent"]
    assert {(event.organization_id, event.source) for event in events} == {("org_A", "twilio")}


@pytest.mark.parametrize("here", ["twilio"], indirect=True)
def test_a_signature_for_another_address_is_refused(here: FakeLight) -> None:
    assert post("twilio", *twilio(STATUS, url=f"https://evil.example/hooks/twilio/{world.TOKEN}"))["statusCode"] == 401
    assert world.inbox(here) == []


@pytest.mark.parametrize("here", ["tremendous"], indirect=True)
def test_an_event_of_tremendous_is_stored_once(here: FakeLight) -> None:
    signed = tremendous(b'{"event": "REWARDS.DELIVERY.SUCCEEDED", "uuid": "u-1"}')
    assert [post("tremendous", *signed)["statusCode"] for _ in range(2)] == [202, 202]
    (row,) = world.inbox(here)
    assert row["data"]["event_id"] == "u-1"


@pytest.mark.parametrize("here", ["tremendous"], indirect=True)
def test_a_signed_body_that_nobody_can_read_is_stored_for_people_to_see(here: FakeLight) -> None:
    assert post("tremendous", *tremendous(b"\xff not json"))["statusCode"] == 202
    assert world.inbox(here)[0]["data"]["event_id"].startswith("unreadable-")


@pytest.mark.parametrize("here", ["tremendous"], indirect=True)
def test_a_wrong_signature_is_401_and_an_unknown_vendor_404(here: FakeLight) -> None:
    body, _ = tremendous(b'{"uuid": "u-1"}')
    assert post("tremendous", body, {"tremendous-webhook-signature": "sha256=00"})["statusCode"] == 401
    assert post("crm", body, {})["statusCode"] == 404
    assert post("twilio", *twilio(STATUS))["statusCode"] == 404  # the token is another vendor's
    assert world.inbox(here) == []
