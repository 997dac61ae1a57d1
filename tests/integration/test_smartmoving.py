"""A company on SmartMoving, whole: thin webhooks, reads from a sandbox of its API, rewards at the end."""

from datetime import timedelta
from typing import Any

import pytest
import requests

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver, check
from tests.integration.flows import approve, invited, payout_of, quoted, to_a_weekday_morning

pytestmark = pytest.mark.cloud


class Yard:
    """The branch's staff at work in SmartMoving."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.hook: dict[str, Any] = driver.outputs["hooks"]["smartmoving"]

    def set(self, **asked: Any) -> dict[str, str]:
        answer = requests.post(f"{self.driver.desk}/smartmoving/_set", json=asked, timeout=20)
        check(answer.ok, f"the sandbox takes it: {answer.status_code} {answer.text[:300]}")
        found: dict[str, str] = answer.json()
        return found

    def tell(self, **event: str) -> None:
        body = {name.replace("_", "-"): value for name, value in event.items()}
        requests.post(f"{self.driver.desk}/smartmoving/_event", json=body, timeout=20).raise_for_status()

    def requests_about(self, part: str) -> list[dict[str, Any]]:
        return [each for each in self.driver.vendor_requests("smartmoving") if part in each["path"]]

    def job(self, opportunity: str) -> dict[str, Any] | None:
        found = self.driver.items("/jobs", limit="100")
        return next((job for job in found if job["external_id"] == opportunity), None)

    def becomes(self, opportunity: str, state: str) -> dict[str, Any]:
        """Half a minute later the job is in the state."""
        self.driver.move(30)

        def there() -> dict[str, Any] | None:
            job = self.job(opportunity)
            return job if job is not None and job["state"] == state else None

        return self.driver.wait_for(f"the job is {state}", there)


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


@pytest.fixture
def yard(driver: Driver) -> Yard:
    return Yard(driver)


def person(name: str, phone: str) -> dict[str, Any]:
    return {"name": name, "phoneNumber": phone, "phoneType": 0, "emailAddress": None}


def test_a_wrong_or_missing_secret_is_401_and_stores_nothing(driver: Driver, yard: Yard) -> None:
    before = {row["id"] for row in driver.items("/inbox", limit="100")}
    body = {"event-type": "job-reset", "job-id": "8a1d0b52-6c1f-4d59-8f43-2b7b5a9c2e11"}
    for headers in ({}, {"X-Moref-Secret": ""}, {"X-Moref-Secret": yard.hook["secret"] + "x"}):
        assert requests.post(yard.hook["url"], json=body, headers=headers, timeout=20).status_code == 401
    assert {row["id"] for row in driver.items("/inbox", limit="100")} == before


def test_a_burst_of_thirty_changes_costs_at_most_two_reads(driver: Driver, yard: Yard) -> None:
    to_a_weekday_morning(driver)
    customer = person("Burst Test", "(512) 555-4101")
    ids = yard.set(
        opportunity={"status": 4, "branch": {"name": "Dallas", "phoneNumber": None}, "opportunityType": 2},
        customer=customer,
        events=["opportunity-changed"] * 30,
    )
    job = yard.becomes(ids["opportunity-id"], "booked")
    assert job["location_id"] == "loc_dallas"
    driver.move(120)
    reads = [each for each in yard.requests_about(ids["opportunity-id"]) if each["method"] == "GET"]
    assert 1 <= len(reads) <= 2


def test_finalized_reset_finalized_ends_invoiced_with_one_reward(driver: Driver, yard: Yard) -> None:
    before = {conversion["id"] for conversion in driver.items("/conversions", limit="100")}
    friend = "+15125554112"
    quoted(driver, invited(driver, "smartmoving-advocate", "+15125554111"), "smartmoving-friend", friend)
    driver.move(3600)
    ids = yard.set(
        opportunity={"status": 4, "branch": {"name": "Dallas", "phoneNumber": None}},
        customer=person("smartmoving-friend Friend", "512-555-4112"),
        events=["opportunity-created"],
    )
    opportunity, job = {"id": ids["opportunity-id"]}, ids["job-id"]
    yard.becomes(opportunity["id"], "booked")
    done = (driver.now() - timedelta(minutes=5)).isoformat()
    yard.set(
        opportunity=opportunity | {"status": 10},
        job={"id": job, "completedAtUtc": done},
        events=["opportunity-status-changed", "opportunity-changed"],
    )
    yard.becomes(opportunity["id"], "completed")
    for event, state in (("job-finalized", "invoiced"), ("job-reset", "completed"), ("job-finalized", "invoiced")):
        yard.tell(event_type=event, job_id=job)
        yard.becomes(opportunity["id"], state)

    def pending() -> list[dict[str, Any]]:
        found = driver.items("/conversions", limit="100")
        return [each for each in found if each["id"] not in before and each["status"] == "pending"]

    (conversion,) = driver.wait_for("the conversion", pending)
    approve(driver, conversion["id"], "sm-approve")
    driver.wait_for("the payout", lambda: (payout_of(driver, conversion) or {}).get("status") == "delivered")
    rewards = [each for each in driver.items("/rewards", limit="100") if each["conversion_id"] == conversion["id"]]
    assert len(rewards) == 1
    assert [each["id"] for each in driver.items("/conversions", limit="100") if each["id"] not in before] == [
        conversion["id"]
    ]


def test_every_request_to_smartmoving_is_valid_by_its_own_description(driver: Driver) -> None:
    made = driver.vendor_requests("smartmoving")
    assert made
    assert [each for each in made if each["valid"] is False] == []
