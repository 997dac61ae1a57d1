"""What makes two descriptions one person or household, and what does not."""

from dataclasses import replace

import pytest

from moref import people
from moref.identity.match import Ground, Person, grounds
from tests.fakes.runtime import FakeKeys

ORG = "org_1"


def person(
    first: str, last: str, phone: str | None = None, email: str | None = None, street: str | None = None
) -> Person:
    keys = people.person_keys(FakeKeys(), ORG, phone, email)
    household = people.household_key(FakeKeys(), ORG, street, "78701")
    return Person(first, last, frozenset([*keys, *([household] if household else [])]), phone, email)


ANN = person("Ann", "Lee", "+15125550142", "ann.lee@gmail.com", "12 Oak St")


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (person("Annie", "Lee", "+15125550142"), ["phone"]),
        (person("Ann", "Brown", "+15125550142"), ["phone"]),  # married
        (person("", "", "+15125550142"), ["phone"]),
        (person("Ann", "Lee", None, "annlee+move@googlemail.com"), ["email"]),
        (person("Bo", "Friend", "+15125550142"), []),  # an office's line
        (person("Bo", "Friend", "+15125550142", None, "12 Oak Street"), ["phone", "home"]),  # of one household
        (person("Bo", "Friend", "+15125550142", "ann.lee@gmail.com"), ["phone", "email"]),
        (person("Bo", "Lee", "+15125550777", "bo@example.com", "12 OAK STREET"), ["home"]),
        (person("Bo", "Friend", None, None, "12 Oak St"), []),  # the next tenant
        (person("Ann", "", None, None, "12 Oak St"), []),  # a home and half a name
        (person("Ann", "Lee", "+15125550143"), ["name"]),  # one digit wrong
        (person("Ann", "Lee", "+15125551042"), ["name"]),  # two digits swapped
        (person("Bo", "Lee", "+15125550143"), []),
        (person("Ann", "Lee", None, "annlei@gmail.com"), ["name"]),
        (person("Ann", "Lee", None, "annlee@yahoo.com"), []),
        (person("Ann", "Lee", "+13125550000", "other@example.com", "99 Elm St"), []),  # a namesake
    ],
)
def test_the_grounds_are(other: Person, expected: list[Ground]) -> None:
    assert grounds(ANN, other) == grounds(other, ANN) == expected


@pytest.mark.parametrize("number", ["+15555555555", "+10000000000", "+11234567890"])
def test_a_stand_in_number_connects_nobody(number: str) -> None:
    assert people.person_keys(FakeKeys(), ORG, number, "none@none.com") == []
    one = person("Ann", "Lee", number)
    assert grounds(one, replace(one, first_name="Ann")) == []


def test_keys_tell_their_kind_and_nothing_of_the_person_or_of_another_tenant() -> None:
    mine = people.person_keys(FakeKeys(), ORG, "+15125550142", "ann.lee@gmail.com")
    assert [key[0] for key in mine] == ["p", "e", "e"]
    assert not any("5550142" in key or "lee" in key for key in mine)
    assert set(mine).isdisjoint(people.person_keys(FakeKeys(), "org_2", "+15125550142", "ann.lee@gmail.com"))
