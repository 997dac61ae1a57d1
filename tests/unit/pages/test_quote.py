"""/q/{code}: what the friend sees, what is stored, and what is shown when something is wrong."""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from moref import people
from moref.intake.model import Contact
from moref.pages.dispatch import answer
from moref.pages.quote import CONSENT_VERSION, consent_text
from moref.records import Change, every, get
from moref.referrals.model import Lead
from moref.tenants.model import Location, Organization
from tests.fakes.page_server import event
from tests.fakes.referral_world import LOCATION, ORG, World, world

GOOD = {
    "name": "Bo van der Friend", "phone": "(512) 555-0177", "email": "Bo@Friend.example", "origin": "78701",
    "destination": "80202-1234", "date": "2026-07-01", "notes": "one piano", "consent": "yes",
}  # fmt: skip


@pytest.fixture
def w() -> World:
    return world()


@pytest.fixture
def path(w: World) -> str:
    return f"/q/{w.advocate('con_a', phone='+15125550111').id}"


def page(w: World, path: str, query: str = "") -> str:
    found = answer(w.runtime, event("GET", path, query=query))
    assert found["statusCode"] == 200
    return str(found["body"])


def nonce_of(body: str) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', body)
    assert found
    return found[1]


def send(w: World, path: str, **fields: str) -> dict[str, Any]:
    fields.setdefault("nonce", nonce_of(page(w, path)))
    return answer(w.runtime, event("POST", path, body=urlencode(fields).encode()))


def leads(w: World) -> list[Lead]:
    return every(w.store, Lead, ORG)


def test_digits_of_another_script_are_no_zip_code(w: World, path: str) -> None:
    assert send(w, path, **GOOD | {"origin": "\uff17\uff18\uff17\uff10\uff12"})["statusCode"] == 422
    assert leads(w) == []


def test_who_goes_back_and_puts_a_wrong_phone_right_is_heard(w: World, path: str) -> None:
    nonce = nonce_of(page(w, path))
    for phone in ("(512) 555-0166", "(512) 555-0177", "(512) 555-0177"):
        assert send(w, path, **GOOD | {"phone": phone, "nonce": nonce})["statusCode"] == 303
    phones = {get(w.store, Contact, ORG, lead.contact_id).phone for lead in leads(w)}
    assert (len(leads(w)), phones) == (2, {"+15125550166", "+15125550177"})


def test_the_street_is_optional_and_lets_the_household_be_recognised(w: World, path: str) -> None:
    assert send(w, path, **GOOD, street="12 Oak Street #4")["statusCode"] == 303
    (lead,) = leads(w)
    assert lead.origin is not None
    assert (lead.origin.street, lead.origin.postal_code) == ("12 Oak Street #4", "78701")
    key = people.household_key(w.runtime.keys, ORG, "12 OAK ST APT 4", "78701-0001")
    assert get(w.store, Contact, ORG, lead.contact_id).household_keys == [key]


def test_opening_the_form_stores_nothing(w: World, path: str) -> None:
    rows = len(w.store.rows)
    page(w, path)
    page(w, path, "done=1")
    assert len(w.store.rows) == rows


def test_a_filled_form_becomes_a_lead_and_the_answer_is_a_redirect(w: World, path: str) -> None:
    found = send(w, path, **GOOD)
    assert (found["statusCode"], found["headers"]["location"]) == (303, f"{path}?done=1")
    (lead,) = leads(w)
    contact = get(w.store, Contact, ORG, lead.contact_id)
    assert (contact.first_name, contact.last_name) == ("Bo", "van der Friend")
    assert (contact.phone, contact.email) == ("+15125550177", "bo@friend.example")
    assert (lead.move_date, lead.notes) == ("2026-07-01", "one piano")
    assert lead.destination is not None
    assert lead.destination.postal_code == "80202"


def test_the_consent_stored_is_word_by_word_what_the_page_shows(w: World, path: str) -> None:
    shown = unescape(page(w, path))
    send(w, path, **GOOD)
    (given,) = get(w.store, Contact, ORG, leads(w)[0].contact_id).consents
    assert given.text in shown
    assert (given.text, given.text_version) == (consent_text("Bluebird Moving Austin"), CONSENT_VERSION)


def test_without_the_tick_there_is_no_consent(w: World, path: str) -> None:
    send(w, path, **{**GOOD, "consent": ""})
    assert get(w.store, Contact, ORG, leads(w)[0].contact_id).consents == []


def test_the_page_discloses_the_reward(w: World, path: str) -> None:
    assert "may get a reward" in page(w, path)


def test_the_same_form_twice_is_one_lead_and_a_new_page_is_a_new_form(w: World, path: str) -> None:
    nonce = nonce_of(page(w, path))
    assert [send(w, path, **GOOD, nonce=nonce)["statusCode"] for _ in range(3)] == [303, 303, 303]
    assert len(leads(w)) == 1
    send(w, path, **GOOD)
    assert len(leads(w)) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"phone": "", "email": ""}, "phone"),
        ({"phone": "12"}, "phone"),
        ({"email": "bo@nowhere"}, "email"),
        ({"origin": ""}, "origin"),
        ({"origin": "ABC"}, "origin"),
        ({"destination": "123456"}, "destination"),
        ({"date": "2026-05-31"}, "date"),
        ({"date": "2031-01-01"}, "date"),
        ({"date": "soon"}, "date"),
    ],
)
def test_a_wrong_field_is_named_next_to_it_and_nothing_is_lost(
    w: World, path: str, change: dict[str, str], field: str
) -> None:
    nonce = nonce_of(page(w, path))
    typed = {**GOOD, **change}
    found = send(w, path, **typed, nonce=nonce)
    assert found["statusCode"] == 422
    assert leads(w) == []
    wrong = re.findall(r'<p class="error" id="(\w+)-error">', found["body"])
    assert wrong == [field]
    assert f'id="{field}"' in found["body"]
    assert f'aria-describedby="{field}-error"' in found["body"]
    for name in ("name", "phone", "email", "origin", "destination", "date"):
        assert re.search(rf'name="{name}" value="{re.escape(typed[name].strip())}"', found["body"]), name
    assert ">one piano</textarea>" in found["body"]
    assert re.search(r'name="consent" value="yes" checked', found["body"])
    assert nonce_of(found["body"]) == nonce  # put right and sent again it is still the same form


def test_either_phone_or_email_is_enough(w: World, path: str) -> None:
    assert send(w, path, **{**GOOD, "phone": ""})["statusCode"] == 303
    assert send(w, path, **{**GOOD, "email": ""})["statusCode"] == 303


def test_a_date_as_americans_write_it_is_understood(w: World, path: str) -> None:
    send(w, path, **{**GOOD, "date": "7/4/2026"})
    assert leads(w)[0].move_date == "2026-07-04"


def test_what_was_typed_comes_back_escaped(w: World, path: str) -> None:
    nasty = '"><script>alert(1)</script>'
    found = send(w, path, **{**GOOD, "name": nasty, "notes": "</textarea>" + nasty, "origin": ""})
    assert "<script" not in found["body"]
    assert "&lt;script&gt;" in found["body"]


def test_a_program_that_fills_every_field_is_thanked_and_ignored(w: World, path: str) -> None:
    assert send(w, path, **GOOD, website="https://spam.example")["statusCode"] == 303
    assert leads(w) == []


@pytest.mark.parametrize("forged", ["", "x", "a.1.b", "ü.1.x", "a.99999999999999999999.b", "..", "a" * 5000])
def test_a_nonce_that_is_not_ours_gets_the_form_again(w: World, path: str, forged: str) -> None:
    found = send(w, path, **GOOD, nonce=forged)
    assert found["statusCode"] == 422
    assert leads(w) == []
    assert send(w, path, **GOOD, nonce=nonce_of(found["body"]))["statusCode"] == 303


def test_a_nonce_is_for_one_code_and_one_day(w: World, path: str) -> None:
    other = f"/q/{w.advocate('con_b', phone='+15125550122').id}"
    assert send(w, path, **GOOD, nonce=nonce_of(page(w, other)))["statusCode"] == 422
    nonce = nonce_of(page(w, path))
    w.clock.move(hours=24)
    assert send(w, path, **GOOD, nonce=nonce)["statusCode"] == 303
    w.clock.move(seconds=1)
    late = send(w, path, **GOOD, nonce=nonce)
    assert late["statusCode"] == 422
    assert "open for a long time" in late["body"]


def test_a_code_typed_by_hand_works(w: World, path: str) -> None:
    code = path.removeprefix("/q/")
    assert f'action="{path}"' in page(w, f"/q/{code[:4].lower()}-{code[4:8]}-{code[8:].lower()}")


def test_a_closed_branch_says_so(w: World, path: str) -> None:
    location = get(w.store, Location, ORG, LOCATION)
    w.store.commit(Change(location, location.changed(w.clock.now(), status="archived")))
    found = answer(w.runtime, event("GET", path))
    assert found["statusCode"] == 410
    assert "Bluebird Moving Austin" in found["body"]
    assert answer(w.runtime, event("POST", path, body=urlencode(GOOD).encode()))["statusCode"] == 410


def test_a_suspended_organization_takes_no_leads(w: World, path: str) -> None:
    organization = get(w.store, Organization, ORG, ORG)
    w.store.commit(Change(organization, organization.changed(w.clock.now(), status="suspended")))
    assert answer(w.runtime, event("GET", path))["statusCode"] == 410


def test_the_thank_you_page_has_the_branchs_number_to_dial(w: World, path: str) -> None:
    assert '<a href="tel:+15125550100">(512) 555-0100</a>' in page(w, path, "done=1")
    location = get(w.store, Location, ORG, LOCATION)
    w.store.commit(Change(location, location.changed(w.clock.now(), phone=None)))
    assert "tel:" not in page(w, path, "done=1")


def test_nothing_on_the_page_comes_from_elsewhere(w: World, path: str) -> None:
    body = page(w, path)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', body)
    assert "<script" not in body
