"""One cell each, read strictly: what could mean two things is refused, with its column. Nothing quotes the cell."""

import re
from datetime import UTC, date, datetime, time

from moref import people
from moref.campaigns.zones import resolve
from moref.csv_table import Cells
from moref.kernel.errors import BadInput
from moref.money import from_text

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_DIALLED = re.compile(r"[+()\d\s./-]*(?:(?:ext\.?|x)\s*\d+)?", re.ASCII | re.IGNORECASE)
_YES, _NO = frozenset({"yes", "y", "true", "1", "si", "sí"}), frozenset({"no", "n", "false", "0"})
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?)?")


def text(cells: Cells, name: str, most: int = 300, *, needed: bool = False) -> str:
    """One line of words; line breaks become spaces."""
    found = " ".join(cells.get(name, "").split())
    if needed and not found:
        raise BadInput("is empty", field=name)
    if len(found) > most:
        raise BadInput(f"is longer than {most} characters", field=name)
    if _CONTROL.search(found):
        raise BadInput("holds control characters", field=name)
    return found


def phone(cells: Cells, name: str = "phone") -> str | None:
    """E.164. A number in a spreadsheet's own notation (5.1E+09) has lost digits and is refused."""
    given = cells.get(name, "")
    if not given:
        return None
    try:
        if not _DIALLED.fullmatch(given):
            raise BadInput("not a phone number")
        return people.phone(given)
    except BadInput as error:
        raise BadInput(error.detail, field=name) from None


def email(cells: Cells, name: str = "email") -> str | None:
    given = cells.get(name, "")
    try:
        return people.email(given) if given else None
    except BadInput as error:
        raise BadInput(error.detail, field=name) from None


def yes_no(cells: Cells, name: str) -> bool | None:
    given = cells.get(name, "").casefold()
    if not given:
        return None
    if given not in _YES | _NO:
        raise BadInput("is yes or no", field=name)
    return given in _YES


def instant(cells: Cells, name: str, zone: str, now: datetime, *, needed: bool = False) -> datetime | None:
    """`2025-06-01` is noon there, `2025-06-01 10:30` that wall time there; with an offset it is what it says.

    06/01/2025 is one day here and another there: refused. Nothing before 2000, nothing to come.
    """
    given = cells.get(name, "")
    if not given:
        if needed:
            raise BadInput("is empty", field=name)
        return None
    try:
        if not _INSTANT.fullmatch(given):
            raise ValueError
        read = (
            datetime.combine(date.fromisoformat(given), time(12)) if len(given) == 10 else datetime.fromisoformat(given)
        )
        found = read.astimezone(UTC) if read.tzinfo else resolve(read, zone)
    except (ValueError, OverflowError):
        raise BadInput("write dates as 2025-06-01, times as 2025-06-01T10:30:00-05:00", field=name) from None
    if not EARLIEST <= found <= now:
        raise BadInput("is before the year 2000, or still to come", field=name)
    return found


def money(cells: Cells, name: str, currency: str | None, *, needed: bool = False) -> tuple[int, str] | None:
    """(minor units, currency); the row's own column `currency` comes first."""
    given = cells.get(name, "")
    if not given:
        if needed:
            raise BadInput("is empty", field=name)
        return None
    code = cells.get("currency", "").upper() or currency
    if not code:
        raise BadInput("no currency is said, in the row or for the import", field="currency")
    return from_text(given, code, field=name), code


def one_of(cells: Cells, name: str, values: tuple[str, ...], default: str | None = None) -> str:
    found = cells.get(name, "").casefold().replace(" ", "_").replace("-", "_") or default
    if found not in values:
        raise BadInput(f"is one of {', '.join(values)}", field=name)
    return found
