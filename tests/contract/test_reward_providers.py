"""The reward providers against a real socket: requests valid by the vendor's description, every answer a kind."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from moref.kernel import plugins
from moref.kernel.errors import (
    Conflict,
    Malformed,
    MorefError,
    NeedsPerson,
    OutcomeUnknown,
    Retry,
    Unauthenticated,
)
from moref.kernel.money import Money
from moref.kernel.webhook import Request
from moref.rewards.model import Payout
from moref.rewards.providers import tremendous
from tests.shared_specs import shared_vendor

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)


def a_payout(**over: Any) -> Payout:
    fields: dict[str, Any] = {
        "organization_id": "org_1", "id": "pay_1", "created_at": NOW, "updated_at": NOW, "reward_id": "rwd_1",
        "location_id": "loc_1", "provider": "tremendous", "vendor_account_id": "tremendous", "amount": 2550,
        "currency": "USD", "recipient_name": 'Zoë "Z" O\'Hara', "recipient_email": "zoe@home.test",
        "recipient_phone": None, "campaign_id": "CAMPAIGN1", "funding_source_id": "BALANCE",
    }  # fmt: skip
    return Payout(**fields | over)


def an_order(**over: Any) -> dict[str, Any]:
    reward = {
        "id": "REWARD1", "order_id": "ORDER1", "value": {"denomination": 25.5, "currency_code": "USD"},
        "recipient": {"name": "Zoë", "email": "zoe@home.test"}, "delivery": {"method": "EMAIL", "status": "PENDING"},
    }  # fmt: skip
    return {"id": "ORDER1", "external_id": "pay_1", "status": "EXECUTED", "rewards": [reward]} | over


def answer(status: int, body: object, **headers: str) -> bytes:
    content = json.dumps(body).encode()
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{lines}\r\n".encode() + content


@dataclass
class Vendor:
    """Answers each connection with the next of `replies`, byte for byte, and keeps what it was sent."""

    replies: list[bytes]
    seen: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def serve(self, server: socket.socket) -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                method, path, _ = lines.readline().decode().split()
                headers: dict[str, str] = {}
                while (line := lines.readline().decode().strip()) != "":
                    name, _, value = line.partition(":")
                    headers[name.lower()] = value.strip()
                body = lines.read(int(headers.get("content-length", 0)))
                self.seen.append((method, path, headers, body))
                connection.sendall(self.replies.pop(0))

    def client(self) -> tremendous.Tremendous:
        return tremendous.client({"api_key": "TEST_1"}, f"{self.url}/api/v2")


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    found = Vendor([])
    with socket.create_server(("127.0.0.1", 0)) as server:
        found.url = f"http://127.0.0.1:{server.getsockname()[1]}"
        thread = threading.Thread(target=found.serve, args=(server,))
        thread.start()
        yield found
        server.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.parametrize(
    "over",
    [
        {},
        {"amount": 2500},
        {"amount": 1, "recipient_name": ""},
        {"recipient_email": None, "recipient_phone": "+15125550100"},
        {"campaign_id": None},
        {"amount": 2500, "currency": "JPY"},
        {"amount": 12345, "currency": "BHD"},
        {"recipient_name": '", "value": {"denomination": 9999}'},
    ],
)
def test_the_order_is_valid_by_the_vendors_own_description(over: dict[str, Any]) -> None:
    from openapi_core import OpenAPI
    from openapi_core.datatypes import RequestParameters

    payout = a_payout(**over)

    class Asked:
        host_url = "https://testflight.tremendous.com"
        path = "/api/v2/orders"
        method = "post"
        body = tremendous.order_body(payout)
        content_type = "application/json"
        parameters = RequestParameters(header={"Authorization": "Bearer TEST_1"})

    OpenAPI.from_file_path(str(shared_vendor("tremendous") / "openapi.json")).validate_request(Asked())
    sent = json.loads(Asked.body, parse_float=str, parse_int=str)
    decimals = {"USD": 2, "JPY": 0, "BHD": 3}[payout.currency]
    whole, _, part = sent["reward"]["value"]["denomination"].partition(".")
    assert (int(whole + part), len(part)) == (payout.amount, decimals)
    assert sent["external_id"] == payout.id
    assert sent["reward"]["recipient"].get("name", "") == payout.recipient_name
    assert sent["reward"]["delivery"]["method"] == ("EMAIL" if payout.recipient_email else "PHONE")


@pytest.mark.parametrize("status", [200, 201])
def test_an_order_comes_back_in_our_words(vendor: Vendor, status: int) -> None:
    vendor.replies = [answer(status, {"order": an_order()})]
    order = vendor.client().order(a_payout())
    assert (order.id, order.external_id, order.status, order.amount, order.currency) == (
        "ORDER1", "pay_1", "EXECUTED", 2550, "USD",
    )  # fmt: skip
    assert (order.recipient_email, order.reward_id, order.delivery_status) == ("zoe@home.test", "REWARD1", "PENDING")
    method, path, headers, _ = vendor.seen[0]
    assert (method, path, headers["authorization"]) == ("POST", "/api/v2/orders", "Bearer TEST_1")


whole = answer(200, {"order": an_order()})
ANSWERS: list[tuple[bytes, type[MorefError], str]] = [
    (answer(402, {}), Retry, "insufficient_funds"),
    (answer(401, {}), Retry, "credentials"),
    (answer(403, {}), Retry, "credentials"),
    (answer(429, {}, Retry_After="7"), Retry, "rate_limited"),
    (answer(400, {"errors": {"message": "no such campaign"}}), NeedsPerson, "400 no such campaign"),
    (answer(404, {}), NeedsPerson, "404"),
    (answer(422, []), NeedsPerson, "422"),
    (answer(409, {}), Conflict, "the id is taken"),
    (answer(500, {}), OutcomeUnknown, "http 500"),
    (answer(503, {}), OutcomeUnknown, "http 503"),
    (answer(302, {}, Location="http://127.0.0.1:9/"), OutcomeUnknown, "http 302"),
    (b"", OutcomeUnknown, "ConnectionError"),
    (whole[:20], OutcomeUnknown, ""),
    (whole[:-1], OutcomeUnknown, ""),
    (whole[: whole.index(b"\r\n\r\n") + 4], OutcomeUnknown, ""),
    (answer(200, "done"), OutcomeUnknown, "an answer that cannot be read"),
    (answer(200, {"order": {"id": 7}}), OutcomeUnknown, "an answer that is no order of one reward"),
    (answer(200, {"order": an_order(rewards=[{}, {}])}), OutcomeUnknown, "an answer that is no order of one reward"),
]


@pytest.mark.parametrize(("reply", "kind", "words"), ANSWERS)
def test_every_other_answer_is_a_kind_of_failure(
    vendor: Vendor, reply: bytes, kind: type[MorefError], words: str
) -> None:
    vendor.replies = [reply]
    with pytest.raises(MorefError) as caught:
        vendor.client().order(a_payout())
    assert type(caught.value) is kind
    assert caught.value.detail == words or not words
    assert len(vendor.seen) == 1, "asked once, and no redirect followed"
    if words == "rate_limited":
        assert isinstance(caught.value, Retry)
        assert caught.value.seconds == 7


def test_nobody_there_means_nothing_happened() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Retry, match="unreachable"):
        tremendous.client({"api_key": "TEST_1"}, f"http://127.0.0.1:{port}").order(a_payout())


def test_an_order_is_found_by_our_id_and_absence_is_only_an_empty_list(vendor: Vendor) -> None:
    replies = [{"orders": [an_order()], "total_count": 1}, {"orders": [], "total_count": 0}]
    vendor.replies = [answer(200, reply) for reply in replies]
    found = vendor.client().find("pay_1")
    assert found is not None
    assert found.id == "ORDER1"
    assert vendor.client().find("pay_1") is None
    assert vendor.seen[0][1] == "/api/v2/orders?external_id=pay_1"
    unsure: list[object] = [{}, {"orders": [an_order(external_id="pay_2")]}, {"orders": [7]}]
    for reply in unsure:
        vendor.replies = [answer(200, reply)]
        with pytest.raises(OutcomeUnknown):
            vendor.client().find("pay_1")
    vendor.replies = [answer(404, {})]
    with pytest.raises(OutcomeUnknown):
        vendor.client().find("pay_1")


def test_orders_and_rewards_are_read_by_id_and_an_odd_id_is_nobodys(vendor: Vendor) -> None:
    reward = {"reward": {"id": "REWARD1", "order_id": "ORDER1", "delivery": {"method": "EMAIL", "status": "FAILED"}}}
    vendor.replies = [answer(200, {"order": an_order()}), answer(200, reward), answer(404, {}), answer(404, {})]
    client = vendor.client()
    order = client.read("ORDER1")
    assert order is not None
    assert client.reward("REWARD1") == ("ORDER1", "FAILED")
    assert client.read("GONE") is None
    assert client.reward("GONE") is None
    assert client.read("../members") is None
    assert len(vendor.seen) == 4


@pytest.mark.parametrize(
    ("amount", "minor"), [("25.5", 2550), ("25", 2500), ("25.505", None), ("true", None), ('"25"', None), ("NaN", None)]
)
def test_an_amount_is_read_exactly_or_not_at_all(vendor: Vendor, amount: str, minor: int | None) -> None:
    body = json.dumps({"order": an_order()}).replace("25.5,", f"{amount},").encode()
    vendor.replies = [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body]
    assert vendor.client().order(a_payout()).amount == minor


def test_the_address_follows_from_the_key() -> None:
    for key, host in (("TEST_1", "testflight"), ("PROD_1", "api")):
        assert tremendous.client({"api_key": key}, None)._base == f"https://{host}.tremendous.com/api/v2"
    with pytest.raises(Retry, match="credentials"):
        tremendous.client({"api_key": "sk_live"}, None)


# The webhook


def signed() -> tuple[Request, bytes]:
    vector = json.loads((shared_vendor("tremendous") / "constructed" / "signature-vector.json").read_text())
    headers = {"tremendous-webhook-signature": vector["header_Tremendous-Webhook-Signature"]}
    return Request("POST", "", headers, vector["raw_body"].encode()), vector["private_key"].encode()


def test_the_signature_vector_verifies_also_during_a_rotation() -> None:
    request, secret = signed()
    tremendous.verify(request, [secret], 0)
    tremendous.verify(request, [b"new", secret], 0)
    assert tremendous.event_id(request) == "00000000-0000-4000-8000-000000000001"
    assert tremendous.webhook_secret({"webhook_secret": "x"}) == b"x"


@pytest.mark.parametrize("header", ["", "sha256=", "sha256=é", "sha1=ab", "sha256", "sha256=" + "0" * 64])
def test_any_other_signature_is_refused(header: str) -> None:
    request, secret = signed()
    with pytest.raises(Unauthenticated):
        tremendous.verify(Request("POST", "", {tremendous.KEEP_HEADERS[0]: header}, request.body), [secret], 0)
    with pytest.raises(Unauthenticated):
        tremendous.verify(request, [], 0)
    with pytest.raises(Unauthenticated):
        tremendous.verify(request, [b""], 0)
    with pytest.raises(Unauthenticated):
        tremendous.verify(Request("POST", "", request.headers, request.body + b" "), [secret], 0)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"uuid": 7}', b'{"uuid": ""}', b"\xff"])
def test_a_body_without_an_id_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        tremendous.event_id(Request("POST", "", {}, body))


def test_every_provider_keeps_the_webhook_contract() -> None:
    for name in plugins.names("moref.rewards.providers"):
        module = plugins.load("moref.rewards.providers", name)
        for word in ("KEEP_HEADERS", "verify", "event_id", "webhook_secret", "client"):
            assert hasattr(module, word), f"{name} has no {word}"


def test_orders_since_a_moment_are_read_page_by_page_to_the_end(vendor: Vendor) -> None:
    by_hand = an_order(id="ORDER3", external_id=None, rewards=[{}, {}])
    pages: list[list[Any]] = [[an_order(), by_hand], [an_order(id="ORDER2", external_id="pay_2")], []]
    vendor.replies = [answer(200, {"orders": page, "total_count": 3}) for page in pages]
    found = list(vendor.client().since(NOW))
    assert [order.external_id for order in found] == ["pay_1", "pay_2"], "what people ordered by hand is not ours"
    queries = [dict(parse_qsl(urlsplit(path).query)) for _, path, _, _ in vendor.seen]
    assert [query["offset"] for query in queries] == ["0", "2", "3"]
    assert {query["created_at[gte]"] for query in queries} == {"2026-06-02T15:00:00.000000Z"}
    assert {query["limit"] for query in queries} == {"500"}


def test_a_list_that_cannot_be_read_is_no_empty_list(vendor: Vendor) -> None:
    for reply in ({}, {"orders": [7]}, {"orders": None}):
        vendor.replies = [answer(200, reply)]
        with pytest.raises(OutcomeUnknown):
            list(vendor.client().since(NOW))


def _valid(method: str, path: str, body: bytes) -> None:
    """By the vendor's own description."""
    from openapi_core import OpenAPI
    from openapi_core.datatypes import RequestParameters

    class Asked:
        host_url = "https://testflight.tremendous.com"
        content_type = "application/json"
        parameters = RequestParameters(header={"Authorization": "Bearer TEST_1"})

    asked = Asked()
    asked.method, asked.path, asked.body = method.lower(), path, body  # type: ignore[attr-defined]
    OpenAPI.from_file_path(str(shared_vendor("tremendous") / "openapi.json")).validate_request(asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ({"email": "a@b.test", "phone": None}, {"updated_email": "a@b.test"}),
        ({"email": None, "phone": "+15125550100"}, {"updated_phone": "+15125550100"}),
        ({"email": None, "phone": None}, {}),
    ],
)
def test_a_reward_is_sent_again_and_the_answer_may_be_empty(
    vendor: Vendor, address: dict[str, Any], sent: dict[str, str]
) -> None:
    vendor.replies = [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"]
    vendor.client().resend("REWARD1", **address)
    method, path, _, body = vendor.seen[0]
    _valid(method, path, body)
    assert (path, json.loads(body)) == ("/api/v2/rewards/REWARD1/resend", sent)


@pytest.mark.parametrize("status", [404, 422])
def test_what_cannot_be_sent_again_is_for_people(vendor: Vendor, status: int) -> None:
    vendor.replies = [answer(status, {"errors": {"message": "no"}})]
    with pytest.raises(NeedsPerson):
        vendor.client().resend("REWARD1", email="a@b.test", phone=None)


@pytest.mark.parametrize(
    ("meta", "left"),
    [
        ({"available_amount": 250.5, "currency_code": "USD"}, Money(25050, "USD")),
        ({"available_amount": 500, "currency_code": "JPY"}, Money(500, "JPY")),
        ({"available_amount": -3, "currency_code": "USD"}, Money(0, "USD")),
        ({"available_amount": 1, "currency_code": "XXX"}, None),
        ({}, None),
    ],
)
def test_a_balance_is_told_exactly_or_not_at_all(vendor: Vendor, meta: dict[str, Any], left: Money | None) -> None:
    other = {"id": "ANOTHER", "method": "bank_account", "meta": {"available_amount": 1, "currency_code": "USD"}}
    vendor.replies = [answer(200, {"funding_sources": [other, {"id": "SRC1", "method": "balance", "meta": meta}]})] * 2
    assert vendor.client().balance("BALANCE") == left
    assert vendor.client().balance("SRC1") == left
