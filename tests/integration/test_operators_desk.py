"""The operator's commands on the embedded AWS: what a runbook says works as it is typed."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from infra.local.seed import TWILIO
from tests.integration.desk import operate
from tests.integration.flows import job

pytestmark = pytest.mark.cloud


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def test_dead_letters_are_listed_shown_and_sent_back(cloud: Cloud, driver: Driver) -> None:
    sqs, organization = cloud.boto("sqs"), cloud.outputs["organization_id"]
    dead = sqs.get_queue_url(QueueName="moref-local-steps-dlq")["QueueUrl"]
    command = {"command": "fire_step", "organization_id": organization, "enrollment_id": "enr_gone", "step": "ask"}
    for _ in range(12):
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps(command), MessageGroupId=organization)
    assert "steps-dlq                12" in operate(cloud, "dlq", "list")
    shown = operate(cloud, "dlq", "show", "steps", "--limit", "3")
    assert shown.count("enr_gone") == 3
    refused = operate(cloud, "dlq", "redrive", "steps", code=2)
    assert "12 messages would go back to steps" in refused
    assert "Nothing was done" in refused
    operate(cloud, "dlq", "redrive", "steps", "--yes")
    cloud.clock.drain()
    listed = operate(cloud, "dlq", "list")
    assert "steps-dlq                -" in listed, "an enrollment that is gone is nothing to fail over"
    assert "nothing to do" not in listed


def test_a_stopped_organization_gets_no_message_until_it_goes_on(cloud: Cloud, driver: Driver) -> None:
    organization = cloud.outputs["organization_id"]
    who = ("--organization", organization, "--reason", "test", "--by", "ops")
    operate(cloud, "stop", "sends", *who)
    assert "STOPPED since" in operate(cloud, "switches", "--organization", organization)
    operate(cloud, "start", "sends", *who, code=2)
    operate(cloud, "start", "sends", *who, "--yes")
    assert "STOPPED" not in operate(cloud, "switches", "--organization", organization)


def test_stored_webhooks_are_counted_and_then_worked_on_again(cloud: Cloud, driver: Driver) -> None:
    since = driver.now()
    notice = job("replayed", ["booked"], since, phone="+15125555001", job_id="J-replayed")
    assert driver.webhook(notice).status_code == 202
    cloud.clock.drain()
    before = driver.items("/jobs")
    span = ("--since", since.isoformat(), "--until", (driver.now() + timedelta(minutes=1)).isoformat())
    words = ("replay", "--organization", cloud.outputs["organization_id"], *span)
    assert "crm:generic          handled      1" in operate(cloud, *words, code=2)
    assert "1 replayed, 0 failed" in operate(cloud, *words, "--yes")
    cloud.clock.drain()
    assert driver.items("/jobs") == before, "a replay of what was handled has no effect"
    assert "refused" in operate(cloud, *words[:-1], "2026-01-01T00:00:00", code=2)


def test_sweeping_now_does_every_kind_and_looking_tells_the_state(cloud: Cloud, driver: Driver) -> None:
    said = operate(cloud, "sweep")
    for kind in ("events", "steps", "messages", "payouts"):
        assert kind in said
    assert "failed" not in said
    assert operate(cloud, "sweep", "payouts").startswith("payouts")
    assert "payouts are needs_person" in operate(cloud, "look", "payouts")


def test_a_rotated_secret_signs_and_the_old_one_still_does(cloud: Cloud, driver: Driver) -> None:
    other = cloud.outputs["other"]
    connection = driver.http.get(
        f"{driver.api_url}/v1/connections", headers={"authorization": f"Bearer {other['owner_token']}"}, timeout=20
    ).json()["items"][0]["id"]
    words = ("rotate", "connection", connection, "--organization", other["organization_id"], "--by", "ops")
    said = operate(cloud, *words, "--yes")
    fresh = said.partition("this once: ")[2].split()[0]
    assert len(base64.b64decode(fresh.removeprefix("whsec_"))) == 32
    for secret in (fresh, other["hooks"]["generic"]["secret"]):
        hook: dict[str, Any] = other["hooks"]["generic"] | {"secret": secret}
        stranger = Driver(cloud.outputs | {"hooks": {"generic": hook}})
        notice = job(f"rotated-{secret[-8:-1]}", ["booked"], driver.now(), phone="+15125555002")
        answer = stranger.webhook(notice, id=f"msg_{secret[-8:-1]}")
        assert answer.status_code == 202, "the door may remember the old secret for a minute, and both count"


def test_vendor_credentials_are_replaced_from_standard_input(cloud: Cloud, driver: Driver) -> None:
    words = ("rotate", "vendor", "twilio", "--organization", cloud.outputs["organization_id"], "--by", "ops", "--yes")
    assert "must be a JSON object" in operate(cloud, *words, given="secret", code=2)
    said = operate(cloud, *words, given=json.dumps({"auth_token": TWILIO["auth_token"]}))
    assert "new credentials are in use" in said
    assert TWILIO["auth_token"] not in said


def test_no_restore_while_money_moves(cloud: Cloud) -> None:
    refused = operate(cloud, "restore", "tables", "--suffix", "r9", "--at", "2026-11-22T02:00:00Z", "--yes", code=2)
    assert "stop it first" in refused
