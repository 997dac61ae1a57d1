"""An organization in its trial buys a subscription at Stripe's sandbox, grows, misses a payment, and ends it."""

from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver
from tests.integration.inside import inside

pytestmark = pytest.mark.cloud

BACK = {"return_url": "https://app.newbird.example.com/billing"}


@pytest.fixture
def driver(cloud: Cloud) -> Driver:
    now = Driver(cloud.outputs).now().isoformat()
    return Driver(cloud.outputs | inside(cloud, "tests.integration.newcomer", name="newbird", now=now))


def billing(driver: Driver, **expected: Any) -> dict[str, Any]:
    """What the organization sees, once it holds what is expected."""

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = driver.api("GET", "/billing").json()
        return found if all(found[name] == value for name, value in expected.items()) else None

    return driver.wait_for(f"billing with {expected}", look)


def stripe(driver: Driver, page: str, **params: str) -> dict[str, Any]:
    answer = driver.http.post(f"{driver.desk}/stripe/{page}", params=params, timeout=60)
    assert answer.ok, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_from_the_trial_to_the_end_of_a_subscription(driver: Driver) -> None:
    before = billing(driver, status="trialing", quantity_billed=None)
    assert before["may"]["send"] is True
    opened = driver.api("POST", "/billing/checkout", json=BACK, key="buy")
    assert opened.status_code == 200, opened.text
    made = stripe(driver, "_pay", session=opened.json()["url"].rpartition("/")[2])
    bought = billing(driver, status="trialing", quantity_billed=1)
    assert bought["period_end"][:19] == before["trial_ends_at"][:19]  # Stripe counts whole seconds
    assert driver.api("POST", "/billing/checkout", json=BACK).status_code == 409
    assert driver.api("POST", "/billing/portal", json=BACK).json()["url"].startswith("https://billing.stripe.example/")

    first = driver.api("GET", f"/locations/{driver.outputs['location_id']}").json()
    names = ("legal_entity_id", "time_zone", "postal_address", "staff_email", "review_url")
    second = {name: first[name] for name in names} | {"name": "Newbird Dallas"}
    assert driver.api("POST", "/locations", json=second, key="dallas").status_code == 201
    grown = billing(driver, quantity_billed=2)
    assert grown["plan"]["name"] == "team"

    stripe(driver, "_set", customer=made["customer"], status="past_due")
    assert billing(driver, status="past_due")["grace_ends_at"] is not None
    stripe(driver, "_set", customer=made["customer"], status="canceled")
    billing(driver, status="canceled")

    asked = driver.vendor_requests("stripe")
    # A page that was paid on can no longer be closed; Stripe says so, and what was bought is fetched.
    refused = [entry["path"] for entry in asked if entry["status"] != 200]
    assert [path.rpartition("/")[2] for path in refused] == ["expire"]
    assert all(entry["valid"] in (True, None) for entry in asked)  # None: Stripe's description is not at hand
    told = [one for one in driver.http.get(f"{driver.desk}/_callbacks", timeout=60).json() if one["vendor"] == "stripe"]
    assert {one["status"] for one in told} == {202}


def test_the_door_lets_no_other_signature_in(driver: Driver) -> None:
    url = f"{driver.api_url}/hooks/stripe/platform"
    body = b'{"id": "evt_forged", "object": "event"}'
    for header in ("", "t=1,v1=00", f"t={int(driver.now().timestamp())},v1={'0' * 64}"):
        answer = driver.http.post(url, data=body, headers={"Stripe-Signature": header}, timeout=60)
        assert answer.status_code == 401
