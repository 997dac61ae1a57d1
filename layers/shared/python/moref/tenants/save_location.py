"""Creates and changes the branches of an organization."""

from typing import Any

from moref.events import Event
from moref.kernel.errors import Conflict
from moref.records import Change, Emit, Write, create_once, get
from moref.runtime import Runtime
from moref.tenants.archive_location import refuse_or_rely
from moref.tenants.audit import audited
from moref.tenants.forms import LocationChanges, NewLocation
from moref.tenants.model import Branding, LegalEntity, Location
from moref.tenants.settings import merged
from moref.tenants.urls import web_address

_ADDRESSES = ("review_url", "site_url")


def create_location(runtime: Runtime, organization_id: str, id: str, form: NewLocation, *, actor: str) -> Location:
    """`id` is the caller's: derived from an idempotency key, it makes a repeated call meet the first location."""
    now = runtime.clock.now()
    get(runtime.store, LegalEntity, organization_id, form.legal_entity_id)
    fields = _checked(runtime, dict(form) | {"settings": merged({}, form.settings)})
    location = Location(organization_id=organization_id, id=id, created_at=now, updated_at=now, **fields)
    create_once(runtime.store, location, _told(location), audited(now, organization_id, actor, "location.created", id))
    return get(runtime.store, Location, organization_id, id)


def change_location(
    runtime: Runtime, organization_id: str, id: str, changes: LocationChanges, *, actor: str
) -> Location:
    """Raises Conflict when the caller's version is no longer current or it cannot be archived, NotFound, BadInput."""
    now = runtime.clock.now()
    before = get(runtime.store, Location, organization_id, id)
    if before.version != changes.version:
        raise Conflict(f"the location is at version {before.version}")
    fields = _checked(runtime, changes.given())
    if "settings" in fields:
        fields["settings"] = merged(before.settings, fields["settings"])
    audit = audited(now, organization_id, actor, "location.changed", id, fields=",".join(sorted(fields)))
    if before.transferred_to is not None and fields.get("status") == "active":
        raise Conflict(f"the branch went to {before.transferred_to}: this row is its history")
    archived = before.status == "active" and fields.get("status") == "archived"
    others: list[Write] = [refuse_or_rely(runtime.store, before)] if archived else []
    after = before.changed(now, **fields)
    if after.status != before.status:
        others.append(_told(after))
    runtime.store.commit(Change(before, after), audit, *others)
    return get(runtime.store, Location, organization_id, id)


def _told(location: Location) -> Emit:
    event = Event("location.changed", location.organization_id, location.id, {"status": location.status})
    return Emit(event, location.updated_at)


def _checked(runtime: Runtime, fields: dict[str, Any]) -> dict[str, Any]:
    for name in _ADDRESSES:
        if fields.get(name) is not None:
            web_address(fields[name], stage=runtime.settings.stage, field=name)
    if "branding" in fields:
        branding = Branding(**fields["branding"])
        if branding.logo_url is not None:
            web_address(branding.logo_url, stage=runtime.settings.stage, field="branding.logo_url")
        fields["branding"] = branding
    return fields
