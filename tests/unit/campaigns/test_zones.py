"""Zone data is the pinned package's, and a person may be in any zone of the addresses we know."""

import json
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.campaigns import places, zones
from moref.campaigns.places import Place, candidates
from moref.campaigns.waits import days_later
from moref.intake.model import Address
from moref.tenants.model import Location

ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
STATES = json.loads(Path(places.__file__).with_name("data").joinpath("state_zones.json").read_text())["states"]

BRANCH = Location(
    organization_id="org_1", id="loc_1", created_at=datetime(2026, 1, 1, tzinfo=UTC), name="Bluebird",
    updated_at=datetime(2026, 1, 1, tzinfo=UTC), legal_entity_id="le_1", time_zone="America/Chicago",
    postal_address="1 Main St", staff_email="staff@bluebird.test", review_url="https://reviews.example.test/bluebird",
)  # fmt: skip


def test_zone_data_comes_from_the_pinned_package_and_not_from_the_machine() -> None:
    assert zoneinfo.TZPATH == ()
    assert import_module("tzdata").IANA_VERSION >= "2026a"
    raw = files("tzdata.zoneinfo.America").joinpath("Vancouver").open("rb")
    with raw as file:
        pinned = zoneinfo.ZoneInfo.from_file(file)
    for month in range(1, 13):
        at = datetime(2027, month, 15, tzinfo=UTC)
        assert at.astimezone(zones.zone("America/Vancouver")).utcoffset() == at.astimezone(pinned).utcoffset()


def test_british_columbia_keeps_summer_time_from_2026_which_old_copies_do_not_know() -> None:
    winter = datetime(2027, 1, 15, tzinfo=UTC).astimezone(zones.zone("America/Vancouver"))
    assert winter.utcoffset() == timedelta(hours=-7)


def test_every_state_has_zones_that_exist() -> None:
    assert len(STATES) == 56  # 50 states, the district, five territories
    for names in STATES.values():
        assert names
        assert all(zones.known(name) for name in names)


@pytest.mark.parametrize(
    ("origin", "destination", "expected"),
    [
        (None, None, [("America/Chicago", None)]),
        (Address(state="tx"), None, [("America/Chicago", "TX"), ("America/Denver", "TX"), ("America/Chicago", None)]),
        (
            Address(state="TX", time_zone="America/Chicago"),
            Address(state="CA"),
            [("America/Chicago", "TX"), ("America/Los_Angeles", "CA"), ("America/Chicago", None)],
        ),
        (
            Address(state="TX", time_zone="Mars/Olympus"),
            None,
            [("America/Chicago", "TX"), ("America/Denver", "TX"), ("America/Chicago", None)],
        ),
        (Address(state="ON", country="CA"), Address(state="??"), [("America/Chicago", None)]),
    ],
)
def test_candidates_are_origin_destination_and_branch(
    origin: Address | None, destination: Address | None, expected: list[tuple[str, str | None]]
) -> None:
    assert candidates(origin, destination, BRANCH) == [Place(zone=name, state=state) for name, state in expected]


@pytest.mark.parametrize("name", ["", None, "America", "../etc/passwd", "/etc/localtime", "Nowhere/At_All", "a\0b"])
def test_what_is_no_zone_is_not_known(name: str | None) -> None:
    assert not zones.known(name)


def test_a_gap_moves_forward_and_an_overlap_takes_its_first_instant() -> None:
    assert zones.resolve(datetime(2026, 3, 8, 2, 30), "America/Chicago") == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)
    assert zones.resolve(datetime(2026, 11, 1, 1, 30), "America/Chicago") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
    st.integers(1, 30),
    st.sampled_from(ZONES),
)
def test_days_later_is_the_same_wall_time_unless_the_zone_has_no_such_time_that_day(
    instant: datetime, days: int, name: str
) -> None:
    zone = zones.zone(name)
    wanted = instant.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    later = days_later(instant, days, [Place(zone=name)]).astimezone(zone)
    exists = wanted.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wanted
    if exists:
        assert later.replace(tzinfo=None) == wanted
        assert later.fold == 0
    else:
        assert timedelta(0) < later.replace(tzinfo=None) - wanted <= timedelta(hours=24)
