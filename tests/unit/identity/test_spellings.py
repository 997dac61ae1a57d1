"""Mailboxes, homes and names have many spellings; what differs in more than spelling stays apart."""

import pytest

from moref import people
from moref.identity.home import home
from moref.identity.mailbox import mailbox, nobodys
from moref.identity.names import compare, distance, full_name
from moref.kernel.errors import BadInput


@pytest.mark.parametrize(
    "text",
    ["annlee@gmail.com", "ann.lee@gmail.com", "a.n.n.lee+move@googlemail.com", "annlee@gmial.com", "ann.lee@gmail.con"],
)
def test_gmail_ignores_dots_tags_and_the_other_domain_and_slips_of_the_domain_are_known(text: str) -> None:
    assert mailbox(text) == "annlee@gmail.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ann.lee+x@outlook.com", "ann.lee@outlook.com"),  # dots count there
        ("ann+x@fastmail.com", "ann@fastmail.com"),
        ("ann+x@me.com", "ann@icloud.com"),
        ("a.nn+x@protonmail.com", "ann@proton.me"),
        ("ann.lee+x@example.com", "ann.lee+x@example.com"),  # nobody says that this host ignores anything
        ("mary-ann@yahoo.com", "mary-ann@yahoo.com"),
        ("+x@gmail.com", "+x@gmail.com"),
    ],
)
def test_of_other_hosts_only_what_they_say_they_ignore_is_ignored(text: str, expected: str) -> None:
    assert mailbox(text) == expected


def test_stand_ins_are_nobodys() -> None:
    assert nobodys("none@none.com")
    assert nobodys("noemail@gmail.com")
    assert not nobodys("nona@gmail.com")


MAIN = "123|MAIN|4B|78701"


@pytest.mark.parametrize(
    ("street", "code", "expected"),
    [
        ("123 N. Main St., Apt #4-B", "78701-1234", MAIN),
        ("123 MAIN STREET UNIT 4B", "78701", MAIN),
        ("123 north main st #4b, Austin, TX 78701", None, MAIN),
        ("123 Main St, Unit 4B, Austin TX", "78701", MAIN),
        ("123 Main Street Apt 5B", "78701", "123|MAIN|5B|78701"),
        ("123 Main Street", "78701", "123|MAIN||78701"),
        ("77 First Street", "10001", "77|1ST||10001"),
        ("77 1st St", "10001", "77|1ST||10001"),
        ("12 Saint James Pl", "11201", "12|ST JAMES||11201"),
        ("100 Park Avenue Austin TX 78701", None, "100|PARK||78701"),
        ("55 North Ave", "30301", "55|NORTH||30301"),
        ("9 W Lake View Dr", "78701", "9|LAKE VIEW||78701"),
        ("45 Avenue of the Americas", "10001", "45|AVENUE OF THE AMERICAS||10001"),
        ("12-34 56th Ave", "11377", "12-34|56TH||11377"),
        ("PO Box 5", "10001", None),
        ("Main Street", "10001", None),
        ("77 First Street", None, None),
        ("", "10001", None),
        (None, None, None),
    ],
)
def test_a_home_is_number_name_unit_and_zip(street: str | None, code: str | None, expected: str | None) -> None:
    assert home(street, code) == expected


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        (("Bill", "Smith"), ("WILLIAM", "Smith"), "same"),
        (("J.", "Doe"), ("John", "Doe"), "same"),
        (("José", "García-López"), ("Jose", "Garcia"), "same"),
        (("Lee", "Ann"), ("Ann", "Lee"), "same"),
        (("Dr. John Q", "Public Jr."), ("john", "public"), "same"),
        (("Ann Lee", ""), ("Ann", "Lee"), "same"),
        (("Lee, Ann", ""), ("Ann", "Lee"), "same"),
        (("Jonh", "Sullivan"), ("John", "Sulivan"), "same"),
        (("Mary", "Jones"), ("Mary", "Smith"), "part"),
        (("Ann", "Lee"), ("Bo", "Lee"), "part"),
        (("Ann", ""), ("Bo", "Friend"), "unknown"),
        (("", ""), ("Bo", "Friend"), "unknown"),
        (("Ann", "Lee"), ("Bo", "Friend"), "other"),
        (("Patrick", "Wu"), ("Patricia", "Orr"), "other"),
    ],
)
def test_names_agree_wholly_in_part_or_not(one: tuple[str, str], two: tuple[str, str], expected: str) -> None:
    assert compare(*one, *two) == compare(*two, *one) == expected


def test_one_slip_of_any_kind_is_a_distance_of_one() -> None:
    for other in ("smit", "smiht", "smithe", "snith"):
        assert distance("smith", other, 2) == 1
    assert distance("smith", "jones", 2) == 3
    assert distance("a", "abcdef", 2) == 3


def test_a_nicknames_full_names_are_what_look_ups_know() -> None:
    assert full_name("Bob", "O'Brien") == ["robert obrien"]
    assert set(full_name("Alex", "Lee")) >= {"alexander lee", "alexandra lee"}
    assert full_name("A.", "Lee") == []
    assert full_name("Ann", "") == []


@pytest.mark.parametrize(
    "text",
    [
        "(512) 555-0142", "512.555.0142", "+1 512 555 0142", "1-512-555-0142", "512-555-0142 ext. 5", "5125550142x12",
        "5125550142 (cell)", "512-555-0142 / 512-555-0143", "512 555 O142", "tel:+1-512-555-0142",
    ],
)  # fmt: skip
def test_what_offices_type_around_a_number_is_read(text: str) -> None:
    assert people.phone_in(text) == "+15125550142"


@pytest.mark.parametrize("text", ["call me", "12", "none"])
def test_what_holds_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        people.phone_in(text)
