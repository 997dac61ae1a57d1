"""Every key that a call of the API sends to DynamoDB begins with the organization of its token.

The guard in front of the store is one line of defence; this looks at what really leaves for the table, at every route.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from infra import openapi
from moref.api import allowance
from moref.api.operation import Operation
from moref.api.routes import OPERATIONS
from moref.aws.compose import composed
from moref.aws.dynamo import DynamoStore
from moref.aws.rows import bind
from moref.kernel.keys import GLOBAL
from moref.kernel.names import CORE, TABLES
from tests.contract.conftest import _description
from tests.fakes.runtime import fake_runtime
from tests.unit.api.test_isolation import BODIES, NO_TENANTS_ID, resource
from tests.unit.api.world import World

pytestmark = pytest.mark.cloud

ROUTES = [each for each in OPERATIONS if each.access == "member"]
_EQUALS = re.compile(r"(#\w+) = (:\w+)")


class Watch:
    """Listens to what the SDK is about to send; `wrong` are partitions of nobody's or another organization."""

    def __init__(self, client: Any) -> None:
        self.organization_id: str | None = None  # None: does not look
        self.seen = 0
        self.wrong: list[str] = []
        client.meta.events.register("before-parameter-build.dynamodb", self)

    def __call__(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self.organization_id is None:
            return
        for partition in partitions(params):
            self.seen += 1
            if not partition.startswith((f"{self.organization_id}#", f"{GLOBAL}#")):
                self.wrong.append(f"{model.name} {partition}")


def partitions(params: dict[str, Any]) -> Iterator[str]:
    """Of every item that is read or written, and of every partition that is asked."""
    writes = [body for item in params.get("TransactItems", ()) for body in item.values()]
    for one in (params, *writes):
        for part in ("Key", "Item"):
            if part in one:
                yield one[part]["pk"]["S"]
        if "KeyConditionExpression" in one:
            first = _EQUALS.search(one["KeyConditionExpression"])
            assert first, one["KeyConditionExpression"]
            yield one["ExpressionAttributeValues"][first[2]]["S"]


@pytest.fixture(scope="module")
def watched(emulator: str) -> Iterator[tuple[World, Watch]]:
    openapi.write()
    before, client = dict(composed), boto3.client("dynamodb", endpoint_url=emulator)
    for table in TABLES:
        client.create_table(**_description(f"keys-{table}"))
    tables = bind({table: f"keys-{table}" for table in TABLES}, host=emulator)
    watch = Watch(tables[CORE]._get_connection().connection.client)
    allowance.kept.clear()
    world = World(replace(fake_runtime(), store=DynamoStore(tables)))
    yield world, watch
    composed.clear()
    composed.update(before)


@pytest.fixture(scope="module")
def ids(watched: tuple[World, Watch]) -> dict[str, str]:
    world, _ = watched
    world.fill(world.b, tag="theirs")
    return world.fill(world.a)


@pytest.mark.parametrize("operation", ROUTES, ids=lambda operation: operation.route)
def test_a_call_names_only_its_own_organizations_partitions(
    watched: tuple[World, Watch], ids: dict[str, str], operation: Operation
) -> None:
    world, watch = watched
    token = world.token()
    by_id = "{id}" in operation.path and operation.route not in NO_TENANTS_ID
    id = ids[resource(operation)] if by_id else "payouts"
    body = BODIES.get(operation.route, {} if operation.method != "GET" else None)
    watch.organization_id, watch.seen = world.a.organization_id, 0
    try:
        answer = world.call(
            operation.method, operation.path.removeprefix("/v1").replace("{id}", id), body,
            token=token, key=operation.route,
        )  # fmt: skip
    finally:
        watch.organization_id = None
    assert answer.status < 500, answer.text
    assert watch.seen, "nothing was asked of the table"
    assert watch.wrong == []


def test_the_watch_sees_a_stray_key(watched: tuple[World, Watch]) -> None:
    world, watch = watched
    store = world.runtime.store
    from moref.tenants.model import Location, Organization

    watch.organization_id = world.a.organization_id
    store.find(Organization, world.b.organization_id, world.b.organization_id)
    store.list(Location, world.b.organization_id)
    watch.organization_id = None
    found, watch.wrong = watch.wrong, []
    assert [wrong.partition(" ")[0] for wrong in found] == ["GetItem", "Query"]
