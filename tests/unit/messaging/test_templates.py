"""Built-in templates as people get them, in English and Spanish."""

import re
from typing import Any

import pytest

from moref.kernel.errors import BadInput
from moref.messaging import builtin, rendering
from moref.messaging.branding import DARK, LEGIBLE, LIGHT, Brand, contrast, ink_on
from moref.messaging.fields import FIELDS, LINES
from moref.messaging.lint_rules import longest_text
from moref.messaging.rendering import Mail
from moref.messaging.segments import outside_gsm_7, segments
from moref.messaging.template_model import Language, Wording
from moref.messaging.templates import chosen, effective, fields_of
from tests.fakes.memory_store import MemoryStore

FILLED = {name: field.sample for name, field in FIELDS.items()} | {"first_name": "Sam", "company": "Bluebird Moving"}
BRAND = Brand("Bluebird Moving", "1 Main St", "#0b5cad", "#ffffff", None, (), "staff@bluebird.test")
CUSTOMERS = [name for name in builtin.names() if (found := builtin.find(name)) and found.kind != "staff"]
MARKETING = [name for name in CUSTOMERS if (found := builtin.find(name)) and found.kind == "marketing"]
TEXTS = [name for name in MARKETING if (found := builtin.find(name)) and found.wordings["en"].sms]
LANGUAGES: list[Language] = ["en", "es"]


def wording(name: str, language: Language = "en") -> Wording:
    found = builtin.find(name)
    assert found is not None
    return found.wordings[language]


def text(name: str, language: Language = "en", **over: str) -> str:
    return rendering.sms(wording(name, language), FILLED | over, language)


def mail(name: str, language: Language = "en", **over: Any) -> Mail:
    brand, unsubscribe = over.pop("brand", BRAND), over.pop("unsubscribe", "https://go.example/u/x")
    details = over.pop("details", False)
    fields = FILLED | over
    return rendering.mail(
        wording(name, language), fields, language, brand=brand, unsubscribe=unsubscribe, details=details
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TEXTS)
def test_a_marketing_text_says_who_sends_and_how_to_stop_in_two_segments_at_most(name: str, language: Language) -> None:
    sent = text(name, language)
    assert "Bluebird Moving" in sent
    assert sent.endswith(LINES[language]["opt_out"])
    longest = longest_text(wording(name, language).sms, language)
    assert not outside_gsm_7(longest), "a letter outside GSM-7 more than halves the length of a segment"
    assert segments(longest) <= 2


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", CUSTOMERS)
def test_without_any_value_that_may_be_empty_it_still_reads_well(name: str, language: Language) -> None:
    empty = {field: "" for field, each in FIELDS.items() if each.may_be_empty}
    words = wording(name, language)
    said = [text(name, language, **empty)]
    if words.subject:
        sent = mail(name, language, **empty)
        said += [sent.subject, *sent.text.split("\n\n")[:-1]]
    for line in said:
        assert not re.search(r"  | [,.!?:;]|\{|None|\u27e6", line), line
        assert line[:1].isupper() or line[:1] in "¿¡" or language == "en", line


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_invites_to_refer_discloses_the_reward(language: Language) -> None:
    inviting = [name for name in CUSTOMERS if "referral_link" in fields_of({language: wording(name, language)})]
    assert {"invite", "invite_without_score", "remind", "nudge_advocate", "partner_welcome"} <= set(inviting)
    for name in inviting:
        assert LINES[language]["disclosure"] in text(name, language)
        assert LINES[language]["disclosure"] in mail(name, language).text


def test_no_message_carries_a_review_link_so_that_no_score_can_steer_it() -> None:
    for name in builtin.names():
        assert "review_link" not in fields_of(builtin.find(name).wordings)  # type: ignore[union-attr]


def test_a_missing_first_name_reads_well() -> None:
    assert text("ask", first_name="").startswith("Hi there,")
    assert text("ask", "es", first_name="").startswith("Hola, le escribe")


@pytest.mark.parametrize("name", ["http://evil.test", "evil.com", "www.evil", "a@b.test", "call 5125550123", "</b>"])
def test_a_name_that_could_be_a_link_is_no_name(name: str) -> None:
    assert name not in text("ask", first_name=name)


@pytest.mark.parametrize("name", ["María José", "O'Brien", "Jr. Sam", "Nguyễn", "J.R."])
def test_real_names_are_kept(name: str) -> None:
    assert name in text("ask", first_name=name)


def test_values_are_escaped_in_html_and_cannot_add_header_lines() -> None:
    sent = mail("ask", company="<script>\r\nBcc: x@example.test")
    assert "<script>" not in sent.html
    assert "\n" not in mail("invite", company="x\r\nBcc: y").subject


def test_a_value_is_never_itself_a_template() -> None:
    assert "{{ feedback_link }}" in text("ask", company="{{ feedback_link }}")


def test_only_our_own_links_can_be_followed() -> None:
    sent = mail("invite", company="https://evil.test", referral_link="https://go.example/r/A&B")
    hrefs = set(re.findall(r'href="([^"]*)"', sent.html))
    assert hrefs == {"https://go.example/r/A&amp;B", "https://go.example/u/x"}


def test_the_text_part_says_all_that_the_html_part_says() -> None:
    sent = mail("invite", "es", brand=Brand("B", "1 Main", "#fff000", "#101820", None, ("Ana", "Oficina"), "x"))
    for part in (FILLED["referral_link"], "Abrir mi enlace", "Ana", "Oficina", "1 Main", "Cancelar suscripción"):
        assert part in sent.text
        assert part in sent.html
    assert '<html lang="es">' in sent.html


def test_staff_mail_prints_every_further_field() -> None:
    sent = mail("lead_not_accepted", details=True, unsubscribe=None, phone="+15125550123", move_date="2026-07-01")
    assert "Phone: +15125550123" in sent.text
    assert "Move date: 2026-07-01" in sent.text
    assert "Unsubscribe" not in sent.html


def test_the_persons_language_counts_per_channel_and_english_stands_in() -> None:
    wordings: dict[Language, Wording] = {"en": Wording(sms="x", subject="s", body="b"), "es": Wording(sms="y")}
    assert chosen(wordings, "es", "sms")[0] == "es"
    assert chosen(wordings, "es", "email")[0] == "en"
    with pytest.raises(BadInput):
        chosen({"en": Wording(sms="x")}, "en", "email")


def test_an_unknown_template_is_refused() -> None:
    for name in ("nope", "../model", "ask.toml", ""):
        with pytest.raises(BadInput):
            effective(MemoryStore(), "org_1", name)


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ffe600", "#0b5cad", "#777777", "#ff0000", "#00ff7f"])
def test_letters_on_any_colour_are_legible(colour: str) -> None:
    assert contrast(ink_on(colour), colour) >= 4.4
    assert ink_on(colour) in (DARK, LIGHT)


def test_contrast_is_wcags() -> None:
    assert round(contrast("#ffffff", "#000000"), 2) == 21
    assert round(contrast("#ffffff", "#777777"), 2) == 4.48
    assert LEGIBLE == 4.5
