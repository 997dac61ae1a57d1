"""What a report is asked for: which places, which days or months. Every answer is bounded by what may be asked."""

from calendar import monthrange
from datetime import date, datetime, timedelta
from typing import Any

from moref.api.operation import Call, Schema
from moref.campaigns.zones import zone
from moref.kernel.errors import BadInput
from moref.reporting.counters import ALL
from moref.tenants.model import Location

USUAL_DAYS, MOST_DAYS, MOST_DAYS_OF_PERIODS, MOST_MONTHS = 30, 92, 366, 24
MONTH_PATTERN = "^20[0-9]{2}-(0[1-9]|1[0-2])$"
DAY: Schema = {"type": "string", "format": "date"}
MONTH: Schema = {"type": "string", "pattern": MONTH_PATTERN, "examples": ["2026-11"]}
PLACE: dict[str, Schema] = {"location_id": {"type": "string", "description": "one branch; without it all you may see"}}
DAYS: dict[str, Schema] = {"from": DAY, "to": DAY}
MONTHS: dict[str, Schema] = {"from_month": MONTH, "to_month": MONTH}


def places(call: Call) -> list[str]:
    """Whose counters: one branch, all of the organization together, or each branch the caller may see."""
    if "location_id" in call.query:
        return [call.get(Location, call.query["location_id"]).id]
    seen = call.caller.location_ids
    return [ALL] if seen is None else sorted(seen)


def head(call: Call, **covered: Any) -> dict[str, Any]:
    """What stands above the lines of a report."""
    return {"location_id": call.query.get("location_id"), "time_zone": zone_of(call), **covered}


def zone_of(call: Call) -> str | None:
    """The branch's; None: of several, and each counts by its own."""
    location_id = call.query.get("location_id")
    return call.get(Location, location_id).time_zone if location_id else None


def days(call: Call, most: int = MOST_DAYS) -> tuple[date, date]:
    """First and last; by default the last 30 days. Raises BadInput."""
    last = day(call, "to") or today(call)
    first = day(call, "from") or last - timedelta(days=USUAL_DAYS - 1)
    if not timedelta(0) <= last - first < timedelta(days=most):
        raise BadInput(f"from comes before to, by less than {most} days", field="from")
    return first, last


def months(call: Call, most: int = MOST_MONTHS) -> tuple[date, date]:
    """The first day of the first month and the last day of the last; by default the last six. Raises BadInput."""
    last = month(call, "to_month") or today(call).replace(day=1)
    first = month(call, "from_month") or _back(last, 5)
    if not 0 <= _number(last) - _number(first) < most:
        raise BadInput(f"from_month comes before to_month, by less than {most} months", field="from_month")
    return first, last.replace(day=monthrange(last.year, last.month)[1])


def today(call: Call) -> date:
    """On the branch's calendar; of all branches together, UTC's."""
    name, now = zone_of(call), call.runtime.clock.now()
    return now.astimezone(zone(name)).date() if name else now.date()


def day(call: Call, name: str) -> date | None:
    """Raises BadInput."""
    if name not in call.query:
        return None
    found = _read(call.query[name])
    if found is None or found.year < 2000:  # the calendar has a beginning
        raise BadInput(f"{name} is a day such as 2026-11-22", field=name)
    return found


def month(call: Call, name: str) -> date | None:
    """Raises BadInput."""
    if name not in call.query:
        return None
    text = call.query[name]
    found = _read(f"{text}-01") if len(text) == len("2026-11") else None
    if found is None or not 2000 <= found.year < 2100:
        raise BadInput(f"{name} is a month such as 2026-11", field=name)
    return found


def month_or_year(call: Call, name: str) -> str:
    """By default the running month. Raises BadInput."""
    text = call.query.get(name) or today(call).isoformat()[:7]
    if len(text) != len("2026") or not (text.isascii() and text.isdecimal()):
        month(call, name)
    return text


def number(call: Call, name: str, usual: int, most: int) -> int:
    """Raises BadInput."""
    text = call.query.get(name, str(usual))
    if not (text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= most):
        raise BadInput(f"{name} is a whole number from 1 to {most}", field=name)
    return int(text)


def _read(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date() if text.isascii() else None  # noqa: DTZ007 - a day, no time
    except ValueError:
        return None


def _number(month: date) -> int:
    return month.year * 12 + month.month - 1


def _back(month: date, months: int) -> date:
    year, month_before = divmod(_number(month) - months, 12)
    return date(year, month_before + 1, 1)
