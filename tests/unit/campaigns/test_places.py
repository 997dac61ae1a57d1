"""A person may be in any zone and state of the addresses we know, at the branch, and where the phone comes from."""

import json
from datetime import UTC, datetime
from pathlib import Path

import phonenumbers
import pytest
from phonenumbers import timezone

from moref.campaigns import places, zones
from moref.campaigns.places import Place, candidates, state_zones
from moref.intake.model import Address
from moref.tenants.model import Location

AREA_CODES = json.loads(Path(places.__file__).with_name("data").joinpath("area_codes.json").read_text())["rows"]
CHICAGO, DENVER, NEW_YORK = "America/Chicago", "America/Denver", "America/New_York"


def branch(state: str | None = None) -> Location:
    return Location(
        organization_id="org_1", id="loc_1", created_at=datetime(2026, 1, 1, tzinfo=UTC), name="Bluebird",
        updated_at=datetime(2026, 1, 1, tzinfo=UTC), legal_entity_id="le_1", time_zone=CHICAGO, state=state,
        postal_address="1 Main St", staff_email="staff@bluebird.test", review_url="https://reviews.example.test/b",
    )  # fmt: skip


def test_every_state_has_zones_that_exist() -> None:
    assert len(state_zones()) == 56  # 50 states, the district, five territories
    for names in state_zones().values():
        assert names
        assert all(zones.known(name) for name in names)


@pytest.mark.parametrize(
    ("origin", "destination", "expected"),
    [
        (None, None, [(CHICAGO, None)]),
        (Address(state="tx"), None, [(CHICAGO, "TX"), (DENVER, "TX"), (CHICAGO, None)]),
        (
            Address(state="TX", time_zone=CHICAGO),
            Address(state="CA"),
            [(CHICAGO, "TX"), ("America/Los_Angeles", "CA"), (CHICAGO, None)],
        ),
        (Address(state="TX", time_zone="Mars/Olympus"), None, [(CHICAGO, "TX"), (DENVER, "TX"), (CHICAGO, None)]),
        (Address(time_zone=DENVER), None, [(DENVER, None), (CHICAGO, None)]),
        (Address(state="ON", country="CA"), Address(state="??"), [(CHICAGO, None)]),
        (
            Address(state="ON", country="CA", time_zone="America/Toronto"),
            None,
            [("America/Toronto", None), (CHICAGO, None)],
        ),
    ],
)
def test_candidates_are_origin_destination_and_branch(
    origin: Address | None, destination: Address | None, expected: list[tuple[str, str | None]]
) -> None:
    found = candidates(origin, destination, branch())
    assert found == [Place(zone=name, state=state) for name, state in expected]


def test_the_branch_brings_its_own_state_and_no_place_comes_twice() -> None:
    assert candidates(Address(state="TX", time_zone=CHICAGO), None, branch("tx")) == [Place(zone=CHICAGO, state="TX")]
    assert candidates(None, None, branch("Ontario")) == [Place(zone=CHICAGO)]


@pytest.mark.parametrize(
    "address",
    [
        Address(city="Springfield"),
        Address(postal_code="62701"),
        Address(street="1 Main St, Springfield"),
        Address(state="Illinois"),
        Address(city="Toronto", state="ON", country="CA"),
    ],
)
def test_an_address_in_nobody_knows_which_state_brings_the_narrowest_hours(address: Address) -> None:
    tx = branch("TX")
    assert candidates(address, None, tx) == [Place(zone=CHICAGO), Place(zone=CHICAGO, state="TX")]
    assert candidates(None, address, tx) == [Place(zone=CHICAGO), Place(zone=CHICAGO, state="TX")]
    assert candidates(Address(), None, tx) == [Place(zone=CHICAGO, state="TX")]


@pytest.mark.parametrize(
    ("phone", "added"),
    [
        ("+12125550123", [(NEW_YORK, "NY")]),
        ("+15125550123", [(CHICAGO, "TX")]),
        # Split areas: the number alone does not tell the side.
        ("+18505550123", [(NEW_YORK, "FL"), (CHICAGO, "FL")]),
        ("+19155550123", [(CHICAGO, "TX"), (DENVER, "TX")]),
        ("+19285550123", [("America/Phoenix", "AZ"), (DENVER, "AZ")]),
        ("+18005550123", []),  # toll-free
        ("+12005550123", []),  # no such code
        ("+14165550123", []),  # Toronto
        ("+442125550123", []),
        (None, []),
    ],
)
def test_the_area_code_adds_a_place_and_takes_none_away(phone: str | None, added: list[tuple[str, str]]) -> None:
    known = candidates(Address(state="CA"), None, branch("WI"))
    extra = [Place(zone=name, state=state) for name, state in added]
    assert candidates(Address(state="CA"), None, branch("WI"), phone) == [*known, *extra]


def test_area_codes_lie_in_their_state_and_agree_with_the_installed_tables_or_are_wider() -> None:
    seen: set[str] = set()
    for row in AREA_CODES:
        assert set(row["zones"]) <= set(state_zones()[row["state"]])
        for code in row["codes"]:
            assert code not in seen
            seen.add(code)
            number = phonenumbers.parse(f"+1{code}5550123")
            now = datetime(2026, 7, 1, tzinfo=UTC)
            ours = {now.astimezone(zones.zone(name)).utcoffset() for name in row["zones"]}
            known = [name for name in timezone.time_zones_for_number(number) if zones.known(name)]
            theirs = {now.astimezone(zones.zone(name)).utcoffset() for name in known}
            assert theirs <= ours, code
    assert len(seen) > 350
