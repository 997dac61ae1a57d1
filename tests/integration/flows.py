"""The main job driven from outside up to a pending conversion, for tests that attack what comes after."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from infra.local.demo.driver import Driver, check, link_in

ZONE = ZoneInfo("America/Chicago")
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Safari/604.1"


TUESDAY, WEDNESDAY, THURSDAY = 1, 2, 3


def to_a_weekday_morning(driver: Driver, *days: int) -> None:
    """Moves to 10:00 at the branch, tomorrow or when it is one of these days again, so that no test depends on when it
    runs. By default the day after it is a working day too."""
    tomorrow = driver.now().astimezone(ZONE).date() + timedelta(days=1)
    week = (tomorrow + timedelta(days=number) for number in range(7))
    day = next(day for day in week if day.weekday() in (days or (TUESDAY, WEDNESDAY, THURSDAY)))
    driver.move_to(datetime.combine(day, time(10), ZONE))


def job(who: str, kinds: list[str], at: datetime, *, phone: str, job_id: str = "") -> dict[str, Any]:
    """A notice in the generic CRM's documented form; facts one minute apart, the last at `at`."""
    consent = {"text": "Texts are fine.", "at": (at - timedelta(days=9)).isoformat(), "source": "booking form"}
    facts = [
        {"kind": kind, "value": True, "at": (at - timedelta(minutes=len(kinds) - place)).isoformat()}
        for place, kind in enumerate(kinds)
    ]
    place = {"city": "Austin", "state": "TX", "postal_code": "78701"}
    return {
        "job": {"id": job_id or f"J-{who}", "origin": place, "destination": place},
        "customer": {"id": f"C-{who}", "first_name": who, "last_name": "Test", "phone": phone, "sms_consent": consent},
        "facts": facts,
    }


def invited(driver: Driver, who: str, phone: str) -> str:
    """A customer who was asked, gave five and holds a link; the link."""
    to_a_weekday_morning(driver)
    answer = driver.webhook(job(who, ["booked", "completed"], driver.now(), phone=phone))
    check(answer.status_code == 202, f"webhook: {answer.status_code} {answer.text}")
    driver.move(2 * 3600 + 120)
    review = link_in(driver.message(phone, "/review/")["body"], "/review/")
    driver.submit(review, score="5", comment="")
    driver.move(1800)
    return link_in(driver.message(phone, "/r/")["body"], "/r/")


def quoted(driver: Driver, link: str, who: str, phone: str) -> None:
    """A friend who opened the link and asked for a quote."""
    form = driver.open(link, **{"user-agent": BROWSER}).headers["location"]
    fields = {"name": f"{who} Friend", "phone": phone, "email": "", "origin": "78702", "destination": "78745"}
    answer = driver.submit(form, consent="yes", **fields)
    check(answer.status_code == 303, f"quote: {answer.status_code} {answer.text[:300]}")


def pending_conversion(driver: Driver, tag: str, number: int) -> dict[str, Any]:
    """A whole referral up to its conversion; `number` (0-99) makes the two phone numbers unique."""
    advocate, friend = f"+1512555{2000 + number}", f"+1512555{3000 + number}"
    before = {conversion["id"] for conversion in driver.items("/conversions")}
    link = invited(driver, f"{tag}-advocate", advocate)
    quoted(driver, link, f"{tag}-friend", friend)
    driver.move(3600)
    kinds = ["booked", "completed", "invoiced"]
    driver.webhook(job(f"{tag}-friend", kinds, driver.now(), phone=friend))

    def fresh() -> dict[str, Any] | None:
        found = [c for c in driver.items("/conversions") if c["id"] not in before]
        return found[0] if found else None

    return driver.wait_for("a conversion", fresh)


UNDO = 600  # seconds in which staff may take an approval back; nothing is paid before


def approve(driver: Driver, conversion: str, key: str, *, released: bool = True) -> None:
    """Staff approve; unless `released` is false the time passes in which that may be undone."""
    answer = driver.api("POST", f"/conversions/{conversion}/approve", key=key, json={})
    check(answer.status_code == 200, f"approved: {answer.status_code} {answer.text[:300]}")
    if released:
        driver.move(UNDO + 1)


def payout_of(driver: Driver, conversion: dict[str, Any]) -> dict[str, Any] | None:
    """The payout of a conversion's reward, once there is one."""
    rewards = [r for r in driver.items("/rewards") if r["conversion_id"] == conversion["id"]]
    payouts = [p for p in driver.items("/payouts") if rewards and p["reward_id"] == rewards[0]["id"]]
    return payouts[0] if payouts else None
