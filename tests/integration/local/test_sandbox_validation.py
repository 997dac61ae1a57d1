"""Requests, and the sandboxes' own answers, are held against the vendors' descriptions."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from infra.local.sandbox.twilio_text import signature
from infra.local.sandbox.validate import VENDORS
from tests.integration.local.sandbox_client import Client, order, value

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def client() -> Client:
    if not VENDORS.exists():
        message = f"the vendors' descriptions are not at {VENDORS}"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return Client(NOWHERE)


def test_good_requests_are_valid(client: Client) -> None:
    client.tremendous("POST", "/orders", order("payout-1"))
    client.tremendous("GET", "/orders?external_id=payout-1")
    client.text(Body="hello", StatusCallback="https://example.com/x")
    client.texts("?To=%2B12025550123")
    entries = client.requests("tremendous") + client.requests("twilio")
    assert [(entry["valid"], entry["error"]) for entry in entries] == [(True, None)] * 4


def test_a_wrong_request_is_refused_recorded_and_has_no_effect(client: Client) -> None:
    wrong = order("payout-1")
    wrong["reward"]["value"]["denomination"] = "twenty-five"
    assert client.tremendous("POST", "/orders", wrong).status == 400
    entry = client.requests("tremendous")[0]
    assert (entry["valid"], entry["status"]) == (False, 400)
    assert entry["error"]
    assert value(client.ask("GET", "/_orders")) == []


def test_an_unknown_path_is_no_valid_request(client: Client) -> None:
    assert client.tremendous("GET", "/invented").status == 400


def test_without_descriptions_a_request_is_neither_valid_nor_invalid(tmp_path: Path) -> None:
    client = Client(NOWHERE, vendors=tmp_path)
    assert client.tremendous("POST", "/orders", order("payout-1")).status == 200
    assert client.requests("tremendous")[0]["valid"] is None


def test_the_sandboxes_answer_in_the_described_shape(client: Client) -> None:
    from openapi_schema_validator import OAS30Validator

    created = value(client.tremendous("POST", "/orders", order("payout-1")))
    sent = value(client.text(Body="hello"))
    for vendor, path, status, body in (
        ("tremendous", "/orders", "200", created),
        ("twilio", "/2010-04-01/Accounts/{AccountSid}/Messages.json", "201", sent),
    ):
        document = json.loads((VENDORS / vendor / "openapi.json").read_text())
        answer = document["paths"][path]["post"]["responses"][status]["content"]["application/json"]["schema"]
        schema = {**answer, "components": document["components"]}
        problems = [
            f"{list(error.absolute_path)}: {error.message[:160]}" for error in OAS30Validator(schema).iter_errors(body)
        ]
        assert problems == []


def test_signatures_agree_with_the_vendors_own_vectors(client: Client) -> None:
    constructed = json.loads((VENDORS / "twilio" / "constructed" / "inbound.stop.json").read_text())
    made = signature(constructed["auth_token"], constructed["url"], constructed["form"])
    assert made == constructed["X-Twilio-Signature"]
