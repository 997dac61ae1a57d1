"""Every field of the API that is money, found by its mark in the document: the same wrong values, none taken, none
rounded."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from moref.api.operation import Operation
from moref.api.routes import OPERATIONS
from moref.kernel.money import DECIMALS, Money
from moref.money import FORMAT
from moref.records import get
from moref.tenants.model import Member
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World

Path = tuple[str | int, ...]

RULES: dict[str, Any] = {
    "name": "Rewards",
    "tiers": [{"at": 1, "amount": 2500}, {"at": 2, "basis_points": 500, "maximum": 9000}],
    "tier_groups": {"gold": [{"at": 1, "amount": 2500}, {"at": 2, "basis_points": 500, "maximum": 9000}]},
    "caps": [{"period": "month", "count": 3, "amount": 9000}],
    "friend_reward": {"amount": 1000},
    "minimum_amount": 50_000,
    "automatic_under": 5000,
    "second_approver_over": 10_000,
}
FOUNDING = "POST /v1/organizations"
# A whole, right body for each operation that takes money; `{id}` and LOCATION are filled in.
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/programs": RULES | {"advocate_kind": "partner"},
    "PATCH /v1/programs/{id}": RULES | {"version": 1},
    "POST /v1/programs/{id}/exceptions": {
        "advocate_id": "adv_1", "reason": "a friend of the house",
        "tiers": RULES["tiers"], "caps": RULES["caps"],
    },
    "POST /v1/budgets": {"amount": 100_000},
    "POST /v1/discount-codes/{id}/redeem": {"price": 100_000},
    "PUT /v1/ad-spend/{id}": {"version": 0, "amount": 100_000, "currency": "USD"},
    "PATCH /v1/budgets/{id}": {"version": 1, "amount": 100_000},
    "POST /v1/advocates/{id}/goodwill": {
        "amount": 1000, "currency": "USD", "reason": "our mistake", "location_id": "LOCATION",
    },
    FOUNDING: {
        "request_id": "first", "name": "Newbird Moving", "owner_name": "Nora", "tiers": RULES["tiers"],
        "location": {
            "time_zone": "America/Chicago", "postal_address": "1 Main Street, Austin, TX 78701",
            "review_url": "https://reviews.example.com/newbird",
        },
    },
}  # fmt: skip
WRONG = (
    "1.5", "100.0", "1e3", '"100"', "-1", "true", "false", "9007199254740992", "1e400", "[100]", '{"amount": 100}',
    "NaN", "99999999999999999999999999",
)  # fmt: skip


def taken_apart(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every (name of a property, its schema), definitions resolved by their place."""
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, entry in part.get("properties", {}).items():
            for each in (entry, *entry.get("anyOf", ())):
                yield name, each


def with_body() -> list[Operation]:
    return [operation for operation in OPERATIONS if operation.body is not None]


def marked(operation: Operation) -> set[str]:
    schema = operation.body.model_json_schema() if operation.body else {}
    return {name for name, each in taken_apart(schema) if each.get("format") == FORMAT}


def places(body: Any, names: set[str], at: Path = ()) -> Iterator[Path]:
    if isinstance(body, dict | list):
        for key, value in body.items() if isinstance(body, dict) else enumerate(body):
            here = (*at, key)
            if key in names and type(value) is int:
                yield here
            yield from places(value, names, here)


def put(body: Any, at: Path, raw: str) -> bytes:
    copy = json.loads(json.dumps(body))
    target = copy
    for key in at[:-1]:
        target = target[key]
    target[at[-1]] = "@@"
    return json.dumps(copy).replace('"@@"', raw).encode()


def test_whatever_counts_money_is_marked_as_money() -> None:
    """A new field named like money is of the shared type, or this fails."""
    for operation in with_body():
        assert operation.body is not None
        for name, each in taken_apart(operation.body.model_json_schema()):
            like_money = name.endswith(("amount", "_under", "_over")) or name in ("maximum", "minimum", "price", "fee")
            if like_money and each.get("type") in ("integer", "number"):
                assert each.get("format") == FORMAT, f"{operation.route}: {name}"
                assert each["type"] == "integer"
                assert "maximum" in each, f"{operation.route}: {name} has no upper bound"


def cases() -> list[tuple[str, Path]]:
    found = []
    for operation in with_body():
        if operation.route in BODIES:
            found += [(operation.route, at) for at in places(BODIES[operation.route], marked(operation))]
    return found


def test_the_table_has_every_money_field_there_is() -> None:
    assert {operation.route for operation in with_body() if marked(operation)} == BODIES.keys()
    for operation in with_body():
        if operation.route in BODIES:
            tried = {str(at[-1]) for route, at in cases() if route == operation.route}
            assert tried == marked(operation), operation.route


def called(world: World, route: str, raw: bytes) -> Any:
    method, path = route.split()
    approvable(world)
    made = world.call("POST", "/budgets", {"amount": 5000, "location_id": world.a.location_id}).json()
    ids = {"budgets": made["id"], "programs": world.a.program_id, "advocates": "adv_1", "ad-spend": "2026-05.mailers"}
    id = ids.get(path.split("/")[2], "")
    if "discount-codes" in path:
        id = world.fill(world.a, tag="m")["discount-codes"]
    raw = raw.replace(b"LOCATION", world.a.location_id.encode())
    return world.call(method, path.removeprefix("/v1").replace("{id}", id), raw=raw, key="k", token=who(world, route))


def who(world: World, route: str) -> str | None:
    """An organization is founded by somebody who has none."""
    return world.person_token("nora@newbird.example.com") if route == FOUNDING else None


@pytest.mark.parametrize("route", BODIES)
def test_the_right_body_is_taken_as_it_is(world: World, route: str) -> None:
    answer = called(world, route, json.dumps(BODIES[route]).encode())
    assert answer.status in (200, 201), answer.text
    shown = answer.json()
    if route == FOUNDING:
        owner = get(world.store, Member, shown["organization"]["id"], shown["member_id"])
        shown = world.call("GET", f"/programs/{shown['program_id']}", token=world.token_of(owner)).json()
    for at in places(BODIES[route], {"amount", "maximum", "minimum_amount", "automatic_under", "second_approver_over"}):
        sent, kept = BODIES[route], shown
        for key in at:
            sent, kept = sent[key], kept[key]  # type: ignore[index]
        assert kept == sent
        assert type(kept) is int


@pytest.mark.parametrize(
    ("route", "at"), cases(), ids=lambda value: value if isinstance(value, str) else ".".join(map(str, value))
)
def test_no_money_field_takes_what_is_no_amount(world: World, route: str, at: Path) -> None:
    for raw in WRONG:
        answer = called_again(world, route, put(BODIES[route], at, raw))
        assert answer.status in (400, 422), f"{raw}: {answer.status} {answer.text}"
        if answer.status == 422:
            assert [error["field"] for error in answer.json()["errors"]] == [".".join(map(str, at))], raw


def called_again(world: World, route: str, raw: bytes) -> Any:
    method, path = route.split()
    return world.call(
        method, path.removeprefix("/v1").replace("{id}", world.a.program_id), raw=raw, key=f"k{hash(raw)}",
        token=who(world, route),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("currency", "minor", "text"),
    [("USD", 2500, "25.00"), ("JPY", 2500, "2500"), ("BHD", 2500, "2.500"), ("JPY", 1, "1"), ("BHD", 1, "0.001")],
)
def test_a_minor_unit_is_what_the_currency_says(world: World, currency: str, minor: int, text: str) -> None:
    body = {"name": "R", "advocate_kind": "house", "currency": currency, "tiers": [{"at": 1, "amount": minor}]}
    made = world.call("POST", "/programs", body).json()
    assert (made["currency"], made["tiers"][0]["amount"]) == (currency, minor)
    assert Money(minor, currency).decimal() == text


@pytest.mark.parametrize("currency", ["XXX", "usd", "US", "", 840, None, True])
def test_a_currency_nobody_knows_is_refused(world: World, currency: Any) -> None:
    assert currency not in DECIMALS
    for path, body in (
        ("/programs", {"name": "R", "advocate_kind": "house", "tiers": [{"at": 1, "amount": 1}]}),
        ("/budgets", {"amount": 5}),
    ):
        assert world.call("POST", path, body | {"currency": currency}).status == 422


def test_budgets_over_one_purse_are_not_of_two_currencies(world: World) -> None:
    assert world.call("POST", "/budgets", {"amount": 5, "currency": "JPY"}).status == 201
    refused = world.call("POST", "/budgets", {"amount": 5, "location_id": world.a.location_id})
    assert (refused.status, refused.json()["field"]) == (422, "currency")
