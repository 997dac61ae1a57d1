"""Operations on the organization itself: settings, locations, stop switches."""

from typing import Any

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.resources import LEGAL_ENTITY, LOCATION, ORGANIZATION, SWITCH
from moref.api.schemas import items_of
from moref.kernel.errors import NotFound
from moref.kernel.keys import GLOBAL
from moref.records import every
from moref.tenants import settings, switches
from moref.tenants.change_organization import change_organization
from moref.tenants.forms import (
    Form,
    LegalEntityChanges,
    Line,
    LocationChanges,
    NewLegalEntity,
    NewLocation,
    OrganizationChanges,
)
from moref.tenants.model import Location, Organization, Switch
from moref.tenants.save_legal_entity import change_legal_entity, create_legal_entity
from moref.tenants.save_location import change_location, create_location


class StopReason(Form):
    reason: Line = Field(description="shown wherever something waits because of the switch")


def _organization(call: Call) -> Organization:
    return call.get(Organization, call.organization_id)


def _read_organization(call: Call) -> Any:
    return ORGANIZATION.view(_organization(call))


def _change_organization(call: Call) -> Any:
    changed = change_organization(call.runtime, call.organization_id, call.body, actor=call.caller.member_id)
    return ORGANIZATION.view(changed)


def _settings(call: Call) -> Any:
    """Every setting with the value that counts and the level it comes from."""
    organization = _organization(call)
    location = call.get(Location, call.params["id"]) if "id" in call.params else None
    return {
        name: {
            "value": settings.setting(organization, location, name),
            "from": settings.where_from(organization, location, name),
            "locked": name in organization.locked,
            "levels": settings.levels(organization, location, name),
            "words": entry.words,
        }
        for name, entry in settings.SETTINGS.items()
    }


def _create_location(call: Call) -> Any:
    id = call.new_id("loc")
    created = create_location(call.runtime, call.organization_id, id, call.body, actor=call.caller.member_id)
    return LOCATION.view(created)


def _change_location(call: Call) -> Any:
    id = call.get(Location, call.params["id"]).id
    changed = change_location(call.runtime, call.organization_id, id, call.body, actor=call.caller.member_id)
    return LOCATION.view(changed)


def _create_legal_entity(call: Call) -> Any:
    id, actor = call.new_id("ent"), call.caller.member_id
    return LEGAL_ENTITY.view(create_legal_entity(call.runtime, call.organization_id, id, call.body, actor=actor))


def _change_legal_entity(call: Call) -> Any:
    id, actor = call.params["id"], call.caller.member_id
    return LEGAL_ENTITY.view(change_legal_entity(call.runtime, call.organization_id, id, call.body, actor=actor))


def _switches(call: Call) -> Any:
    """The organization's own, and whether the platform has stopped the same for everybody."""
    own = {switch.id: switch for switch in every(call.runtime.store, Switch, call.organization_id)}
    platform = {switch.id: switch for switch in every(call.runtime.store, Switch, GLOBAL)}
    return {
        "items": [
            {
                "id": name,
                "stopped": name in own and own[name].stopped,
                "reason": own[name].reason if name in own and own[name].stopped else None,
                "stopped_by_platform": name in platform and platform[name].stopped,
            }
            for name in switches.NAMES
        ]
    }


def _stop(call: Call) -> Any:
    return _set(call, stop=True, reason=call.body.reason)


def _release(call: Call) -> Any:
    return _set(call, stop=False, reason="released")


def _set(call: Call, *, stop: bool, reason: str) -> Any:
    name = next((name for name in switches.NAMES if name == call.params["id"]), None)
    if name is None:
        raise NotFound
    switch = switches.set_switch(
        call.runtime.store, call.runtime.clock.now(), call.organization_id, name,
        stop=stop, reason=reason, by=call.caller.member_id,
    )  # fmt: skip
    return SWITCH.view(call.runtime.store.find(Switch, call.organization_id, name) or switch)


_SETTINGS: Schema = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "value": {"type": ["integer", "boolean"]},
            "from": {"type": "string", "enum": ["default", "organization", "location"]},
            "locked": {"type": "boolean", "description": "what a location says is kept and does not count"},
            "levels": {
                "type": "object",
                "description": "what each level says, where it says something",
                "additionalProperties": {"type": ["integer", "boolean"]},
            },
            "words": {"type": "string"},
        },
        "required": ["value", "from", "locked", "levels", "words"],
    },
}
_SWITCHES = items_of(
    id={"type": "string", "enum": list(switches.NAMES)},
    stopped={"type": "boolean"},
    reason={"type": ["string", "null"]},
    stopped_by_platform={"type": "boolean"},
)

OPERATIONS = (
    Operation("GET", "/v1/organization", _read_organization, "member", "organization", "Your organization",
              ORGANIZATION.schema),
    Operation("PATCH", "/v1/organization", _change_organization, "admin", "organization", "Changes name and settings",
              ORGANIZATION.schema, body=OrganizationChanges, whole=True),
    Operation("GET", "/v1/organization/settings", _settings, "member", "organization",
              "Every setting, its value and where it comes from", _SETTINGS.copy),
    Operation("GET", "/v1/locations/{id}/settings", _settings, "member", "locations",
              "Every setting as it counts here, and where it comes from", _SETTINGS.copy),
    Operation("POST", "/v1/locations", _create_location, "admin", "locations", "Opens a location", LOCATION.schema,
              status=201, body=NewLocation, idempotency="optional", whole=True, paid=True),
    Operation("PATCH", "/v1/locations/{id}", _change_location, "admin", "locations",
              "Changes a location, archives it or opens it again", LOCATION.schema, body=LocationChanges),
    Operation("POST", "/v1/legal-entities", _create_legal_entity, "owner", "legal-entities",
              "Adds a payer of rewards", LEGAL_ENTITY.schema, status=201, body=NewLegalEntity, idempotency="optional",
              whole=True, fresh=True),
    Operation("PATCH", "/v1/legal-entities/{id}", _change_legal_entity, "owner", "legal-entities",
              "Changes a payer's name or EIN", LEGAL_ENTITY.schema, body=LegalEntityChanges, whole=True, fresh=True),
    Operation("GET", "/v1/switches", _switches, "member", "switches", "Stop switches", _SWITCHES.copy),
    Operation("PUT", "/v1/switches/{id}", _stop, "admin", "switches", "Stops payouts, sends or connectors",
              SWITCH.schema, body=StopReason, whole=True),
    Operation("DELETE", "/v1/switches/{id}", _release, "admin", "switches", "Lets them go on",
              SWITCH.schema, whole=True, fresh=True),
)  # fmt: skip
