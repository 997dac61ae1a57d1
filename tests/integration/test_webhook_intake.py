"""A webhook answered 2xx is never lost and has its effect once; one that is not ours leaves nothing behind."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from tests.integration.flows import job, to_a_weekday_morning

pytestmark = pytest.mark.cloud


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def jobs_of(driver: Driver, external_id: str) -> list[dict[str, Any]]:
    return [found for found in driver.items("/jobs", limit="100") if found["external_id"] == external_id]


def inbox_ids(driver: Driver) -> set[str]:
    return {row["id"] for row in driver.items("/inbox", limit="100")}


def test_twenty_concurrent_copies_make_one_job_and_one_message(driver: Driver) -> None:
    to_a_weekday_morning(driver)
    phone = "+15125554001"
    data = job("copies", ["booked", "completed"], driver.now(), phone=phone)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: driver.webhook(data, id="msg_copies"), range(20)))
    assert {answer.status_code for answer in answers} == {202}
    driver.wait_for("the job", lambda: jobs_of(driver, "J-copies"))
    driver.move(3 * 3600)
    driver.message(phone, "/review/")
    assert len(jobs_of(driver, "J-copies")) == 1
    assert len(driver.messages(phone)) == 1


def test_a_bad_signature_is_401_and_stores_nothing(driver: Driver) -> None:
    before = inbox_ids(driver)
    hook = driver.outputs["hooks"]["generic"]
    headers = {"webhook-id": "msg_x", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    assert requests.post(hook["url"], data=b"{}", headers=headers, timeout=60).status_code == 401
    assert requests.post(hook["url"], data=b"{}", timeout=60).status_code == 401
    assert inbox_ids(driver) == before


def test_an_unknown_connection_is_404_and_an_oversized_body_413(driver: Driver) -> None:
    hook = driver.outputs["hooks"]["generic"]["url"]
    assert requests.post(hook[:-4] + "aaaa", data=b"{}", timeout=60).status_code == 404
    assert requests.post(hook, data=b"x" * (256 * 1024 + 1), timeout=60).status_code == 413


def test_a_signed_but_unreadable_payload_is_kept_shown_and_can_be_replayed(driver: Driver) -> None:
    answer = driver.webhook({"job": {"id": 7}, "facts": "none"}, id="msg_unreadable")
    assert answer.status_code == 202

    def quarantined() -> list[dict[str, Any]]:
        return [row for row in driver.items("/inbox", status="quarantined") if row["event_id"] == "msg_unreadable"]

    row = driver.wait_for("the quarantined webhook", quarantined)[0]
    assert row["reason"]
    replayed = driver.api("POST", f"/inbox/{row['id']}/replay", json={})
    assert replayed.status_code in (200, 202), replayed.text
    again = driver.wait_for("quarantined again", lambda: [r for r in quarantined() if r["replays"] == 1])[0]
    assert again["reason"] == row["reason"], "replaying does not lose why"


def test_replaying_what_was_handled_has_no_new_effect(driver: Driver) -> None:
    to_a_weekday_morning(driver)
    phone = "+15125554002"
    driver.webhook(job("replayed", ["booked", "completed"], driver.now(), phone=phone), id="msg_replayed")
    driver.move(3 * 3600)
    driver.message(phone, "/review/")
    row = next(row for row in driver.items("/inbox", status="handled") if row["event_id"] == "msg_replayed")
    version = jobs_of(driver, "J-replayed")[0]["version"]
    driver.api("POST", f"/inbox/{row['id']}/replay", json={})
    driver.move(3 * 3600)
    assert jobs_of(driver, "J-replayed")[0]["version"] == version
    assert len(driver.messages(phone)) == 1
