"""Changes a CRM connection: its name, which facts it tells, where its leads go, whether its webhooks are let in."""

from typing import Any

from moref.kernel.errors import BadInput, Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Write, get
from moref.runtime import Runtime
from moref.tenants.archive_location import refuse_archived
from moref.tenants.audit import audited
from moref.tenants.crm_forms import SUPPLIES, ConnectionChanges, SmartMovingMapping
from moref.tenants.model import Connection, Hook, Location
from moref.tenants.urls import web_address


def change_connection(
    runtime: Runtime, organization_id: str, id: str, changes: ConnectionChanges, *, actor: str
) -> Connection:
    """The webhook's door follows in the same commit. Raises Conflict when the caller's version is no longer current,
    NotFound (also for another tenant's location), BadInput."""
    now, store, fields = runtime.clock.now(), runtime.store, changes.given()
    before = get(store, Connection, organization_id, id)
    if before.version != changes.version:
        raise Conflict(f"the connection is at version {before.version}")
    if fields.get("lead_url") is not None:
        web_address(fields["lead_url"], stage=runtime.settings.stage, field="lead_url")
    if "supplies" in fields:
        fields["supplies"] = _supplied(before.crm, fields["supplies"])
    if fields.pop("smartmoving", None) is not None:
        fields |= _mapped(before.crm, changes.smartmoving)
    after = before.changed(now, **fields)
    if after.status == "active" and {"default_location_id", "status"} & fields.keys():
        refuse_archived(get(store, Location, organization_id, after.default_location_id))
    writes: list[Write] = [Change(before, after)]
    hook = get(store, Hook, GLOBAL, before.hook_token)
    if hook.status != fields.get("status", hook.status):
        writes.append(Change(hook, hook.changed(now, status=fields["status"])))
    names = ",".join(sorted(fields))
    store.commit(*writes, audited(now, organization_id, actor, "connection.changed", id, fields=names))
    return get(store, Connection, organization_id, id)


def _mapped(crm: str, mapping: SmartMovingMapping) -> dict[str, Any]:
    if crm != "smartmoving":
        raise BadInput(f"this is a connection of {crm}", field="smartmoving")
    return {"config": mapping.config(), "takes_leads": mapping.takes_leads}


def _supplied(crm: str, said: list[str]) -> list[str]:
    """In the order of the table. Raises BadInput on a fact that the plugin cannot tell."""
    can = SUPPLIES[crm]
    other = next((kind for kind in said if kind not in can), None)
    if other is not None:
        raise BadInput(f"a connection of {crm} can tell {', '.join(can)}", field="supplies")
    return [kind for kind in can if kind in said]
