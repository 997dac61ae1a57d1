"""What holds for every address: problem documents, strict input, security headers, the published document."""

import json
import re
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from api.handler import resolvers
from moref.api.openapi import document
from moref.api.resources import READABLE
from moref.api.routes import OPERATIONS
from moref.records import Entity
from tests.unit.api.world import CANARY, REQUEST_ID, Answer, World


def problem(answer: Answer, status: int) -> dict[str, Any]:
    assert answer.status == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id"} <= found.keys()
    assert (found["status"], found["request_id"]) == (status, REQUEST_ID)
    assert answer.headers["x-request-id"] == REQUEST_ID
    return found


def test_an_unknown_address_is_a_404_problem(world: World) -> None:
    problem(world.call("GET", "/nothing"), 404)
    problem(world.call("GET", "/jobs/a/b"), 404)
    problem(world.call("GET", "/jobs/a%23b"), 404)
    problem(world.call("GET", "/jobs/a#b"), 404)


def test_a_known_address_with_another_method_is_a_405_that_names_the_right_ones(world: World) -> None:
    answer = world.call("DELETE", "/locations/x")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, PATCH"
    assert world.call("POST", "/openapi.json").headers["allow"] == "GET"


def test_no_token_is_a_401_that_asks_for_one(world: World) -> None:
    answer = world.call("GET", "/organization", token="")
    problem(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_every_operation_refuses_a_caller_without_token(world: World) -> None:
    for operation in OPERATIONS:
        path = operation.path.removeprefix("/v1").replace("{id}", "x")
        if operation.access != "anyone":
            problem(world.call(operation.method, path, token=""), 401)


def test_a_member_reads_and_may_not_act(world: World) -> None:
    token = world.token(role="member")
    for operation in (each for each in OPERATIONS if each.access == "member"):
        path = operation.path.removeprefix("/v1").replace("{id}", "x")
        answer = world.call(operation.method, path, {}, token=token)
        if operation.least == "member":
            assert answer.status != 403, operation.route
        else:
            problem(answer, 403)
        assert not operation.changes or operation.least != "member", "whatever changes something needs more"


def test_a_body_that_is_no_json_is_a_400(world: World) -> None:
    for raw in (b"{", b"\xff\xfe", b"[" * 100_000, b'{"reason": "\\ud800"}'):
        assert problem(world.call("PUT", "/switches/payouts", raw=raw), 400)["code"] == "malformed"


def test_a_body_over_256_kib_is_a_413(world: World) -> None:
    problem(world.call("PUT", "/switches/payouts", raw=b'{"reason": "' + b"x" * 262_144 + b'"}'), 413)


def test_a_wrong_field_is_named_and_its_value_is_not_echoed(world: World) -> None:
    found = problem(world.call("PUT", "/switches/payouts", {"reason": "why", CANARY[:9]: CANARY}), 422)
    assert found["field"] == CANARY[:9]
    assert CANARY not in json.dumps(found)
    found = problem(world.call("POST", "/programs", {"name": 5, "tiers": [{"at": 1, "amount": CANARY}]}), 422)
    assert {error["field"] for error in found["errors"]} == {"name", "tiers.0.amount"}
    assert CANARY not in json.dumps(found)


def test_a_body_where_none_is_taken_is_refused_but_an_empty_object_is_none(world: World) -> None:
    problem(world.call("DELETE", "/switches/payouts", {"x": 1}), 422)
    assert world.call("DELETE", "/switches/payouts", {}).status == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("nonsense=1", "nonsense"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1e1", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=1&limit=2", "limit"),
        ("status=unheard", "status"),
        ("status=", "status"),
        ("status=new&location_id=loc", "location_id"),
        ("created_since=2026-01-01T00:00:00", "created_since"),
        ("created_since=yesterday", "created_since"),
        ("updated_since=2026-01-01T00:00:00Z", "updated_since"),
        ("status=new&created_since=2026-01-01T00:00:00Z", "created_since"),
        ("created_until=9999-12-31T23:59:59-23:59", "created_until"),
        ("cursor=AAAA", "cursor"),
    ],
)
def test_a_query_that_no_index_can_answer_is_a_422_that_says_so(world: World, query: str, field: str) -> None:
    assert problem(world.call("GET", f"/referrals?{query}"), 422)["field"] == field


def test_what_breaks_inside_is_a_500_without_a_word_about_it(world: World) -> None:
    world.store.points, world.store.crash_at = 0, 1
    found = problem(world.call("PUT", "/switches/payouts", {"reason": CANARY}), 500)
    assert found["code"] == "internal"
    assert CANARY not in json.dumps(found)


def test_answers_may_not_be_cached_sniffed_or_framed(world: World) -> None:
    for path in ("/organization", "/nothing", "/docs"):
        headers = world.call("GET", path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]


def test_the_document_is_valid_openapi_and_has_exactly_the_registered_routes(world: World) -> None:
    answer = world.call("GET", "/openapi.json", token="")
    published = answer.json()
    validate(published)
    assert published["openapi"].startswith("3.1")
    documented = {(m.upper(), path) for path, ways in published["paths"].items() for m in ways}
    registered = {
        (method, re.sub(r"<(\w+)>", r"{\1}", route.path.replace("[.]", ".")) if hasattr(route, "path") else "")
        for route in (*resolvers[0]._static_routes, *resolvers[0]._dynamic_routes)
        for method in ([route.method] if isinstance(route.method, str) else route.method)
    }
    assert registered - {("GET", "/v1/openapi.json"), ("GET", "/v1/docs")} == documented


def test_the_docs_page_needs_nothing_from_elsewhere(world: World) -> None:
    page = world.call("GET", "/docs", token="")
    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"<script|<link|<img|src=|@import|url\(", page.text)
    for operation in OPERATIONS:
        assert operation.path in page.text


def test_every_row_is_shown_as_the_document_describes_it(world: World) -> None:
    ids = world.fill(world.a)
    described = document()
    registry: Registry[Any] = Registry().with_resource("urn:doc", DRAFT202012.create_resource(described))
    for resource in READABLE:
        shown = world.call("GET", f"/{resource.path}/{ids[resource.path]}").json()
        schema = {"$ref": f"urn:doc#/components/schemas/{resource.kind.__name__}"}
        OAS31Validator(schema, registry=registry).validate(shown)
        assert shown in world.call("GET", f"/{resource.path}").json()["items"]


def test_nothing_secret_is_shown(world: World) -> None:
    ids = world.fill(world.a)
    # The address of a webhook holds its token; test_connections.py says who sees it.
    text = "".join(world.call("GET", f"/{path}/{ids[path]}").text for path in ids if path != "connections")
    assert CANARY not in text
    for word in ("secret", "ciphertext", "hook_token", "person_keys", world.a.hook_token, world.a.secret):
        assert word not in text


def test_every_shown_field_exists() -> None:
    for resource in READABLE:
        kind: type[Entity] = resource.kind
        assert set(resource.fields) <= set(kind.model_fields), resource.path
