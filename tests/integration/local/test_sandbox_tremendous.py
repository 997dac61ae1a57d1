"""The Tremendous sandbox keeps the vendor's promises, and breaks them on demand."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator

import pytest

from infra.local.sandbox.web import Flaw
from tests.integration.local.receiver import Receiver, receiving
from tests.integration.local.sandbox_client import SECRET, Client, order, value


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def client(receiver: Receiver) -> Client:
    return Client(receiver.url)


def test_a_new_external_id_makes_an_order_that_can_be_found_in_three_ways(client: Client) -> None:
    created = client.tremendous("POST", "/orders", order("payout-1"))
    assert created.status == 200
    made = value(created)["order"]
    assert made["status"] == "EXECUTED"
    assert value(client.tremendous("GET", "/orders?external_id=payout-1"))["orders"][0]["id"] == made["id"]
    assert value(client.tremendous("GET", f"/orders/{made['id']}"))["order"]["external_id"] == "payout-1"
    reward_id = made["rewards"][0]["id"]
    reward = value(client.tremendous("GET", f"/rewards/{reward_id}"))["reward"]
    assert (reward["value"]["denomination"], reward["delivery"]["status"]) == (25, "SUCCEEDED")


def test_the_same_payload_again_is_201_with_the_first_order_and_another_is_409(client: Client) -> None:
    first = value(client.tremendous("POST", "/orders", order("payout-1")))["order"]
    again = client.tremendous("POST", "/orders", order("payout-1"))
    assert (again.status, value(again)["order"]["id"]) == (201, first["id"])
    assert client.tremendous("POST", "/orders", order("payout-1", amount=50)).status == 409
    assert len(value(client.ask("GET", "/_orders"))) == 1


def test_an_unknown_external_id_and_an_unknown_order_are_not_found(client: Client) -> None:
    assert value(client.tremendous("GET", "/orders?external_id=none"))["orders"] == []
    assert client.tremendous("GET", "/orders/NONE").status == 404
    assert client.tremendous("GET", "/rewards/NONE").status == 404


def test_a_wrong_key_is_401_and_makes_nothing(client: Client) -> None:
    assert client.tremendous("POST", "/orders", order("payout-1"), key="TEST_other").status == 401
    assert value(client.ask("GET", "/_orders")) == []


def test_accounts_do_not_see_each_other(client: Client) -> None:
    client.register(vendor="tremendous", api_key="TEST_second", url=client.callback_url, secret="other")
    client.tremendous("POST", "/orders", order("payout-1"))
    assert value(client.tremendous("GET", "/orders?external_id=payout-1", key="TEST_second"))["orders"] == []
    assert client.tremendous("POST", "/orders", order("payout-1"), key="TEST_second").status == 200


def test_delivery_is_told_by_a_signed_webhook(client: Client, receiver: Receiver) -> None:
    reward_id = value(client.tremendous("POST", "/orders", order("payout-1")))["order"]["rewards"][0]["id"]
    client.await_callbacks()
    told = {json.loads(request.body)["event"]: request for request in receiver.received}
    assert set(told) == {"ORDERS.CREATED", "REWARDS.DELIVERY.SUCCEEDED"}
    delivered = told["REWARDS.DELIVERY.SUCCEEDED"]
    assert json.loads(delivered.body)["payload"]["resource"] == {"id": reward_id, "type": "rewards"}
    expected = hmac.new(SECRET.encode(), delivered.body, hashlib.sha256).hexdigest()
    assert delivered.headers["tremendous-webhook-signature"] == f"sha256={expected}"
    assert len({json.loads(request.body)["uuid"] for request in receiver.received}) == 2


def test_a_refused_webhook_is_repeated(client: Client, receiver: Receiver) -> None:
    receiver.refusals = 1
    client.tremendous("POST", "/orders", order("payout-1", method="LINK"))
    history = client.await_callbacks()
    assert [(entry["what"], entry["status"], entry["attempts"]) for entry in history] == [("ORDERS.CREATED", 202, 2)]


def test_a_link_has_an_address_and_no_delivery_event(client: Client) -> None:
    made = value(client.tremendous("POST", "/orders", order("payout-1", method="LINK")))["order"]
    assert made["rewards"][0]["delivery"]["link"].startswith("https://")
    assert [entry["what"] for entry in client.await_callbacks()] == ["ORDERS.CREATED"]


@pytest.mark.parametrize("kind", ["lost_answer", "timeout", "truncated"])
def test_an_answer_may_be_lost_although_the_order_was_made(client: Client, kind: str) -> None:
    client.fault("tremendous", kind)
    spoiled = client.tremendous("POST", "/orders", order("payout-1"))
    assert spoiled.flaw is not Flaw.NONE
    assert len(value(client.ask("GET", "/_orders"))) == 1
    repeated = client.tremendous("POST", "/orders", order("payout-1"))
    assert (repeated.status, repeated.flaw) == (201, Flaw.NONE)


@pytest.mark.parametrize("status", [500, 402, 409, 429])
def test_a_refusal_has_no_effect_and_is_used_up(client: Client, status: int) -> None:
    client.fault("tremendous", f"http_{status}", times="2")
    for _ in range(2):
        assert client.tremendous("POST", "/orders", order("payout-1")).status == status
    assert client.tremendous("GET", "/orders").status == 200
    assert value(client.ask("GET", "/_orders")) == []
    assert client.tremendous("POST", "/orders", order("payout-1")).status == 200


def test_reading_fails_when_asked_to(client: Client) -> None:
    client.fault("tremendous", "http_500", on="GET")
    assert client.tremendous("POST", "/orders", order("payout-1")).status == 200
    assert client.tremendous("GET", "/orders").status == 500
    assert client.tremendous("GET", "/orders").status == 200


def test_an_order_waits_for_approval_and_is_delivered_after_it(client: Client) -> None:
    client.fault("tremendous", "pending_approval")
    made = value(client.tremendous("POST", "/orders", order("payout-1")))["order"]
    assert made["status"] == "PENDING APPROVAL"
    assert [entry["what"] for entry in client.await_callbacks()] == ["ORDERS.CREATED"]
    assert client.tremendous("POST", f"/order_approvals/{made['id']}/approve").status == 200
    assert [entry["what"] for entry in client.await_callbacks()][1:] == [
        "ORDERS.APPROVED",
        "REWARDS.DELIVERY.SUCCEEDED",
    ]


def test_a_status_nobody_has_seen(client: Client) -> None:
    client.fault("tremendous", "unknown_status")
    status = value(client.tremendous("POST", "/orders", order("payout-1")))["order"]["status"]
    assert status not in ("OPEN", "EXECUTED", "FAILED", "CANCELED", "PENDING APPROVAL")


def test_a_failed_delivery(client: Client) -> None:
    client.fault("tremendous", "delivery_failed")
    client.tremendous("POST", "/orders", order("payout-1"))
    assert [entry["what"] for entry in client.await_callbacks()][-1] == "REWARDS.DELIVERY.FAILED"


def test_unknown_faults_and_vendors_are_refused(client: Client) -> None:
    assert client.fault("tremendous", "earthquake").status == 400
    assert client.fault("nobody", "http_500").status == 400
    assert client.register(vendor="tremendous", url="x").status == 400
