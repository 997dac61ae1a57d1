"""What the company spent on advertising in a month, as staff say: what a referred customer cost is compared with it."""

import re
from typing import ClassVar

from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import Change, Create, Entity, get
from moref.reporting.counters import ALL
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location

_ID = re.compile(r"(20\d\d-(?:0[1-9]|1[0-2]))\.([a-z0-9_-]{1,40})(?:\.([A-Za-z0-9_-]{1,64}))?")


class AdSpend(Entity):
    """id is "<month>.<source>" for the whole organization, "<month>.<source>.<location>" for a branch."""

    noun: ClassVar[str] = "ad_spend"

    month: str  # "2026-11"
    source: str  # google-ads, mailers ...
    location_id: str | None = None
    amount: int  # minor units
    currency: str
    bookings: int | None = None  # that the source brought, where the company knows

    def parent(self) -> str:
        return self.month


def named(id: str) -> tuple[str, str, str | None]:
    """(month, source, location) of an id. Raises BadInput."""
    match = _ID.fullmatch(id)
    if match is None or match[3] == ALL:
        raise BadInput("such as 2026-11.google-ads, or 2026-11.google-ads.<location> for a branch", field="id")
    return match[1], match[2], match[3]


def save_ad_spend(
    runtime: Runtime, organization_id: str, id: str, version: int, fields: dict[str, object], *, actor: str
) -> AdSpend:
    """`version` 0 enters it, later ones correct it. Raises BadInput, NotFound, Conflict."""
    month, source, location_id = named(id)
    store, now = runtime.store, runtime.clock.now()
    if location_id is not None and store.find(Location, organization_id, location_id) is None:
        raise NotFound(f"no location {location_id}")
    before = store.find(AdSpend, organization_id, id)
    if (before.version if before else 0) != version:
        raise Conflict(f"it is at version {before.version if before else 0}")
    base = {"organization_id": organization_id, "id": id, "created_at": now, "updated_at": now}
    where = {"month": month, "source": source, "location_id": location_id}
    row = before.changed(now, **fields) if before else AdSpend.model_validate(base | where | fields)
    note = audited(now, organization_id, actor, "ad_spend.entered", id)
    store.commit(Create(row) if before is None else Change(before, row), note)
    return get(store, AdSpend, organization_id, id)
