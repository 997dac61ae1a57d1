"""What every CRM adapter keeps, run over each that is found: signatures, time, ids, and samples."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moref.intake.crm import generic, smartmoving
from moref.intake.notice import JobNotice, read_notice
from moref.intake.pulled import Signal
from moref.kernel import plugins
from moref.kernel.errors import BadInput, Malformed, Unauthenticated
from moref.kernel.webhook import Request
from tests.fakes.runtime import START
from tests.shared_specs import ROOT, shared_vendor

PACKAGE = "moref.intake.crm"
SAMPLES = ROOT / "events" / "crm"
NOW = START.timestamp()
Sign = Callable[[bytes, bytes, float], dict[str, str]]


def sign_generic(body: bytes, secret: bytes, at: float) -> dict[str, str]:
    key = base64.b64decode(secret.removeprefix(b"whsec_"))
    digest = hmac.new(key, f"msg_1.{int(at)}.".encode() + body, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return {"webhook-id": "msg_1", "webhook-timestamp": str(int(at)), "webhook-signature": signature}


def sign_smartmoving(body: bytes, secret: bytes, at: float) -> dict[str, str]:
    """Not a signature: the secret itself, of which the adapter is given the digest only."""
    return {"x-moref-secret": next(word for word in WORDS if digested(word) == secret)}


def digested(word: str) -> bytes:
    return b"sha256:" + hashlib.sha256(word.encode()).hexdigest().encode()


WORDS = ("k3jv7q2mzx4bnw5ty6rak3jv7q2mzx4bnw5ty6ra", "zzzv7q2mzx4bnw5ty6rak3jv7q2mzx4bnw5ty6ra")
SENDS_THE_SECRET = {"smartmoving"}  # their webhooks carry neither signature, nor time, nor id

# How each CRM signs, written apart from the adapter: (secret, another secret, sign). An adapter without a row fails.
SIGNERS: dict[str, tuple[bytes, bytes, Sign]] = {
    "generic": (
        b"whsec_" + base64.b64encode(b"0123456789abcdef01234567"),
        b"whsec_" + base64.b64encode(b"another 24 bytes secret!"),
        sign_generic,
    ),
    "smartmoving": (digested(WORDS[0]), digested(WORDS[1]), sign_smartmoving),
}
every_adapter = pytest.mark.parametrize("name", plugins.names(PACKAGE))
every_signing_adapter = pytest.mark.parametrize("name", sorted(set(plugins.names(PACKAGE)) - SENDS_THE_SECRET))


def adapter(name: str) -> ModuleType:
    return plugins.load(PACKAGE, name)


def request(body: bytes, headers: dict[str, str]) -> Request:
    return Request("POST", "https://go.example.test/hooks/crm/x/token", headers, body)


def accepted(name: str, sent: Request, secrets: list[bytes], now: float = NOW) -> bool:
    try:
        adapter(name).verify(sent, secrets, now)
    except Unauthenticated:
        return False
    return True


def refusal(name: str, body: bytes) -> str | None:
    """Why a signed body is of no use; None when it is. Anything but these two errors is a crash."""
    try:
        parsed = adapter(name).parse(body, {})
        if parsed is not None:
            understood(name, parsed)
    except (BadInput, Malformed) as error:
        return error.detail
    return None


def understood(name: str, parsed: dict[str, Any]) -> JobNotice | Signal:
    """A notice; of a thin notification what it names."""
    return Signal(**parsed) if getattr(adapter(name), "THIN", False) else read_notice(parsed, START)


def samples(name: str) -> list[Path]:
    return sorted((SAMPLES / name).glob("*.json"))


@every_adapter
def test_a_right_signature_is_accepted_and_every_other_refused(name: str) -> None:
    secret, other, sign = SIGNERS[name]
    body = '{"name": "Zo\u00eb"}'.encode()
    sent = request(body, sign(body, secret, NOW))
    assert accepted(name, sent, [secret])
    assert accepted(name, sent, [other, secret])  # rotation: old and new both hold
    assert not accepted(name, sent, [other])
    assert not accepted(name, sent, [])
    assert not accepted(name, sent, [b""])
    assert not accepted(name, request(body, {}), [secret])
    for header, value in sent.headers.items():
        for wrong in ("", value[:-1], value + "=", "\u00e9"):
            assert not accepted(name, request(body, {**sent.headers, header: wrong}), [secret])


@every_signing_adapter
def test_a_signature_is_of_the_body(name: str) -> None:
    secret, _, sign = SIGNERS[name]
    assert not accepted(name, request(b"{} ", sign(b"{}", secret, NOW)), [secret])


@every_signing_adapter
@pytest.mark.parametrize(("skew", "good"), [(-301, False), (-299, True), (0, True), (299, True), (301, False)])
def test_a_signature_holds_five_minutes_both_ways(name: str, skew: int, good: bool) -> None:
    secret, _, sign = SIGNERS[name]
    assert accepted(name, request(b"{}", sign(b"{}", secret, NOW)), [secret], now=NOW + skew) is good


@every_signing_adapter
def test_the_same_event_has_the_same_id_however_often_it_is_sent(name: str) -> None:
    secret, _, sign = SIGNERS[name]
    found = {adapter(name).event_id(request(b"{}", sign(b"{}", secret, NOW + later))) for later in (0, 5, 300)}
    assert len(found) == 1


@pytest.mark.parametrize("name", sorted(SENDS_THE_SECRET))
def test_what_has_no_id_of_its_own_is_never_taken_for_a_copy(name: str) -> None:
    """Two equal bodies may be two changes; reading twice does no harm."""
    assert adapter(name).THIN
    assert len({adapter(name).event_id(request(b"{}", {})) for _ in range(50)}) == 50


@pytest.mark.parametrize("name", sorted(SENDS_THE_SECRET))
def test_a_secret_that_is_sent_is_not_stored(name: str) -> None:
    secret, _, sign = SIGNERS[name]
    assert not set(sign(b"{}", secret, NOW)) & set(adapter(name).KEEP_HEADERS)


# Samples of events that name nothing that could be read.
IGNORED = {f"follow-up-{what}__plain.json" for what in ("completed", "changed", "deleted")}


@every_adapter
def test_every_sample_is_a_notice_or_says_what_is_wrong(name: str) -> None:
    assert samples(name)
    for path in samples(name):
        parsed = adapter(name).parse(path.read_bytes(), {})
        if parsed is None:
            assert path.name in IGNORED
            continue
        if "unknown_fact" in path.name:
            with pytest.raises(BadInput, match=r"facts\[0\].kind"):
                read_notice(parsed, START)
        else:
            assert isinstance(understood(name, parsed), JobNotice | Signal)


@every_adapter
@given(body=st.binary(max_size=200))
def test_garbage_is_a_reason_and_never_a_crash(name: str, body: bytes) -> None:
    assert refusal(name, body) != ""


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@every_adapter
@given(data=st.data())
def test_a_sample_with_any_one_value_replaced_is_a_notice_or_a_reason(name: str, data: st.DataObject) -> None:
    event = json.loads(data.draw(st.sampled_from(samples(name))).read_text())
    at: Any = event
    while True:
        keys = sorted(at) if isinstance(at, dict) else range(len(at))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.booleans()):
            at[key] = data.draw(JSON)
            break
        at = at[key]
    assert refusal(name, json.dumps(event).encode()) != ""


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b'{"n": NaN}', b"\xff\xfe", b"", b"null", b"3"])
def test_hostile_json_is_refused_with_a_reason(body: bytes) -> None:
    with pytest.raises((BadInput, Malformed)):
        generic.parse(body, {})


def test_a_text_that_cannot_be_written_as_utf8_is_refused() -> None:
    event = json.loads(samples("generic")[0].read_text())
    event["data"]["customer"]["first_name"] = "\ud800"
    assert "customer.first_name" in (refusal("generic", json.dumps(event).encode()) or "")


@pytest.mark.parametrize("vector", ["vector_v1.json", "vector_v1_invalid.json"])
def test_the_specifications_own_vectors(vector: str) -> None:
    found = json.loads((shared_vendor("standard-webhooks") / "samples" / vector).read_text())
    sent = request(found["body"].encode(), found["headers"])
    now = float(found["headers"]["webhook-timestamp"])
    assert accepted("generic", sent, [found["secret"].encode()], now) is found["valid"]


def test_the_reference_library_signs_what_we_accept() -> None:
    standardwebhooks = pytest.importorskip("standardwebhooks")
    secret = SIGNERS["generic"][0].decode()
    body = '{"name": "Zo\u00eb"}'
    headers = {
        "webhook-id": "msg_2",
        "webhook-timestamp": str(int(NOW)),
        "webhook-signature": standardwebhooks.Webhook(secret).sign("msg_2", START, body),
    }
    assert accepted("generic", request(body.encode(), headers), [secret.encode()])


def test_one_right_signature_among_several_is_enough() -> None:
    secret, _, sign = SIGNERS["generic"]
    headers = sign(b"{}", secret, NOW)
    right = headers["webhook-signature"]
    for around in (f"v1,AAAA {right}", f"{right} v1,AAAA", f"v1a,AAAA= {right} v2,x", f"nonsense {right}", f"{right} "):
        assert accepted("generic", request(b"{}", {**headers, "webhook-signature": around}), [secret])
    for wrong in (right[3:], right.replace("v1,", "v1a,"), right.replace("v1,", "v1"), right + "=", "v1,", "v1,\u00e9"):
        assert not accepted("generic", request(b"{}", {**headers, "webhook-signature": wrong}), [secret])


BODY = b'{"type": "job.updated", "timestamp": "2026-06-02T15:00:00Z", "data": {}}'


@settings(max_examples=5000, deadline=None)
@given(part=st.sampled_from(["body", "webhook-id", "webhook-timestamp", "webhook-signature"]), place=st.integers(0))
def test_any_one_bit_changed_is_refused(part: str, place: int) -> None:
    secret, _, sign = SIGNERS["generic"]
    headers = sign(BODY, secret, NOW)
    raw = BODY if part == "body" else headers[part].encode()
    bit = place % (len(raw) * 8)
    changed = bytes(byte ^ (1 << bit % 8 if at == bit // 8 else 0) for at, byte in enumerate(raw))
    body = changed if part == "body" else BODY
    if part != "body":
        headers[part] = changed.decode("latin-1")
    assert not accepted("generic", request(body, headers), [secret])


@given(headers=st.dictionaries(st.sampled_from(list(sign_generic(b"", b"whsec_", 0))), st.text(max_size=60)))
def test_headers_of_garbage_are_refused_and_never_a_crash(headers: dict[str, str]) -> None:
    assert not accepted("generic", request(BODY, headers), [SIGNERS["generic"][0]])


def test_other_types_of_event_are_ignored() -> None:
    assert generic.parse(b'{"type": "contact.created", "data": {}}', {}) is None


def test_every_event_of_smartmovings_own_document_is_known() -> None:
    given = sorted((shared_vendor("smartmoving") / "samples").glob("webhook.*.json"))
    assert given
    for path in given:
        name = json.loads(path.read_text())["event-type"]
        parsed = smartmoving.parse(path.read_bytes(), {})
        assert name in smartmoving.EVENTS
        assert (parsed is None) is (name in ("follow-up-changed", "follow-up-deleted")), name
    assert len(smartmoving.EVENTS) == 17
    ours = {json.loads(path.read_text())["event-type"] for path in samples("smartmoving")}
    assert ours == set(smartmoving.EVENTS)


@pytest.mark.parametrize("id", ["../../customers", "", "a" * 65, 7, None, "a/b", "a?b=c"])
def test_an_id_that_would_lead_elsewhere_is_refused(id: object) -> None:
    body = json.dumps({"event-type": "opportunity-changed", "opportunity-id": id}).encode()
    with pytest.raises(BadInput, match="opportunity-id"):
        smartmoving.parse(body, {})
