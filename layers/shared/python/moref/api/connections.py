"""Operations of staff on CRM connections."""

from typing import Any

from pydantic import JsonValue

from moref.api.operation import Call, Operation, Schema
from moref.api.resources import CONNECTION
from moref.intake.model import ConnectionHealth, HookRefusal
from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.tenants.change_connection import change_connection
from moref.tenants.crm_forms import ConnectionChanges, CrmAccount, GenericAccount, SmartMovingAccount
from moref.tenants.forms import Form
from moref.tenants.model import Connection, Hook

LATEST = 50  # refusals looked through: an hour and connection has one


class SampleEvent(Form):
    event: dict[str, JsonValue]


def _connect_generic(call: Call) -> Any:
    return _connected(call, call.body)


def _connect_smartmoving(call: Call) -> Any:
    from moref.intake.check_credentials import check_credentials

    check_credentials(call.runtime, "smartmoving", call.body.credentials(), field="api_key")
    return _connected(call, call.body)


def _connected(call: Call, form: CrmAccount) -> Any:
    from moref.tenants.connect_crm import connect_crm

    made = connect_crm(call.runtime, call.organization_id, form, actor=call.caller.member_id)
    return {"connection": CONNECTION.shown_to(call, made.connection), "header": made.header, "secret": made.secret}


def _change(call: Call) -> Any:
    id = call.get(Connection, call.params["id"]).id
    changed = change_connection(call.runtime, call.organization_id, id, call.body, actor=call.caller.member_id)
    return CONNECTION.shown_to(call, changed)


def _rotate(call: Call) -> Any:
    from moref.tenants.rotate_secret import rotate_secret

    connection = call.get(Connection, call.params["id"])
    secret = rotate_secret(call.runtime, call.organization_id, connection.id, actor=call.caller.member_id)
    hook = get(call.runtime.store, Hook, GLOBAL, connection.hook_token)
    return {"secret": secret, "previous_until": hook.previous_until}


def _health(call: Call) -> Any:
    connection, org = call.get(Connection, call.params["id"]), call.organization_id
    found = call.runtime.store.find(ConnectionHealth, org, connection.id)
    heard = found.model_dump(mode="json", include=set(_HEARD)) if found else {}
    refused = call.runtime.store.list(HookRefusal, org, limit=LATEST).items
    last = next((one for one in refused if one.connection_id == connection.id), None)
    refusal = {"refused_at": last.created_at.isoformat(), "refusal": last.reason} if last else _NEVER_REFUSED
    return {name: heard.get(name) for name in _HEARD} | refusal


def _explain(call: Call) -> Any:
    from moref.intake.explain_event import explain_event

    return explain_event(call.runtime, call.get(Connection, call.params["id"]), call.body.event)


_SECRET: Schema = {
    "type": "object",
    "properties": {
        "secret": {"type": "string", "description": "shown now and never again"},
        "previous_until": {"type": "string", "format": "date-time", "description": "until then the old one counts too"},
    },
    "required": ["secret", "previous_until"],
}
_NEVER_REFUSED = {"refused_at": None, "refusal": None}
_HEARD = ("received_at", "became", "reason", "failed_at", "failure")
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
_TEXT: Schema = {"type": ["string", "null"]}
_HEALTH: Schema = {
    "type": "object",
    "properties": {
        "received_at": {**_TIME, "description": "of the last webhook that was let in, to the minute"},
        "became": {"type": ["string", "null"], "enum": ["handled", "ignored", "quarantined", None]},
        "reason": {**_TEXT, "description": "why it was not handled"},
        "failed_at": {**_TIME, "description": "of the last one that could not be used"},
        "failure": _TEXT,
        "refused_at": {**_TIME, "description": "of the last one that the door turned away, the first of its hour"},
        "refusal": {**_TEXT, "description": "no valid signature, a clock that is wrong ..."},
    },
    "required": [*_HEARD, "refused_at", "refusal"],
}
_EXPLAINED: Schema = {
    "type": "object",
    "properties": {
        "ignored": {**_TEXT, "description": "why nothing would come of it"},
        "job": {
            "type": ["object", "null"],
            "properties": {
                "external_id": {"type": "string"},
                "location_id": {"type": "string"},
                "state": {"type": "string"},
                "facts": {"type": "array", "items": {"type": "string"}},
                "phone": _TEXT,
                "email": _TEXT,
                "text_consent": {"type": "boolean"},
                "referral_code": _TEXT,
                "referred_by": _TEXT,
            },
            "required": ["external_id", "location_id", "state", "facts", "phone", "email", "text_consent",
                         "referral_code", "referred_by"],
        },
        "notes": {"type": "array", "items": {"type": "string"}, "description": "what of it could not be used"},
    },
    "required": ["ignored", "job", "notes"],
}  # fmt: skip


def _connection() -> Schema:
    properties = {
        "connection": CONNECTION.schema(),
        "header": {**_TEXT, "description": "in which the CRM sends the secret; null: it signs with it"},
        "secret": {"type": "string", "description": "shown now and never again"},
    }
    return {"type": "object", "properties": properties, "required": list(properties)}


OPERATIONS = (
    # Without Idempotency-Key, as with every answer that holds a secret: the body's request_id tells a repeat.
    Operation("POST", "/v1/connections/generic", _connect_generic, "owner", "connections",
              "Connects any CRM that posts signed facts, or gives the connection of that request_id a new secret",
              _connection, status=201, body=GenericAccount, whole=True, fresh=True),
    Operation("POST", "/v1/connections/smartmoving", _connect_smartmoving, "owner", "connections",
              "Connects SmartMoving after trying the key, or replaces key and secret of that request_id", _connection,
              status=201, body=SmartMovingAccount, whole=True, fresh=True),
    Operation("PATCH", "/v1/connections/{id}", _change, "admin", "connections",
              "Changes a connection; a stopped one takes no webhooks", CONNECTION.schema, body=ConnectionChanges,
              whole=True, fresh=True),
    # Asked twice, both answers' secrets hold.
    Operation("POST", "/v1/connections/{id}/rotate-secret", _rotate, "owner", "connections",
              "Gives the connection a new signing secret; the old one holds for 24 hours", _SECRET.copy, whole=True,
              fresh=True),
    Operation("GET", "/v1/connections/{id}/health", _health, "member", "connections",
              "When it was last heard of, what became of that, and what went wrong", _HEALTH.copy),
    Operation("POST", "/v1/connections/{id}/test-event", _explain, "admin", "connections",
              "Says what an event would do, and does nothing", _EXPLAINED.copy, body=SampleEvent, reads=True),
)  # fmt: skip
