"""Calls made of the document's schemas bring answers that the document names; the function itself, over fakes."""

import json
from typing import Any

import pytest
import requests
import schemathesis

from moref.api.openapi import document
from moref.records import Change, get
from moref.tenants.model import Organization
from tests.by_document import breaches
from tests.fakes.runtime import fake_runtime
from tests.unit.api.world import Answer, World

EXAMPLES = 2
NOBODY = "http://127.0.0.1:9"  # the port of "discard", where nobody listens
UNANSWERED = ("POST /v1/connections/smartmoving: 503",)  # the CRM is asked whether the key is right


def without_end(world: World) -> None:
    """Hundreds of calls in a minute of a clock that stands still."""
    row = get(world.store, Organization, world.a.organization_id, world.a.organization_id)
    world.store.commit(Change(row, row.changed(world.clock.now(), calls_per_minute=1_000_000)))


def as_response(answer: Answer, request: requests.PreparedRequest) -> schemathesis.Response:
    headers = {name: [value] for name, value in answer.headers.items()}
    return schemathesis.Response(answer.status, headers, answer.text.encode(), request, elapsed=0.0, verify=False)


def test_every_operation_answers_as_its_document_says(world: World) -> None:
    world = World(fake_runtime(vendor_urls=json.dumps({"smartmoving": NOBODY})))
    world.fill(world.a)
    without_end(world)
    token = world.token()

    def send(request: requests.PreparedRequest) -> schemathesis.Response:
        body = request.body or b""
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        headers.pop("authorization", None)
        answer = world.call(
            str(request.method), str(request.path_url).removeprefix("/v1"), token=token, headers=headers,
            raw=body.encode() if isinstance(body, str) else body,
        )  # fmt: skip
        return as_response(answer, request)

    made, wrong = breaches(document(), send, examples=EXAMPLES)
    assert made > 400
    assert [one for one in wrong if not one.startswith(UNANSWERED)] == []


@pytest.mark.parametrize(
    ("status", "body", "content_type"),
    [
        (500, "{}", "application/problem+json"),
        (418, "{}", "application/problem+json"),
        (200, '{"items": 5}', "application/json"),
        (200, "<p>", "text/html"),
    ],
)
def test_a_breach_is_found(status: int, body: str, content_type: str) -> None:
    whole = document()
    one: dict[str, Any] = whole | {"paths": {"/v1/locations": {"get": whole["paths"]["/v1/locations"]["get"]}}}
    answer = Answer(status, {"content-type": content_type}, body)
    _, wrong = breaches(one, lambda request: as_response(answer, request), examples=1)
    assert wrong
