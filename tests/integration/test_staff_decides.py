"""A payout that needs a person, on the embedded AWS: staff have it tried again, or end it."""

from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from tests.integration.flows import approve, payout_of, pending_conversion

pytestmark = pytest.mark.cloud


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def stuck(driver: Driver, tag: str, number: int) -> dict[str, Any]:
    """Tremendous says that our id is taken and then does not find it: nobody but a person can decide."""
    conversion = pending_conversion(driver, tag, number)
    driver.fault("tremendous", "http_409")
    approve(driver, conversion["id"], tag)

    def waits() -> dict[str, Any] | None:
        payout = payout_of(driver, conversion)
        return payout if payout and payout["status"] == "needs_person" else None

    payout = driver.wait_for("a payout that needs a person", waits)
    driver.move(120)
    return payout


def orders(driver: Driver, payout: dict[str, Any]) -> int:
    return sum(order["external_id"] == payout["id"] for order in driver.orders())


def test_tried_again_it_is_paid_once_under_the_same_id(driver: Driver) -> None:
    payout = stuck(driver, "retried", 71)
    answers = [driver.api("POST", f"/payouts/{payout['id']}/retry", key="retried-once") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    driver.move(60)
    paid = driver.api("GET", f"/payouts/{payout['id']}").json()
    assert paid["status"] in ("accepted", "delivered")
    assert orders(driver, payout) == 1
    assert driver.api("POST", f"/payouts/{payout['id']}/retry", key="retried-twice").status_code == 409


def test_cancelled_after_asking_the_provider_its_books_are_even(driver: Driver) -> None:
    payout = stuck(driver, "ended", 72)
    body = {"reason": "paid in cash"}
    answer = driver.api("POST", f"/payouts/{payout['id']}/cancel", key="ended-once", json=body)
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled"), answer.text
    asked = [one for one in driver.vendor_requests("tremendous") if one["method"] == "GET"]
    assert any(payout["id"] in one["path"] + str(one) for one in asked)
    reward = driver.api("GET", f"/rewards/{payout['reward_id']}").json()
    assert (reward["status"], reward["reason"]) == ("failed", "paid in cash")
    entries = driver.items("/ledger/entries", reward_id=payout["reward_id"])
    assert sorted(entry["step"] for entry in entries) == ["accrued", "returned", "reversed", "submitted"]
    driver.move(3600)
    assert orders(driver, payout) == 0
    assert driver.api("GET", f"/payouts/{payout['id']}").json()["status"] == "cancelled"
