"""Bad templates are refused with their place named; whatever passes cannot harm."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2.exceptions import SecurityError

from moref.kernel.errors import BadInput
from moref.messaging import builtin
from moref.messaging.fields import FIELDS
from moref.messaging.grammar import fill, parse
from moref.messaging.lint import lint
from moref.messaging.lint_units import Finding, Surroundings
from moref.messaging.model import MessageClass
from moref.messaging.template_model import Wording

HERE = Surroundings(frozenset({"bluebird.example.com", "g.page"}), ("https://g.page/r/abc/review",))
STOP = " {{ company }} {{ opt_out }}"


def found(kind: MessageClass = "marketing", **en: Any) -> list[Finding]:
    return [each for each in lint(kind, {"en": Wording(**en), "es": Wording(**en)}, HERE) if each.field[:2] == "en"]


def errors(kind: MessageClass = "marketing", **en: Any) -> list[tuple[str, int]]:
    return [(each.field, each.line) for each in found(kind, **en) if each.severity == "error"]


def email(body: str, **over: Any) -> dict[str, Any]:
    return {"subject": "Hello", "body": body, **over}


@pytest.mark.parametrize("name", builtin.names())
def test_every_built_in_passes_without_even_a_warning(name: str) -> None:
    made = builtin.find(name)
    assert made is not None
    assert lint(made.kind, made.wordings, Surroundings()) == []
    assert made.kind == "staff" or set(made.wordings) == {"en", "es"}


@pytest.mark.parametrize(
    "bad",
    [
        "{{ nope }}", "{{ company.name }}", "{{ company['x'] }}", "{{ company.__class__.__mro__ }}", "{{ ''.join }}",
        "{{ company() }}", "{{ range(9) }}", "{{ company | upper }}", "{{ company | attr('x') }}",
        "{% for x in company %}{% endfor %}", "{% for x in range(10**9) %}x{% endfor %}", "{% while %}",
        "{% set x = 1 %}", "{% include 'x' %}", "{% import 'x' as y %}", "{% macro m() %}{% endmacro %}",
        "{% extends 'x' %}", "{% block b %}{% endblock %}", "{% if company == 'x' %}y{% endif %}",
        "{% if 1 %}y{% endif %}", "{% if company and link %}y{% endif %}", "{{ 10 ** 10 ** 10 }}", "{{ 'x' * 10**9 }}",
        "{{ company if score }}", "{{ company ~ company }}", "{{ company | default(company) }}", "{{ company",
        "{% if company %}", "{{ }}", "{{ self }}", "{{ lipsum }}", "{% with %}{% endwith %}",
        "{% filter default('x') %}{% endfilter %}", "{% call company() %}{% endcall %}", "{{ company is defined }}",
        "{{ first_name }}", "{% if first_name %}x{% else %}{{ first_name }}{% endif %}",
        "{{ company | default('x') | default('y') }}", "{{ first_name | default() }}", "{{ 'literal' }}", "{{ 1 }}",
        "{% if not company.x %}{% endif %}", "{% if company %}" * 5 + "{% endif %}" * 5,
        "{{ " + "x" * 400 + " }}", "{{ company }}" * 201, "{# " + "{{" * 300,
    ],
)  # fmt: skip
def test_what_is_no_text_field_or_simple_if_is_refused_with_its_line(bad: str) -> None:
    assert ("en.sms", 3) in errors(sms=f"one{STOP}\ntwo\n{bad}") or ("en.sms", 4) in errors(sms=f"a{STOP}\n\n{bad}")
    with pytest.raises((BadInput, SecurityError)):
        fill(f"x{bad}", {})


def test_deep_nesting_is_refused() -> None:
    assert errors(sms=f"{STOP}{{{{ {'(' * 140}company{')' * 140} }}}}") == [("en.sms", 1)]


def test_a_megabyte_is_refused_before_anything_looks_into_it() -> None:
    began = time.perf_counter()
    for part in ("sms", "subject", "body", "button"):
        for bomb in ("x" * 1_000_000, "{{ company }}" * 80_000, "{" * 1_000_000, "{% if company %}" * 60_000):
            words: dict[str, Any] = {
                "subject": "s",
                "body": "b",
                "button": "b",
                "button_link": "review_link",
                part: bomb,
            }
            assert (f"en.{part}", 1) in errors(**words)
    assert time.perf_counter() - began < 5


def test_the_largest_template_that_passes_is_rendered_in_no_time() -> None:
    body = ("{% if first_name %}{{ first_name }}{% else %}{{ company }}{% endif %}" * 40).ljust(50_000, "x")
    assert not [each for each in found(**email(body)) if "too large" in each.words]
    began = time.perf_counter()
    text = fill(body, {"company": "y" * 2000, "first_name": "z" * 2000})
    assert len(text) <= len(body) + 40 * 2000
    assert time.perf_counter() - began < 2


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(["{{", "}}", "{%", "%}", " if ", "endif", "else", "company", "first_name", "|", "x",
                                 'default("y")', ".", "(", ")", "not ", "for ", " in ", "[", "]", "\n", "'", "+"])
                | st.text(max_size=3), max_size=25).map("".join))  # fmt: skip
def test_no_source_breaks_the_check_and_what_passes_renders_the_same_without_values(source: str) -> None:
    parsed = parse(source)
    if parsed.faults:
        with pytest.raises(BadInput):
            fill(source, {})
    else:
        assert set(parsed.fields) <= set(FIELDS)
        assert len(fill(source, dict.fromkeys(FIELDS, "value"))) <= len(source) + 10 * len(parsed.fields) + 100


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ({"sms": "Hi. {{ opt_out }}"}, ("en.sms", 1)),
        ({"sms": "{{ company }}: hello"}, ("en.sms", 1)),
        ({"sms": "{{ company }} {% if first_name %}{{ opt_out }}{% endif %}"}, ("en.sms", 1)),
        ({"sms": "{% if branch_phone %}{{ company }}{% endif %} {{ opt_out }}"}, ("en.sms", 1)),
        ({"sms": f"{STOP}\nshare {{{{ referral_link }}}}"}, ("en.sms", 2)),
        (email("share:\n\n{{ referral_link }}"), ("en.body", 3)),
        (email("x", button="Share", button_link="referral_link"), ("en.body", 1)),
        ({"sms": f"see bit.ly/abc{STOP}"}, ("en.sms", 1)),
        ({"sms": f"see https://TinyURL.com/abc{STOP}"}, ("en.sms", 1)),
        (email("one\ntwo http://bluebird.example.com/x"), ("en.body", 2)),
        (email("{{ review_link }}\n\nA gift card for every review!"), ("en.body", 1)),
        (email("{{ feedback_link }} {{ amount | default('') }}"), ("en.body", 1)),
        (email("You gave {{ score | default('?') }}\nPlease review us: {{ review_link }}"), ("en.body", 2)),
        (email("Leave a review for a discount: https://g.page/r/abc/review"), ("en.body", 1)),
        ({"sms": f"{'long ' * 400}{STOP}"}, ("en.sms", 1)),
        ({"subject": "", "body": "x"}, ("en.subject", 1)),
        ({"subject": "x", "body": ""}, ("en.body", 1)),
        ({}, ("en", 1)),
        (email("x", subject="a\nBcc: b@example.com"), ("en.subject", 1)),
        (email("x", subject="a\r\nBcc: b@example.com"), ("en.subject", 1)),
        (email("x\x00"), ("en.body", 1)),
        (email("x", button="Go"), ("en.button", 1)),
        (email("x", button_link="review_link"), ("en.button", 1)),
    ],
)  # fmt: skip
def test_marketing_that_breaks_a_rule(words: dict[str, Any], place: tuple[str, int]) -> None:
    assert place in errors(**words)


def test_the_documented_phrases_do_as_well_as_the_merge_fields() -> None:
    text = "{{ company }}: share {{ referral_link }} You get a reward if they move. Reply STOP to end."
    assert errors(sms=text) == []


@pytest.mark.parametrize("kind", ["service", "keyword"])
def test_only_marketing_asks_for_reviews_and_referrals(kind: MessageClass) -> None:
    for field in ("referral_link", "review_link", "feedback_link"):
        assert ("en.sms", 1) in errors(kind, sms=f"{{{{ company }}}} {{{{ {field} }}}} {{{{ disclosure }}}}")
    assert errors(kind, sms="{{ company }}: your gift card is on its way") == []


def test_classes_have_their_channels() -> None:
    assert ("en.subject", 1) in errors("keyword", sms="{{ company }}", subject="s", body="b")
    assert ("en.sms", 1) in errors("staff", sms="{{ company }}", subject="s", body="b")


@pytest.mark.parametrize(
    "words",
    [
        {"sms": f"BUY NOW WHILE IT LASTS EVERYBODY{STOP}"},
        {"sms": f"act now{STOP}"},
        {"sms": f"https://elsewhere.example.org/x{STOP}"},
        {"sms": f"Qué día más único{STOP} {'x' * 150}"},
    ],
)
def test_what_is_only_unwise_is_a_warning(words: dict[str, Any]) -> None:
    severities = {each.severity for each in found(**words)}
    assert severities == {"warning"}


def test_own_links_are_fine_and_missing_spanish_is_warned_of() -> None:
    words = Wording(sms=f"https://bluebird.example.com/x{STOP}")
    (only,) = lint("marketing", {"en": words}, HERE)
    assert (only.field, only.severity) == ("es", "warning")
    assert any(each.field == "en" for each in lint("marketing", {"es": words}, HERE))


SELLS = [
    "{{ company }}: 20% off your next move", "{{ company }}: please LEAVE US A REVIEW", "{{ company }}: refer a friend",
    "{{ company }}: https://g.page/r/abc/review", "{{ company }}: HTTPS://G.PAGE/r/other",
    "{{ company }}: yelp.com/biz/x",
    "{{ company }}: https://g.pa{% if first_name %}{% endif %}ge/r/abc/review",
]  # fmt: skip


@pytest.mark.parametrize("text", SELLS)
def test_what_sells_or_asks_for_a_review_is_not_service(text: str) -> None:
    assert errors("service", sms=text) == [("en.sms", 1)]
    assert errors("service", **email(text)) == [("en.body", 1)]
    assert errors("marketing", sms=text + " {{ opt_out }}") == []


@pytest.mark.parametrize("kind", ["marketing", "service"])
@pytest.mark.parametrize("page", ["r/ABCD-1234", "q/ABCD-1234", "review/token"])
def test_a_page_of_ours_is_not_written_out(kind: MessageClass, page: str) -> None:
    here = Surroundings(frozenset({"go.example.com"}), (), "https://go.example.com")
    words = Wording(sms=f"{{{{ company }}}} {{{{ opt_out }}}} https://Go.example.com/{page}")
    assert [each.severity for each in lint(kind, {"en": words, "es": words}, here)] == ["error", "error"]
