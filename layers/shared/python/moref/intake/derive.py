"""What a job is, from what was said of it and when. Pure: the order in which it was heard makes no difference."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from moref.intake.model import Fact, JobState

# How far a job has come; the furthest fact that holds is its state.
PROGRESS: tuple[JobState, ...] = ("quoted", "booked", "completed", "invoiced", "paid")


def merge_facts(known: Mapping[str, Fact], heard: Iterable[Fact]) -> dict[str, Fact]:
    """The newest source time wins for each kind; of two at one instant what happened, and the greater amount."""
    merged = dict(known)
    for fact in heard:
        old = merged.get(fact.kind)
        if old is None or (fact.at, int(fact.value)) > (old.at, int(old.value)):
            merged[fact.kind] = fact
    return {kind: merged[kind] for kind in sorted(merged)}


def state(facts: Mapping[str, Fact]) -> JobState:
    """A cancelled job stays cancelled whatever else is said of it, until the cancellation itself is taken back."""
    if _holds(facts, "cancelled"):
        return "cancelled"
    reached = [kind for kind in PROGRESS if _holds(facts, kind)]
    return reached[-1] if reached else "new"


def _holds(facts: Mapping[str, Fact], kind: str) -> bool:
    return kind in facts and facts[kind].value is True


def newest(
    known: Mapping[str, Any], known_at: Mapping[str, datetime], heard: Mapping[str, Any], at: datetime
) -> tuple[dict[str, Any], dict[str, datetime]]:
    """Fields and their source times after hearing `heard` at `at`.

    A value that is None or empty says nothing: it never erases. A field without a source time gives way to any. Of two
    values at one instant the one that sorts last stays.
    """
    fields, times = dict(known), dict(known_at)
    for name, value in heard.items():
        if value is None or value == "":
            continue
        before = times.get(name)
        if before is None or at > before or (at == before and repr(value) > repr(fields.get(name))):
            fields[name] = value
            times[name] = at
    return fields, dict(sorted(times.items()))
