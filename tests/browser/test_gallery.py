"""Every page in every state, on a very small phone, a phone and a desk, in light and dark: it fits, it is legible, axe
finds nothing. The pictures in .local/screenshots are for people to look at.
"""

from collections.abc import Callable
from dataclasses import dataclass
from struct import pack
from typing import Any
from zlib import compress, crc32

import pytest
from playwright.sync_api import Page

from moref.intake.model import Contact
from moref.records import Change, get
from moref.referrals.track_job import track_job
from moref.tenants.logo import confirm_logo
from moref.tenants.model import Location
from tests.browser.checks import findings, fits
from tests.browser.conftest import SIZES, Eyes
from tests.browser.town import Town, ask, subscribe, weekly_report
from tests.fakes.referral_world import LOCATION, ORG, World
from tests.unit.partners.world import World as Partners

pytestmark = pytest.mark.browser
LONG = "Überlandumzugsgesellschaft & Söhne <Austin> " + "x" * 60


@dataclass
class Visit:
    w: World
    town: Town
    eyes: Eyes

    def open(self, path: str) -> Page:
        return self.eyes.open(path, scripts=True)  # axe is a script; the other tests go without

    def quote(self) -> Page:
        return self.open(f"/q/{self.w.advocate('con_a', phone='+15125550111').id}")

    def branch(self, **over: str) -> None:
        location = get(self.w.store, Location, ORG, LOCATION)
        self.w.store.commit(Change(location, location.changed(self.w.clock.now(), **over)))


def _closed(v: Visit) -> Page:
    v.branch(status="archived")
    return v.quote()


def _long_name(v: Visit) -> Page:
    v.branch(name=LONG)
    return _quote_errors(v)


def _with_logo(v: Visit) -> Page:
    """A wide one, and a name that needs the room beside it."""
    row = b"\x00" + b"\x0b\x5c\xad" * 480
    parts = {b"IHDR": pack(">IIBBBBB", 480, 120, 8, 2, 0, 0, 0), b"IDAT": compress(row * 120), b"IEND": b""}
    chunks = [pack(">I", len(data)) + kind + data + pack(">I", crc32(kind + data)) for kind, data in parts.items()]
    key = f"{ORG}/logo_uploads/{LOCATION}/upl_1"
    v.w.runtime.files.put(key, b"\x89PNG\r\n\x1a\n" + b"".join(chunks), content_type="image/png")
    version = get(v.w.store, Location, ORG, LOCATION).version
    confirm_logo(v.w.runtime, ORG, LOCATION, "upl_1", version=version, actor="mem")
    v.branch(name="Bluebird Moving and Storage of South Austin")
    page = v.quote()
    shown = "document.querySelector('img').complete && document.querySelector('img').naturalWidth === 480"
    page.wait_for_function(shown)
    return page


def _quote_errors(v: Visit) -> Page:
    page = v.quote()
    for label, value in {"Phone": "12", "E-mail": "bo@", "From ZIP code": "ABC", "To ZIP code": "1"}.items():
        page.get_by_label(label).fill(value)
    page.get_by_label("Moving date").fill("2020-01-01")
    return _press(page, "Get my quote")


def _quote_expired(v: Visit) -> Page:
    page = v.quote()
    page.get_by_label("Name", exact=True).fill("María José Núñez-Güemes de la Peña")
    v.w.clock.move(hours=25)
    return _press(page, "Get my quote")


def _quote_done(v: Visit) -> Page:
    page = v.quote()
    for label, value in {"Name": "Bo", "Phone": "512 555 0177", "From ZIP code": "78701"}.items():
        page.get_by_label(label, exact=True).fill(value)
    return _press(page, "Get my quote")


def _review_thanks(v: Visit) -> Page:
    page = v.open(ask(v.w))
    page.get_by_role("radio", name="Very poor").check()
    return _press(page, "Send")


def _review_chosen(v: Visit) -> Page:
    page = v.open(ask(v.w))
    page.get_by_role("radio", name="Good").check()
    return page


def _preferences_off(v: Visit) -> Page:
    page = v.open(subscribe(v.w, phone="+15125550144", email="ann@friend.example"))
    return _press(_press(page, "Unsubscribe from e-mail"), "Stop all texts")


def _preferences_spanish(v: Visit) -> Page:
    page = v.open(subscribe(v.w, phone="+15125550144", email="ann@friend.example"))
    return _press(_press(page, "I agree, text me"), "Escríbanme en español")


def _review_spanish(v: Visit) -> Page:
    path = ask(v.w)
    contact = get(v.w.store, Contact, ORG, "con_c")
    v.w.store.commit(Change(contact, contact.changed(v.w.clock.now(), language="es")))
    return _press(v.open(path), "Enviar")


def _partner_error(v: Visit) -> Page:
    return _press(v.open(f"/p/{Partners(base=v.w).partner.token}"), "Accept the invitation")


def _partner(v: Visit) -> Page:
    """With a lead that was booked, and somebody who came by the link."""
    partners = Partners(base=v.w)
    partners.accept()
    partners.send(name="María José Núñez-Güemes de la Peña", notes="Third floor")
    (referral,) = partners.referrals()
    v.w.job("job_p", referral.contact_id, facts=["booked"])
    track_job(v.w.runtime, ORG, "job_p")
    partners.send(name="Bo", phone="512 555 0133")
    return v.open(f"/p/{partners.partner.token}?sent=1")


def _partner_lead_error(v: Visit) -> Page:
    return _press(_partner(v), "Send the lead")


def _unavailable(v: Visit) -> Page:
    link = v.w.advocate("con_a", phone="+15125550111")
    v.town.light.down = {"get"}
    return v.open(f"/r/{link.id}")


def _report(v: Visit, **counts: Any) -> Page:
    return v.open(weekly_report(v.w, **counts))


def _report_stopped(v: Visit) -> Page:
    return _press(_report(v), "Stop sending me this report")


def _messages(v: Visit) -> Page:
    page = v.open("/messages")
    page.get_by_text("As HTML").first.click()
    page.frame_locator("iframe").first.get_by_role("link", name="Give a score").wait_for()
    return page


def _press(page: Page, button: str) -> Page:
    with page.expect_navigation():
        page.get_by_role("button", name=button).click()
    return page


# name of the picture -> (how to get there, the heading that tells one is there)
STATES: dict[str, tuple[Callable[[Visit], Page], str]] = {
    "quote": (Visit.quote, "Get your free quote"),
    "quote-errors": (_quote_errors, "Get your free quote"),
    "quote-expired": (_quote_expired, "Get your free quote"),
    "quote-long-name": (_long_name, "Get your free quote"),
    "quote-logo": (_with_logo, "Get your free quote"),
    "quote-done": (_quote_done, "Thank you!"),
    "quote-closed": (_closed, "Not taking requests here"),
    "not-found": (lambda v: v.open("/q/NOSUCHCODE0"), "We could not find this page"),
    "link-not-found": (lambda v: v.open("/r/NOSUCHCODE0"), "We can\u2019t find this link"),
    "link-unavailable": (_unavailable, "One moment, please"),
    "review": (lambda v: v.open(ask(v.w)), "How did it go?"),
    "review-chosen": (_review_chosen, "How did it go?"),
    "review-error": (lambda v: _press(v.open(ask(v.w)), "Send"), "How did it go?"),
    "review-thanks": (_review_thanks, "Thank you!"),
    "preferences": (lambda v: v.open(subscribe(v.w, phone="+15125550144", email="a@b.example")), "Your messages"),
    "preferences-off": (_preferences_off, "Your messages"),
    "preferences-spanish": (_preferences_spanish, "Sus mensajes"),
    "review-spanish": (_review_spanish, "¿Cómo le fue?"),
    "preferences-e-mail-only": (lambda v: v.open(subscribe(v.w, email="a@b.example")), "Your messages"),
    "preferences-nothing": (lambda v: v.open(subscribe(v.w)), "Your messages"),
    "report": (_report, "Bluebird Moving"),
    "report-empty": (lambda v: _report(v, by=0), "Bluebird Moving"),
    "report-huge": (lambda v: _report(v, by=98_765_432), "Bluebird Moving"),
    "report-long-names": (lambda v: _report(v, title=LONG, name="W" * 40), "Überlandumzug"),
    "report-rtl": (lambda v: _report(v, title="شركة النقل الزرقاء بأوستن", name="فاطمة"), "شركة"),
    "report-stopped": (_report_stopped, "Bluebird Moving"),
    "partner-invitation": (lambda v: v.open(f"/p/{Partners(base=v.w).partner.token}"), "Become a partner of"),
    "partner-invitation-error": (_partner_error, "Become a partner of"),
    "partner": (_partner, "Your leads"),
    "partner-error": (_partner_lead_error, "Your leads"),
    "docs": (lambda v: v.open("/v1/docs"), "Mo-ref API"),
    "messages": (_messages, "4 messages"),
    "messages-none": (lambda v: v.open("/messages/none"), "0 messages"),
}


@pytest.mark.parametrize("state", STATES)
def test_a_page_is_fit_to_be_seen(state: str, w: World, town: Town, eyes: Eyes) -> None:
    reach, heading = STATES[state]
    page = reach(Visit(w, town, eyes))
    assert heading in (page.get_by_role("heading", level=1).text_content() or "")
    wrong: list[str] = []
    for size, scheme in (("390", "light"), ("1280", "light"), ("1280", "dark"), ("390", "dark"), ("320", "light")):
        page.set_viewport_size(SIZES[size])
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        eyes.picture(page, f"{state}-{size}-{scheme}")
        if not fits(page):
            wrong.append(f"{size} {scheme}: wider than the window")
        if (size, scheme) in (("390", "light"), ("1280", "dark")):
            wrong += [f"{size} {scheme}: {each}" for each in findings(page)]
    assert wrong == []


@pytest.mark.parametrize("state", [state for state in STATES if not state.startswith(("docs", "messages", "report"))])
def test_what_customers_open_arrives_in_the_first_round_trip(state: str, w: World, town: Town, eyes: Eyes) -> None:
    """Under 14 kB uncompressed, the first congestion window of a new connection."""
    page = STATES[state][0](Visit(w, town, eyes))
    assert len(page.content().encode()) < 14_000
