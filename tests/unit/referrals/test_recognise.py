"""A friend is recognised by any of their spellings, their home or their name; what is doubtful goes to staff's list."""

import json
from typing import Any

import pytest

from moref.records import every
from moref.referrals.model import Referral
from moref.referrals.recognise import LOOKED_AT
from tests.fakes.referral_world import ORG, World, world
from tests.unit.referrals.people import HOME, advocate, form, holder, listed, tell

BO: dict[str, Any] = {"phone": "+15125550177", "email": "bo.friend@gmail.com"}


@pytest.fixture
def w() -> World:
    return world()


@pytest.mark.parametrize(
    "customer",
    [
        {"phone": "512.555.0177 x4", "first_name": "Robert", "last_name": "Friend"},
        {"email": "BoFriend+move@googlemail.com", "first_name": "Bo", "last_name": "Friend"},
        {"phone": "512-555-0171", "first_name": "Bo", "last_name": "Friend"},  # a digit typed wrong
        {"first_name": "Mia", "last_name": "Friend", "phone": "713-555-0100"},  # of the household, by the home
        {"phone": "5125550177"},
    ],
)
def test_the_office_may_type_it_as_it_likes(w: World, customer: dict[str, Any]) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    referral = form(w, link, **BO, origin_zip="78701", origin_street="12 Oak Street")
    w.clock.move(days=200)  # a permanent link refers months later
    job = tell(w, "J-1", job={"origin": HOME}, **customer)
    found = holder(w, job)
    assert found is not None
    assert found.id == referral.id
    assert [piece.kind for piece in found.evidence] == ["quote_form", "person_match"]


@pytest.mark.parametrize(
    "customer",
    [
        {"first_name": "Eve", "last_name": "Stone", "phone": "713-555-0100"},  # the next tenant
        {
            "first_name": "Bo",
            "last_name": "Friend",
            "phone": "713-555-0100",
            "email": "other@example.com",
        },  # a namesake
    ],
)
def test_a_home_or_a_name_alone_connects_nobody(w: World, customer: dict[str, Any]) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    form(w, link, **BO, origin_zip="78701", origin_street="12 Oak Street")
    place = HOME if customer["last_name"] == "Stone" else {"street": "99 Elm St", "postal_code": "78745"}
    assert holder(w, tell(w, "J-1", job={"origin": place}, **customer)) is None
    assert listed(w) == []


def test_an_offices_number_under_another_name_is_for_staff_to_look_at(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    form(w, link, **BO)
    job = tell(w, "J-1", first_name="Eve", last_name="Stone", phone=BO["phone"])
    assert holder(w, job) is None
    (source,) = listed(w)
    assert (source.why, source.advocate_ids, source.status) == ("doubtful", [link.advocate_id], "open")


def test_a_number_that_half_the_town_has_is_no_look_up(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    for n in range(1, LOOKED_AT + 6):
        first, last = (
            "".join(chr(97 + n * each % 31 % 26) for each in steps) for steps in ((3, 7, 11), (5, 9, 15, 21))
        )
        form(w, link, first_name=first, last_name=last, phone=BO["phone"])
    reads = w.store.lookup(ORG, "referred", _phone_key(w))
    assert len(reads) > LOOKED_AT
    assert holder(w, tell(w, "J-1", first_name="Eve", last_name="Stone", phone=BO["phone"])) is None


def test_nothing_of_the_person_is_in_an_event_or_a_look_up(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    form(w, link, **BO, origin_zip="78701", origin_street="12 Oak Street")
    tell(w, "J-1", job={"origin": HOME, "referred_by": "Jane Doe"}, first_name="Bo", last_name="Friend", **BO)
    text = json.dumps(w.store.events) + json.dumps([key for key in w.store.rows if "#lookup#" in key[1]])
    assert not any(word in text.lower() for word in ("friend", "jane", "doe", "5550177", "oak st", "gmail", "78701"))


def test_a_cancelled_jobs_referral_goes_with_the_person_to_the_next_job(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    referral = form(w, link, **BO)
    first = tell(w, "J-1", first_name="Bo", last_name="Friend", **BO)
    w.clock.move(days=3)
    tell(w, "J-1", did="cancelled", first_name="Bo", last_name="Friend", **BO)
    w.clock.move(days=3)
    second = tell(w, "J-2", first_name="Bo", last_name="Friend", **BO)
    found = holder(w, second)
    assert found is not None
    assert (found.id, found.status) == (referral.id, "booked")
    tell(w, "J-2", did="cancelled", first_name="Bo", last_name="Friend", **BO)  # and does not swing back for ever
    assert holder(w, first) is None
    assert len(every(w.store, Referral, ORG)) == 1


def _phone_key(w: World) -> str:
    from moref.people import person_keys

    return person_keys(w.runtime.keys, ORG, BO["phone"], None)[0]
