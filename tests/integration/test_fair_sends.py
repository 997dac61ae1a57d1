"""Two thousand messages of one organization wait in real queues and before real workers; another one's passes them."""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from infra.local.layout import REGION
from moref.aws.dynamo import DynamoStore
from moref.aws.queues import _body, _group
from moref.aws.rows import bind
from moref.aws.values import encode
from moref.events import Event
from moref.kernel.names import CORE, LEDGER, MESSAGES, TRAFFIC, resource
from moref.messaging.later import send_command
from moref.messaging.model import Message
from moref.records import Create, Emit, Entity

pytestmark = pytest.mark.cloud
WAITING = 2_000
MOST_BETWEEN = 50
PATIENCE = 300  # seconds: a busy machine is slow, and the order is what counts here
Row = dict[str, Any]


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


@pytest.fixture
def store(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> DynamoStore:
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": REGION}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return DynamoStore(
        bind({table: resource("local", table) for table in (CORE, TRAFFIC, LEDGER)}, host=cloud.layout.aws_url)
    )


def due(organization_id: str, location_id: str, id: str, now: datetime) -> Message:
    """An e-mail to a branch's staff: the platform's lane like any other, and no window, so that any hour will do."""
    return Message(
        organization_id=organization_id, created_at=now, updated_at=now, id=f"msg_fair_{id}", channel="email",
        template="low_score", kind="staff", location_id=location_id, fields={"score": "2", "comment": f"FAIR-{id}"},
    )  # fmt: skip


def item(entity: Entity) -> Row:
    pk, sk = entity.key()
    texts = {"pk": pk, "sk": sk, "noun": entity.noun, "op": "op_test", **entity.index_keys()}
    return {name: {"S": value} for name, value in texts.items()} | {
        "version": {"N": "1"}, "data": encode(entity.data()),
    }  # fmt: skip


def in_bulk(cloud: Cloud, requests: list[Row]) -> None:
    client = cloud.boto("dynamodb")
    for start in range(0, len(requests), 25):
        answer = client.batch_write_item(RequestItems={resource("local", CORE): requests[start : start + 25]})
        assert not answer.get("UnprocessedItems")


@pytest.fixture
def crowd(cloud: Cloud, driver: Driver) -> Iterator[list[Message]]:
    """The rows of two thousand messages of the first organization. What still waits afterwards is taken away again."""
    now, ids = driver.now(), (cloud.outputs["organization_id"], cloud.outputs["location_id"])
    messages = [due(*ids, f"crowd{place:04}", now) for place in range(WAITING)]
    in_bulk(cloud, [{"PutRequest": {"Item": item(message)}} for message in messages])
    yield messages
    sqs = cloud.boto("sqs")
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName=resource("local", MESSAGES))["QueueUrl"])
    keys = [dict(zip(("pk", "sk"), message.key(), strict=True)) for message in messages]
    in_bulk(cloud, [{"DeleteRequest": {"Key": {name: {"S": part} for name, part in key.items()}}} for key in keys])


def enqueue(cloud: Cloud, messages: list[Message]) -> None:
    sqs = cloud.boto("sqs")
    url = sqs.get_queue_url(QueueName=resource("local", MESSAGES))["QueueUrl"]
    for start in range(0, len(messages), 10):
        entries: list[Row] = [
            {"Id": message.id, "MessageBody": _body(command), **_group(command)}
            for message in messages[start : start + 10]
            for command in [send_command(message)]
        ]
        assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")


def mailed(driver: Driver, id: str) -> list[int]:
    """Places of these e-mails in the order of all that was sent."""
    return [place for place, message in enumerate(driver.messages()) if f"FAIR-{id}" in message["body"]]


def test_with_2_000_waiting_of_one_at_most_50_leave_before_anothers_first(
    cloud: Cloud, driver: Driver, store: DynamoStore, crowd: list[Message]
) -> None:
    enqueue(cloud, crowd)
    driver.wait_for("the crowd's first", lambda: mailed(driver, "crowd"))
    other, now = cloud.outputs["other"], driver.now()
    quiet = f"quiet{now:%H%M%S}"
    message = due(other["organization_id"], other["location_id"], quiet, now)
    before, begun = len(mailed(driver, "crowd")), time.monotonic()
    store.commit(Create(message), Emit(Event("message.queued", message.organization_id, message.id), now))
    while not (found := mailed(driver, quiet)):
        assert time.monotonic() - begun < PATIENCE, "the other's first never came"
        time.sleep(0.5)
    between = sum(one < found[0] for one in mailed(driver, "crowd")) - before
    assert before + between < WAITING / 2, "they still wait"
    assert between <= MOST_BETWEEN, f"{between} in {time.monotonic() - begun:.1f} s"
