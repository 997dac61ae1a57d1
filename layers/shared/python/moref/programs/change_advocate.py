"""Staff say what kind of advocate somebody is, and which tiers are theirs."""

from typing import Any

from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, get
from moref.referrals.model import Advocate
from moref.runtime import Runtime
from moref.tenants.audit import audited


def change_advocate(
    runtime: Runtime, organization_id: str, id: str, version: int, fields: dict[str, Any], *, actor: str
) -> Advocate:
    """Conversions from now on are judged by it. Raises Conflict, NotFound, BadInput."""
    now = runtime.clock.now()
    before = get(runtime.store, Advocate, organization_id, id)
    if before.version != version:
        raise Conflict(f"the advocate is at version {before.version}")
    if not fields:
        raise BadInput("nothing to change", field="body")
    detail = {"fields": ",".join(sorted(fields))}
    runtime.store.commit(
        Change(before, before.changed(now, **fields)),
        audited(now, organization_id, actor, "advocate.changed", id, **detail),
    )
    return get(runtime.store, Advocate, organization_id, id)
