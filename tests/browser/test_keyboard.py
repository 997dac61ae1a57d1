"""The pages by keyboard alone: everything is reached in reading order, the focus is seen, Enter sends."""

import pytest
from playwright.sync_api import expect

from moref.campaigns.model import Feedback
from moref.intake.model import Contact
from moref.records import every, get
from moref.referrals.model import Lead
from tests.browser.checks import focus, walk
from tests.browser.conftest import Eyes
from tests.browser.town import ask, subscribe
from tests.fakes.referral_world import ORG, World

pytestmark = pytest.mark.browser
QUOTE = ["name", "phone", "email", "street", "origin", "destination", "date", "notes", "consent", "Get my quote"]


def quote(w: World) -> str:
    return f"/q/{w.advocate('con_a', phone='+15125550111').id}"


def test_the_quote_form_is_walked_in_reading_order(w: World, eyes: Eyes) -> None:
    assert walk(eyes.open(quote(w))) == QUOTE


def test_a_quote_is_asked_for_without_a_mouse(w: World, eyes: Eyes) -> None:
    page = eyes.open(quote(w))
    for text in ("María José Núñez-Güemes", "512 555 0177", "", "", "78701"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.get_by_label("I agree that").focus()
    page.keyboard.press("Space")
    page.get_by_label("From ZIP code").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    (lead,) = every(w.store, Lead, ORG)
    contact = get(w.store, Contact, ORG, lead.contact_id)
    assert (contact.first_name, contact.last_name) == ("María", "José Núñez-Güemes")
    assert [each.channel for each in contact.consents] == ["sms"]


def test_after_a_mistake_the_keyboard_starts_at_what_went_wrong(w: World, eyes: Eyes) -> None:
    page = eyes.open(quote(w))
    page.get_by_label("Name", exact=True).fill("Bo")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    here = focus(page)
    assert here is not None
    assert (here["name"], here["seen"]) == ("Phone", True)
    page.keyboard.press("Enter")  # the summary's link leads to the field
    expect(page.get_by_label("Phone")).to_be_focused()


def test_a_score_is_chosen_with_arrows_and_sent_with_enter(w: World, eyes: Eyes) -> None:
    page = eyes.open(ask(w))
    assert walk(page) == ["score-5", "comment", "Send"]
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    here = focus(page)
    assert here is not None
    assert (here["name"], here["seen"]) == ("score-4", True)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    (given,) = every(w.store, Feedback, ORG)
    assert given.score == 4
    assert walk(page) == ["Write a public review", "comment", "Add"]


def test_without_a_score_the_keyboard_starts_at_the_question(w: World, eyes: Eyes) -> None:
    page = eyes.open(ask(w))
    page.get_by_role("button", name="Send").press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    page.keyboard.press("Tab")
    here = focus(page)
    assert here is not None
    assert here["name"] == "score-5"


def test_texts_and_e_mail_are_stopped_without_a_mouse(w: World, eyes: Eyes) -> None:
    page = eyes.open(subscribe(w, phone="+15125550144", email="ann@friend.example"))
    assert walk(page) == ["stop_email", "agree", "stop_sms", "language_es", "stop_all"]
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are unsubscribed from e-mail.")).to_be_visible()
    assert get(w.store, Contact, ORG, "con_p").opted_out.keys() == {"email"}
