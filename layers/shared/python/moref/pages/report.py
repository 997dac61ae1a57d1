"""The weekly report as a page for screen and paper: no script, plots as SVG, each with its numbers in a table.

/report/{token} is a member's own, from their e-mail: it shows what they may see now, for five weeks. They stop and
start the e-mail there; mail programs stop it with one click (RFC 8058).
"""

from datetime import date, timedelta
from functools import cache
from typing import Any

from markupsafe import Markup

from moref.kernel.errors import NotFound
from moref.kernel.money import DECIMALS, MAXIMUM, Money
from moref.pages.base import TEMPLATES, Form, Response, environment, message, not_found, security_headers, see_other
from moref.pages.plots import Bar, bars, lines
from moref.pages.tokens import find_token
from moref.reporting.digest import Reader, reader_of, start, stop
from moref.reporting.tables import STAGES
from moref.reporting.weekly import Weekly, weekly
from moref.runtime import Runtime

WORDS = {
    "asked": "Asked", "clicked": "Clicked", "quoted": "Quoted", "booked": "Booked", "invoiced": "Invoiced",
    "paid": "Rewarded",
}  # fmt: skip


def get(runtime: Runtime, token: str) -> Response:
    found = _reader(runtime, token)
    if found is None:
        return not_found()
    return page(_numbers(runtime, found), button="stop" if found.gets_it else "start")


def post(runtime: Runtime, token: str, form: Form) -> Response:
    """Field `do`: stop or start; or it is the one-click form. What is unknown changes nothing."""
    found = _reader(runtime, token)
    if found is None:
        return not_found()
    if form.get("List-Unsubscribe", "").lower() == "one-click":
        stop(runtime, found)
        return message(200, "The report has stopped", "You will not get it by e-mail any more.")
    does = {"stop": stop, "start": start}.get(form.get("do", ""))
    if does is not None:
        does(runtime, found)
    return see_other(f"/report/{token}")


def page(its: Weekly, *, button: str | None = None) -> Response:
    """`button`: whether the reader may "stop" or "start" the e-mail; None: it is not from one."""
    values: dict[str, Any] = {
        "title": its.title, "its": its, "button": button, "words": WORDS, "last": its.first + timedelta(days=6),
        "funnel": _funnel(its), "trend": _trend(its), "span": span, "money": money, "number": number, "day": day,
        "report_style": Markup(_style()),  # noqa: S704 - our own file
    }  # fmt: skip
    return Response(200, environment().get_template("report.html").render(**values), _headers())


def day(on: date | str) -> str:
    """The same in every browser: "1 Jun 2026"."""
    found = date.fromisoformat(on) if isinstance(on, str) else on
    return f"{found.day} {found:%b %Y}"


def span(seconds: int | None) -> str:
    """How long, as people say it; in the largest unit that leaves two digits or more."""
    if seconds is None:
        return "\u2013"
    for length, word in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{-(-seconds // length)} {word}"
    return f"{seconds} s"


def money(amount: int | None, currency: str) -> str:
    """A currency that we do not know is told in its minor units, as the CRM told it."""
    if amount is None:
        return "\u2013"
    if currency not in DECIMALS:
        return f"{number(amount)} {currency}"
    whole, point, part = Money(min(amount, MAXIMUM), currency).decimal().partition(".")
    text = number(int(whole)) + ("" if part.strip("0") == "" else point + part)
    return f"${text}" if currency == "USD" else f"{text} {currency}"


def number(value: int | None) -> str:
    return "\u2013" if value is None else f"{value:,}"


def _funnel(its: Weekly) -> Markup:
    items = [Bar(WORDS[stage], *its.stages[stage]) for stage in STAGES]
    return bars("funnel", "This week, and below it the week before", items)


def _trend(its: Weekly) -> Markup:
    labels = [day(week)[:-5] for week in its.weeks]
    return lines("trend", "Twelve weeks", labels, {WORDS[stage]: numbers for stage, numbers in its.trend.items()})


def _reader(runtime: Runtime, token: str) -> Reader | None:
    found = find_token(runtime, token, "report")
    try:
        return None if found is None else reader_of(runtime, found)
    except NotFound:
        return None


def _numbers(runtime: Runtime, reader: Reader) -> Weekly:
    return weekly(runtime.store, reader.organization_id, reader.location_ids, reader.week, money=reader.money)


@cache
def _style() -> str:
    return (TEMPLATES / "report.css").read_text(encoding="utf-8").strip()


@cache
def _headers() -> dict[str, str]:
    return security_headers(_style())
