"""The language a customer is written to in: the CRM may tell it, staff and the person decide it."""

import pytest

from moref.intake.change_contact import change_language
from moref.intake.model import Contact
from moref.intake.notice import CustomerPart
from moref.intake.resolve_contact import resolve_contact
from moref.kernel.errors import Conflict
from moref.records import get
from tests.fakes.referral_world import LOCATION, ORG, World, world


def told(w: World, language: str | None) -> Contact:
    """The CRM speaks of Ann, a minute later each time."""
    w.clock.move(minutes=1)
    contact, writes = resolve_contact(
        w.runtime, ORG, location_id=LOCATION, connection_id="cn", external_id="C-7", first_name="Ann", last_name="",
        phone="+15125550123", email=None, language=language, source="crm",
    )  # fmt: skip
    w.store.commit(*writes)
    return get(w.store, Contact, ORG, contact.id)


def test_the_newest_word_of_the_crm_counts_and_silence_says_nothing() -> None:
    w = world()
    assert told(w, None).language == "en"
    assert told(w, "es").language == "es"
    assert told(w, None).language == "es"
    assert told(w, "en").language == "en"


@pytest.mark.parametrize("actor", ["mem_1", None])
def test_a_crm_does_not_overrule_staff_or_the_person(actor: str | None) -> None:
    w = world()
    contact = told(w, "en")
    change_language(w.runtime, ORG, contact.id, "es", version=None, actor=actor)
    assert told(w, "en").language == "es"


def test_staff_change_the_copy_they_read() -> None:
    w = world()
    contact = told(w, "en")
    with pytest.raises(Conflict):
        change_language(w.runtime, ORG, contact.id, "es", version=contact.version + 1, actor="mem_1")


@pytest.mark.parametrize(
    ("said", "read"),
    [("es", "es"), ("es-MX", "es"), ("Spanish", "es"), ("Español", "es"), ("en_US", "en"), ("English", "en"),
     ("fr", None), ("", None), (5, None), (None, None)],
)  # fmt: skip
def test_a_language_is_read_however_it_is_written(said: object, read: str | None) -> None:
    assert CustomerPart.model_validate({"language": said}).language == read
