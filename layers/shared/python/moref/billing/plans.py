"""Plans and terms: dated data, and the pure rules that read them."""

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

DATA = Path(__file__).with_name("data")


@dataclass(frozen=True, slots=True)
class Plan:
    """`amount` is for one location and month, in minor units; `least` is from how many locations on it counts."""

    name: str
    least: int
    amount: int
    currency: str
    lookup_key: str
    words: str


@dataclass(frozen=True, slots=True)
class Terms:
    trial_days: int
    grace_days: int


def plans(at: datetime) -> list[Plan]:
    """The price list of that day, smallest first."""
    listed = _in_force("plans", at)
    return [
        Plan(row["plan"], row["locations"], row["amount"], row["currency"], row["lookup_key"], row["words"])
        for row in sorted(listed, key=lambda row: int(row["locations"]))
    ]


def plan_for(locations: int, at: datetime) -> Plan:
    """By the price list of that day. An organization without an active location pays for one."""
    return [plan for plan in plans(at) if plan.least <= max(1, locations)][-1]


def plan_of(lookup_key: str | None) -> str | None:
    """The name of the plan whose price, of any day, that is."""
    return next((str(row["plan"]) for row in _rows("plans") if row["lookup_key"] == lookup_key), None)


def terms(at: datetime) -> Terms:
    row = _in_force("terms", at)[-1]
    return Terms(row["trial_days"], row["grace_days"])


def _in_force(name: str, at: datetime) -> list[dict[str, Any]]:
    """The newest rows that are in force at `at`; before the first of them, the first."""
    days = sorted({str(row["from"]) for row in _rows(name)})
    day = max((day for day in days if day <= at.date().isoformat()), default=days[0])
    return [row for row in _rows(name) if row["from"] == day]


@cache
def _rows(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))["rows"]
    return found
