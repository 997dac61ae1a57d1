"""The store as a row of an import is given it: what the row did is noted in the commit that did it.

A worker that dies between that commit and the step's own leaves rows that find everything there when they are done
again; by the notes they count as what they were.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from moref.imports.model import Import, ImportStep, Outcome
from moref.kernel.errors import Conflict
from moref.records import Change, Create, E, Page, Store, Write

Tells = Callable[[tuple[Write, ...]], Outcome]  # what one commit did to what the row is about

TRIES = 5
KEPT = timedelta(days=30)  # an import that has not ended by then is not going on
_GREATEST: tuple[Outcome, ...] = ("created", "changed", "unchanged")


class Noting:
    """One step's store. `row`: whose commits come now; `noted`: what is known of each row."""

    def __init__(self, store: Store, one: Import, tells: Tells, now: datetime) -> None:
        self._store, self._tells, self._now = store, tells, now
        self._org, self._id = one.organization_id, f"{one.id}.{one.at}"
        self.row = 0
        step = store.find(ImportStep, self._org, self._id)
        self.noted: dict[str, Outcome] = dict(step.outcomes) if step else {}

    def outcome(self, said: Outcome) -> Outcome:
        """What the row did, now or before: the greater of both."""
        return min(said, self.noted.get(str(self.row), said), key=_GREATEST.index)

    def commit(self, *writes: Write) -> None:
        did = self.outcome(self._tells(writes))
        if did in ("unchanged", self.noted.get(str(self.row))):
            return self._store.commit(*writes)
        for _ in range(TRIES):
            before = self._store.find(ImportStep, self._org, self._id)
            after = self._with(before, did)
            note = Create(after, expires_at=self._now + KEPT) if before is None else Change(before, after)
            try:
                self._store.commit(*writes, note)
            except Conflict:
                now = self._store.find(ImportStep, self._org, self._id)
                if (now.version if now else 0) == (before.version if before else 0):
                    raise  # the row's own: not another worker's note
                continue
            self.noted[str(self.row)] = did
            return None
        raise Conflict("the step is being worked on by others")

    def _with(self, before: ImportStep | None, did: Outcome) -> ImportStep:
        made = before or ImportStep(
            organization_id=self._org, id=self._id, created_at=self._now, updated_at=self._now
        )  # fmt: skip
        return made.changed(self._now, outcomes=made.outcomes | {str(self.row): did})

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        return self._store.find(kind, organization_id, id)

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        return self._store.lookup(organization_id, kind, value)

    def list(self, kind: type[E], organization_id: str, **filters: Any) -> Page:
        return self._store.list(kind, organization_id, **filters)
