"""No message outside anybody's hours: properties over every zone there is, 2026 to 2028, and instants by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.campaigns.places import Place, candidates, state_zones
from moref.campaigns.windows import HORIZON, LEAST_ROOM, SPREAD, closes_at, next_allowed
from moref.campaigns.zones import zone
from moref.intake.model import Address
from tests.unit.campaigns.calendar import DAY, FIRST, LAST, ZONES, changes, distinct
from tests.unit.campaigns.test_hours import OTHERS, UNKNOWN, USUAL
from tests.unit.campaigns.test_places import branch

INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
STATES = sorted(state_zones())
AMERICANS = st.sampled_from([Place(zone=name, state=state) for state in STATES for name in state_zones()[state]])
ANYWHERE = st.builds(Place, zone=st.sampled_from(ZONES), state=st.sampled_from([None, *STATES]))


def somewhere(*names: str, state: str | None = None) -> list[Place]:
    return [Place(zone=name, state=state) for name in names]


def allowed(instant: datetime, place: Place) -> bool:
    """The rule, written a second time: by the clock on the wall."""
    local = instant.astimezone(zone(place.zone))
    week = UNKNOWN if place.state is None else OTHERS.get(place.state, USUAL)
    hours = week[max(0, local.weekday() - 4)]
    return hours is not None and hours[0] <= local.hour < hours[1]


@given(INSTANTS, ANYWHERE, st.text(max_size=5))
def test_in_one_place_the_answer_is_inside_the_earliest_and_stays_put(now: datetime, place: Place, key: str) -> None:
    found = next_allowed(now, [place], key)
    assert found is not None
    assert found >= now
    assert allowed(found, place)
    assert next_allowed(found, [place], key) == found
    assert closes_at(found, [place]) is not None
    probe = now
    while probe < found - SPREAD:
        assert not allowed(probe, place), "there was an earlier moment"
        probe += timedelta(minutes=15)


@given(INSTANTS, st.lists(AMERICANS, min_size=1, max_size=5))
def test_with_several_places_it_is_inside_all_of_them(now: datetime, places: list[Place]) -> None:
    found = next_allowed(now, places, "key")
    if found is None:  # Guam and Maine; then there is no moment indeed
        minutes = range(0, int(HORIZON.total_seconds()) // 60, 10)
        assert not any(all(allowed(now + timedelta(minutes=at), one) for one in places) for at in minutes)
        return
    assert all(allowed(found, place) for place in places)
    end = closes_at(found, places)
    assert end is not None
    assert all(allowed(end - timedelta(microseconds=1), place) for place in places)
    assert not all(allowed(end, place) for place in places)
    if all(allowed(now, place) for place in places):
        assert found == now


@pytest.mark.parametrize("state", [None, "CA", "UT"])
def test_around_every_change_of_every_zones_clocks_each_day_has_its_window_once(state: str | None) -> None:
    """Exhaustive: all distinct zones, all changes of three years; the days before, of and after. One week without."""
    seen = 0
    for name in distinct():
        for change in changes(name) or (FIRST + 5 * DAY,):
            seen += 1
            each_window_once(Place(zone=name, state=state), change - 3 * DAY, change + 3 * DAY)
    assert seen > 800


@pytest.mark.parametrize("state", ["TX", None])
@pytest.mark.parametrize("name", ["America/Chicago", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/Nuuk"])
def test_every_day_of_three_years_has_its_window_once(name: str, state: str | None) -> None:
    each_window_once(Place(zone=name, state=state), FIRST + DAY, LAST)


def each_window_once(place: Place, start: datetime, end: datetime) -> None:
    """Walks from window to window: every open day is met, none twice, and the edges are the rule's."""
    there, week = zone(place.zone), UNKNOWN if place.state is None else OTHERS.get(place.state, USUAL)
    day = start.astimezone(there).date()
    moment = datetime(day.year, day.month, day.day, tzinfo=there).astimezone(UTC)
    while moment < end:
        while week[max(0, day.weekday() - 4)] is None:
            day += DAY
        found = next_allowed(moment, [place], "")
        assert found is not None
        assert found.astimezone(there).date() == day, (place, moment)
        closes = closes_at(found, [place])
        assert closes is not None
        assert allowed(found, place)
        assert allowed(closes - timedelta(microseconds=1), place)
        assert not allowed(closes, place)
        moment, day = closes, day + DAY


def test_openings_are_spread_over_twenty_minutes_and_the_same_for_the_same_key() -> None:
    night = datetime(2026, 6, 2, 5, tzinfo=UTC)
    opening = datetime(2026, 6, 2, 15, tzinfo=UTC)
    found = [next_allowed(night, somewhere("America/Chicago"), str(number)) for number in range(300)]
    offsets = [at - opening for at in found if at is not None]
    assert min(offsets) >= timedelta(0)
    assert max(offsets) < SPREAD
    assert len(set(offsets)) > 200
    assert found[0] == next_allowed(night, somewhere("America/Chicago"), "0")


def test_a_common_window_of_minutes_is_not_spread_to_where_the_last_look_finds_no_room() -> None:
    tight = somewhere("Asia/Kathmandu", "America/Noronha")  # until 12:15Z (+5:45) and from 12:00Z (-2)
    for number in range(200):
        found = next_allowed(datetime(2026, 6, 2, tzinfo=UTC), tight, str(number))
        assert found is not None
        assert datetime(2026, 6, 2, 12, tzinfo=UTC) <= found <= datetime(2026, 6, 2, 12, 15, tzinfo=UTC) - LEAST_ROOM


CHICAGO, NEW_YORK, DENVER = "America/Chicago", "America/New_York", "America/Denver"


@pytest.mark.parametrize(
    ("now", "places", "expected"),
    [
        # Friday 17:59:59 in Chicago is allowed, 18:00 is Saturday 10:00.
        ("2026-06-05T22:59:59Z", somewhere(CHICAGO), "2026-06-05T22:59:59Z"),
        ("2026-06-05T23:00Z", somewhere(CHICAGO), "2026-06-06T15:00Z"),
        # Saturday 17:00 is Sunday 12:00.
        ("2026-06-06T22:00Z", somewhere(CHICAGO), "2026-06-07T17:00Z"),
        # A state that is known has its own hours; in Utah Saturday 20:00 is Monday 9:00.
        ("2026-06-05T23:00Z", somewhere(CHICAGO, state="TX"), "2026-06-05T23:00Z"),
        ("2026-06-07T02:00Z", somewhere(DENVER, state="UT"), "2026-06-08T15:00Z"),
        # The clocks go forward on 8 March 2026 and back on 1 November 2026, both Sundays.
        ("2026-03-07T23:00Z", somewhere(CHICAGO), "2026-03-08T17:00Z"),
        ("2026-10-31T22:00Z", somewhere(CHICAGO), "2026-11-01T18:00Z"),
        # Lord Howe: Sunday noon is 01:30Z before its half hour (5 April) and 01:00Z after (4 October).
        ("2026-04-04T12:00Z", somewhere("Australia/Lord_Howe"), "2026-04-05T01:30Z"),
        ("2026-10-03T12:00Z", somewhere("Australia/Lord_Howe"), "2026-10-04T01:00Z"),
        # New York open, Los Angeles not yet.
        ("2026-06-02T14:00Z", somewhere(NEW_YORK, "America/Los_Angeles"), "2026-06-02T17:00Z"),
        # Monday 10:00 west of the date line is still Sunday in UTC.
        ("2026-05-31T20:59Z", somewhere("Pacific/Apia"), "2026-05-31T21:00Z"),
        ("2026-05-31T19:59Z", somewhere("Pacific/Kiritimati"), "2026-05-31T20:00Z"),
        # Apia's Monday 10:00 to 18:00 and Honolulu's Sunday from noon: both days are kept.
        ("2026-05-31T19:00Z", [*somewhere("Pacific/Apia"), *somewhere("Pacific/Honolulu", state="HI")],
         "2026-05-31T22:00Z"),
        # Vancouver stays at -7 in winter since 2026; older zone data says 18:00Z.
        ("2027-01-11T10:00Z", somewhere("America/Vancouver"), "2027-01-11T17:00Z"),
    ],
)  # fmt: skip
def test_cases_computed_by_hand(now: str, places: list[Place], expected: str) -> None:
    found = next_allowed(datetime.fromisoformat(now), places, "key")
    assert found is not None
    due = datetime.fromisoformat(expected)
    assert found == due if now == expected else due <= found < due + SPREAD


@pytest.mark.parametrize(
    ("state", "day", "opens", "closes"),
    [
        # An address with a state alone, on a Wednesday: from when the later zone opens to when the earlier closes.
        ("TN", "2026-07-01", "14:00", "00:00"),  # 9:00 in Nashville, 20:00 in Knoxville
        ("IN", "2026-07-01", "14:00", "00:00"),
        ("FL", "2026-07-01", "14:00", "00:00"),
        ("KY", "2026-07-01", "15:00", "00:00"),  # from 10:00
        ("TX", "2026-07-01", "15:00", "01:00"),  # 9:00 in El Paso, 20:00 in Dallas
        ("TX", "2026-12-02", "16:00", "02:00"),
        ("AZ", "2026-07-01", "16:00", "02:00"),  # 9:00 in Phoenix, 20:00 in the Navajo Nation, which has summer time
        ("AZ", "2026-12-02", "16:00", "03:00"),
        ("AK", "2026-07-01", "18:00", "04:00"),  # 9:00 on Adak, 20:00 in Anchorage
    ],
)
def test_states_split_by_zones_by_hand(state: str, day: str, opens: str, closes: str) -> None:
    places = [one for one in candidates(Address(state=state), None, branch()) if one.state == state]
    first, last = datetime.fromisoformat(f"{day}T{opens}Z"), datetime.fromisoformat(f"{day}T{closes}Z") + DAY
    found = next_allowed(first - timedelta(hours=3), places, "key")
    assert found is not None
    assert first <= found < first + SPREAD
    assert closes_at(first - timedelta(microseconds=1), places) is None
    assert closes_at(first, places) == last


def test_places_that_never_agree_have_no_moment() -> None:
    never = somewhere("Pacific/Guam", "America/New_York")
    assert next_allowed(datetime(2026, 6, 2, tzinfo=UTC), never, "key") is None
    assert next_allowed(datetime(2026, 6, 2, tzinfo=UTC), [], "key") is None


def test_a_holiday_moves_to_the_next_day_when_the_setting_says_so() -> None:
    christmas = datetime(2026, 12, 25, 18, tzinfo=UTC)  # a Friday
    places = somewhere(CHICAGO, state="TX")
    assert next_allowed(christmas, places, "key") == christmas
    found = next_allowed(christmas, places, "key", holidays=True)
    assert found is not None
    assert datetime(2026, 12, 26, 15, tzinfo=UTC) <= found < datetime(2026, 12, 26, 15, 20, tzinfo=UTC)
