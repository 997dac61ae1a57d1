"""The name an advocate agreed to be shown by on leaderboards, and takes back whenever they like."""

from datetime import datetime
from typing import ClassVar

from pydantic import AwareDatetime

from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Entity, get
from moref.referrals.model import Advocate
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5


class DisplayName(Entity):
    """id is the advocate's."""

    noun: ClassVar[str] = "display_name"

    name: str | None = None  # None: no longer
    agreed_at: AwareDatetime | None = None
    source: str = ""  # how they said so: on the phone, by e-mail ...

    def parent(self) -> str:
        return self.id


def agree(
    runtime: Runtime, organization_id: str, advocate_id: str, name: str, *, agreed_at: datetime, source: str, actor: str
) -> DisplayName:
    """Raises NotFound, BadInput on a consent of the future, Conflict after lost races."""
    if agreed_at > runtime.clock.now():
        raise BadInput("agreed_at is when the advocate said so, not later than now", field="agreed_at")
    return _save(runtime, organization_id, advocate_id, actor, name=name, agreed_at=agreed_at, source=source)


def forget(runtime: Runtime, organization_id: str, advocate_id: str, *, actor: str) -> DisplayName:
    """Raises NotFound, Conflict after lost races."""
    return _save(runtime, organization_id, advocate_id, actor, name=None, agreed_at=None, source="")


def _save(runtime: Runtime, org: str, advocate_id: str, actor: str, **fields: str | datetime | None) -> DisplayName:
    get(runtime.store, Advocate, org, advocate_id)
    for _ in range(TRIES):
        now = runtime.clock.now()
        before = runtime.store.find(DisplayName, org, advocate_id)
        row = before or DisplayName(organization_id=org, id=advocate_id, created_at=now, updated_at=now)
        after = row.changed(now, **fields)
        action = "display_name.agreed" if after.name else "display_name.forgotten"
        try:
            runtime.store.commit(
                Create(after) if before is None else Change(before, after),
                audited(now, org, actor, action, advocate_id),
            )
        except Conflict:
            continue
        return get(runtime.store, DisplayName, org, advocate_id)
    raise Conflict("the display name is being changed by others")
