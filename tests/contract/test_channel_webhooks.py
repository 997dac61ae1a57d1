"""Every channel's webhooks at the vendors' door: what the right key signed is stored once, anything else is 401
and leaves no trace. One suite over every channel that the folder has."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from moref.intake.hook_door import PUBLIC, Sender
from moref.kernel import plugins
from moref.kernel.env import VendorWebhook
from moref.kernel.errors import Unauthenticated
from moref.kernel.webhook import LARGEST_BODY, Request
from moref.messaging.channels import _sns, sendgrid
from tests.contract.signers import Post, SendGridSigner, Signer, SnsSigner, TwilioSigner, certificate, certificates
from tests.fakes.light import FakeLight
from tests.shared_specs import shared_vendor
from tests.unit.doors import world
from vendor_webhook import handler as vendor_handler
from vendor_webhook.senders import senders

BASE = "https://go.example.test"
CHANNELS = {name: plugins.load("moref.messaging.channels", name) for name in plugins.names("moref.messaging.channels")}
HOOKS = sorted({channel.HOOK for channel in CHANNELS.values() if hasattr(channel, "HOOK")})
CERTIFICATES = {"amazon": certificate("amazon"), "other": certificate("other"), "old": certificate("old", 2020, 2021),
                "text": b"no certificate", "busy": b"500"}  # fmt: skip


class Door:
    """One vendor's hook with some secrets in force, newest first."""

    def __init__(self, name: str, signer: Signer, asked: list[str], patch: pytest.MonkeyPatch) -> None:
        self.name, self.signer, self.asked, self._patch = name, signer, asked, patch
        self.clock = world.Clock()
        self.open([0])

    def open(self, secrets: list[int]) -> None:
        stored = [json.dumps(self.signer.stored(key)).encode() for key in secrets]
        hook = world.hook(stored, source=self.name, purpose=f"vendor:{self.name}", connection_id=self.name)
        made, light = world.door(self.clock, hook, base_url=BASE)
        settings = VendorWebhook()
        settings.mail_topic, settings.vendor_urls = "arn:aws:sns:us-east-1:123456789012:mail-0", "{}"
        known = senders(settings)
        if known[self.name].standing is not None:
            known[self.name] = self._standing(known[self.name], stored)
        self.token = known[self.name].standing[0] if known[self.name].standing else world.TOKEN  # type: ignore[index]
        self.light: FakeLight = light
        self._patch.setattr(vendor_handler, "door", lambda: made)
        self._patch.setattr(vendor_handler, "sender", known.get)

    def _standing(self, sender: Sender, stored: list[bytes]) -> Sender:
        assert sender.standing is not None
        hook = sender.standing[1] | {"secret_ciphertexts": [PUBLIC + one.decode() for one in stored]}
        return Sender(sender.name, sender.package, sender.source, sender.purpose, standing=(sender.standing[0], hook))

    def event(self, *, key: int = 0, number: int = 1, age: float = 0) -> Post:
        return self.signer.post(f"{BASE}/hooks/{self.name}/{self.token}", self.clock.at - age, key=key, number=number)

    def post(self, post: Post, token: str = "") -> int:
        body, headers = post
        event = world.post(body, headers, as_base64=True)
        event |= {"rawPath": f"/hooks/{self.name}/{token or self.token}"}
        event["pathParameters"] = {"vendor": self.name, "token": token or self.token}
        return int(vendor_handler.handler(event, None)["statusCode"])

    def stored(self) -> list[dict[str, Any]]:
        return world.inbox(self.light)


@pytest.fixture(scope="module")
def amazon() -> Iterator[tuple[str, list[str]]]:
    with certificates(CERTIFICATES) as found:
        yield found


def make(name: str, amazon: tuple[str, list[str]], patch: pytest.MonkeyPatch) -> Door:
    for cache in ("_certificates", "_refused", "_lookups"):
        patch.setattr(_sns, cache, type(_sns._certificates)(seconds=3600, size=20))
    del amazon[1][:]
    signers: dict[str, Signer] = {
        "twilio": TwilioSigner(), "sendgrid": SendGridSigner(), "ses": SnsSigner(amazon[0])
    }  # fmt: skip
    assert signers.keys() == set(HOOKS), "a channel without a signer here is a channel without a test"
    return Door(name, signers[name], amazon[1], patch)


@pytest.fixture(params=HOOKS)
def door(request: pytest.FixtureRequest, amazon: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> Door:
    return make(request.param, amazon, monkeypatch)


@pytest.fixture
def ses(amazon: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> Door:
    return make("ses", amazon, monkeypatch)


@pytest.mark.parametrize("name", CHANNELS)
def test_every_channel_keeps_the_contract(name: str) -> None:
    module = CHANNELS[name]
    assert name == module.NAME
    assert module.KIND in ("sms", "whatsapp", "email")
    assert module.LANE in ("platform", "account", "sender")
    assert callable(module.send)
    assert callable(module.find)
    assert isinstance(module.CAN_FIND, bool)
    assert module.VENDOR_ACCOUNT is None or isinstance(module.VENDOR_ACCOUNT, str)
    for word in ("verify", "event_id", "reports", "webhook_secret"):
        assert callable(getattr(module, word)), word


def test_a_signed_event_is_stored_once_under_one_id_however_often_it_comes(door: Door) -> None:
    post = door.event()
    assert [door.post(post) // 100 for _ in range(3)] == [2, 2, 2]
    (row,) = door.stored()
    assert row["data"]["source"] == door.name
    assert door.post(door.event(number=2)) // 100 == 2
    assert len({row["data"]["event_id"] for row in door.stored()}) == 2


def test_a_missing_empty_garbled_or_foreign_signature_is_401_and_leaves_no_trace(door: Door) -> None:
    good = door.event()
    for bad in door.signer.forged(good):
        assert door.post(bad) == 401, bad
    assert door.stored() == []


def test_any_changed_byte_of_the_body_is_401(door: Door) -> None:
    body, headers = door.event()
    for at in range(0, len(body), 7):
        changed = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
        if door.post((changed, headers)) != 401:
            assert _unsigned(door, body, changed), changed
    assert len(door.stored()) <= 1


def _unsigned(door: Door, body: bytes, changed: bytes) -> bool:
    """SNS leaves some fields unsigned; what is signed must still be what was sent."""
    if door.name != "ses":
        return False
    before, after = json.loads(body), json.loads(changed)
    return all(
        before.get(name) == after.get(name) for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    )


def test_another_tenants_or_topics_signature_is_401(door: Door) -> None:
    assert door.post(door.event(key=9)) == 401
    assert door.stored() == []


def test_either_secret_of_a_rotation_counts_and_an_older_one_does_not(door: Door) -> None:
    door.open([1, 0])
    assert [door.post(door.event(key=key, number=key)) // 100 for key in (0, 1)] == [2, 2]
    assert door.post(door.event(key=2, number=2)) == 401
    assert len(door.stored()) == 2


def test_a_stale_signature_is_401_where_the_scheme_signs_a_time(door: Door) -> None:
    if not door.signer.signs_time:
        assert door.name == "twilio"  # it signs no time: a replay is found by its id
        return
    hours = 3600 * 2
    for age in (hours, -hours, 10 * 365 * 86400):
        assert door.post(door.event(age=age)) == 401
    assert door.stored() == []


def test_without_a_secret_or_under_an_unknown_token_nothing_comes_in(door: Door) -> None:
    assert door.post(door.event(), token="t0k3nt0k3nt0k3nt0k3n") == 404
    door.open([])
    assert door.post(door.event()) == 401
    assert door.stored() == []


# SendGrid


def test_sendgrids_own_vectors() -> None:
    vector = json.loads((shared_vendor("sendgrid") / "samples" / "signature-vector.json").read_text())
    name = "X-Twilio-Email-Event-Webhook-"
    good = {
        "public_key": vector["public_key_base64_der"], "raw_body": vector["raw_body"],
        "signature": vector[f"header_{name}Signature"], "timestamp": vector[f"header_{name}Timestamp"],
    }  # fmt: skip

    def check(values: dict[str, str]) -> None:
        headers = {f"{name}Signature".lower(): values["signature"], f"{name}Timestamp".lower(): values["timestamp"]}
        request = Request("POST", "https://go.example.test", headers, values["raw_body"].encode())
        sendgrid.verify(request, [values["public_key"].encode()], 1600112502 + 299)

    check(good)
    assert vector["negative_vectors"]
    for each in vector["negative_vectors"]:
        with pytest.raises(Unauthenticated):
            check(good | {each["change"]: each["value"]})


@pytest.mark.parametrize(("age", "status"), [(299, 202), (301, 401), (-299, 202), (-301, 401)])
def test_sendgrids_signed_time_may_be_five_minutes_away(
    age: int, status: int, amazon: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert make("sendgrid", amazon, monkeypatch).post(_exact(age)) == status


def _exact(age: int) -> Post:
    return SendGridSigner().post("", int(world.NOW) - age)


def test_a_full_batch_of_sendgrid_is_taken(amazon: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    door = make("sendgrid", amazon, monkeypatch)
    event = {"event": "delivered", "email": "ann@example.com", "sg_event_id": "x" * 20, "response": "250 OK"}
    batch = json.dumps([event | {"n": n} for n in range(7000)]).encode()
    assert 768_000 < len(batch) < LARGEST_BODY
    assert door.post(SendGridSigner().sign(batch, world.NOW)) == 202


# SES by SNS


def test_the_published_envelopes_carry_no_real_signature_and_are_401(ses: Door) -> None:
    for file in (shared_vendor("ses") / "samples").glob("sns-envelope.*.json"):
        envelope = json.loads(file.read_text()) | {"TopicArn": "arn:aws:sns:us-east-1:123456789012:mail-0"}
        assert ses.post((json.dumps(envelope).encode(), {})) == 401
    assert ses.asked == []


def test_an_event_is_kept_for_the_organization_that_its_mail_was_tagged_with(ses: Door) -> None:
    assert isinstance(ses.signer, SnsSigner)
    owners = []
    for number, tags in enumerate(
        ({"organization": ["org_7"]}, {"organization": ["*"]}, {"organization": ["a#b"]}, {})
    ):
        event = {"eventType": "Delivery", "mail": {"messageId": "s", "tags": tags}, "delivery": {}}
        assert ses.post(ses.signer.message(json.dumps(event), ses.clock.at, MessageId=f"o-{number}")) == 202
        owners = sorted(row["pk"].partition("#")[0] for row in ses.stored())
    assert owners == ["org_7", "platform", "platform", "platform"]


def message(ses: Door, *, signed_by: str = "amazon", **over: str) -> Post:
    assert isinstance(ses.signer, SnsSigner)
    return ses.signer.message("{}", ses.clock.at, key=0, signed_by=signed_by, **over)


def test_both_signature_versions_and_every_kind_of_message_verify(ses: Door) -> None:
    assert ses.post(message(ses, SignatureVersion="1")) == 202
    assert ses.post(message(ses, MessageId="n-2", Subject="Amazon SES Email Event Notification")) == 202
    for number, kind in enumerate(("SubscriptionConfirmation", "UnsubscribeConfirmation")):
        more = {"Token": "t", "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"}
        assert ses.post(message(ses, Type=kind, MessageId=f"c-{number}", **more)) == 202
    assert ses.post(message(ses, SignatureVersion="3")) == 401


def test_a_certificate_is_read_once_and_only_from_amazons_address(ses: Door) -> None:
    del ses.asked[:]
    for number in range(5):
        assert ses.post(message(ses, MessageId=f"n-{number}")) == 202
    assert ses.asked == ["/SimpleNotificationService-amazon.pem"]
    assert isinstance(ses.signer, SnsSigner)
    base = ses.signer.base
    for place in (
        "http://127.0.0.1:1/SimpleNotificationService-amazon.pem",
        f"{base}.evil.example/SimpleNotificationService-amazon.pem",
        f"{base}@evil.example/SimpleNotificationService-amazon.pem",
        f"{base}/other/SimpleNotificationService-amazon.pem",
        f"{base}/SimpleNotificationService-../x.pem",
        f"{base}/SimpleNotificationService-amazon.pem?x=.pem",
        f"{base}/SimpleNotificationService-{'a' * 65}.pem",
        f"{base}/SimpleNotificationService-.pem",
        base.replace("http:", "https:") + "/SimpleNotificationService-amazon.pem",
    ):
        assert ses.post(message(ses, MessageId="bad", SigningCertURL=place)) == 401, place
    assert len(ses.asked) == 1
    assert len(ses.stored()) == 5


def test_a_key_of_anothers_certificate_an_old_one_and_none_at_all_are_401(ses: Door) -> None:
    assert isinstance(ses.signer, SnsSigner)
    foreign = f"{ses.signer.base}/SimpleNotificationService-other.pem"
    assert ses.post(message(ses, SigningCertURL=foreign)) == 401  # signed by "amazon", claimed to be "other"
    assert ses.post(message(ses, signed_by="old")) == 401
    assert ses.post(message(ses, signed_by="text")) == 401
    assert ses.post(message(ses, signed_by="absent")) == 401
    assert ses.stored() == []


def test_when_amazon_does_not_answer_sns_is_asked_to_come_again(ses: Door) -> None:
    assert ses.post(message(ses, signed_by="busy")) == 503
    assert ses.stored() == []


def test_made_up_certificates_cause_few_questions(ses: Door) -> None:
    del ses.asked[:]
    answers = {ses.post(message(ses, SigningCertURL=f"{ses.signer.base}/SimpleNotificationService-{n}.pem"))  # type: ignore[attr-defined]
               for n in range(60)}  # fmt: skip
    assert answers == {401, 503}
    assert len(ses.asked) <= 20
