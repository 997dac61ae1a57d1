"""Staff find a person by the beginnings of a name, or a whole phone number or e-mail address, and no other."""

import pytest

from moref.intake.model import Contact
from moref.kernel.errors import BadInput
from moref.records import get
from moref.referrals.merge_contacts import merge_contacts
from moref.referrals.search_people import search_people
from tests.fakes.referral_world import ORG, World, world
from tests.unit.referrals.people import tell, work

PEOPLE = {
    "ann": {"first_name": "Ann", "last_name": "Lee-Smith", "phone": "+15125550142", "email": "ann.lee@gmail.com"},
    "anna": {"first_name": "Anna", "last_name": "Leeds", "phone": "+15125550143"},
    "bo": {"first_name": "Bo", "last_name": "Årsmith", "phone": "+15125550144"},
}


@pytest.fixture(scope="module")
def town() -> tuple[World, dict[str, str]]:
    w = world()
    return w, {name: tell(w, name, **who).contact_id for name, who in PEOPLE.items()}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann", ["ann", "anna"]),
        ("ANNA", ["anna"]),
        ("lee", ["ann", "anna"]),
        ("smi", ["ann"]),
        ("ann le", ["ann", "anna"]),
        ("lee ann", ["ann", "anna"]),
        ("anna lee-s", []),
        ("arsm", ["bo"]),
        ("bo", ["bo"]),
        ("(512) 555-0142", ["ann"]),
        ("512 555 0144 x3", ["bo"]),
        ("AnnLee+x@googlemail.com", ["ann"]),
        ("zzz", []),
    ],
)
def test_the_found_are(town: tuple[World, dict[str, str]], text: str, expected: list[str]) -> None:
    w, ids = town
    found = search_people(w.runtime, ORG, text, shown=lambda contact: True, limit=50)
    assert {contact.id for contact in found.contacts} == {ids[name] for name in expected}
    assert found.after is None
    assert search_people(w.runtime, "org_2", text, shown=lambda contact: True, limit=50).contacts == []


@pytest.mark.parametrize("text", ["", "  ", "...", "@", "12345678901234567890"])
def test_what_names_nobody_is_refused(town: tuple[World, dict[str, str]], text: str) -> None:
    with pytest.raises(BadInput):
        search_people(town[0].runtime, ORG, text, shown=lambda contact: True, limit=50)


def test_pages_hold_everybody_once_and_only_who_may_be_seen(town: tuple[World, dict[str, str]]) -> None:
    w, ids = town
    seen: list[str] = []
    after = None
    for _ in range(3):
        page = search_people(
            w.runtime, ORG, "ann", shown=lambda contact: contact.id != ids["anna"], limit=1, after=after
        )
        seen += [contact.id for contact in page.contacts]
        after = page.after
        if after is None:
            break
    assert seen == [ids["ann"]]


def test_a_name_they_no_longer_have_and_a_merged_row_find_nobody() -> None:
    w = world()
    first, second = (tell(w, name, **PEOPLE[name]).contact_id for name in ("ann", "bo"))  # type: ignore[arg-type]
    w.clock.move(minutes=1)
    tell(w, "ann", first_name="Ann", last_name="Brown", phone="+15125550142")
    assert names(w, "lee") == []
    assert names(w, "brown") == [first]
    merge_contacts(w.runtime, ORG, second, first, actor="mem_1", reason="one")
    work(w)
    assert names(w, "bo") == []
    assert names(w, "512 555 0144") == [first]
    assert get(w.store, Contact, ORG, second).merged_into == first


def names(w: World, text: str) -> list[str]:
    return [found.id for found in search_people(w.runtime, ORG, text, shown=lambda contact: True, limit=9).contacts]
