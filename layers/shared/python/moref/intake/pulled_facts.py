"""Which facts hold for a pulled record, and since when. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from moref.intake.model import Fact, FactKind
from moref.intake.pulled import CrmPart, CrmRecord
from moref.intake.reader import Snapshot

PROGRESS: tuple[FactKind, ...] = ("quoted", "booked", "completed", "invoiced", "paid")


@dataclass(frozen=True, slots=True)
class Known:
    """Everything that decides. `codes`: the plugin's table from status code to the facts that hold in it."""

    record: CrmRecord
    parts: Sequence[CrmPart]
    codes: Mapping[int, frozenset[FactKind]]
    read: Snapshot | None
    at: datetime  # source time: when the read began, or now
    facts: Mapping[str, Fact]  # held so far
    first: bool  # the job is new to us


def desired(known: Known) -> list[Fact]:
    """The facts whose value differs from what is held. A status code that nobody knows says nothing."""
    values = _values(known)
    told: list[Fact] = []
    for kind, value in values.items():
        held = known.facts.get(kind)
        if (held is None and value is False) or (held is not None and held.value == value):
            continue
        told.append(Fact(kind=kind, value=value, at=_since(known, kind) if value is True else known.at))
    return told


def _values(known: Known) -> dict[FactKind, bool | int]:
    holds = known.codes.get(known.record.code) if known.record.code is not None else None
    if known.record.deleted_at is not None or (holds is not None and "cancelled" in holds):
        return {"cancelled": True}
    if holds is None:
        return {}
    values: dict[FactKind, bool | int] = {"cancelled": False, "quoted": "quoted" in holds, "booked": "booked" in holds}
    values["completed"] = "completed" in holds or _all(known, "completed_at")
    values["invoiced"] = bool(values["completed"]) and _invoiced(known, "invoiced" in holds)
    if known.read is not None:
        values |= _money(known.read, invoiced=bool(values["invoiced"]))
    elif not values["invoiced"]:
        values["paid"] = False
    return values


def _invoiced(known: Known, by_code: bool) -> bool:
    """Every part's billing is locked, or the whole record is closed. One that was opened again outweighs the status:
    the status may not follow it, and nobody is paid on a bill that can still change."""
    parts = [_settled(part) for part in _alive(known)]
    if any(settled is False for settled in parts):
        return False
    return by_code or (bool(parts) and all(parts))


def _settled(part: CrmPart) -> bool | None:
    """The newer of what the part says itself and what a notification said."""
    if part.settled_at is not None and (part.closed_at is None or part.settled_at >= part.closed_at):
        return part.settled
    return True if part.closed_at is not None else None


def _money(read: Snapshot, *, invoiced: bool) -> dict[FactKind, bool | int]:
    total = read.charged if invoiced and read.charged else read.estimate
    values: dict[FactKind, bool | int] = {"paid": bool(invoiced and total and read.paid >= total)}
    return values | ({"amount": total} if total else {})


def _since(known: Known, kind: FactKind) -> datetime:
    """When it happened, as far as anybody says; never after the source time."""
    times: list[datetime | None] = []
    if kind == "completed":
        times = [part.completed_at or part.closed_at for part in _alive(known)]
    elif kind == "invoiced":
        times = [_later(part.closed_at, part.settled_at) for part in _alive(known)]
    found = [time for time in times if time is not None]
    if found:
        return min(max(found), known.at)
    # A record that we meet for the first time may be years old: the day of the work is nearer than now.
    # Not so for what comes before the work: dated to its day, an order placed today would seem older than its referral.
    done = kind in ("completed", "invoiced", "paid")
    served = known.read.served_at if done and known.read is not None and known.first else None
    return min(served, known.at) if served is not None else known.at


def _alive(known: Known) -> list[CrmPart]:
    return [part for part in known.parts if part.deleted_at is None]


def _all(known: Known, time: str) -> bool:
    parts = _alive(known)
    return bool(parts) and all(getattr(part, time) or part.closed_at for part in parts)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    found = [time for time in (one, other) if time is not None]
    return max(found) if found else None
