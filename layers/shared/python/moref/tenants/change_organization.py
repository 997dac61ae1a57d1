"""Changes an organization's name, settings and which of them are locked for its locations."""

from moref.kernel.errors import Conflict
from moref.records import Change, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.forms import OrganizationChanges
from moref.tenants.model import Organization
from moref.tenants.settings import known, merged


def change_organization(
    runtime: Runtime, organization_id: str, changes: OrganizationChanges, *, actor: str
) -> Organization:
    """Raises Conflict when the caller's version is no longer current, BadInput on an unknown or wrong setting."""
    now, fields = runtime.clock.now(), changes.given()
    before = get(runtime.store, Organization, organization_id, organization_id)
    if before.version != changes.version:
        raise Conflict(f"the organization is at version {before.version}")
    if "settings" in fields:
        fields["settings"] = merged(before.settings, fields["settings"])
    if "locked" in fields:
        for name in fields["locked"]:
            known(name)
        fields["locked"] = sorted(set(fields["locked"]))
    audit = audited(
        now, organization_id, actor, "organization.changed", organization_id, fields=",".join(sorted(fields))
    )
    runtime.store.commit(Change(before, before.changed(now, **fields)), audit)
    return get(runtime.store, Organization, organization_id, organization_id)
