"""Waits are over at wall times: nothing is lost at a gap, nothing comes twice at an overlap."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.campaigns.hours import WEEKDAYS
from moref.campaigns.places import Place
from moref.campaigns.waits import after_duration, at_wall_time, days_later, on_weekday
from moref.campaigns.zones import resolve, zone
from tests.unit.campaigns.calendar import DAY, ZONES, changes, distinct, offset

INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
WALLS = st.times().map(lambda at: f"{at:%H:%M}")
CHICAGO, NUUK = [Place(zone="America/Chicago")], [Place(zone="America/Nuuk")]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def test_a_duration_is_elapsed_time() -> None:
    assert after_duration(at("2026-03-08T07:30Z"), 60) == at("2026-03-08T08:30Z")


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        ("2026-03-03T16:00Z", 7, "2026-03-10T15:00Z"),  # 10:00 standard time, 10:00 summer time: 167 hours
        ("2026-10-27T15:00Z", 7, "2026-11-03T16:00Z"),  # and 169
        ("2026-03-01T08:30Z", 7, "2026-03-08T08:30Z"),  # 02:30 falls into the gap: 03:30
        ("2026-10-25T06:30Z", 7, "2026-11-01T06:30Z"),  # 01:30 comes twice: the first
        ("2026-11-01T07:30Z", 7, "2026-11-08T07:30Z"),  # from the second 01:30
    ],
)
def test_days_later_by_hand(start: str, days: int, expected: str) -> None:
    assert days_later(at(start), days, CHICAGO) == at(expected)


@pytest.mark.parametrize(
    ("start", "wall", "where", "expected"),
    [
        ("2026-06-05T13:59Z", "09:00", CHICAGO, "2026-06-05T14:00Z"),
        ("2026-06-05T14:00Z", "09:00", CHICAGO, "2026-06-05T14:00Z"),
        ("2026-06-05T14:01Z", "09:00", CHICAGO, "2026-06-06T14:00Z"),
        ("2026-03-08T06:00Z", "02:30", CHICAGO, "2026-03-08T08:30Z"),  # the gap
        ("2026-11-01T06:00Z", "01:30", CHICAGO, "2026-11-01T06:30Z"),  # the overlap: its first instant
        ("2026-11-01T06:31Z", "01:30", CHICAGO, "2026-11-02T07:30Z"),  # and not its second
        ("2026-03-28T20:00Z", "23:30", NUUK, "2026-03-29T01:30Z"),  # a gap that ends after midnight
        ("2026-03-29T01:10Z", "23:30", NUUK, "2026-03-29T01:30Z"),
        ("2026-03-29T01:31Z", "23:30", NUUK, "2026-03-30T00:30Z"),
    ],
)
def test_wall_times_by_hand(start: str, wall: str, where: list[Place], expected: str) -> None:
    assert at_wall_time(at(start), wall, where) == at(expected)


def test_a_weekday_is_the_places_and_not_utcs() -> None:
    friday = at("2026-06-05T15:00Z")
    assert on_weekday(friday, ["mon"], "09:00", CHICAGO) == at("2026-06-08T14:00Z")
    assert on_weekday(friday, ["fri", "tue"], "09:00", CHICAGO) == at("2026-06-09T14:00Z")
    # Monday 09:00 west and east of the date line.
    assert on_weekday(friday, ["mon"], "09:00", [Place(zone="Pacific/Kiritimati")]) == at("2026-06-07T19:00Z")
    assert on_weekday(friday, ["mon"], "09:00", [Place(zone="Pacific/Pago_Pago")]) == at("2026-06-08T20:00Z")


@pytest.mark.parametrize("names", [[], ["monday"], ["MON"]])
def test_a_wait_for_no_weekday_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="no weekday"):
        on_weekday(at("2026-06-05T15:00Z"), names, "09:00", CHICAGO)


@given(INSTANTS, st.sets(st.sampled_from(WEEKDAYS), min_size=1), WALLS, st.sampled_from(ZONES), st.floats(0, 1))
def test_asked_again_on_the_way_the_answer_stays(
    now: datetime, days: set[str], wall: str, name: str, part: float
) -> None:
    where = [Place(zone=name)]
    found = on_weekday(now, days, wall, where)
    assert now <= found <= now + timedelta(days=8)
    assert on_weekday(now + (found - now) * part, days, wall, where) == found
    assert on_weekday(found, days, wall, where) == found


@given(INSTANTS, st.integers(1, 30), st.sampled_from(ZONES))
def test_days_later_is_the_same_wall_time_unless_the_zone_has_no_such_time_that_day(
    instant: datetime, days: int, name: str
) -> None:
    there = zone(name)
    wanted = instant.astimezone(there).replace(tzinfo=None) + timedelta(days=days)
    later = days_later(instant, days, [Place(zone=name)]).astimezone(there)
    exists = wanted.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None) == wanted
    if exists:
        assert later.replace(tzinfo=None) == wanted
        assert later.fold == 0
    else:
        assert timedelta(0) < later.replace(tzinfo=None) - wanted <= timedelta(hours=24)


def test_at_every_change_of_every_zones_clocks_a_daily_wall_time_comes_once_a_day() -> None:
    """Exhaustive over 2026 to 2028: every quarter of an hour around what is skipped or comes twice."""
    seen = 0
    for name in distinct():
        for change in changes(name):
            seen += 1
            gap = offset(name, change) - offset(name, change - timedelta(seconds=1))
            for wall in around(name, change):
                check_resolved(name, wall, change, gap)
                check_daily(name, wall, change)
    assert seen > 600


def around(name: str, change: datetime) -> list[datetime]:
    """Naive wall times from half an hour before the change to half an hour after, as either offset tells them."""
    half = timedelta(minutes=30)
    sides = [(change + offset(name, one)).replace(tzinfo=None) for one in (change - DAY, change)]
    first, last = min(sides) - half, max(sides) + half
    return [first + timedelta(minutes=15) * step for step in range((last - first) // timedelta(minutes=15))]


def check_resolved(name: str, wall: datetime, change: datetime, gap: timedelta) -> None:
    before = wall.replace(tzinfo=UTC) - offset(name, change - DAY)  # as the clocks before the change read it
    skipped = gap > timedelta(0) and change <= before < change + gap
    found = resolve(wall, name)
    assert found == (before if before < change or skipped else before - gap)
    shown = (found + offset(name, found)).replace(tzinfo=None)
    assert shown - wall == (gap if skipped else timedelta(0))


def check_daily(name: str, wall: datetime, change: datetime) -> None:
    moment, fired = change - 3 * DAY, []
    while moment < change + 3 * DAY:
        found = at_wall_time(moment, f"{wall:%H:%M}", [Place(zone=name)])
        fired.append(found)
        moment = found + timedelta(seconds=1)
    assert all(timedelta(hours=21) < later - earlier < timedelta(hours=27) for earlier, later in pairwise(fired))
