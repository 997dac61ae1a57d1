"""SmartMoving's opportunity in our words: status codes, parts, money, people and places. Pure.

Fields are those of the vendor's "External API" v1 description; unknown ones are ignored, and what has another type than
described counts as absent, so that no odd field costs us the whole job.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from moref.intake.model import FactKind
from moref.intake.reader import PartRead, Snapshot
from moref.kernel.errors import OutcomeUnknown
from moref.kernel.money import MAXIMUM

_BOOKED: tuple[FactKind, ...] = ("quoted", "booked")
# OpportunityStatus of the description (there is no 2).
STATUS_FACTS: Mapping[int, frozenset[FactKind]] = {
    0: frozenset(),  # new lead
    1: frozenset(),  # lead in progress
    3: frozenset({"quoted"}),  # opportunity
    4: frozenset(_BOOKED),
    10: frozenset({*_BOOKED, "completed"}),
    11: frozenset({*_BOOKED, "completed", "invoiced"}),  # closed
    20: frozenset({"cancelled"}),
    30: frozenset({"cancelled"}),  # lost
    50: frozenset({"cancelled"}),  # bad lead
}
PHONE_KINDS = {0: "mobile", 1: "home", 2: "office", 3: "other"}
INTERSTATE = {0: False, 1: False, 2: True}  # local, intrastate, interstate
CUSTOM_FIELDS = ("customField01", "customField02", "customField03")
_STATE_ZIP = re.compile(r"(?:^|[\s,])([A-Z]{2})[\s,]+(\d{5}(?:-\d{4})?)\b")
_MOST = 300  # characters of a text
MOST_PARTS = 50
END_OF_DAY = timedelta(hours=29)  # midnight in the east of the US, by UTC


def snapshot(opportunity: Any, jobs: Any, config: Mapping[str, str]) -> Snapshot:
    """`jobs` is the answer of /jobs, or None when it was not asked for. Raises OutcomeUnknown on what is none."""
    if not isinstance(opportunity, dict) or type(opportunity.get("status")) is not int:
        raise OutcomeUnknown("an answer that is no opportunity")
    own_jobs = [job for job in _list(opportunity, "jobs") if _text(job, "id")]
    customer = _dict(opportunity, "customer")
    return Snapshot(
        code=opportunity["status"],
        customer_id=(_text(customer, "id") or "").lower() or None,
        parts=tuple(_parts(own_jobs, jobs)),
        served_at=_served(opportunity, own_jobs),
        estimate=_minor(_dict(opportunity, "estimatedTotal").get("finalTotal")),
        charged=_charged(own_jobs),
        paid=_paid(_list(opportunity, "payments")),
        job=_job(opportunity, own_jobs, config),
        customer=_customer(customer),
    )


def _parts(own_jobs: Sequence[dict[str, Any]], jobs: Any) -> list[PartRead]:
    """The opportunity's own list of jobs, with the times of the other where it has them."""
    found = {job["id"].lower(): PartRead(job["id"].lower()) for job in own_jobs}
    for job in jobs if isinstance(jobs, list) else []:
        if isinstance(job, dict) and _text(job, "id"):
            id, times = job["id"].lower(), (job.get("completedAtUtc"), job.get("closedAtUtc"))
            found[id] = PartRead(id, True, *map(_instant, times))
    return list(found.values())[:MOST_PARTS]


def _job(opportunity: dict[str, Any], own_jobs: Sequence[dict[str, Any]], config: Mapping[str, str]) -> dict[str, Any]:
    places = [address for job in own_jobs for address in _list(job, "jobAddresses", str) if address.strip()]
    kind = opportunity.get("opportunityType")
    field = config.get("code_field", "")
    return {
        "branch": _text(_dict(opportunity, "branch"), "name"),
        "currency": config.get("currency"),
        "origin": _place(places[0]) if places else None,
        "destination": _place(places[-1]) if len(places) > 1 else None,
        "referral_code": (_text(opportunity, field) or "")[:64] or None if field in CUSTOM_FIELDS else None,
        "source": _text(opportunity, "referralSource"),
        "interstate": INTERSTATE.get(kind) if type(kind) is int else None,
    }


def _place(text: str) -> dict[str, Any]:
    """One line of address. State and postal code only where they stand together, so that no rule rests on a guess."""
    found = _STATE_ZIP.search(text)
    return {
        "street": text.strip()[:_MOST],
        "state": found.group(1) if found else None,
        "postal_code": found.group(2) if found else None,
    }


def _customer(customer: dict[str, Any]) -> dict[str, Any]:
    first, _, last = (_text(customer, "name") or "").partition(" ")
    kind = customer.get("phoneType")
    return {
        "id": (_text(customer, "id") or "").lower() or None,
        "first_name": first,
        "last_name": last.strip(),
        "phone": (_text(customer, "phoneNumber") or "")[:64] or None,
        "email": _text(customer, "emailAddress"),
        "phone_kind": PHONE_KINDS.get(kind) if type(kind) is int else None,
    }


def _charged(own_jobs: Sequence[dict[str, Any]]) -> int | None:
    """The sum of what each job really charged; None unless every job says."""
    sums = [[_minor(charge.get("totalCost")) for charge in _list(job, "actualCharges")] for job in own_jobs]
    if not sums or not all(charges and None not in charges for charges in sums):
        return None
    return sum(amount for charges in sums for amount in charges if amount is not None)


def _paid(payments: Sequence[dict[str, Any]]) -> int:
    """Payments that came in, less what went back. A refund that is a payment of its own is in `amountRefunded` too."""
    real = [each for each in payments if not each.get("isOutstanding") and not each.get("refundsJobPaymentId")]
    return sum((_minor(each.get("amount")) or 0) - (_minor(each.get("amountRefunded")) or 0) for each in real)


def _served(opportunity: dict[str, Any], own_jobs: Sequence[dict[str, Any]]) -> datetime | None:
    """When the last day of work was over, roughly: it is a local date, and no zone is told."""
    days: list[Any] = [job.get("jobDate") for job in own_jobs] + [opportunity.get("serviceDate")]
    found: list[datetime] = [day for day in map(_day, days) if day is not None]
    return max(found, default=None)


def _day(value: Any) -> datetime | None:
    if type(value) is not int:
        return None
    try:
        return datetime(value // 10000, value // 100 % 100, value % 100, tzinfo=UTC) + END_OF_DAY
    except (ValueError, OverflowError):
        return None


def _instant(value: Any) -> datetime | None:
    """Fields named Utc come with or without a zone; without one they are UTC."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _minor(amount: Any) -> int | None:
    """Cents of a JSON number (read as Decimal or int); a half cent rounds to even."""
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal):
        return None
    cents = Decimal(amount) * 100
    return int(cents.to_integral_value()) if abs(cents) <= MAXIMUM else None


def _text(of: Mapping[str, Any], name: str) -> str | None:
    value = of.get(name)
    text = value.strip()[:_MOST] if isinstance(value, str) else ""
    return text.encode("utf-8", "replace").decode() or None


def _dict(of: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = of.get(name)
    return value if isinstance(value, dict) else {}


def _list(of: Mapping[str, Any], name: str, kind: type = dict) -> list[Any]:
    value = of.get(name)
    return [each for each in value if isinstance(each, kind)] if isinstance(value, list) else []
