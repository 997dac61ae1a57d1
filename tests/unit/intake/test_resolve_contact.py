"""Who is meant: found by the CRM's id, phone or e-mail; a form never changes an address that we hold."""

from typing import Any

import pytest

from moref.intake.model import Consent, Contact
from moref.intake.resolve_contact import resolve_contact
from moref.kernel.errors import BadInput
from moref.people import person_key
from moref.records import get
from moref.runtime import Runtime
from tests.fakes.runtime import START, fake_runtime
from tests.unit.intake.world import ORG, count

ANN: dict[str, Any] = {
    "location_id": "loc_1", "connection_id": "con_1", "external_id": "C-1", "first_name": "Ann", "last_name": "Lee",
    "phone": "(512) 555-0142", "email": "Ann@Example.com", "source": "crm", "at": START,
}  # fmt: skip
FORM = {name: value for name, value in ANN.items() if name not in ("connection_id", "external_id", "at")}
FORM |= {"source": "quote form"}


def resolve(runtime: Runtime, **said: Any) -> Contact:
    """Committed, and as the store has it."""
    contact, writes = resolve_contact(runtime, ORG, **said)
    if writes:
        runtime.store.commit(*writes)
    return get(runtime.store, Contact, ORG, contact.id)


@pytest.mark.parametrize("said", [ANN, FORM])
def test_the_same_person_again_is_the_same_contact_and_nothing_to_write(said: dict[str, Any]) -> None:
    runtime = fake_runtime()
    first = resolve(runtime, **said)
    again, writes = resolve_contact(runtime, ORG, **said)
    assert (again, writes) == (first, ())
    assert (first.phone, first.email) == ("+15125550142", "ann@example.com")


def test_people_are_found_by_keyed_hashes_and_never_by_their_addresses() -> None:
    runtime = fake_runtime()
    contact = resolve(runtime, **ANN)
    key = person_key(runtime.keys, ORG, "phone", "+15125550142")
    assert runtime.store.lookup(ORG, "person", key) == [contact.id]
    assert runtime.store.lookup(ORG, "crm_contact", "con_1|C-1") == [contact.id]


def test_a_crm_that_knows_a_new_phone_replaces_it_and_both_still_find_the_person() -> None:
    runtime = fake_runtime()
    first = resolve(runtime, **ANN)
    moved = resolve(runtime, **ANN | {"phone": "512-555-0199", "at": START.replace(hour=16)})
    assert (moved.id, moved.phone, len(moved.person_keys)) == (first.id, "+15125550199", 3)
    late = resolve(runtime, **ANN | {"phone": "512-555-0177", "at": START.replace(hour=9)})
    assert late.phone == "+15125550199"


def test_a_form_with_the_same_addresses_is_the_same_person_and_adds_the_consent() -> None:
    runtime = fake_runtime()
    known = resolve(runtime, **ANN)
    consent = Consent(channel="sms", text="Yes, text me", at=START, source="quote form")
    found = resolve(runtime, **FORM | {"first_name": "Annie", "consent": consent})
    assert found.id == known.id
    assert (found.first_name, found.source) == ("Ann", "crm")
    assert found.consents == [consent]
    assert resolve(runtime, **FORM | {"consent": consent}).consents == [consent]


@pytest.mark.parametrize("change", [{"email": "thief@example.org"}, {"phone": "512-555-0666"}])
def test_a_stranger_cannot_redirect_a_customers_messages_with_a_form(change: dict[str, str]) -> None:
    runtime = fake_runtime()
    known = resolve(runtime, **ANN)
    other = resolve(runtime, **FORM | change)
    assert other.id != known.id
    assert get(runtime.store, Contact, ORG, known.id) == known
    shared = "phone" if "email" in change else "email"
    key = person_key(runtime.keys, ORG, shared, "+15125550142" if shared == "phone" else "ann@example.com")  # type: ignore[arg-type]
    assert runtime.store.lookup(ORG, "person", key) == sorted([known.id, other.id])


def test_a_form_adds_no_address_to_a_customer_who_has_none_of_that_kind() -> None:
    runtime = fake_runtime()
    known = resolve(runtime, **ANN | {"email": None})
    assert resolve(runtime, **FORM).id != known.id
    assert get(runtime.store, Contact, ORG, known.id).email is None


def test_the_crm_meets_the_person_a_form_brought_and_takes_over() -> None:
    runtime = fake_runtime()
    friend = resolve(runtime, **FORM | {"first_name": "A."})
    customer = resolve(runtime, **ANN | {"at": START.replace(year=2025)})
    assert customer.id == friend.id
    assert (customer.first_name, customer.source) == ("Ann", "crm")


def test_of_several_with_one_phone_the_crm_takes_who_shares_the_most() -> None:
    runtime = fake_runtime()
    resolve(runtime, **FORM | {"email": "first@example.org"})
    second = resolve(runtime, **FORM | {"email": "second@example.org"})
    assert resolve(runtime, **ANN | {"email": "second@example.org"}).id == second.id
    assert count(runtime, "contact") == 2


@pytest.mark.parametrize("own", [{"phone": "512-555-0188"}, {"email": "bob@example.com"}])
def test_two_customers_of_one_crm_stay_two_although_they_share_an_address(own: dict[str, str]) -> None:
    """A household's phone, or the address an office types when it has none: Bob must not get Ann's messages."""
    runtime = fake_runtime()
    ann = resolve(runtime, **ANN)
    bob = resolve(runtime, **ANN | {"external_id": "C-2", "first_name": "Bob"} | own)
    assert bob.id != ann.id
    assert get(runtime.store, Contact, ORG, ann.id) == ann
    assert set(bob.person_keys) & set(ann.person_keys)


@pytest.mark.parametrize("same", [{}, {"email": None}, {"connection_id": "con_2", "phone": "512-555-0188"}])
def test_a_customer_the_crm_lists_twice_or_another_crm_knows_too_is_one_person(same: dict[str, Any]) -> None:
    runtime = fake_runtime()
    ann = resolve(runtime, **ANN)
    assert resolve(runtime, **ANN | {"external_id": "C-2"} | same).id == ann.id


def test_organizations_share_nobody() -> None:
    runtime = fake_runtime()
    mine = resolve(runtime, **ANN)
    theirs, _ = resolve_contact(runtime, "org_B", **ANN)
    assert theirs.id != mine.id
    assert set(theirs.person_keys) & set(mine.person_keys) == set()


@pytest.mark.parametrize("change", [{"phone": "12"}, {"email": "nobody"}])
def test_an_address_that_cannot_be_one_is_refused(change: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        resolve_contact(fake_runtime(), ORG, **FORM | change)
