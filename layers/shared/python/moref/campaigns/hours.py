"""The hours of a local day in which a message may reach a person: dated data with sources, by state. Pure.

A law's numbers are rows of data/windows.json and data/holidays.json, which say how the rows count.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).with_name("data")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Hours = tuple[time, time]  # opening and closing wall time; the closing minute is excluded


@dataclass(frozen=True, slots=True)
class Row:
    weekdays: frozenset[str]
    hours: Hours | None  # None: closed all day
    valid_from: date
    state: str | None = None


def hours_on(day: date, state: str | None, *, holidays: bool = False) -> Hours | None:
    """The window of a local day in a state (None: unknown state); None when nothing may be sent on that day.

    `holidays` is the setting observe_state_holidays: the days of data/holidays.json are closed too.
    """
    if holidays and _is_holiday(day, state):
        return None
    rows = _rows()
    if state is None:
        return _common([in_force(rows["unknown"], day)])
    law = in_force(_of_state(state), day)
    # A state without a row for the day has no rule of its own; without a federal row nothing is known and nothing sent.
    return _common([in_force(rows["federal"], day), in_force(rows["own"], day), *([law] if law else [])])


def in_force(rows: Sequence[Row], day: date) -> Row | None:
    """The row for the day's weekday that began last; None when none has begun."""
    begun = [row for row in rows if WEEKDAYS[day.weekday()] in row.weekdays and row.valid_from <= day]
    return max(begun, key=lambda row: row.valid_from, default=None)


def _common(found: Sequence[Row | None]) -> Hours | None:
    """What all rows allow; None when one closes the day, is missing, or nothing is left."""
    windows = [row.hours for row in found if row is not None and row.hours is not None]
    if len(windows) < len(found):
        return None
    opens, closes = max(window[0] for window in windows), min(window[1] for window in windows)
    return (opens, closes) if opens < closes else None


@cache
def _rows() -> dict[str, tuple[Row, ...]]:
    data = json.loads((_DATA / "windows.json").read_text(encoding="utf-8"))
    return {name: tuple(_row(raw) for raw in data[name]) for name in ("federal", "own", "unknown", "states")}


@cache
def _of_state(state: str) -> tuple[Row, ...]:
    return tuple(row for row in _rows()["states"] if row.state == state)


def _row(raw: dict[str, Any]) -> Row:
    closed = raw["opens"] is None
    return Row(
        weekdays=frozenset(raw["weekdays"]),
        hours=None if closed else (time.fromisoformat(raw["opens"]), time.fromisoformat(raw["closes"])),
        valid_from=date.fromisoformat(raw["valid_from"]),
        state=raw.get("state"),
    )


@cache
def _holidays() -> dict[date, frozenset[str]]:
    """Day -> the states that keep it; empty is everywhere."""
    found: dict[date, frozenset[str]] = {}
    for raw in json.loads((_DATA / "holidays.json").read_text(encoding="utf-8"))["days"]:
        day, states = date.fromisoformat(raw["date"]), frozenset(raw["states"])
        before = found.get(day, states)
        found[day] = before | states if before and states else frozenset()
    return found


def _is_holiday(day: date, state: str | None) -> bool:
    states = _holidays().get(day)
    return states is not None and (not states or state is None or state in states)
