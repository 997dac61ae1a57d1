"""The restore procedure (infra/ops/runbooks/restore.md), rehearsed on the embedded AWS with the operator's commands.

A backup at T stands for point-in-time recovery, which the embedded AWS has only of the present.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

import pytest

from infra.local.cloud import Cloud, boto_client, running_cloud
from infra.local.demo.driver import Driver
from infra.local.deploy import deploy_assembly
from infra.local.layout import REPOSITORY
from infra.local.synth import LAYER
from tests.integration.conftest import FIRST_PORT, free_port_base, worker_name
from tests.integration.desk import operate
from tests.integration.flows import approve, job, payout_of, pending_conversion

pytestmark = pytest.mark.cloud
PHONES = {"early": "+15125554001", "waiting": "+15125554002", "later": "+15125554003"}
Operate = Callable[..., str]


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A cloud of its own: the rehearsal moves the product to other tables."""
    directory = REPOSITORY / ".local" / f"test-restore-{worker_name()}"
    with running_cloud(directory, free_port_base(FIRST_PORT + 1_600)) as running:
        yield running


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


@pytest.fixture
def ops(cloud: Cloud) -> Operate:
    return partial(operate, cloud)


def stop_all(ops: Operate) -> None:
    for switch in ("payouts", "sends", "connectors"):
        ops("stop", switch, "--reason", "rehearsal", "--by", "test")


def start_all(ops: Operate) -> None:
    for switch in ("payouts", "sends", "connectors"):
        ops("start", switch, "--reason", "rehearsed", "--by", "test", "--yes")


def use_tables(cloud: Cloud, context: dict[str, str]) -> None:
    """What the printed `make deploy` does: the same application with two more settings."""
    out = cloud.layout.directory / "cdk.restored"
    environment = os.environ | {
        "CDK_CONTEXT_JSON": json.dumps(context),
        "MOREF_PORT_BASE": str(cloud.layout.port_base),
        "PYTHONPATH": os.pathsep.join([str(LAYER), str(REPOSITORY)]),
    }
    command = [sys.executable, "-m", "infra.app", "--stage", "local", "--out", str(out)]
    subprocess.run(command, env=environment, cwd=REPOSITORY, check=True, capture_output=True, timeout=300)
    deploy_assembly(out, lambda service: boto_client(cloud.layout, service))


def complete(driver: Driver, who: str, ago: timedelta) -> None:
    """The CRM reports a finished job; the question is due two hours after it was finished."""
    notice = job(f"restore-{who}", ["booked", "completed"], driver.now() - ago, phone=PHONES[who])
    assert driver.webhook(notice).status_code == 202


def questions(driver: Driver, who: str) -> int:
    return len([message for message in driver.messages(PHONES[who]) if "/review/" in message["body"]])


def erased(driver: Driver, who: str) -> str:
    """The id of the contact whom staff erased."""
    person = str(driver.api("POST", "/people/search", json={"q": PHONES[who]}).json()["items"][0]["contact_id"])
    asked = driver.api("POST", f"/contacts/{person}/erase", key=f"erase-{who}", json={"reason": "they wrote to us"})
    assert asked.status_code == 202, asked.text
    driver.wait_for("an empty row", lambda: driver.api("GET", f"/contacts/{person}").json()["phone"] is None)
    return person


def iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def test_after_a_restore_nothing_is_paid_or_sent_twice_and_nothing_is_forgotten(
    cloud: Cloud, driver: Driver, ops: Operate
) -> None:
    first = pending_conversion(driver, "restore-first", 60)
    second = pending_conversion(driver, "restore-second", 61)
    ops("stop", "payouts", "--reason", "so that the payout waits at T", "--by", "test")
    approve(driver, first["id"], "first")
    driver.wait_for("a waiting payout", lambda: (payout_of(driver, first) or {}).get("status") == "retry_wait")
    complete(driver, "early", timedelta(hours=1))
    complete(driver, "waiting", timedelta(minutes=1))
    cloud.clock.drain()

    at = driver.now()
    ops("backup", "rehearsal")
    ops("start", "payouts", "--reason", "go on", "--by", "test", "--yes")
    approve(driver, second["id"], "second")
    driver.move(20 * 60)
    assert len(driver.orders()) == 2, "both were paid after T"
    driver.move(50 * 60)
    assert questions(driver, "early") == 1
    person = erased(driver, "early")
    complete(driver, "later", timedelta(minutes=1))
    cloud.clock.drain()

    stop_all(ops)
    stopped_at = driver.now()
    driver.move(60)
    said = ops("restore", "tables", "--suffix", "r1", "--backup", "rehearsal", "--yes")
    times = ("--since", iso(at), "--stopped-at", iso(stopped_at))
    said += ops("restore", "reconcile", "--restored", "r1", *times, "--yes")
    assert "payouts 1 settled by an order" in said
    assert f"{cloud.outputs['organization_id']}: 1 erasures of people applied again" in said
    assert "approve its conversion again" in said
    assert "ledger entries, no fault" in said
    stream = said.partition("restored_stream=")[2].partition("'")[0]
    use_tables(cloud, {"restored": "r1", "restored_stream": stream})
    organization = cloud.outputs["organization_id"]
    replayed = ("--organization", organization, "--since", iso(at), "--until", iso(driver.now()))
    ops("replay", *replayed, "--yes")
    cloud.clock.drain()
    ops("restore", "resume", "--yes")
    start_all(ops)
    driver.move(4 * 3600)

    again = driver.api("GET", f"/contacts/{person}").json()
    assert (again["phone"], again["first_name"]) == (None, ""), "who was erased after T stays erased"
    paid = driver.wait_for("the first payout", lambda: payout_of(driver, first))
    assert paid["status"] in ("accepted", "delivered")
    assert [c["status"] for c in driver.items("/conversions") if c["id"] == second["id"]] == ["pending"]
    approve(driver, second["id"], "second-again")
    driver.move(3600)
    again = driver.wait_for("the second payout", lambda: payout_of(driver, second))
    assert again["status"] in ("accepted", "delivered")
    orders = driver.orders()
    assert sorted(order["external_id"] for order in orders) == sorted([paid["id"], again["id"]]), "one order each"
    balances = {row["account"]: row["amount"] for row in driver.items("/ledger/balances")}
    assert sum(balances.values()) == 0
    assert balances["provider_funding"] == -(paid["amount"] + again["amount"])
    assert balances.get("in_flight", 0) == 0
    thanks = [message for message in driver.messages("+15125552060") if "gift card is on its way" in message["body"]]
    assert len(thanks) == 1, "the first advocate was thanked after T, and is not again"
    assert {who: questions(driver, who) for who in PHONES} == dict.fromkeys(PHONES, 1)
    assert "all empty" in ops("dlq", "list")
