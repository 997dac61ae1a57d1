"""A campaign from the first wrong draft to its funnel, over HTTP on the embedded AWS, while people are in it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver, link_in
from tests.integration.flows import job, quoted, to_a_weekday_morning

pytestmark = pytest.mark.cloud
ADVOCATE, SECOND, FRIEND = "+15125556101", "+15125556102", "+15125556103"
DAY = 24 * 3600


def definition(days: int) -> dict[str, Any]:
    return {
        "trigger": {"kind": "job_completed"},
        "first": "breathe",
        "steps": {
            "breathe": {"kind": "wait", "minutes": 30, "next": "link"},
            "link": {"kind": "send", "template": "invite_without_score", "next": "think"},
            "think": {"kind": "wait", "days": days, "next": "remind"},
            "remind": {"kind": "send", "template": "remind"},
        },
    }


@pytest.fixture
def driver(cloud: Cloud) -> Iterator[Driver]:
    """The ready-made campaign of completed jobs rests meanwhile: one message a day is the most."""
    found = Driver(cloud.outputs)
    asked(found, "POST", "/campaigns/review_collection/pause")
    yield found
    asked(found, "POST", "/campaigns/review_collection/resume")


def asked(driver: Driver, method: str, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
    answer = driver.api(method, path, json=body if body is not None else {})
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def enrolled(driver: Driver, campaign: str, who: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        jobs = {one["external_id"]: one["id"] for one in driver.items("/jobs")}
        rows = [row for row in driver.items("/enrollments") if row["campaign_id"] == campaign]
        return next((row for row in rows if row["job_id"] == jobs.get(f"J-{who}")), None)

    return driver.wait_for(f"{who} is in the campaign", look)


def completes(driver: Driver, who: str, phone: str) -> None:
    answer = driver.webhook(job(who, ["booked", "completed"], driver.now(), phone=phone))
    assert answer.status_code == 202, answer.text


def a_refused_draft(driver: Driver) -> str:
    """Refused with every place, then made as it should be."""
    wrong = definition(2)
    wrong["steps"]["link"] |= {"template": "no_such", "next": "nowhere"}
    refused = asked(driver, "POST", "/campaigns", {"name": "Links", "definition": wrong}, 422)
    places = {error["field"] for error in refused["errors"]}
    assert {"definition.steps.link.template", "definition.steps.link.next", "definition.steps.think"} <= places
    made = asked(driver, "POST", "/campaigns", {"name": "Links", "definition": definition(2)}, 201)
    assert made["status"] == "draft"
    return str(made["id"])


def test_a_campaign_is_drafted_tried_run_changed_paused_and_counted(driver: Driver) -> None:
    to_a_weekday_morning(driver)
    begun = driver.now()
    campaign = a_refused_draft(driver)
    path = f"/campaigns/{campaign}"
    tried = asked(driver, "POST", f"{path}/test-send", {}, 202)["messages"]
    assert [each["steps"] for each in tried] == [["link"], ["remind"]]
    driver.wait_for("the samples, to oneself", lambda: len(samples(driver)) >= len(tried))
    assert asked(driver, "POST", f"{path}/activate")["status"] == "active"

    completes(driver, "editor-one", ADVOCATE)
    first = enrolled(driver, campaign, "editor-one")
    shown = asked(driver, "POST", f"{path}/preview", {"job_id": first["job_id"]})
    assert shown["why_not"] == []
    assert [step["step"] for step in shown["steps"]] == ["breathe", "link", "think", "remind"]
    assert "T10:3" in shown["steps"][1]["local"]
    driver.move(1800 + 120)
    link = link_in(driver.message(ADVOCATE, "/r/")["body"], "/r/")

    # Changed while one is in it: they finish as they began, the next begins on the new one.
    version = asked(driver, "GET", path)["version"]
    changed = asked(driver, "PUT", f"{path}/definition", {"version": version, "definition": definition(4)})
    assert changed["version_id"] == f"{campaign}.v2"
    completes(driver, "editor-two", SECOND)
    assert enrolled(driver, campaign, "editor-two")["version_id"] == f"{campaign}.v2"
    driver.move(1800 + 120)
    quoted(driver, link, "editor", FRIEND)
    driver.webhook(job("editor-friend", ["booked"], driver.now(), phone=FRIEND))

    # Paused when the reminder comes due: it waits, and leaves after the resume.
    asked(driver, "POST", f"{path}/pause")
    driver.move(2 * DAY)
    held = asked(driver, "GET", f"/enrollments/{first['id']}")
    assert (held["status"], held["version_id"], held["at"]) == ("held", f"{campaign}.v1", "think")
    texts = len(driver.messages(ADVOCATE))
    asked(driver, "POST", f"{path}/resume")
    driver.move(3600)
    assert len(driver.messages(ADVOCATE)) == texts + 1
    over = asked(driver, "GET", f"/enrollments/{first['id']}")
    assert (over["status"], over["reason"]) == ("finished", "all_steps")
    assert [step["step"] for step in over["journey"]] == ["breathe", "link", "think", "remind"]
    assert over["journey"][1]["message_status"] == "delivered"

    counts = funnel(driver, campaign, begun.date().isoformat(), (begun + timedelta(days=5)).date().isoformat())
    assert counts == {
        "link": {"sent": 2, "delivered": 2, "opened": 1, "clicked": 1, "quoted": 1, "booked": 1},
        "remind": {"sent": 1, "delivered": 1, "opened": 0, "clicked": 0, "quoted": 0, "booked": 0},
    }
    archived = asked(driver, "POST", f"{path}/archive", {"end_running": True})
    assert archived["status"] == "archived"
    driver.move(600)
    second = enrolled(driver, campaign, "editor-two")
    assert (second["status"], second["reason"]) == ("stopped", "campaign_ended")
    actions = {row["action"] for row in driver.items("/audit", subject=campaign)}
    assert actions >= {f"campaign.{what}" for what in ("created", "activate", "saved", "pause", "resume", "archive")}


def samples(driver: Driver) -> list[dict[str, Any]]:
    return [message for message in driver.messages() if (message.get("subject") or "").startswith("TEST: ")]


def funnel(driver: Driver, campaign: str, first: str, last: str) -> dict[str, dict[str, int]]:
    """By step, once the booking is counted."""

    def look() -> dict[str, Any] | None:
        found = asked(driver, "GET", f"/campaigns/{campaign}/funnel?from={first}&to={last}")
        return found if found["total"]["booked"] and found["total"]["sent"] == 3 else None

    found = driver.wait_for("the funnel has it all", look)
    assert found["total"]["sent"] == sum(row["sent"] for row in found["channels"])
    return {row.pop("step"): row for row in found["steps"] if row.pop("channel") == "sms"}
