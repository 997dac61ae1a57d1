"""Partners and the house get links of their own, whoever they were before, and are told of once."""

from contextlib import suppress
from typing import Any

import pytest

from moref.intake.model import Contact
from moref.kernel.errors import BadInput, NotFound
from moref.records import get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.onboard_advocate import Newcomer, onboard_advocate
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import LOCATION, ORG, World, world


def newcomer(**over: Any) -> Newcomer:
    fields = {
        "kind": "partner",
        "location_id": LOCATION,
        "first_name": "Hill",
        "last_name": "Realty",
        "email": "h@hill.test",
    }
    return Newcomer(**(fields | over))


def told(it: World) -> list[str]:
    return [event["subject"] for event in it.store.events if event["name"] == "partner.onboarded"]


def test_a_partner_has_a_link_and_is_welcomed_once() -> None:
    it = world()
    advocate, link = onboard_advocate(it.runtime, ORG, newcomer(tier_group="gold"), actor="mem_1")
    again, same = onboard_advocate(it.runtime, ORG, newcomer(tier_group="gold"), actor="mem_1")
    assert (advocate.kind, advocate.tier_group, link.advocate_id) == ("partner", "gold", advocate.id)
    assert (again, same.id, told(it)) == (advocate, link.id, [advocate.id])


def test_a_customer_who_becomes_a_partner_keeps_the_link() -> None:
    it = world()
    first, _ = onboard_advocate(it.runtime, ORG, newcomer(kind="customer"), actor="mem_1")
    link = ensure_link(it.runtime, ORG, first.contact_id, LOCATION)
    partner, same = onboard_advocate(it.runtime, ORG, newcomer(), actor="mem_1")
    assert (partner.id, partner.kind, same.id, told(it)) == (first.id, "partner", link.id, [first.id])


def test_the_house_is_nobody_and_each_of_its_campaigns_is_one() -> None:
    it = world()
    spring = newcomer(kind="house", first_name="Spring flyer", last_name="", email=None)
    one, _ = onboard_advocate(it.runtime, ORG, spring, actor="mem_1")
    same, _ = onboard_advocate(it.runtime, ORG, spring, actor="mem_1")
    other, _ = onboard_advocate(
        it.runtime, ORG, newcomer(kind="house", first_name="Radio", last_name="", email=None), actor="mem_1"
    )
    assert (one.id, one.kind, told(it)) == (same.id, "house", [])
    assert other.id != one.id
    assert get(it.store, Contact, ORG, one.contact_id).first_name == "Spring flyer"


def test_somebody_nobody_can_reach_is_no_partner_and_places_are_ones_own() -> None:
    it = world()
    with pytest.raises(BadInput) as refused:
        onboard_advocate(it.runtime, ORG, newcomer(email=None), actor="mem_1")
    assert refused.value.field == "email"
    with pytest.raises(NotFound):
        onboard_advocate(it.runtime, ORG, newcomer(location_id="loc_of_nobody"), actor="mem_1")


@pytest.mark.parametrize("crash_at", range(1, 8))
def test_wherever_it_dies_asking_again_ends_with_one_partner_told_of_once(crash_at: int) -> None:
    it = world()
    it.store.crash_at = crash_at
    with suppress(Crash):
        onboard_advocate(it.runtime, ORG, newcomer(), actor="mem_1")
    it.store.crash_at = None
    advocate, _ = onboard_advocate(it.runtime, ORG, newcomer(), actor="mem_1")
    assert (advocate.kind, told(it)) == ("partner", [advocate.id])
