"""Templates made into what is sent. Jinja2 in its sandbox; HTML autoescaped; merge fields are a fixed list."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from moref.kernel.errors import BadInput
from moref.messaging.builtin import TEMPLATES, Template

# Every merge field a template may use; a missing one is empty, first_name falls back to "there".
FIELDS = ("first_name", "company", "link", "amount", "score", "contact")
_FALLBACK = {"first_name": "there"}

_HTML = Path(__file__).with_name("mail.html")


@dataclass(frozen=True, slots=True)
class Mail:
    subject: str
    text: str
    html: str


def template(name: str) -> Template:
    """Raises BadInput on a name that is not built in."""
    if name not in TEMPLATES:
        raise BadInput(f"no message template {name!r}", field="template")
    return TEMPLATES[name]


def sms(name: str, fields: Mapping[str, str]) -> str:
    """The text of an SMS."""
    return _fill(template(name).sms, fields)


def mail(name: str, fields: Mapping[str, str], *, address: str, unsubscribe: str | None) -> Mail:
    """Subject and both parts. `address` is the sender's postal one, `unsubscribe` the link for customers' mail."""
    found = template(name)
    paragraphs = [_fill(text, fields) for text in found.paragraphs]
    rows = _rows(fields) if found.details else []
    link, company = fields.get("link", ""), fields.get("company", "")
    html = _environment(True).from_string(_HTML.read_text(encoding="utf-8")).render(
        paragraphs=paragraphs, button=found.button, link=link, rows=rows,
        company=company, address=address, unsubscribe=unsubscribe,
    )  # fmt: skip
    lines = list(paragraphs)
    if found.button and link:
        lines.append(f"{found.button}: {link}")
    if rows:
        lines.append("\n".join(f"{label}: {value}" for label, value in rows))
    footer = [company, address, f"Unsubscribe: {unsubscribe}" if unsubscribe else ""]
    lines.append("-- \n" + "\n".join(line for line in footer if line))
    # A line break in a merge field must not become a header line.
    subject = " ".join(_fill(found.subject, fields).split())
    return Mail(subject, "\n\n".join(lines) + "\n", html)


def _rows(fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """What a staff template does not name itself: `move_date` is printed as `Move date`."""
    return [
        (name.replace("_", " ").capitalize(), value)
        for name, value in fields.items()
        if value and name not in ("company", "link")
    ]


def _fill(text: str, fields: Mapping[str, str]) -> str:
    known = {name: fields.get(name) or _FALLBACK.get(name, "") for name in FIELDS}
    known["first_name"] = " ".join(known["first_name"].split())[:40]  # a stranger may have typed it
    return _environment(False).from_string(text).render(known)


@cache
def _environment(autoescape: bool) -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(autoescape=autoescape, undefined=StrictUndefined)
