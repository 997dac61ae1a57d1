"""What one kind of import is made of: one file in kinds/ each, found by its name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moref.csv_table import Cells
from moref.imports.model import Import, Outcome
from moref.imports.noting import Tells
from moref.kernel import plugins
from moref.kernel.errors import BadInput
from moref.records import Change, Create, Entity, Write, every, get
from moref.runtime import Runtime
from moref.tenants.model import Connection, Location

KINDS = "moref.imports.kinds"


@dataclass(frozen=True, slots=True)
class Frame:
    """What every row of an import is read with."""

    runtime: Runtime
    one: Import
    locations: Sequence[Location]
    connection: Connection | None
    now: datetime

    @property
    def organization_id(self) -> str:
        return self.one.organization_id

    def location(self, cells: Cells) -> Location:
        """Named by the CRM's name for it, by ours, or by id; else the import's. Raises BadInput."""
        wanted = cells.get("location", "").casefold()
        if not wanted:
            return next(place for place in self.locations if place.id == self.one.options.location_id)
        for name in ("crm_branch", "name", "id"):
            found = [place for place in self.locations if (getattr(place, name) or "").strip().casefold() == wanted]
            if len(found) == 1:
                return found[0]
            if found:
                raise BadInput("several locations have this name: use the location's id", field="location")
        raise BadInput("no open location has this name", field="location")


@dataclass(frozen=True, slots=True)
class KindOf:
    """`read`: the row, checked and in normal form; it asks the store nothing. Raises BadInput, its field the column.

    `bring` has the row's effect, once however often. Raises BadInput, Conflict, NotFound: rejected with that reason.
    """

    words: str  # for people: what such a file does
    columns: Mapping[str, Sequence[str]]  # our name -> other names
    required: tuple[tuple[str, ...], ...]  # of each group the header has one at least
    read: Callable[[Frame, Cells], Any]
    bring: Callable[[Frame, Any], Outcome]
    tells: Tells  # what one commit of `bring` did to what the row is about
    consent: tuple[str, ...] = ()  # columns that count only with the organization's attestation
    owed: Callable[[Any], tuple[str, int] | None] = lambda row: None  # currency and minor units that the row owes
    slips: Callable[[Any], Sequence[BadInput]] = lambda row: ()  # what of a row was left out though the rest counts


def about(kind: type[Entity], *, changed: Outcome = "changed") -> Tells:
    """By rows of one noun: made, or changed in any way; what the latter is called."""

    def tells(writes: tuple[Write, ...]) -> Outcome:
        if any(isinstance(write, Create) and isinstance(write.entity, kind) for write in writes):
            return "created"
        return changed if any(isinstance(w, Change) and isinstance(w.after, kind) for w in writes) else "unchanged"

    return tells


def kind_named(name: str) -> KindOf:
    found: KindOf = plugins.load(KINDS, name).KIND
    return found


def frame(runtime: Runtime, one: Import) -> Frame:
    org, connection_id = one.organization_id, one.options.connection_id
    locations = [place for place in every(runtime.store, Location, org) if place.status == "active"]
    connection = get(runtime.store, Connection, org, connection_id) if connection_id else None
    own = get(runtime.store, Location, org, one.options.location_id)
    if own.transferred_to is not None:
        raise BadInput(f"{own.name} went to {own.transferred_to}", field="location_id")
    places = locations if own in locations else [*locations, own]  # it was closed since
    return Frame(runtime, one, places, connection, runtime.clock.now())
