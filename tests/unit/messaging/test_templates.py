"""Every built-in template keeps the rules of its class."""

import re

import pytest
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment

from moref.kernel.errors import BadInput
from moref.messaging import templates
from moref.messaging.builtin import TEMPLATES
from moref.messaging.templates import FIELDS

FILLED = {"first_name": "Sam", "company": "Bluebird Moving", "link": "https://go.example.test/r/7K3M9QX2WDT"}
FILLED |= {"amount": "$25", "score": "2", "contact": "+15125550199"}
GSM_7 = re.compile(r"[A-Za-z0-9 \n@$!\"#%&'()*+,\-./:;<=>?_]*")


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_uses_known_merge_fields_only(name: str) -> None:
    found = TEMPLATES[name]
    environment = SandboxedEnvironment(autoescape=True)
    for text in (found.sms, found.subject, *found.paragraphs):
        assert meta.find_undeclared_variables(environment.parse(text)) <= set(FIELDS)
    assert found.sms or found.subject


@pytest.mark.parametrize("name", [name for name, one in TEMPLATES.items() if one.kind == "marketing"])
def test_a_marketing_text_says_who_sends_and_how_to_stop_in_two_segments_at_most(name: str) -> None:
    text = templates.sms(name, FILLED)
    assert "Bluebird Moving" in text
    assert text.endswith("Reply STOP to opt out.")
    assert GSM_7.fullmatch(text), "a letter outside GSM-7 more than halves the length of a segment"
    assert len(text) <= 306


@pytest.mark.parametrize("name", ["invite", "remind"])
def test_an_invitation_to_refer_discloses_the_reward(name: str) -> None:
    assert "You get a reward" in templates.sms(name, FILLED)
    assert "You get a reward" in templates.mail(name, FILLED, address="1 Main", unsubscribe="https://u").text


def test_no_message_carries_a_review_link_so_that_no_score_can_steer_it() -> None:
    for found in TEMPLATES.values():
        assert "review" not in " ".join((found.sms, found.subject, *found.paragraphs)).lower()


def test_a_missing_first_name_reads_well() -> None:
    assert templates.sms("ask", FILLED | {"first_name": ""}).startswith("Hi there,")


def test_values_are_escaped_in_html_and_cannot_add_header_lines() -> None:
    mail = templates.mail(
        "ask", FILLED | {"first_name": "<script>\r\nBcc: x@example.test"}, address="1 Main", unsubscribe="https://u"
    )
    assert "<script>" not in mail.html
    assert "\n" not in mail.subject


def test_a_template_value_is_never_itself_a_template() -> None:
    assert "{{ link }}" in templates.sms("ask", FILLED | {"company": "{{ link }}"})


def test_staff_mail_prints_every_further_field() -> None:
    mail = templates.mail(
        "lead_not_accepted",
        {"company": "B", "phone": "+15125550123", "move_date": "2026-07-01"},
        address="",
        unsubscribe=None,
    )
    assert "Phone: +15125550123" in mail.text
    assert "Move date: 2026-07-01" in mail.text
    assert "Unsubscribe" not in mail.html


def test_an_unknown_template_is_refused() -> None:
    with pytest.raises(BadInput):
        templates.template("nope")
