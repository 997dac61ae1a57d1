"""What the law, the carriers and the review sites ask of a message's words (rules.md "Messages", "Reviews")."""

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from moref.messaging.fields import FIELDS, LINES
from moref.messaging.lint_units import Finding, Surroundings, Unit, mark, outcomes
from moref.messaging.model import MessageClass
from moref.messaging.review_links import REVIEW_FIELDS, written_out
from moref.messaging.segments import outside_gsm_7, segments
from moref.messaging.template_model import Language

MOST_SMS = 1_600  # characters a provider takes
MANY_SEGMENTS = 2  # more is warned of
SHOUTING = 0.6  # share of capitals, of at least 20 letters
_URL = re.compile(r"\bhttps?://[^\s\"'<>\u27e6]+", re.IGNORECASE)
_DATA = Path(__file__).parent / "data" / "words_and_hosts.json"


def by_class(kind: MessageClass, unit: Unit) -> Iterator[Finding]:
    if unit.channel == "sms" and not _always(unit, mark("company")):
        yield Finding(unit.field, 1, "a text says who sends it: use {{ company }}, where no if can hide it")
    if kind == "marketing":
        if unit.channel == "sms" and not _always(unit, mark("opt_out"), *_words("stop_phrases")):
            yield Finding(
                unit.field, 1, "a marketing text says how to stop: use {{ opt_out }}, where no if can hide it"
            )
    elif unit.fields & (REVIEW_FIELDS | {"referral_link"}):
        asked = sorted(unit.fields & (REVIEW_FIELDS | {"referral_link"}))
        yield Finding(unit.field, _line(unit, asked[0]), f"only a marketing template may ask with {', '.join(asked)}")
    if "referral_link" in unit.fields and not _always(unit, mark("disclosure"), *_words("disclosure_phrases")):
        yield Finding(
            unit.field, _line(unit, "referral_link"),
            "whatever invites to refer says that the advocate gets a reward (16 CFR 255.5): use {{ disclosure }}",
        )  # fmt: skip


def by_content(kind: MessageClass, unit: Unit, around: Surroundings) -> Iterator[Finding]:
    if kind == "service":
        yield from _sells(unit, around)
    yield from _reviews(unit, around)
    yield from _links(unit, around)
    yield from _style(unit)
    if unit.channel == "sms":
        yield from _length(unit)


def longest_text(source: str, language: Language, company: str | None = None) -> str:
    """The longest plausible form of a faultless text, to count its segments by."""
    values = {name: ("x" * field.longest) for name, field in FIELDS.items()}
    values |= {name: LINES[language][name] for name in ("opt_out", "disclosure")}
    if company is not None:
        values["company"] = company
    return max(outcomes(source, values), key=lambda text: (segments(text), len(text)))


def _sells(unit: Unit, around: Surroundings) -> Iterator[Finding]:
    """The class decides which rules bind, so what sells must not call itself service."""
    if written_out(unit.source, around.review_urls):
        yield Finding(unit.field, 1, "only a marketing template may hold a review link")
    for phrase in _words("sales_phrases"):
        if any(_has(text, phrase) for text in unit.outcomes):
            yield Finding(
                unit.field, _line(unit, phrase), f"{phrase!r} makes it marketing: a service template does not sell"
            )


def _reviews(unit: Unit, around: Surroundings) -> Iterator[Finding]:
    """A review is never rewarded, and its link never comes with other words for other scores."""
    if not written_out(unit.source, around.review_urls) and not unit.fields & REVIEW_FIELDS:
        return
    line = _line(unit, next(iter(sorted(unit.fields & REVIEW_FIELDS)), ""))
    if "score" in unit.fields:
        yield Finding(
            unit.field, line, "a message with the review link has the same words for every score: leave score out"
        )
    rewarded = unit.fields & {"amount", "disclosure", "referral_link"}
    words = [word for word in _words("reward_words") if any(_has(text, word) for text in unit.outcomes)]
    if rewarded or words:
        named = ", ".join([*sorted(rewarded), *words])
        yield Finding(unit.field, line, f"a reward is never tied to a review: {named} belongs into another message")


def _links(unit: Unit, around: Surroundings) -> Iterator[Finding]:
    text = "\n".join(unit.outcomes)
    for host in _words("shorteners"):
        if re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w-])", text, re.IGNORECASE):
            yield Finding(unit.field, _line(unit, host), f"carriers block shared link shorteners such as {host}")
    for page in ("/r/", "/q/", "/review/"):
        if around.pages and f"{around.pages}{page}".lower() in text.lower():
            place = _line(unit, f"{around.pages}{page}")
            yield Finding(unit.field, place, "a page of ours is a merge field's: a link written out is one person's")
    for url in dict.fromkeys(_URL.findall(text)):
        parts = urlsplit(url)
        if parts.scheme.lower() == "http":
            yield Finding(unit.field, _line(unit, url), "a link begins with https://")
        elif (parts.hostname or "") not in around.own_hosts:
            words = f"leads to {parts.hostname}, which is neither your site nor ours"
            yield Finding(unit.field, _line(unit, url), words, "warning")


def _style(unit: Unit) -> Iterator[Finding]:
    letters = [letter for letter in "".join(unit.outcomes) if letter.isalpha()]
    capitals = sum(letter.isupper() for letter in letters)
    if len(letters) >= 20 and capitals > SHOUTING * len(letters):
        yield Finding(unit.field, 1, "mostly capitals: filters take that for spam", "warning")
    for phrase in _words("phrases"):
        if any(phrase in text.lower() for text in unit.outcomes):
            yield Finding(unit.field, _line(unit, phrase), f"filters look for {phrase!r}", "warning")


def _length(unit: Unit) -> Iterator[Finding]:
    language: Language = "es" if unit.field.startswith("es") else "en"
    text = longest_text(unit.source, language)
    if len(text) > MOST_SMS:
        yield Finding(unit.field, 1, f"may grow to {len(text)} characters; a text has at most {MOST_SMS}")
    elif segments(text) > MANY_SEGMENTS:
        forced = outside_gsm_7(text)
        because = f"; {' '.join(forced)} more than halve a segment" if forced else ""
        yield Finding(unit.field, 1, f"takes {segments(text)} segments, each of which is paid for{because}", "warning")


def _always(unit: Unit, *wanted: str) -> bool:
    """Whether one of them stands in the text however it comes out."""
    return all(any(_has(text, each) for each in wanted) for text in unit.outcomes)


def _has(text: str, words: str) -> bool:
    return words in " ".join(text.lower().split())


def _line(unit: Unit, what: str) -> int:
    at = unit.source.lower().find(what.lower())
    return 1 if at < 0 else unit.source.count("\n", 0, at) + 1


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(json.loads(_DATA.read_text(encoding="utf-8"))[name])
