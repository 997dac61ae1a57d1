"""The quote form as a friend meets it: on a phone and on a desk, without JavaScript."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from moref.intake.model import Contact
from moref.records import Change, every, get
from moref.referrals.model import Lead, Referral
from moref.tenants.model import Location
from tests.browser.checks import fits
from tests.browser.conftest import Eyes
from tests.fakes.referral_world import LOCATION, ORG, World

pytestmark = pytest.mark.browser
sizes = pytest.mark.parametrize("size", ["390", "1280"])


def path(w: World) -> str:
    return f"/q/{w.advocate('con_a', phone='+15125550111').id}"


def fill(page: Page, **over: str) -> None:
    fields = {"Name": "Bo Friend", "Phone": "512 555 0177", "From ZIP code": "78701", **over}
    for label, value in fields.items():
        page.get_by_label(label).fill(value)


@sizes
def test_a_friend_asks_for_a_quote(w: World, eyes: Eyes, size: str) -> None:
    page = eyes.open(path(w), size)
    assert fits(page)
    fill(page)
    page.get_by_label("Moving date").fill("2026-07-01")
    page.get_by_label("Anything we should know?").fill("one piano")
    page.get_by_label("I agree that").check()
    page.get_by_role("button", name="Get my quote").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    (lead,) = every(w.store, Lead, ORG)
    contact = get(w.store, Contact, ORG, lead.contact_id)
    assert (contact.phone, lead.move_date, lead.notes) == ("+15125550177", "2026-07-01", "one piano")
    assert [each.channel for each in contact.consents] == ["sms"]
    page.reload()
    assert len(every(w.store, Lead, ORG)) == 1


@sizes
def test_mistakes_are_shown_next_to_their_fields_and_what_was_typed_stays(w: World, eyes: Eyes, size: str) -> None:
    page = eyes.open(path(w), size)
    fill(page, Phone="12", **{"From ZIP code": "ABC", "E-mail": "bo@friend.example"})
    page.get_by_role("button", name="Get my quote").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check")
    assert fits(page)
    assert page.get_by_label("Phone").input_value() == "12"
    assert page.get_by_label("Name").input_value() == "Bo Friend"
    expect(page.get_by_label("Phone")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#phone-error")).to_contain_text("area code")
    expect(page.get_by_label("Phone")).to_have_css("border-color", "rgb(168, 25, 31)")
    page.get_by_label("Phone").fill("512 555 0177")
    page.get_by_label("From ZIP code").fill("78701")
    page.get_by_role("button", name="Get my quote").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert len(every(w.store, Lead, ORG)) == 1


def test_a_double_click_is_one_lead(w: World, eyes: Eyes) -> None:
    page = eyes.open(path(w))
    fill(page)
    page.get_by_role("button", name="Get my quote").dblclick()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    assert len(every(w.store, Lead, ORG)) == 1


def test_the_same_form_sent_ten_times_at_once_is_one_lead(w: World, eyes: Eyes, site: str) -> None:
    where = path(w)
    page = eyes.open(where)
    nonce = page.locator("input[name=nonce]").input_value()
    body = f"nonce={nonce}&name=Bo&phone=5125550177&origin=78701".encode()

    def send(_: int) -> Any:
        with urlopen(Request(site + where, data=body), timeout=10) as found:  # noqa: S310 - loopback
            return found.status

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(send, range(10))) == {200}  # the thank-you page after the redirect
    assert len(every(w.store, Lead, ORG)) == len(every(w.store, Referral, ORG)) == 1


def test_the_trap_for_programs_is_out_of_sight_and_out_of_the_keyboards_way(w: World, eyes: Eyes) -> None:
    page = eyes.open(path(w))
    box = page.locator("input[name=website]").bounding_box()
    assert box is None or box["x"] + box["width"] <= 0
    page.get_by_label("Name").focus()
    for expected in ("phone", "email", "street", "origin", "destination", "date"):
        page.keyboard.press("Tab")
        if expected != "date":
            assert page.locator(f"#{expected}:focus").count() == 1


def test_targets_are_large_enough_for_a_thumb(w: World, eyes: Eyes) -> None:
    page = eyes.open(path(w))
    for each in page.locator("input:not([type=hidden]):not([name=website]):not([type=checkbox]), button").all():
        box = each.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    label = page.locator("label.check").bounding_box()
    assert label is not None
    assert label["height"] >= 44


@sizes
def test_an_unknown_code_is_met_kindly(eyes: Eyes, size: str) -> None:
    page = eyes.open("/q/NOSUCHCODE0", size)
    expect(page.get_by_role("heading")).to_have_text("We could not find this page")
    assert fits(page)


def test_a_closed_branch_says_so(w: World, eyes: Eyes) -> None:
    where = path(w)
    location = get(w.store, Location, ORG, LOCATION)
    w.store.commit(Change(location, location.changed(w.clock.now(), status="archived")))
    page = eyes.open(where)
    expect(page.get_by_role("heading")).to_have_text("Not taking requests here")


def test_a_long_company_name_and_long_words_do_not_break_the_phone(w: World, eyes: Eyes) -> None:
    where = path(w)
    location = get(w.store, Location, ORG, LOCATION)
    name = "Überlandumzugsgesellschaft & Söhne <Austin> " + "x" * 60
    w.store.commit(Change(location, location.changed(w.clock.now(), name=name)))
    page = eyes.open(where)
    assert fits(page)
