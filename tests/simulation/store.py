"""The twin as simulations use it: strict as DynamoDB, fast enough for thousands of runs, and watching borders."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from moref.kernel import keys
from moref.kernel.errors import OutcomeUnknown, Retry
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, E, Emit, Entity, Point, Require, Unpoint, Write
from tests.fakes.memory_store import Crash, MemoryStore, Row


class StrictStore(MemoryStore):
    """DynamoDB refuses a transaction that names a row twice; so does this.

    `acting`: the organization on whose behalf code runs; touching a row of another one is a failed test at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.silence = False  # at crash_at the answer is lost, and nobody dies
        self.acting: str | None = None
        self.committed = 0
        self._places: defaultdict[tuple[str, str], list[tuple[str, str, str]]] = defaultdict(list)
        self._placed = 0
        self._read: dict[tuple[str, str, str], tuple[tuple[int, str], Entity]] = {}

    @contextmanager
    def acts(self, organization_id: str | None) -> Iterator[None]:
        before, self.acting = self.acting, organization_id
        try:
            yield
        finally:
            self.acting = before

    def write_point(self) -> None:
        """Dies there, or hears nothing: then the process lives on and only knows that it does not know."""
        self._point(Retry("the table did not answer", seconds=5))

    def ask_point(self) -> None:
        """The same, about a provider."""
        self._point(OutcomeUnknown("timeout"))

    def _point(self, silence: Exception) -> None:
        try:
            self.crash_point()
        except Crash:
            if not self.silence:
                raise
            self.silence = False
            raise silence from None

    def commit(self, *writes: Write) -> None:
        entities = [_entity(write) for write in writes]
        named = [(entity.table, *entity.key()) for entity in entities if entity is not None]
        assert len(named) == len(set(named)), f"a row twice in one transaction: {named}"
        assert writes, "an empty transaction"
        for write in writes:
            for owner in _owners(write):
                self._within(owner)
        super().commit(*writes)
        self.committed += 1

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        """Without the twin's copy: validation makes its own, and thousands of runs notice."""
        self._within(organization_id)
        row = self.rows.get((kind.table, *keys.row_key(organization_id, kind.noun, id)))
        return None if row is None else kind.from_row(row)

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        self._within(organization_id)
        return super().lookup(organization_id, kind, value)

    def list(self, kind: type[E], organization_id: str, **filters: Any) -> Any:
        self._within(organization_id)
        return super().list(kind, organization_id, **filters)

    def all(self, kind: type[E], organization_id: str) -> Sequence[E]:
        """As `every`, newest first, for invariants: a row that has not moved since it was last asked for is not read
        anew. Nobody else is given these copies."""
        found = []
        for row in self.of(kind, organization_id):
            stamp, key = (row["version"], row["op"]), (kind.table, row["pk"], row["sk"])
            known = self._read.get(key)
            if known is None or known[0] != stamp:
                known = self._read[key] = (stamp, kind.from_row(row))
            found.append((row["created"], row["pk"], known[1]))
        found.sort(key=lambda each: each[:2], reverse=True)
        return [entity for _, _, entity in found]  # type: ignore[misc]

    def of(self, kind: type[E], organization_id: str) -> Sequence[Row]:
        """From a list kept beside the rows, which is made anew when somebody has put rows in past the store."""
        if self._placed != len(self.rows):
            self._places.clear()
            for key, row in self.rows.items():
                self._places[key[1].partition("#")[0], row["noun"]].append(key)
            self._placed = len(self.rows)
        return [self.rows[key] for key in self._places[organization_id, kind.noun]]

    def _apply(self, write: Write, operation: str, place: int) -> None:
        before = len(self.rows)
        super()._apply(write, operation, place)
        if isinstance(write, Create) and self._placed == before:
            self._places[write.entity.organization_id, write.entity.noun].append(
                (write.entity.table, *write.entity.key())
            )
            self._placed += 1
        elif len(self.rows) != before and self._placed == before:
            self._placed = len(self.rows)  # a look-up item, which nobody lists

    def copy_of(self, other: "StrictStore") -> None:
        """Begins as another store stands. A row's fields are replaced, never changed in place, so one level is copied;
        entities never change, so what was read of them is shared."""
        self.rows = {
            key: {**row, "data": dict(row["data"])} if "data" in row else row for key, row in other.rows.items()
        }
        self.events = [*other.events]
        self._placed = -1
        self._read = dict(other._read)
        self._operation, self.points = other._operation, other.points

    def _within(self, organization_id: str) -> None:
        assert self.acting is None or organization_id in (self.acting, GLOBAL), (
            f"{self.acting} reaches for what is {organization_id}'s"
        )


def _entity(write: Write) -> Entity | None:
    if isinstance(write, Create | Require):
        return write.entity
    return write.before if isinstance(write, Change) else None


def _owners(write: Write) -> Iterator[str]:
    """Whose the rows of a write are; of a row of the whole platform, whom it speaks of."""
    entity = _entity(write)
    if entity is not None:
        yield entity.organization_id
        yield getattr(entity, "owner_id", GLOBAL)
    elif isinstance(write, Point | Unpoint):
        yield write.organization_id
    elif isinstance(write, Emit):
        yield write.event.organization_id
