"""What every customer page shares: the answer's type, its security headers, the layout, and the friendly 404.

Pages are plain HTML without JavaScript or anything from another address. Templates are Jinja2 files in `templates/`,
always autoescaped; each extends `layout.html`.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

TEMPLATES = Path(__file__).with_name("templates")
MAX_FORM = 16 * 1024  # bytes of a posted form; the longest honest one is a 2,000 character comment

Form = Mapping[str, str]  # field name -> value as posted, unknown names included


@dataclass(frozen=True, slots=True)
class Response:
    """What the pages handler turns into an HTTP API answer."""

    status: int
    body: str | bytes = ""  # bytes: a picture
    headers: Mapping[str, str] = field(default_factory=dict)


def render(template: str, *, status: int = 200, **values: object) -> Response:
    """A page. `values` are escaped by the template; every template needs `title`, and `company` and `lang` if any."""
    values.setdefault("company", None)
    values.setdefault("logo", None)
    values.setdefault("lang", "en")
    return Response(status, environment().get_template(template).render(**values), security_headers())


def see_other(location: str) -> Response:
    """After a POST: a reload repeats nothing. `location` is a path of ours."""
    if not location.startswith("/") or location.startswith("//"):
        raise ValueError("redirects stay on this site")
    return Response(303, "", {**security_headers(), "location": location})


def not_found() -> Response:
    """The same answer for every token or code that leads nowhere: nothing can be learnt from it."""
    return message(
        404, "We could not find this page", "The link may be incomplete. Please open it again from your message."
    )


def message(status: int, title: str, text: str, *, company: str | None = None, lang: str = "en") -> Response:
    """A page of one heading and one paragraph."""
    return render("message.html", status=status, title=title, text=text, company=company, lang=lang)


@cache
def environment() -> Environment:
    """Jinja2 with autoescape always on; a misspelt name is an error, not an empty place."""
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
    made.filters["whole"] = whole
    made.globals["style"] = Markup(style())  # noqa: S704 - our own file
    return made


def whole(text: str) -> Markup:
    """The text escaped, its e-mail never torn at the hyphen."""
    torn = re.split(r"(e-mails?)", text, flags=re.IGNORECASE)
    return Markup("").join(
        Markup('<span class="whole">{}</span>').format(part) if place % 2 else part for place, part in enumerate(torn)
    )


@cache
def style() -> str:
    return (TEMPLATES / "style.css").read_text(encoding="utf-8").strip()


@cache
def security_headers(own_style: str | None = None) -> dict[str, str]:
    """The style (a page's own, or that of all) is allowed by its hash, a picture from here: no other style, and no
    script, frame or request at all."""
    digest = b64encode(sha256((own_style or style()).encode()).digest()).decode()
    return {
        "content-type": "text/html; charset=utf-8",
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "x-robots-tag": "noindex",
        "content-security-policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; form-action 'self'; base-uri 'none'; "
            "frame-ancestors 'none'"
        ),
    }


def text_field(form: Form, name: str, limit: int) -> str:
    """A posted field, trimmed, without control characters (line breaks stay), cut to `limit` characters."""
    value = form.get(name, "").replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f]", " ", value).strip()[:limit]
