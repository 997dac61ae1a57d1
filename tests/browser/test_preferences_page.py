"""The preferences page without JavaScript: looking changes nothing, a press counts at once and can be undone."""

import pytest
from playwright.sync_api import expect

from moref.intake.model import Contact
from moref.records import get
from tests.browser.conftest import Eyes
from tests.browser.town import subscribe
from tests.fakes.referral_world import ORG, World

pytestmark = pytest.mark.browser


def opted_out(w: World) -> list[str]:
    return sorted(get(w.store, Contact, ORG, "con_p").opted_out)


@pytest.mark.parametrize("size", ["390", "1280"])
def test_e_mail_is_stopped_and_started_again(w: World, eyes: Eyes, size: str) -> None:
    page = eyes.open(subscribe(w, phone="+15125550144", email="ann@friend.example"), size)
    assert opted_out(w) == []
    page.get_by_role("button", name="Unsubscribe from e-mail").click()
    expect(page.get_by_text("You are unsubscribed from e-mail.")).to_be_visible()
    assert opted_out(w) == ["email"]
    page.reload()  # after the redirect a reload sends nothing
    expect(page.get_by_text("You get no offers by text.")).to_be_visible()
    page.get_by_role("button", name="Subscribe again").click()
    expect(page.get_by_role("button", name="Unsubscribe from e-mail")).to_be_visible()
    assert opted_out(w) == []


def test_texts_are_stopped_and_only_a_text_starts_them_again(w: World, eyes: Eyes) -> None:
    page = eyes.open(subscribe(w, phone="+15125550144"))
    page.get_by_role("button", name="Stop all texts").click()
    expect(page.get_by_text("text START")).to_be_visible()
    assert opted_out(w) == ["sms"]
    assert page.get_by_role("button").count() == 1  # the language


def test_texts_are_agreed_to_under_the_words_that_are_stored(w: World, eyes: Eyes) -> None:
    page = eyes.open(subscribe(w, phone="+15125550144"), "320")
    words = page.get_by_text("I agree that").inner_text()
    page.get_by_role("button", name="I agree, text me").click()
    expect(page.get_by_text("You get texts about your move")).to_be_visible()
    (consent,) = get(w.store, Contact, ORG, "con_p").consents
    assert consent.text == words


def test_everything_is_stopped_at_once_in_spanish(w: World, eyes: Eyes) -> None:
    page = eyes.open(subscribe(w, phone="+15125550144", email="ann@friend.example"))
    page.get_by_role("button", name="Escríbanme en español").click()
    expect(page.get_by_role("heading", name="Sus mensajes")).to_be_visible()
    page.get_by_role("button", name="No recibir nada").click()
    expect(page.get_by_text("No recibe ningún correo.")).to_be_visible()
    expect(page.get_by_text("No recibe mensajes de texto.")).to_be_visible()
    assert opted_out(w) == ["email", "sms"]
