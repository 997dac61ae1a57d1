"""A file that a company brings does not bring an erased person back, and what of it was refused does not name them."""

import pytest

from moref.imports.model import Import
from moref.intake.model import Contact
from moref.privacy.ask_erasure import ask_erasure
from moref.privacy.erase import erase
from moref.records import every, get
from tests.unit.imports.conftest import Office

HEADER = "first name,last name,phone,email\n"
ANN = "Annabel,Quimby,(512) 555-0142,annabel@quimby.example\n"
BOB = "Bob,,not a phone,\n"


@pytest.fixture
def office() -> Office:
    return Office()


def brought(office: Office, csv: str) -> Import:
    found = office.checked("contacts", csv)
    office.world.call("POST", f"/imports/{found['id']}/start")
    office.work()
    return get(office.store, Import, office.org, found["id"])


def erased(office: Office) -> None:
    office.clock.move(minutes=1)
    (ann,) = [one for one in every(office.store, Contact, office.org) if one.first_name == "Annabel"]
    asked = ask_erasure(office.runtime, office.org, ann.id, reason="asked", actor="mem")
    office.clock.move(minutes=1)
    erase(office.runtime, office.org, asked.id)


def kept(office: Office) -> str:
    return "".join(body.decode() for body, _ in office.files.kept.values())


def test_a_file_that_names_an_erased_person_is_refused_in_that_row_without_its_cells(office: Office) -> None:
    brought(office, HEADER + ANN)
    erased(office)
    again = brought(office, HEADER + ANN + "Cora,,512 555 0199,\n")
    assert (again.counts["created"], again.counts["rejected"]) == (1, 1)
    assert "had their data erased" in kept(office)
    assert "quimby" not in kept(office).lower()


def test_rows_that_were_refused_before_go_with_the_person_they_name(office: Office) -> None:
    brought(office, HEADER + ANN)
    refused = brought(office, HEADER + "Annabel,Quimby,(512) 555-0142,no address\n")
    other = brought(office, HEADER + BOB)
    assert "0142" in kept(office)
    erased(office)
    assert "0142" not in kept(office)
    after = get(office.store, Import, office.org, refused.id)
    assert (after.rejected_file, after.status) == (None, "cancelled")
    assert get(office.store, Import, office.org, other.id).rejected_file is not None
