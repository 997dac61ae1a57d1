"""Stripe: signatures by its own vector, every request by its own description, every answer to one of our kinds."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.sandbox.callbacks import Callback
from infra.local.sandbox.faults import Faults
from infra.local.sandbox.record import Recorder
from infra.local.sandbox.stripe import Stripe as Sandbox
from infra.local.sandbox.stripe import signature
from infra.local.sandbox.stripe_form import checker
from infra.local.sandbox.validate import Validator
from infra.local.sandbox.vendor import Counter
from infra.local.sandbox.web import Request as Asked
from infra.local.sandbox.web import web_server
from moref.billing.plans import plan_for, plans
from moref.billing.ports import Order
from moref.billing.processors import stripe
from moref.kernel.errors import Malformed, NeedsPerson, Retry, Unauthenticated
from moref.kernel.webhook import Request
from tests.shared_specs import shared_vendor

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
SECRETS = [b"whsec_new", b"whsec_old"]
STAMP = 1_700_000_000


def signed(body: bytes, header: str) -> Request:
    return Request("POST", "https://go.example.test/hooks/stripe/platform", {"stripe-signature": header}, body)


def test_the_vendor_s_own_vector_is_let_in() -> None:
    vector = json.loads((shared_vendor("stripe") / "constructed" / "signature-vector.json").read_text())
    request = signed(vector["raw_body"].encode(), vector["header_Stripe-Signature"])
    stripe.verify(request, [vector["secret"].encode()], vector["timestamp"])
    assert stripe.event_id(request) == "evt_test_webhook"
    with pytest.raises(Unauthenticated):
        stripe.verify(request, [b"whsec_other"], vector["timestamp"])
    with pytest.raises(Unauthenticated):
        stripe.verify(request, [], vector["timestamp"])


@pytest.mark.parametrize(("skew", "let_in"), [(-301, False), (-299, True), (0, True), (299, True), (301, False)])
def test_the_window_holds_in_both_directions(skew: int, let_in: bool) -> None:
    body = b'{"id": "evt_1"}'
    request = signed(body, signature("whsec_new", STAMP, body))
    if let_in:
        stripe.verify(request, SECRETS, STAMP + skew)
    else:
        with pytest.raises(Unauthenticated, match="too far off"):
            stripe.verify(request, SECRETS, STAMP + skew)


def test_any_of_several_signatures_and_secrets_is_enough_while_one_is_rolled() -> None:
    body = b'{"id": "evt_1"}'
    old = signature("whsec_old", STAMP, body)
    stripe.verify(signed(body, f"t={STAMP},v1={'0' * 64},{old.partition(',')[2]}"), SECRETS, STAMP)
    for header in (old.replace("v1=", "v0="), f"t={STAMP + 1},{old.partition(',')[2]}", f"{old},t={STAMP}"):
        with pytest.raises(Unauthenticated):
            stripe.verify(signed(body, header), SECRETS, STAMP)


@given(st.text(max_size=80), st.binary(max_size=80))
def test_no_other_header_is_let_in_and_nothing_breaks(header: str, body: bytes) -> None:
    with pytest.raises(Unauthenticated):
        stripe.verify(signed(body, header), SECRETS, STAMP)


@given(st.integers(0, 10_000), st.sampled_from(["body", "header"]))
def test_a_single_changed_bit_shuts_the_door(place: int, where: str) -> None:
    body, header = (
        b'{"id": "evt_1", "object": "event"}',
        signature("whsec_new", STAMP, b'{"id": "evt_1", "object": "event"}'),
    )
    changed = bytearray(body if where == "body" else header.encode())
    changed[place // 8 % len(changed)] ^= 1 << place % 7
    text = changed.decode("latin-1")
    request = signed(bytes(changed), header) if where == "body" else signed(body, text)
    if where == "header" and text.lower() == header.lower():
        return
    with pytest.raises(Unauthenticated):
        stripe.verify(request, SECRETS, STAMP)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"id": 7}', b'{"id": ""}', b"\xff", b"[" * 100_000])
def test_an_event_without_an_id_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        stripe.event_id(signed(body, ""))


class Served:
    """The sandbox on loopback, every request to it checked against Stripe's description."""

    def __init__(self) -> None:
        self.told: list[Callback] = []
        self.now, self.recorder, self.faults = NOW, Recorder(), Faults()
        self.sandbox = Sandbox(lambda: self.now, self)  # type: ignore[arg-type]
        rows = [{"lookup_key": p.lookup_key, "amount": p.amount, "currency": p.currency} for p in plans(NOW)]
        account = {
            "api_key": "sk_test_x",
            "secret": "whsec_new",
            "url": "https://go.example.test/hooks",
            "prices": rows,
        }
        self.sandbox.register(account)
        counter = Counter([self.sandbox], self.recorder, self.faults, Validator(shared_vendor("stripe").parent))
        self.server = web_server(0, lambda request: counter.serve(self.sandbox, request, self.now))
        self.client = stripe.client("sk_test_x", f"http://127.0.0.1:{self.server.server_port}/stripe")

    def send(self, callback: Callback) -> None:
        self.told.append(callback)

    def order(self, customer: str, **over: Any) -> Order:
        price = self.client.price(plan_for(2, NOW))
        fields: dict[str, Any] = {
            "organization_id": "org_1", "customer_id": customer, "price_id": price, "quantity": 2,
            "return_url": "https://app.example.com/billing", "trial_end": None,
        }  # fmt: skip
        return Order(**fields | over)


@pytest.fixture
def at() -> Iterator[Served]:
    served = Served()
    thread = threading.Thread(target=served.server.serve_forever, args=(0.01,))
    thread.start()
    yield served
    served.server.shutdown()
    served.server.server_close()
    thread.join()


def test_from_the_first_page_to_the_end_of_a_subscription_every_request_is_valid(at: Served) -> None:
    customer = at.client.customer("org_1", "Bluebird & Söhne", "owner@bluebird.example.com", key="k1")
    trial_end = NOW + timedelta(days=10)
    session = at.client.checkout(at.order(customer, trial_end=trial_end), key="k2")
    assert session.open
    assert session.url
    assert at.client.subscription("org_1", customer) is None
    at.sandbox.pay(session.id)
    found = at.client.session(session.id)
    assert found is not None
    assert (found.open, at.client.session("cs_none")) == (False, None)
    told = at.client.subscription("org_1", customer)
    assert told is not None
    assert (told.status, told.quantity, told.lookup_key) == ("trialing", 2, "moref_team_2026_01")
    assert (told.began_at, told.period_end) == (NOW, trial_end)
    at.client.change(told.id, told.item_id, at.client.price(plan_for(10, NOW)), 10, key="k3")
    at.now = trial_end + timedelta(hours=1)
    told = at.client.subscription("org_1", customer)
    assert told is not None
    assert (told.status, told.quantity, told.period_start) == ("active", 10, trial_end)
    assert at.client.portal(customer, "https://app.example.com/billing").startswith("https://")
    for ends in (True, False):
        at.client.end(told.id, with_period=ends)
        told = at.client.subscription("org_1", customer)
        assert told is not None
        assert told.cancel_at == (told.period_end if ends else None)
    at.client.expire(session.id)  # it was paid on: nothing to close
    at.sandbox.set(customer, "canceled")
    told = at.client.subscription("org_1", customer)
    assert told is not None
    assert (told.status, told.ended_at) == ("canceled", at.now)
    assert at.client.subscription("org_of_another", customer) is None
    requests = at.recorder.of("stripe")
    assert [entry["error"] for entry in requests if entry["valid"] is not True] == []
    assert {entry["headers"]["stripe-version"] for entry in requests} == {stripe.VERSION}
    posts = [entry for entry in requests if entry["method"] == "POST" and "portal" not in entry["path"]
             and "cancel_at_period_end" not in entry["raw_body"]]  # fmt: skip
    assert all("idempotency-key" in entry["headers"] for entry in posts if not entry["path"].endswith("/expire"))


def test_what_the_sandbox_tells_is_signed_as_the_door_asks(at: Served) -> None:
    customer = at.client.customer("org_1", "Bluebird", None, key="k1")
    at.sandbox.pay(at.client.checkout(at.order(customer), key="k2").id)
    assert [callback.what for callback in at.told][-1] == "checkout.session.completed"
    for callback in at.told:
        stripe.verify(signed(callback.body, callback.headers["Stripe-Signature"]), SECRETS, NOW.timestamp())


def test_the_same_key_has_its_effect_once_and_with_other_content_none(at: Served) -> None:
    customer = at.client.customer("org_1", "Bluebird", None, key="k1")
    assert at.client.customer("org_1", "Bluebird", None, key="k1") == customer
    with pytest.raises(NeedsPerson):
        at.client.customer("org_1", "Redbird", None, key="k1")


@pytest.mark.parametrize(
    ("kind", "failure"),
    [("http_500", Retry), ("http_503", Retry), ("http_429", Retry), ("http_409", Retry), ("http_402", NeedsPerson),
     ("lost_answer", Retry), ("truncated", Retry)],
)  # fmt: skip
def test_whatever_goes_wrong_is_one_of_our_kinds_and_repeating_heals_it(
    at: Served, kind: str, failure: type[Exception]
) -> None:
    at.faults.order("stripe", kind)
    with pytest.raises(failure):
        at.client.customer("org_1", "Bluebird", None, key="k1")
    customer = at.client.customer("org_1", "Bluebird", None, key="k1")
    made = [entry for entry in at.recorder.of("stripe") if entry["status"] == 200]
    assert made
    assert at.client.subscription("org_1", customer) is None


def test_a_wrong_key_is_a_matter_of_credentials(at: Served) -> None:
    other = stripe.client("sk_test_wrong", at.client._base)
    with pytest.raises(Retry, match="credentials"):
        other.price(plan_for(1, NOW))
    nobody = stripe.client("sk_test_x", "http://127.0.0.1:9")
    with pytest.raises(Retry, match="unreachable"):
        nobody.price(plan_for(1, NOW))


def test_a_price_that_is_not_the_published_one_is_refused(at: Served) -> None:
    plan = plan_for(1, NOW)
    at.sandbox._account["prices"][0]["amount"] += 100
    with pytest.raises(NeedsPerson, match="not what was published"):
        at.client.price(plan)
    at.sandbox._account["prices"].clear()
    with pytest.raises(NeedsPerson, match="no price"):
        at.client.price(plan)


def test_two_subscriptions_that_run_are_a_person_s_matter(at: Served) -> None:
    customer = at.client.customer("org_1", "Bluebird", None, key="k1")
    for key in ("k2", "k3"):
        at.sandbox.pay(at.client.checkout(at.order(customer), key=key).id)
    with pytest.raises(NeedsPerson, match="2 subscriptions"):
        at.client.subscription("org_1", customer)


def test_the_vendor_s_example_of_a_subscription_is_read() -> None:
    example = json.loads((shared_vendor("stripe") / "samples" / "fixture.subscription.json").read_text())
    told = stripe._snapshot(example)
    assert (told.id, told.quantity, told.price_id) == (
        "sub_1Pgc6rB7WZ01zgkWNy0Cn5nw", 1, "price_1PgafmB7WZ01zgkW6dKueIc5",
    )  # fmt: skip
    assert told.period_end == datetime.fromtimestamp(976287773, UTC)


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ("mode=subscription&line_items[0][price]=p&line_items[0][quantity]=2", None),
        ("mode=subscription&line_items[0][price]=p&line_items[0][quantity]=many", "quantity"),
        ("mode=gift&line_items[0][price]=p", "mode"),
        ("colour=blue", "colour"),
    ],
)
def test_the_description_is_really_asked(body: str, wrong: str | None) -> None:
    check = checker(json.loads((shared_vendor("stripe") / "openapi.json").read_text()))
    found = check("/v1/checkout/sessions", Asked("POST", "/v1/checkout/sessions", {}, {}, body.encode()))
    assert (found is None) if wrong is None else wrong in (found or "")


def test_our_signature_is_the_documented_one() -> None:
    digest = hmac.new(b"s", b"1.body", hashlib.sha256).hexdigest()
    assert signature("s", 1, b"body") == f"t=1,v1={digest}"
