"""The tenant guard: a store that refuses every row outside one organization.

Request handlers wrap their store in it as soon as the organization is verified, so a forgotten check further in cannot
read or change a stranger's row. GLOBAL rows (what a link or token leads to) stay reachable; they hold nobody's data.
Work that both sides agreed on crosses between two organizations, never on a request, and is held to these two.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, E, Emit, Page, Point, Require, Store, Unpoint, Write
from moref.runtime import Runtime


class TenantBreach(AssertionError):
    """A defect of ours: code asked for another organization's row. Nothing was read or written."""


class Bound:
    """A Store of one organization, or of the two that something goes between."""

    def __init__(self, store: Store, *organization_ids: str) -> None:
        if not organization_ids or any(not id or id == GLOBAL or "#" in id for id in organization_ids):
            raise TenantBreach("bound to no organization")
        self._store = store
        self._reached = frozenset({*organization_ids, GLOBAL})

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        self._check(organization_id)
        return self._store.find(kind, organization_id, id)

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        self._check(organization_id)
        return self._store.lookup(organization_id, kind, value)

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
        self._check(organization_id)
        return self._store.list(
            kind,
            organization_id,
            status=status,
            location_id=location_id,
            parent=parent,
            waiting=waiting,
            since=since,
            until=until,
            newest_first=newest_first,
            limit=limit,
            after=after,
        )

    def commit(self, *writes: Write) -> None:
        for write in writes:
            for organization_id in _organizations(write):
                self._check(organization_id)
        self._store.commit(*writes)

    def _check(self, organization_id: str) -> None:
        if organization_id not in self._reached:
            raise TenantBreach("another organization's row")


def bound(runtime: Runtime, organization_id: str) -> Runtime:
    """The same runtime for one organization's request."""
    return replace(runtime, store=Bound(runtime.store, organization_id))


def between(runtime: Runtime, one: str, other: str) -> Runtime:
    """The same runtime for a worker that carries something from one organization to another."""
    return replace(runtime, store=Bound(runtime.store, one, other))


def _organizations(write: Write) -> tuple[str, ...]:
    if isinstance(write, Change):
        return write.before.organization_id, write.after.organization_id
    if isinstance(write, Create | Require):
        return (write.entity.organization_id,)
    if isinstance(write, Point | Unpoint):
        return (write.organization_id,)
    if isinstance(write, Emit):
        return (write.event.organization_id,)
    return ()
