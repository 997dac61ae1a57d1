"""Stops an organization's account at an outside system, or takes it up again; the webhook's door follows."""

from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.forms import VendorAccountChanges
from moref.tenants.model import Hook, VendorAccount


def change_vendor(
    runtime: Runtime, organization_id: str, id: str, changes: VendorAccountChanges, *, actor: str
) -> VendorAccount:
    """Raises Conflict when the caller's version is no longer current, NotFound."""
    now, store, fields = runtime.clock.now(), runtime.store, changes.given()
    before = get(store, VendorAccount, organization_id, id)
    if before.version != changes.version:
        raise Conflict(f"the account is at version {before.version}")
    hook = get(store, Hook, GLOBAL, before.hook_token)
    store.commit(
        Change(before, before.changed(now, **fields)),
        Change(hook, hook.changed(now, **fields)),
        audited(now, organization_id, actor, "vendor.changed", id, **fields),
    )
    return get(store, VendorAccount, organization_id, id)
