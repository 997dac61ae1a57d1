"""What is learnt of a person later asks attribution again, and rows that prove to be one person's are merged."""

import pytest

from moref.intake.model import Contact, Job
from moref.intake.resolve_contact import resolve_contact
from moref.records import every, get
from moref.referrals.merge_same import one_person
from tests.fakes.referral_world import LOCATION, ORG, World, world
from tests.unit.referrals.people import advocate, form, holder, tell

PHONE = "+15125550177"


@pytest.fixture
def w() -> World:
    return world()


def test_a_phone_learnt_later_finds_the_referral_of_an_earlier_job(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    referral = form(w, link, phone=PHONE)
    w.clock.move(days=1)
    first = tell(w, "J-1", id="C-9", first_name="Bo")  # the office had no number
    assert holder(w, first) is None
    w.clock.move(days=1)
    tell(w, "J-2", did="quoted", id="C-9", first_name="Bo", phone=PHONE)
    found = holder(w, first) or holder(w, get(w.store, Job, ORG, first.id))
    assert found is not None
    assert found.id == referral.id


def test_a_form_that_comes_moments_after_the_crms_record_is_seen_at_once(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    job = tell(w, "J-1", did="quoted", first_name="Bo", last_name="Friend", phone=PHONE)
    w.clock.move(minutes=5)
    referral = form(w, link, phone=PHONE)
    found = holder(w, job)
    assert found is not None
    assert found.id == referral.id


def test_two_notices_at_once_make_two_rows_that_a_third_joins(w: World) -> None:
    """One knows the CRM's id alone, the other the phone alone."""
    one = tell(w, "J-1", id="C-9", first_name="Bo", last_name="Friend")
    other = tell(w, "J-2", id=None, first_name="Bo", last_name="Friend", phone=PHONE)
    assert one.contact_id != other.contact_id
    w.clock.move(minutes=1)
    tell(w, "J-3", id="C-9", first_name="Bo", last_name="Friend", phone=PHONE)
    contacts = {get(w.store, Job, ORG, job.id).contact_id for job in (one, other)}
    assert len(contacts) == 1
    rows = [row for row in every(w.store, Contact, ORG) if row.first_name == "Bo"]
    assert sorted(row.merged_into is None for row in rows) == [False, True]


def test_a_crm_that_says_two_ids_are_one_is_believed(w: World) -> None:
    one = tell(w, "J-1", id="C-1", first_name="Bo", phone=PHONE)
    other = tell(w, "J-2", id="C-2", first_name="Bobby", phone="+15125550188", email="bo@example.com")
    w.clock.move(minutes=1)
    tell(w, "J-1", id="C-1", same_as=["C-2"], first_name="Bo", phone=PHONE)
    assert get(w.store, Job, ORG, one.id).contact_id == get(w.store, Job, ORG, other.id).contact_id
    kept = get(w.store, Contact, ORG, get(w.store, Job, ORG, one.id).contact_id)
    assert kept.crm_keys == ["conn_1|C-1", "conn_1|C-2"]


@pytest.mark.parametrize(
    ("said", "one"),
    [
        ({"first_name": "Bo", "phone": PHONE}, True),
        (
            {"first_name": "Bo", "phone": PHONE, "email": "thief@example.org"},
            False,
        ),  # a form with an address of its own
        ({"first_name": "Eve", "last_name": "Friend", "phone": PHONE}, False),  # of the household
    ],
)
def test_a_form_is_taken_for_the_customer_only_when_it_brings_nothing_of_its_own(
    w: World, said: dict[str, str], one: bool
) -> None:
    tell(w, "J-1", first_name="Bo", last_name="Friend", phone=PHONE)
    (customer,) = every(w.store, Contact, ORG)
    given = {"first_name": "", "last_name": "Friend", "phone": None, "email": None, **said}
    filled, _ = resolve_contact(w.runtime, ORG, location_id=LOCATION, source="quote form", **given)  # type: ignore[arg-type]
    if filled.id == customer.id:
        assert one
    else:
        assert one_person(customer, filled) is one
