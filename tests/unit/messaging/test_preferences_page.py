"""The person's own page: no login, no redirect for one click, never a change by a GET."""

import re

import pytest

from moref.intake.model import Consent, Contact
from moref.messaging.opt_out import opt_out
from moref.messaging.preferences import preferences_url
from moref.pages import preferences
from moref.records import Create, Point, get
from tests.unit.messaging.world import EMAIL, ORG, PERSON, PHONE, PLACE, World, world


def token_of(it: World) -> str:
    return preferences_url(it.runtime, ORG, PERSON).rpartition("/")[2]


def press(it: World, button: str) -> str:
    """The page after the button."""
    assert preferences.post(it.runtime, token_of(it), {"do": button}).status == 303
    return page(it)


def page(it: World) -> str:
    return re.sub(r"<[^>]+>", "", str(preferences.get(it.runtime, token_of(it)).body))


def outcome(it: World, template: str, kind: str, channel: str) -> str:
    """What becomes of a message that is planned now."""
    id = it.plan(template, kind, channel=channel, cause=f"{template}.{channel}.{len(it.messages())}")  # type: ignore[arg-type]
    it.pump()
    message = it.message(id)
    return message.status if message.status != "skipped" else str(message.reason)


def test_the_link_is_the_same_for_ever_and_another_persons_differs() -> None:
    it = world()
    assert preferences_url(it.runtime, ORG, PERSON) == preferences_url(it.runtime, ORG, PERSON)
    assert preferences_url(it.runtime, ORG, "con_2") != preferences_url(it.runtime, ORG, PERSON)


def test_a_mail_scanner_that_follows_the_link_changes_nothing() -> None:
    it = world(consents=[])
    token = token_of(it)
    rows = {key: row["version"] for key, row in it.store.rows.items()}
    assert preferences.get(it.runtime, token).status == 200
    assert {key: row["version"] for key, row in it.store.rows.items()} == rows


def test_one_click_unsubscribes_without_redirect_and_repeats_harmlessly() -> None:
    it = world(consents=[])
    id = it.plan()
    for _ in range(2):
        assert preferences.post(it.runtime, token_of(it), {"List-Unsubscribe": "One-Click"}).status == 200
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "suppressed")


def test_e_mail_is_stopped_and_started_again() -> None:
    it = world(consents=[])
    assert "You are unsubscribed from e-mail." in press(it, "stop_email")
    assert outcome(it, "reward", "service", "email") == "sent"
    press(it, "start_email")
    assert outcome(it, "ask", "marketing", "email") == "sent"


# button -> what becomes of (marketing text, service text, marketing e-mail, service e-mail)
BUTTONS = {
    "stop_email": ("sent", "sent", "suppressed", "sent"),
    "stop_offers": ("suppressed", "sent", "sent", "sent"),
    "stop_sms": ("suppressed", "suppressed", "sent", "sent"),
    "stop_all": ("suppressed", "suppressed", "suppressed", "suppressed"),
}


@pytest.mark.parametrize("button", BUTTONS)
def test_each_button_stops_what_it_says_and_nothing_else_also_what_is_queued_already(button: str) -> None:
    for place, (template, kind, channel) in enumerate(
        [
            ("ask", "marketing", "sms"),
            ("reward", "service", "sms"),
            ("ask", "marketing", "email"),
            ("reward", "service", "email"),
        ]
    ):
        it = world()
        id = it.plan(template, kind, channel=channel)  # type: ignore[arg-type]
        press(it, button)
        it.pump()
        message = it.message(id)
        assert (message.reason if message.status == "skipped" else message.status) == BUTTONS[button][place]


def test_offers_by_text_may_come_again_but_stopped_texts_only_by_a_text_from_the_phone() -> None:
    it = world()
    assert "You get no offers by text." in press(it, "stop_offers")
    assert "You get texts about your move" in press(it, "start_offers")
    assert "text START" in press(it, "stop_sms")
    for button in ("start_offers", "agree", "start_sms", "nonsense"):
        assert "text START" in press(it, button)
    assert outcome(it, "ask", "marketing", "sms") == "suppressed"


def test_a_consent_to_texts_is_stored_with_the_words_that_were_shown() -> None:
    it = world(consents=[])
    shown = page(it)
    press(it, "agree")
    press(it, "agree")
    (consent,) = it.contact().consents
    assert (consent.channel, consent.source, consent.text_version) == ("sms", "preferences page", "preferences-1-en")
    assert consent.text in shown
    assert "Reply STOP" in consent.text
    assert "number ending in 23" in consent.text
    assert consent.at == it.clock.now()
    assert outcome(it, "ask", "marketing", "sms") == "sent"


def test_nobody_agrees_to_texts_on_a_number_that_takes_none() -> None:
    for phone, kind in (("+442071838750", None), (PHONE, "home")):
        it = world(consents=[], phone=phone, phone_kind=kind)
        press(it, "agree")
        assert it.contact().consents == []


def test_an_address_that_mail_came_back_from_is_not_started_again() -> None:
    it = world(consents=[])
    opt_out(it.runtime, ORG, "email", EMAIL, "bounce")
    assert "came back" in press(it, "start_email")
    assert outcome(it, "ask", "marketing", "email") == "suppressed"


def test_the_page_speaks_the_language_the_person_chose_and_the_crm_no_longer_decides_it() -> None:
    it = world()
    assert "Sus mensajes" in press(it, "language_es")
    assert 'lang="es"' in preferences.get(it.runtime, token_of(it)).body
    assert (it.contact().language, it.contact().language_by) == ("es", "person")
    one_click = preferences.post(it.runtime, token_of(it), {"List-Unsubscribe": "One-Click"})
    assert "Ya no recibirá correos" in one_click.body
    assert "Your messages" in press(it, "language_en")


def test_a_wish_binds_everybody_with_the_address_and_the_one_who_comes_back_after_erasure() -> None:
    it = world()
    common = {"organization_id": ORG, "created_at": it.clock.now(), "updated_at": it.clock.now()}
    person = it.contact()
    consent = Consent(channel="sms", text="Text me", at=it.clock.now(), source="CRM")
    again = Contact(**common, id="con_2", location_id=PLACE, phone=PHONE, consents=[consent])
    press(it, "stop_sms")
    # Imported anew after the stop: nothing on the contact says so, the hash of the phone does.
    it.store.commit(Create(again), *(Point(ORG, "person", key, "con_2") for key in person.person_keys))
    id = it.plan("ask", "marketing", channel="sms", contact=get(it.store, Contact, ORG, "con_2"))
    it.pump()
    assert it.message(id).reason == "suppressed"


def test_a_review_token_opens_no_preferences() -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    assert preferences.get(it.runtime, it.enrollment().token or "").status == 404
    assert preferences.post(it.runtime, "a" * 24, {"do": "stop_email"}).status == 404


def test_everything_is_escaped() -> None:
    it = world()
    from moref.tenants.model import Location

    it.change(Location, PLACE, name='<b>"Movers"</b>')
    body = preferences.get(it.runtime, token_of(it)).body
    assert "<b>" not in body
    assert "&lt;b&gt;" in body
