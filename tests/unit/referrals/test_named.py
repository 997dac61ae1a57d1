"""Referred by a name: one advocate of that name is evidence, none or several are staff's to tell apart."""

import pytest

from moref.kernel.errors import Conflict
from moref.records import get
from moref.referrals.model import UnmatchedSource
from moref.referrals.resolve_source import resolve_source
from tests.fakes.referral_world import ORG, World, world
from tests.unit.referrals.people import advocate, form, holder, listed, tell

EVE = {"first_name": "Eve", "last_name": "Stone", "phone": "713-555-0100"}


@pytest.fixture
def w() -> World:
    return world()


@pytest.mark.parametrize("words", [{"referred_by": "Bob Doe"}, {"notes": "was referred by robert DOE. piano"}])
def test_the_one_advocate_of_that_name_is_credited(w: World, words: dict[str, str]) -> None:
    link = advocate(w, "Robert", "Doe", "+15125550111")
    advocate(w, "Jane", "Roe", "+15125550122")
    found = holder(w, tell(w, "J-1", job=words, **EVE))
    assert found is not None
    assert (found.advocate_id, found.code) == (link.advocate_id, link.id)
    assert [piece.kind for piece in found.evidence] == ["name_mention"]
    assert listed(w) == []


def test_two_of_that_name_are_a_question_for_staff_who_answer_it_once(w: World) -> None:
    one, other = advocate(w, "Jane", "Doe", "+15125550111"), advocate(w, "Jane", "Doe", "+15125550122")
    job = tell(w, "J-1", job={"referred_by": "Jane Doe"}, **EVE)
    assert holder(w, job) is None
    (source,) = listed(w)
    assert (source.why, source.said) == ("several", "Jane Doe")
    assert source.advocate_ids == sorted([one.advocate_id, other.advocate_id])
    for _ in range(2):
        resolve_source(w.runtime, ORG, source.id, advocate_id=one.advocate_id, actor="mem_1", reason="she called")
    found = holder(w, job)
    assert found is not None
    assert (found.advocate_id, [piece.kind for piece in found.evidence]) == (one.advocate_id, ["staff"])
    source = get(w.store, UnmatchedSource, ORG, source.id)
    assert (source.status, source.decided_by, source.reason) == ("attributed", "mem_1", "she called")
    with pytest.raises(Conflict, match="attributed already"):
        resolve_source(w.runtime, ORG, source.id, advocate_id=None, actor="mem_1", reason="no")


@pytest.mark.parametrize(
    ("words", "why"),
    [({"referred_by": "Nobody Known"}, "nobody"), ({"source": "Referral"}, "no_name"), ({"source": "Google"}, None)],
)
def test_who_is_said_to_be_referred_by_nobody_we_know_is_listed(
    w: World, words: dict[str, str], why: str | None
) -> None:
    advocate(w, "Jane", "Doe", "+15125550111")
    tell(w, "J-1", job=words, **EVE)
    tell(w, "J-1", job=words, did="completed", **EVE)
    assert [source.why for source in listed(w)] == ([why] if why else [])


def test_a_namesake_of_an_advocate_who_books_is_not_referred_by_themselves(w: World) -> None:
    advocate(w, "Jane", "Doe", "+15125550111")
    job = tell(w, "J-2", job={"referred_by": "Jane Doe"}, first_name="Jane", last_name="Doe", phone="+15125550111")
    assert holder(w, job) is None


def test_stronger_evidence_takes_it_off_the_list_and_dismissed_stays_dismissed(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    tell(w, "J-1", job={"referred_by": "Nobody Known"}, **EVE)
    tell(w, "J-2", job={"source": "Referral"}, first_name="Al", last_name="Gray", phone="713-555-0122")
    tell(w, "J-1", job={"referral_code": link.id}, **EVE)
    first, second = sorted(listed(w), key=lambda source: source.why == "no_name")
    assert (first.status, first.decided_by) == ("attributed", "moref")
    resolve_source(w.runtime, ORG, second.id, advocate_id=None, actor="mem_1", reason="a coupon site")
    w.clock.move(minutes=1)
    tell(w, "J-2", job={"source": "Referral - X"}, did="completed", first_name="Al", phone="713-555-0122")
    assert {source.status for source in listed(w)} == {"attributed", "dismissed"}


def test_a_name_is_weaker_than_the_form_of_the_same_hour(w: World) -> None:
    named, linked = advocate(w, "Jane", "Doe", "+15125550111"), advocate(w, "Tom", "Roe", "+15125550122")
    job = tell(w, "J-1", job={"referred_by": "Jane Doe"}, **EVE)
    found = holder(w, job)
    assert found is not None
    assert found.advocate_id == named.advocate_id
    w.clock.move(minutes=20)
    form(w, linked, first_name="Eve", last_name="Stone", phone="+17135550100")  # the form comes late, within the hour
    found = holder(w, job)
    assert found is not None
    assert found.advocate_id == linked.advocate_id
