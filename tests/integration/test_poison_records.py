"""Rows that nobody can route stop nobody: what comes after them arrives, and they themselves end where people look."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from infra.local.layout import REPOSITORY
from moref.aws.outbox import PARKED
from moref.kernel.names import CORE, TRAFFIC, resource
from tests.integration.flows import job

pytestmark = pytest.mark.cloud
WITHIN = 60.0  # seconds from the poison to the effect of what came after it
FAILURES = "stream-router-failed"
_POISON: dict[str, tuple[str, dict[str, Any]]] = {
    "garbage": (CORE, {"S": "{ no envelope"}),
    "half": (CORE, {"M": {"name": {"N": "7"}}}),
    "unknown": (
        CORE,
        {
            "M": {
                "id": {"S": "evt_p"}, "schema": {"N": "1"}, "name": {"S": "nobody.hears"}, "data": {"M": {}},
                "organization_id": {"S": "org_p"}, "subject": {"S": "x"}, "at": {"S": "2026-01-01T00:00:00.000000Z"},
            }
        },
    ),
    "inbox": (TRAFFIC, {"L": []}),
}  # fmt: skip


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def put(cloud: Cloud, driver: Driver, tag: str) -> str:
    """A pending row as no code of ours writes it; its pk."""
    table, data = _POISON[tag]
    noun = "inbox" if tag == "inbox" else "event"
    row = {
        "pk": {"S": f"org_p#{noun}#{tag}"}, "sk": {"S": "self"}, "noun": {"S": noun}, "version": {"N": "1"},
        "data": data, "pending": {"S": "p0"}, "pending_since": {"S": driver.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")},
    }  # fmt: skip
    cloud.boto("dynamodb").put_item(TableName=resource("local", table), Item=row)
    return f"org_p#{noun}#{tag}"


def pending(cloud: Cloud) -> dict[str, str]:
    """pk -> shard of every row that still waits to be delivered."""
    found: dict[str, str] = {}
    for table in (CORE, TRAFFIC):
        pages = cloud.boto("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=resource("local", table), FilterExpression="attribute_exists(pending)"):
            found |= {row["pk"]["S"]: row["pending"]["S"] for row in page["Items"]}
    return found


def letters(cloud: Cloud) -> int:
    sqs = cloud.boto("sqs")
    url = sqs.get_queue_url(QueueName=resource("local", FAILURES))["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"])


def status(cloud: Cloud) -> str:
    """What `python -m infra.local status` tells a person."""
    here = {"MOREF_LOCAL_DIR": str(cloud.layout.directory), "MOREF_PORT_BASE": str(cloud.layout.port_base)}
    command = [sys.executable, "-m", "infra.local", "status"]
    done = subprocess.run(command, cwd=REPOSITORY, env=os.environ | here, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.fixture
def poisoned(cloud: Cloud, driver: Driver) -> Iterator[list[str]]:
    """Both streams get rows that no event can be made of; they are gone again for the tests after these."""
    rows = [put(cloud, driver, tag) for tag in _POISON]
    yield rows
    for tag, (table, _) in _POISON.items():
        key = {"pk": {"S": f"org_p#{'inbox' if tag == 'inbox' else 'event'}#{tag}"}, "sk": {"S": "self"}}
        cloud.boto("dynamodb").delete_item(TableName=resource("local", table), Key=key)
    url = cloud.boto("sqs").get_queue_url(QueueName=resource("local", FAILURES))["QueueUrl"]
    cloud.boto("sqs").purge_queue(QueueUrl=url)


def test_a_webhook_after_poison_rows_has_its_effect_within_a_minute(
    cloud: Cloud, driver: Driver, poisoned: list[str]
) -> None:
    begun = time.monotonic()
    kinds = ["booked", "completed"]
    assert driver.webhook(job("poison", kinds, driver.now(), phone="+15125556001")).status_code == 202
    driver.wait_for("the job", lambda: [one for one in driver.items("/jobs") if one["external_id"] == "J-poison"])
    # job.changed stands behind the poison in core's stream; delivered, it waits no more.
    driver.wait_for("the events of the job", lambda: pending(cloud).keys() == set(poisoned))
    assert time.monotonic() - begun < WITHIN

    driver.wait_for("what the streams gave up", lambda: letters(cloud) == len(poisoned))
    driver.move(5 * 60)  # the sweeper looks at what has waited for two minutes
    driver.wait_for("all parked", lambda: pending(cloud) == dict.fromkeys(poisoned, PARKED))
    told = [line for line in status(cloud).splitlines() if FAILURES in line]
    assert [f"{resource('local', FAILURES)}: {len(poisoned)}" in line for line in told] == [True], told

    driver.move(10 * 60)
    assert pending(cloud) == dict.fromkeys(poisoned, PARKED), "parked rows stay for the code that knows them"
    assert letters(cloud) == len(poisoned), "and are given up once"


def test_what_was_given_up_names_the_place_and_nothing_of_the_row(
    cloud: Cloud, driver: Driver, poisoned: list[str]
) -> None:
    driver.wait_for("what the streams gave up", lambda: letters(cloud) == len(poisoned))
    url = cloud.boto("sqs").get_queue_url(QueueName=resource("local", FAILURES))["QueueUrl"]
    found = cloud.boto("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]
    for message in found:
        body = json.loads(message["Body"])
        assert body["requestContext"]["condition"] == "RetryAttemptsExhausted"
        assert body["DDBStreamBatchInfo"]["batchSize"] == 1, "isolated from what stood beside it"
        assert "envelope" not in message["Body"]
