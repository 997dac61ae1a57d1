"""Founding an organization: for whoever signed in."""

from typing import Any

from moref.api.operation import Call, Operation, Schema
from moref.api.resources import CONNECTION, LOCATION, ORGANIZATION
from moref.records import get
from moref.tenants.found import Founding, found
from moref.tenants.model import Connection, Location, Organization


def _found(call: Call) -> Any:
    store, person = call.runtime.store, call.person
    made = found(call.runtime, call.body, person_id=person.person_id, email=person.email)
    org = made.organization_id
    hook_url = f"{call.runtime.settings.base_url}/hooks/crm/generic/{made.hook_token}"
    return {
        "organization": ORGANIZATION.view(get(store, Organization, org, org)),
        "location": LOCATION.view(get(store, Location, org, made.location_id)),
        "member_id": made.member_id,
        "program_id": made.program_id,
        "connection": CONNECTION.view(get(store, Connection, org, made.connection_id)) | {"hook_url": hook_url},
        "secret": made.secret,
    }


def _founded() -> Schema:
    text: Schema = {"type": "string"}
    properties = {
        "organization": ORGANIZATION.schema(),
        "location": LOCATION.schema(),
        "member_id": {**text, "description": "you, its owner"},
        "program_id": text,
        "connection": CONNECTION.schema(),
        "secret": {**text, "description": "signs the webhooks that are posted to the connection's hook_url; keep it"},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


OPERATIONS = (
    Operation("POST", "/v1/organizations", _found, "member", "organization",
              "Founds an organization with payer, location, rewards program and a webhook for its CRM; its token comes"
              " with the next /v1/sign-in/refresh", _founded, status=201, body=Founding, access="person"),
)  # fmt: skip
