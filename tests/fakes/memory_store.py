"""The in-memory twin of the DynamoDB store, held to the same contract suite; it can crash on demand."""

import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from moref.events import envelope
from moref.kernel import keys
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.names import INDEXES
from moref.records import Change, Create, E, Emit, Page, Point, Require, Unpoint, Write
from moref.writes import checked

Row = dict[str, Any]


class Crash(Exception):
    """The process died here; what was written before stays."""


class MemoryStore:
    """Rows by (table, pk, sk). `events` is the outbox in order; `crash_at=n` dies at the n-th crash point.

    A commit has two crash points: before anything is written, and after everything is (a lost acknowledgement).
    """

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], Row] = {}
        self.events: list[Row] = []
        self.points = 0
        self.crash_at: int | None = None
        self._operation = 0
        self._lock = threading.Lock()

    def crash_point(self) -> None:
        self.points += 1
        if self.crash_at is not None and self.points >= self.crash_at:
            self.crash_at = None
            raise Crash

    def write_point(self) -> None:
        """Before and after each commit."""
        self.crash_point()

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        row = self.rows.get((kind.table, *keys.row_key(organization_id, kind.noun, id)))
        return None if row is None else kind.from_row(_copy(row))

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        partition = keys.lookup_key(organization_id, kind, value)[0]
        return sorted(sk for _, pk, sk in list(self.rows) if pk == partition)

    def list(
        self,
        kind: type[E],
        organization_id: str,
        *,
        status: str | None = None,
        location_id: str | None = None,
        parent: str | None = None,
        waiting: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = True,
        limit: int = 50,
        after: Row | None = None,
    ) -> Page:
        index, partition = keys.index_for(organization_id, kind.noun, status, location_id, parent, waiting=waiting)
        attribute, sort = INDEXES[index]
        low, high = iso(since) if since else "0", iso(until) if until else "~"
        found = [
            row
            for row in self.of(kind, organization_id)
            if row.get(attribute) == partition and low <= row[sort] <= high
        ]
        found.sort(key=lambda row: (row[sort], row["pk"]), reverse=newest_first)
        if after is not None:
            if set(after) != {"pk", "sk", attribute, sort} or after[attribute] != partition:
                raise BadInput("this cursor belongs to another list", field="cursor")
            last = (after[sort], after["pk"])
            found = [row for row in found if ((row[sort], row["pk"]) < last) == newest_first and row["pk"] != last[1]]
        page = found[:limit]
        items = [kind.from_row(_copy(row)) for row in page]
        if len(found) <= limit:
            return Page(items, None)
        return Page(items, {name: page[-1][name] for name in ("pk", "sk", attribute, sort)})

    def of(self, kind: type[E], organization_id: str) -> Sequence[Row]:
        """At least the rows of this kind and organization; others may write meanwhile."""
        del organization_id  # their key says it
        return [row for (table, _, _), row in [*self.rows.items()] if table == kind.table]

    def commit(self, *writes: Write) -> None:
        writes = tuple(checked(writes))
        self.write_point()
        self._commit(*writes)
        self.write_point()

    def _commit(self, *writes: Write) -> None:
        with self._lock:
            self._operation += 1
            operation = f"op{self._operation}"
            for write in writes:
                self._check(write)
            for place, write in enumerate(writes):
                self._apply(write, operation, place)

    def _check(self, write: Write) -> None:
        if isinstance(write, Create | Change):
            _storable((write.entity if isinstance(write, Create) else write.after).data())
        if isinstance(write, Create):
            if (write.entity.table, *write.entity.key()) in self.rows:
                raise Conflict(f"{write.entity.noun} {write.entity.id} exists")
        elif isinstance(write, Change | Require):
            entity = write.before if isinstance(write, Change) else write.entity
            row = self.rows.get((entity.table, *entity.key()))
            if row is None or row["version"] != entity.version:
                raise Conflict(f"{entity.noun} {entity.id} changed")

    def _apply(self, write: Write, operation: str, place: int) -> None:
        if isinstance(write, Create):
            entity = write.entity
            pk, sk = entity.key()
            self.rows[entity.table, pk, sk] = {
                "pk": pk, "sk": sk, "noun": entity.noun, "version": 1, "op": operation,
                **entity.index_keys(), "data": entity.data(),
            }  # fmt: skip
            if write.expires_at is not None:
                self.rows[entity.table, pk, sk]["expires_at"] = int(write.expires_at.timestamp())
        elif isinstance(write, Change):
            self._change(write, operation)
        elif isinstance(write, Point):
            pk, sk = keys.lookup_key(write.organization_id, write.kind, write.value, write.target)
            self.rows["core", pk, sk] = {"pk": pk, "sk": sk, "noun": "lookup", "version": 1, "op": operation}
        elif isinstance(write, Unpoint):
            key = keys.lookup_key(write.organization_id, write.kind, write.value, write.target)
            self.rows.pop(("core", *key), None)
        elif isinstance(write, Emit):
            self.events.append(envelope(write.event, f"evt_{operation}-{place}", iso(write.at)))

    def _change(self, write: Change, operation: str) -> None:
        row = self.rows[(write.after.table, *write.after.key())]
        before = write.before.data()
        row["data"] |= {
            name: value for name, value in write.after.data().items() if name not in before or before[name] != value
        }
        for name in write.before.index_keys():
            row.pop(name, None)
        row |= write.after.index_keys() | {"version": row["version"] + 1, "op": operation}
        if write.expires_at is not None:
            row["expires_at"] = int(write.expires_at.timestamp())


def _copy(value: Any) -> Any:
    """Of JSON, which all that is stored is; several times as fast as `copy.deepcopy`."""
    if type(value) is dict:
        return {name: _copy(item) for name, item in value.items()}
    return [_copy(item) for item in value] if type(value) is list else value


def _storable(value: Any) -> None:
    """As DynamoDB's twin: JSON without floats."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _storable(item)
    elif value is not None and type(value) not in (str, bool, int):
        raise TypeError(f"a {type(value).__name__} is not stored")
