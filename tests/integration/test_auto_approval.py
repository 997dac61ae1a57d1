"""A program whose approval is automatic pays without anybody clicking anything."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver, check
from tests.integration.flows import payout_of, pending_conversion

pytestmark = pytest.mark.cloud


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    return Driver(cloud.outputs)


def change(driver: Driver, **rules: Any) -> None:
    path = f"/programs/{driver.outputs['program_id']}"
    version = driver.api("GET", path).json()["version"]
    answer = driver.api("PATCH", path, json={"version": version, **rules})
    check(answer.status_code == 200, f"the program is changed: {answer.status_code} {answer.text[:300]}")


@pytest.fixture
def automatic(driver: Driver) -> Iterator[None]:
    """Manual again afterwards: tests share the organization."""
    change(driver, approval="automatic", hold_days=0)
    yield
    change(driver, approval="manual")


@pytest.mark.usefixtures("automatic")
def test_without_a_hold_the_gift_card_goes_out_by_itself(driver: Driver) -> None:
    conversion = pending_conversion(driver, "auto", 61)
    driver.move(60)  # all that follows from it by itself

    def paid() -> dict[str, Any] | None:
        payout = payout_of(driver, conversion)
        return payout if payout and payout["status"] in ("accepted", "delivered") else None

    payout = driver.wait_for("the payout", paid)
    decided = driver.api("GET", f"/conversions/{conversion['id']}").json()
    assert (decided["status"], decided["decided_by"]) == ("approved", "policy")
    orders = [order for order in driver.orders() if order["external_id"] == payout["id"]]
    assert len(orders) == 1
    audit = driver.items("/audit", subject=conversion["id"])
    assert [(row["actor"], row["action"]) for row in audit] == [("policy", "conversion.approved")]
    assert sum(row["amount"] for row in driver.items("/ledger/balances")) == 0
    driver.message("+15125552061", "$25")
