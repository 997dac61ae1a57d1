"""Many clicks on one link at once: each is stored once and counted once, and the link's row is written seldom."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from infra.local.cloud import Cloud
from moref.aws.values import encode
from moref.kernel import codes
from moref.kernel.keys import GLOBAL, row_key
from moref.kernel.names import CORE, TRAFFIC
from moref.records import Create
from moref.referrals.model import Door, Link
from tests.fakes.memory_store import MemoryStore
from tests.perf.sample import PHONE
from tests.perf.traffic import SENDERS, Row, Senders, rows, settle, table


@dataclass(frozen=True)
class Clicks:
    answered: int  # 302s
    stored: int
    counted: int
    writes: int  # of the counter
    seconds: float


def new_link(cloud: Cloud) -> str:
    """A link of the seeded organization, laid down as the product lays it; its code."""
    organization, location, code = cloud.outputs["organization_id"], cloud.outputs["location_id"], codes.new()
    now = datetime.now(UTC)
    store = MemoryStore()
    same = {"id": code, "created_at": now, "updated_at": now, "location_id": location, "advocate_id": "adv_load"}
    store.commit(
        Create(Link(organization_id=organization, **same)),
        Create(Door(organization_id=GLOBAL, owner_id=organization, **same)),
    )
    client = cloud.boto("dynamodb")
    for (name, *_), row in store.rows.items():
        client.put_item(TableName=table(name), Item=encode(row)["M"])
    client.close()
    return code


def stored_clicks(cloud: Cloud, code: str, since: datetime) -> int:
    days = {since.date().isoformat(), (since + timedelta(days=1)).date().isoformat()}
    client = cloud.boto("dynamodb")
    total = 0
    for pk in [f"click#{code}#{day}#{shard}" for day in days for shard in range(4)]:
        pages = client.get_paginator("query").paginate(
            TableName=table(TRAFFIC), KeyConditionExpression="pk = :pk", Select="COUNT", ConsistentRead=True,
            ExpressionAttributeValues={":pk": {"S": pk}},
        )  # fmt: skip
        total += sum(page["Count"] for page in pages)
    client.close()
    return total


def click_burst(cloud: Cloud, count: int) -> Clicks:
    code, began = new_link(cloud), cloud.clock.now()
    url = f"{cloud.url}/r/{code}"
    begun = time.monotonic()
    with Senders() as senders, ThreadPoolExecutor(SENDERS) as pool:
        answers = list(pool.map(lambda _: senders.send("GET", url, None, {"user-agent": PHONE}), range(count)))
        took = time.monotonic() - begun

    def link() -> Row:
        return next(rows(cloud, CORE, [row_key(cloud.outputs["organization_id"], "link", code)]))

    stored = stored_clicks(cloud, code, began)
    settle(cloud, lambda: link()["data"]["clicks"] >= stored)
    found = link()
    return Clicks(
        answered=sum(answer.status == 302 for answer in answers),
        stored=stored,
        counted=found["data"]["clicks"],
        writes=found["version"] - 1,
        seconds=took,
    )
