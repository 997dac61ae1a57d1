"""Sixty simulated days of one campaign on the embedded AWS: five customers, and a reply, a STOP, a click and a claim in
the middle, each of which changes what follows as designed."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from infra.local.cloud import Cloud
from infra.local.demo.driver import Driver, check, link_in
from tests.integration.flows import BROWSER, TUESDAY, ZONE, job, to_a_weekday_morning
from tests.integration.inside import inside

pytestmark = pytest.mark.cloud

PLAN = "tests.integration.sixty_days"
PHONES = {name: f"+151255541{number:02}" for number, name in enumerate(("silent", "reply", "stop", "click", "claim"))}


def send(template: str, next: str | None = None) -> dict[str, Any]:
    return {"kind": "send", "template": template, "next": next}


# After the question of the ready-made campaign: days 7, 21, 35, then a Thursday, and 20 days later the last message.
DEFINITION: dict[str, Any] = {
    "trigger": {"kind": "job_completed", "when": {"job_types": ["sixty"]}},
    "first": "week",
    "steps": {
        "week": {"kind": "wait", "days": 7, "next": "scored"},
        "scored": {
            "kind": "branch",
            "cases": [{"when": {"no_answer_days": 3}, "next": "ask_again"}],
            "otherwise": "share",
        },
        "ask_again": send("ask_again", "share_wait"),
        "share": send("invite_without_score", "share_wait"),
        "share_wait": {"kind": "wait", "days": 14, "until": "clicked", "next": "clicked"},
        "clicked": {
            "kind": "branch", "cases": [{"when": {"clicked": True}, "next": "thank_by_phone"}], "otherwise": "remind",
        },
        "thank_by_phone": {"kind": "task", "words": "They shared their link: call and say thanks."},
        "remind": send("remind", "fortnight"),
        "fortnight": {"kind": "wait", "days": 14, "next": "thursday"},
        "thursday": {"kind": "wait", "at": "15:30", "weekdays": ["thu"], "next": "nudge"},
        "nudge": send("invite_without_score", "last"),
        "last": {"kind": "wait", "days": 20, "next": "bye"},
        "bye": send("remind"),
    },
}  # fmt: skip


def completed(driver: Driver, who: str, **facts: bool) -> None:
    now = driver.now()
    data = job(f"sixty-{who}", ["booked", "completed"], now, phone=PHONES[who])
    data["job"]["type"] = "sixty"
    data["facts"] = [] if facts else data["facts"]
    data["facts"] += [{"kind": kind, "value": value, "at": now.isoformat()} for kind, value in facts.items()]
    answer = driver.webhook(data)
    check(answer.status_code == 202, f"webhook: {answer.status_code} {answer.text}")


def got(driver: Driver, who: str) -> list[tuple[datetime, str]]:
    """Local times and texts of all that reached somebody."""
    return [
        (datetime.fromisoformat(m["at"].replace("Z", "+00:00")).astimezone(ZONE), m["body"])
        for m in driver.messages(PHONES[who])
    ]


def _days(driver: Driver, number: int) -> None:
    for _ in range(number):
        driver.move(86400)


def test_sixty_days(cloud: Cloud) -> None:
    driver, org = Driver(cloud.outputs), cloud.outputs["organization_id"]
    to_a_weekday_morning(driver, TUESDAY)
    inside(cloud, PLAN, org=org, definition=DEFINITION)
    began = driver.now()
    for who in PHONES:
        completed(driver, who)
        driver.move(1)  # one by one: five cold starts at once are much for a small machine
    driver.move(3 * 3600)
    for who in ("stop", "click", "claim"):
        driver.submit(link_in(driver.message(PHONES[who], "/review/")["body"], "/review/"), score="5", comment="")

    _days(driver, 8)  # day 8: the campaign's first message has come
    link = link_in(got(driver, "click")[-1][1], "/r/")
    driver.open(link, **{"user-agent": BROWSER})
    completed(driver, "claim", damage_claim=True)
    _days(driver, 6)  # day 14
    driver.reply_by_sms(PHONES["reply"], "Please leave me alone for now")
    driver.reply_by_sms(PHONES["stop"], "STOP")
    completed(driver, "claim", damage_claim=False)
    _days(driver, 20)  # day 34
    _days(driver, 27)  # day 61

    journeys = inside(cloud, PLAN, org=org)
    steps = {who: _of(journeys, driver, who) for who in PHONES}
    _silent(got(driver, "silent"), began, steps["silent"])
    _left_alone(driver, "reply", "marketing_paused", steps["reply"])
    _left_alone(driver, "stop", "opted_out", steps["stop"])
    _clicked(driver, steps["click"], journeys)
    _claimed(driver, steps["claim"])


def _of(journeys: dict[str, Any], driver: Driver, who: str) -> dict[str, Any]:
    mine = next(row for row in driver.items("/jobs") if row["external_id"] == f"J-sixty-{who}")
    found: dict[str, Any] = journeys[mine["id"]]
    return found


def _silent(messages: list[tuple[datetime, str]], began: datetime, journey: dict[str, Any]) -> None:
    """Everything came, each once, at its local time, inside the hours; and then it was over."""
    assert (journey["status"], journey["reason"]) == ("finished", "all_steps")
    start = began.astimezone(ZONE).replace(tzinfo=None)
    days = [(at.replace(tzinfo=None) - start) / timedelta(days=1) for at, _ in messages]
    expected = [2 / 24, 7, 21, 37 + 5.5 / 24, 57 + 5.5 / 24]  # the Thursday after day 35 is day 37, at 15:30
    assert len(days) == len(expected), messages
    # From the fact, which was a minute ago; a schedule has a minute, a sender has its pace.
    assert all(abs(day - due) < 10 / (24 * 60) for day, due in zip(days, expected, strict=True)), days
    assert all(9 <= at.hour < 20 for at, _ in messages)
    assert ["/review/" in text for _, text in messages] == [True, True, False, False, False]
    ran = {name for name, run in journey["steps"].items() if run["status"] == "done"}
    assert ran == set(DEFINITION["steps"]) - {"share", "thank_by_phone"}


def _left_alone(driver: Driver, who: str, reason: str, journey: dict[str, Any]) -> None:
    """The journey goes on by itself; what it sends is kept as skipped, and nothing reached them after their wish."""
    after = [text for at, text in got(driver, who) if "/r/" in text or "/review/" in text]
    before = 4 if who == "stop" else 2  # asked, (invited after a five and reminded,) and day 7
    assert len(after) == before, after
    skipped = [m for m in driver.items("/messages", status="skipped") if m["enrollment_id"] in _ids(driver, who)]
    assert skipped
    assert {m["reason"] for m in skipped} <= {reason, "suppressed"}, skipped
    assert journey["status"] == "finished"


def _ids(driver: Driver, who: str) -> set[str]:
    mine = next(row for row in driver.items("/jobs") if row["external_id"] == f"J-sixty-{who}")
    rows = driver.items("/messages", contact_id=mine["contact_id"])
    return {row["enrollment_id"] for row in rows if row["enrollment_id"]}


def _clicked(driver: Driver, journey: dict[str, Any], journeys: dict[str, Any]) -> None:
    """The wait ended at the click, staff were told, and no reminder came."""
    assert journey["status"] == "finished"
    wait = journey["steps"]["share_wait"]
    assert (wait["reason"], journey["steps"]["thank_by_phone"]["status"]) == ("clicked", "done")
    assert datetime.fromisoformat(wait["done_at"]) < datetime.fromisoformat(wait["due_at"]) - timedelta(days=10)
    assert "remind" not in journey["steps"]
    tasks = [m for m in driver.messages(driver.outputs["staff_email"]) if "say thanks" in m["body"]]
    assert len(tasks) == 1


def _claimed(driver: Driver, journey: dict[str, Any]) -> None:
    """Ended when the claim was opened; closed a week later it stays ended."""
    assert (journey["status"], journey["reason"]) == ("stopped", "stop_condition: damage_claim")
    texts = [text for _, text in got(driver, "claim")]
    assert len(texts) == 4, "asked, invited after a five and reminded, and day 7"
