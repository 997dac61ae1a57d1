"""No message outside anybody's hours: properties over every zone there is, 2026 to 2028."""

import zoneinfo
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.campaigns.places import Place
from moref.campaigns.windows import SPREAD, closes_at, next_allowed
from moref.campaigns.zones import zone

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
US = [
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "Pacific/Honolulu",
]
INSTANTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
HOURS = {5: (10, 17), 6: (12, 17)}  # Saturday, Sunday; else 10 to 18


def somewhere(*names: str) -> list[Place]:
    return [Place(zone=name) for name in names]


def allowed(instant: datetime, name: str) -> bool:
    """The rule, written a second time and by the minute."""
    local = instant.astimezone(zone(name))
    opens, closes = HOURS.get(local.weekday(), (10, 18))
    return opens <= local.hour < closes


@given(INSTANTS, st.sampled_from(ZONES), st.text(max_size=5))
def test_in_one_zone_the_answer_is_inside_the_earliest_and_stays_put(now: datetime, name: str, key: str) -> None:
    found = next_allowed(now, somewhere(name), key)
    assert found is not None
    assert found >= now
    assert allowed(found, name)
    assert next_allowed(found, somewhere(name), key) == found
    assert closes_at(found, somewhere(name)) is not None
    probe = now
    while probe < found - SPREAD:
        assert not allowed(probe, name), "there was an earlier moment"
        probe += timedelta(minutes=15)


@given(INSTANTS, st.lists(st.sampled_from(US), min_size=1, max_size=4))
def test_with_several_zones_it_is_inside_all_of_them(now: datetime, names: list[str]) -> None:
    found = next_allowed(now, somewhere(*names), "key")
    assert found is not None
    assert all(allowed(found, name) for name in names)
    end = closes_at(found, somewhere(*names))
    assert end is not None
    assert all(allowed(end - timedelta(microseconds=1), name) for name in names)
    assert not all(allowed(end, name) for name in names)
    if all(allowed(now, name) for name in names):
        assert found == now


def test_openings_are_spread_over_twenty_minutes_and_the_same_for_the_same_key() -> None:
    night = datetime(2026, 6, 2, 5, tzinfo=UTC)
    opening = datetime(2026, 6, 2, 15, tzinfo=UTC)
    found = [next_allowed(night, somewhere("America/Chicago"), str(number)) for number in range(300)]
    offsets = [at - opening for at in found if at is not None]
    assert min(offsets) >= timedelta(0)
    assert max(offsets) < SPREAD
    assert len(set(offsets)) > 200
    assert found[0] == next_allowed(night, somewhere("America/Chicago"), "0")


@pytest.mark.parametrize(
    ("now", "zones", "expected"),
    [
        # Friday 17:59:59 in Chicago is allowed, 18:00 is Saturday 10:00.
        ("2026-06-05T22:59:59+00:00", ["America/Chicago"], "2026-06-05T22:59:59+00:00"),
        ("2026-06-05T23:00:00+00:00", ["America/Chicago"], "2026-06-06T15:00:00+00:00"),
        # Saturday 17:00 is Sunday 12:00.
        ("2026-06-06T22:00:00+00:00", ["America/Chicago"], "2026-06-07T17:00:00+00:00"),
        # The clocks go forward on 8 March 2026 and back on 1 November 2026, both Sundays.
        ("2026-03-07T23:00:00+00:00", ["America/Chicago"], "2026-03-08T17:00:00+00:00"),
        ("2026-10-31T22:00:00+00:00", ["America/Chicago"], "2026-11-01T18:00:00+00:00"),
        # New York open, Los Angeles not yet.
        ("2026-06-02T14:00:00+00:00", ["America/New_York", "America/Los_Angeles"], "2026-06-02T17:00:00+00:00"),
    ],
)
def test_cases_computed_by_hand(now: str, zones: list[str], expected: str) -> None:
    found = next_allowed(datetime.fromisoformat(now), somewhere(*zones), "key")
    assert found is not None
    due = datetime.fromisoformat(expected)
    assert found == due if now == expected else due <= found < due + SPREAD


def test_zones_that_never_agree_have_no_moment() -> None:
    assert next_allowed(datetime(2026, 6, 2, tzinfo=UTC), somewhere("Pacific/Guam", "America/New_York"), "key") is None
    assert next_allowed(datetime(2026, 6, 2, tzinfo=UTC), [], "key") is None
