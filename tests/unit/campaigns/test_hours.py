"""A state's hours are rows with a date and a source; the numbers below are written a second time, by hand."""

import json
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from moref.campaigns import hours
from moref.campaigns.hours import WEEKDAYS, Row, hours_on, in_force
from moref.campaigns.places import state_zones

DATA = Path(hours.__file__).with_name("data")
WINDOWS = json.loads((DATA / "windows.json").read_text())
HOLIDAYS = json.loads((DATA / "holidays.json").read_text())
MONDAY = date(2026, 6, 1)

# (Monday to Friday, Saturday, Sunday), None is closed
USUAL = ((9, 20), (9, 20), (12, 20))
UNKNOWN = ((10, 18), (10, 17), (12, 17))
OTHERS: dict[str, tuple[tuple[int, int] | None, ...]] = {
    "KY": ((10, 20), (10, 20), (12, 20)),
    "RI": ((9, 18), (10, 17), (12, 17)),
    "AL": ((9, 20), (9, 20), None),
    "LA": ((9, 20), (9, 20), None),
    "MS": ((9, 20), (9, 20), None),
    "UT": ((9, 20), (9, 20), None),
}


def clock(state: str | None, day: date, *, holidays: bool = False) -> tuple[int, int] | None:
    found = hours_on(day, state, holidays=holidays)
    assert found is None or {at.minute for at in found} == {0}
    return None if found is None else (found[0].hour, found[1].hour)


@pytest.mark.parametrize("state", [None, *state_zones()])
def test_every_states_week(state: str | None) -> None:
    week, saturday, sunday = UNKNOWN if state is None else OTHERS.get(state, USUAL)
    for year in (2026, 2027, 2028):
        monday = date(year, 6, 1) + timedelta(days=-date(year, 6, 1).weekday())
        found = [clock(state, monday + timedelta(days=number)) for number in range(7)]
        assert found == [*[week] * 5, saturday, sunday]


def test_where_the_state_is_unknown_no_state_would_be_narrower_but_for_closed_days() -> None:
    for number in range(7):
        day = MONDAY + timedelta(days=number)
        unknown = hours_on(day, None)
        assert unknown is not None
        for state in state_zones():
            if (known := hours_on(day, state)) is not None:
                assert known[0] <= unknown[0]
                assert unknown[1] <= known[1]


def test_a_states_own_law_counts_before_the_cut() -> None:
    """The rows themselves, so that a wider cut would not hide a wrong one."""
    texas = {tuple(row["weekdays"]): (row["opens"], row["closes"]) for row in WINDOWS["states"] if row["state"] == "TX"}
    assert texas == {tuple(WEEKDAYS[:6]): ("09:00", "21:00"), ("sun",): ("12:00", "21:00")}
    named = {row["state"] for row in WINDOWS["states"]}
    assert named == {"CT", "FL", "MD", "MS", "NJ", "OK", "WA", "WY", "RI", "TX", "KY", "AL", "LA", "UT"}


def test_every_row_has_a_date_and_a_source_and_no_two_begin_on_one_day() -> None:
    seen = set()
    for part in ("federal", "own", "unknown", "states"):
        for row in WINDOWS[part]:
            assert row["source"]
            assert date.fromisoformat(row["valid_from"]) <= date(2025, 1, 1) or part == "states"
            assert (row["opens"] is None) == (row["closes"] is None)
            if part in ("federal", "states"):  # honest: nobody has read the statutes for us yet
                assert row["verified"] or "not verified" in row["source"] or "secondary" in row["source"]
            for weekday in row["weekdays"]:
                key = (part, row.get("state"), weekday, row["valid_from"])
                assert weekday in WEEKDAYS
                assert key not in seen
                seen.add(key)


def test_the_row_in_force_on_the_day_counts() -> None:
    every = frozenset(WEEKDAYS)
    old = Row(every, (time(8), time(21)), date(2026, 1, 1))
    new = Row(every, (time(8), time(20)), date(2026, 6, 3))
    no_sunday = Row(frozenset(["sun"]), None, date(2026, 6, 10))
    rows = [new, old, no_sunday]
    assert in_force(rows, date(2025, 12, 31)) is None
    assert in_force(rows, date(2026, 6, 2)) is old
    assert in_force(rows, date(2026, 6, 3)) is new
    assert in_force(rows, date(2026, 6, 7)) is new  # a Sunday
    assert in_force(rows, date(2026, 6, 14)) is no_sunday
    assert in_force(rows, date(2026, 6, 15)) is new


def test_before_anything_is_known_nothing_is_sent() -> None:
    assert hours_on(date(2024, 12, 31), "TX") is None
    assert hours_on(date(2024, 12, 31), None) is None


@pytest.mark.parametrize(
    ("day", "closed", "open_"),
    [
        (date(2026, 12, 25), ["TX", None, "UT"], []),  # everywhere
        (date(2027, 7, 5), ["TX"], []),  # Independence Day is a Sunday: observed on Monday
        (date(2026, 7, 24), ["UT", None], ["TX", "NV"]),  # Pioneer Day; unknown keeps the days of all states
        (date(2027, 2, 9), ["LA", None], ["AL", "MS"]),  # Mardi Gras
        (date(2026, 4, 27), ["AL", None], ["LA", "MS"]),  # fourth Monday of April
        (date(2026, 7, 7), [], ["TX", "UT", None]),
    ],
)
def test_holidays_close_a_day_only_where_the_setting_asks_for_it(
    day: date, closed: list[str | None], open_: list[str | None]
) -> None:
    assert all(clock(state, day, holidays=True) is None for state in closed)
    assert all(clock(state, day, holidays=True) is not None for state in open_)
    assert all(clock(state, day) is not None for state in [*closed, *open_])


def test_the_holidays_of_three_years_are_there_once_and_fall_on_their_weekdays() -> None:
    rows = [(date.fromisoformat(row["date"]), row["name"], tuple(row["states"])) for row in HOLIDAYS["days"]]
    assert len(set(rows)) == len(rows)
    for year in (2026, 2027, 2028):
        names = {name: day for day, name, states in rows if day.year == year and not states and "obs" not in name}
        assert len(names) == 11
        assert names["Thanksgiving Day"].weekday() == 3
        assert 22 <= names["Thanksgiving Day"].day <= 28
        assert names["Memorial Day"].weekday() == 0
        assert names["Memorial Day"].day >= 25
    known = {(day, name) for day, name, _ in rows}
    assert (date(2026, 4, 3), "Good Friday") in known
    assert (date(2028, 2, 29), "Mardi Gras") in known
    assert {row["by"] for row in HOLIDAYS["days"]} == set(HOLIDAYS["sources"])
