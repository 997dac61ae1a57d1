"""How state is kept: entities, the writes that change them, and the one storage port every use-case is given.

An Entity is frozen. A use-case reads some, makes changed copies, and commits all writes of one step in ONE transaction;
each write is conditional (absent, or still at the version read), so two workers cannot both win. The implementations
are `moref.aws.dynamo` (PynamoDB) and the in-memory twin in `tests/fakes`; one contract suite runs over both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, Self, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict

from moref.events import Event
from moref.kernel import keys, names
from moref.kernel.clock import iso
from moref.kernel.errors import Conflict, NotFound

REGISTRY: dict[str, type["Entity"]] = {}  # every noun, for list, export and erase

# Kept outside `data`: they are the row's own attributes.
_ROW_FIELDS = {"organization_id", "id", "version"}


class Entity(BaseModel):
    """A row of a table. Subclasses set `noun`; `status` and `location_id`, where present, are indexed.

    Lists are eventually consistent; `find` and `get` are strongly consistent.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    noun: ClassVar[str]
    table: ClassVar[str] = names.CORE

    organization_id: str
    id: str
    version: int = 0  # of the row as read; 0 is not stored yet
    created_at: AwareDatetime
    updated_at: AwareDatetime

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if "noun" in cls.__dict__:
            REGISTRY[cls.noun] = cls

    def parent(self) -> str | None:
        """The id under which by_parent lists this row."""
        return None

    def listed_at(self) -> datetime:
        """Its time in a list by status. A row that waits says until when, so that overdue ones are found alone."""
        return self.updated_at

    def waits(self) -> tuple[str, datetime] | None:
        """What it asks of staff, in a word of its noun, and since when; None: nothing. Such rows are found alone."""
        return None

    def changed(self, now: datetime, **fields: Any) -> Self:
        """A validated copy; `version` stays that of the row read, which `Change` conditions on."""
        return type(self)(**{**dict(self), **fields, "updated_at": now})

    def key(self) -> tuple[str, str]:
        return keys.row_key(self.organization_id, self.noun, self.id)

    def index_keys(self) -> dict[str, str]:
        org, noun = self.organization_id, self.noun
        found = {
            "noun_key": keys.noun_key(org, noun),
            "created": iso(self.created_at),
            "updated": iso(self.listed_at()),
        }
        filters = {
            "status_key": getattr(self, "status", None),
            "location_key": getattr(self, "location_id", None),
            "parent_key": self.parent(),
        }
        waits = self.waits()
        if waits is not None:
            what, since = waits
            found |= keys.waiting_keys(org, noun, what, filters["location_key"]) | {"waiting_since": iso(since)}
        return found | {name: keys.filter_key(org, noun, value) for name, value in filters.items() if value}

    def data(self) -> dict[str, Any]:
        """The noun's fields as JSON types: text, integers, booleans, lists, maps, None. Never floats."""
        return self.model_dump(mode="json", exclude=_ROW_FIELDS)

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """Unknown attributes written by newer code are left alone: `Change` only touches what changed."""
        organization, _, rest = row["pk"].partition("#")
        return cls(organization_id=organization, id=rest.partition("#")[2], version=int(row["version"]), **row["data"])


E = TypeVar("E", bound=Entity)


@dataclass(frozen=True, slots=True)
class Create:
    """A new row; refused when one stands under the key already."""

    entity: Entity
    expires_at: datetime | None = None  # when the table may forget it (TTL)


@dataclass(frozen=True, slots=True)
class Change:
    """The difference between two copies; refused unless the row is still at `before.version`."""

    before: Entity
    after: Entity
    expires_at: datetime | None = None  # as Create's; None leaves it as it is


@dataclass(frozen=True, slots=True)
class Require:
    """The row is still as read; nothing is written to it."""

    entity: Entity


@dataclass(frozen=True, slots=True)
class Point:
    """A look-up item: (organization, kind, value) leads to target. Writing it again changes nothing."""

    organization_id: str
    kind: str
    value: str
    target: str


@dataclass(frozen=True, slots=True)
class Unpoint:
    """Takes a look-up item away; one that is not there is fine. The only write that removes anything: rows stay, and
    whatever of a person is in one is blanked by a Change."""

    organization_id: str
    kind: str
    value: str
    target: str


@dataclass(frozen=True, slots=True)
class Emit:
    """An outbox row for a domain event; the stream router delivers it to whoever hears it."""

    event: Event
    at: datetime


Write = Create | Change | Require | Point | Unpoint | Emit


@dataclass(frozen=True, slots=True)
class Page:
    """Up to `limit` entities and where to go on; `after` is None at the end."""

    items: Sequence[Any]
    after: dict[str, Any] | None


class Store(Protocol):
    """State. Every method is given the organization by its caller, who has it from a verified source."""

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        """Strongly consistent."""

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        """Targets, sorted, strongly consistent."""

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
        after: dict[str, Any] | None = None,
    ) -> Page:
        """One index filter plus a time range (created; updated when filtering by status). Eventually consistent.

        `waiting`: what asks for this of staff, of the organization or of one location; its time is since when it does.
        """

    def commit(self, *writes: Write) -> None:
        """All or nothing, at most 100 rows. Raises Conflict when a condition no longer holds.

        A lost acknowledgement is not a conflict: the implementation reads back and compares its own operation id.
        """


def get(store: Store, kind: type[E], organization_id: str, id: str) -> E:
    """Raises NotFound, also for another organization's id."""
    found = store.find(kind, organization_id, id)
    if found is None:
        raise NotFound(f"no {kind.noun} {id}")
    return found


def create_once(store: Store, first: Entity, *others: Write) -> bool:
    """Commits a creation whose id is derived from its cause; False when it was there already.

    Raises Conflict when it is another write's condition that failed.
    """
    try:
        store.commit(Create(first), *others)
    except Conflict:
        if store.find(type(first), first.organization_id, first.id) is None:
            raise
        return False
    return True


def every(store: Store, kind: type[E], organization_id: str, **filters: Any) -> list[E]:
    """All pages of a list, for sets known to be small (a contact's jobs, an advocate's links)."""
    found: list[E] = []
    after: dict[str, Any] | None = None
    while True:
        page = store.list(kind, organization_id, after=after, **filters)
        found.extend(page.items)
        after = page.after
        if after is None:
            return found
