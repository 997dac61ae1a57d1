"""A referral from the question to the paid reward, as the reports show it; and the Monday e-mail with its page."""

from datetime import date, timedelta
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver, link_in
from tests.integration.flows import ZONE, approve, payout_of, pending_conversion

pytestmark = pytest.mark.cloud
STAGES = ("asked", "clicked", "quoted", "booked", "invoiced", "paid")


def funnel(driver: Driver, since: date) -> dict[str, int]:
    """Other tests use the same organization, so it is compared with an earlier one, of the same first day."""
    last = driver.now().astimezone(ZONE).date() + timedelta(days=1)
    days = {"from": since.isoformat(), "to": last.isoformat()}
    lines = driver.items("/reports/funnel", **days)
    return {stage: sum(line[stage] for line in lines) for stage in STAGES}


def test_the_reports_follow_a_referral_and_a_director_gets_them_on_monday(cloud: Cloud) -> None:
    driver = Driver(cloud.outputs)
    since = driver.now().astimezone(ZONE).date() - timedelta(days=7)
    before = funnel(driver, since)
    conversion = pending_conversion(driver, "reported", 91)
    approve(driver, conversion["id"], "reported")
    driver.wait_for("a payout", lambda: payout_of(driver, conversion))

    def counted() -> dict[str, int] | None:
        now = funnel(driver, since)
        return now if all(now[stage] > before[stage] for stage in STAGES) else None

    driver.wait_for("the referral in every stage of the funnel", counted)
    csv = driver.api("GET", "/reports/payouts.csv")
    assert csv.text.startswith("period,intent,submitted,accepted")
    assert driver.items("/reports/leaderboard")[0]["booked"] >= 1
    assert sum(line["rewards"] for line in driver.items("/reports/cost")) >= 2500

    (owner,) = [each for each in driver.items("/members") if each["role"] == "owner"][:1]
    known: dict[str, Any] = driver.api("GET", "/reports/digest").json()
    body = {"version": known["version"], "member_ids": [owner["id"]], "time_zone": str(ZONE)}
    answer = driver.api("PUT", "/reports/digest", json=body)
    assert answer.status_code == 200, answer.text
    local = driver.now().astimezone(ZONE)
    monday = (local + timedelta(days=7 - local.weekday())).replace(hour=9, minute=30)
    driver.move_to(monday)
    mail = driver.message(owner["email"], "/report/")
    page = driver.open(link_in(mail["body"], "/report/"))
    assert page.status_code == 200
    assert "From the question to the reward" in page.text
    assert len([each for each in driver.messages(owner["email"]) if "/report/" in each["body"]]) == 1
    stopped = driver.http.post(link_in(mail["body"], "/report/"), data={"List-Unsubscribe": "One-Click"}, timeout=60)
    assert stopped.status_code == 200
    assert driver.api("GET", "/reports/digest").json()["stopped"] == [owner["id"]]
