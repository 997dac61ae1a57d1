"""Words and values made into what is sent: a text, or an e-mail with both parts. The HTML layout is ours alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Template as Compiled
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from moref.messaging.branding import Brand
from moref.messaging.fields import FIELDS, LINES, LINKS
from moref.messaging.grammar import fill
from moref.messaging.template_model import Language, Wording

LONGEST_NAME = 40
_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_BLANKS = re.compile(r"[ \t]{2,}")
# A stranger may have typed the name on a quote form: one that reads as an address would be a link in our message.
_NO_NAME = re.compile(r"[/@<>{}\\]|www\.|\.[a-z]{2,}\b|\d{3}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    text: str
    html: str


def sms(wording: Wording, fields: Mapping[str, str], language: Language) -> str:
    return _BLANKS.sub(" ", fill(wording.sms, _values(fields, language))).strip()


def mail(
    wording: Wording,
    fields: Mapping[str, str],
    language: Language,
    *,
    brand: Brand,
    unsubscribe: str | None,
    details: bool = False,
) -> Mail:
    """`unsubscribe` is the link that customers' mail carries. `details` prints every field that is no merge field, as
    staff mail does: `move_date` as "Move date"."""
    values = _values(fields, language)
    paragraphs = [part.strip() for part in _PARAGRAPHS.split(fill(wording.body, values)) if part.strip()]
    button = fill(wording.button, values)
    link = values.get(wording.button_link, "") if button and wording.button_link else ""
    # A line break in a merge field must not become a header line.
    subject = " ".join(fill(wording.subject, values).split())
    rows = _rows(fields) if details else []
    words = LINES[language]["unsubscribe"]
    html = _layout().render(
        language=language, subject=subject, paragraphs=[_linked(part, values) for part in paragraphs], button=button,
        link=link, rows=rows, brand=brand, unsubscribe=unsubscribe, unsubscribe_words=words,
    )  # fmt: skip
    lines = [*paragraphs]
    if link:
        lines.append(f"{button}: {link}")
    if rows:
        lines.append("\n".join(f"{label}: {value}" for label, value in rows))
    if brand.signature:
        lines.append("\n".join(brand.signature))
    footer = [brand.company, brand.address, f"{words}: {unsubscribe}" if unsubscribe else ""]
    lines.append("-- \n" + "\n".join(line for line in footer if line))
    return Mail(subject, "\n\n".join(lines) + "\n", html)


def _values(fields: Mapping[str, str], language: Language) -> dict[str, str]:
    values = {name: " ".join(fields.get(name, "").split()) for name in FIELDS}
    for name in ("opt_out", "disclosure"):
        values[name] = LINES[language][name]
    name = values["first_name"]
    values["first_name"] = "" if _NO_NAME.search(name) else name[:LONGEST_NAME]
    return values


def _rows(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " ").capitalize(), value)
        for name, value in fields.items()
        if value and name != "to" and (name not in FIELDS or name == "score")
    ]


def _linked(paragraph: str, values: Mapping[str, str]) -> Markup:
    """Our own links, and only they, can be followed from the text."""
    found = str(escape(paragraph))
    for name in LINKS:
        if values[name]:
            link = str(escape(values[name]))
            found = found.replace(link, f'<a href="{link}">{link}</a>')
    return Markup(found)  # noqa: S704 - escaped above; only anchors around escaped links were added


@cache
def _layout() -> Compiled:
    source = Path(__file__).with_name("mail.html").read_text(encoding="utf-8")
    return ImmutableSandboxedEnvironment(autoescape=True).from_string(source)
