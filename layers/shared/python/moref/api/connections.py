"""Operations of staff on CRM connections."""

from typing import Any

from moref.api.operation import Call, Operation, Schema
from moref.api.resources import CONNECTION
from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.tenants.change_connection import change_connection
from moref.tenants.forms import ConnectionChanges
from moref.tenants.model import Connection, Hook


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


_SECRET: Schema = {
    "type": "object",
    "properties": {
        "secret": {"type": "string", "description": "shown now and never again"},
        "previous_until": {"type": "string", "format": "date-time", "description": "until then the old one counts too"},
    },
    "required": ["secret", "previous_until"],
}

OPERATIONS = (
    Operation("PATCH", "/v1/connections/{id}", _change, "admin", "connections",
              "Changes a connection; a stopped one takes no webhooks", CONNECTION.schema, body=ConnectionChanges,
              whole=True),
    # Without Idempotency-Key: a kept answer would keep the secret. Asked twice, both answers' secrets hold.
    Operation("POST", "/v1/connections/{id}/rotate-secret", _rotate, "owner", "connections",
              "Gives the connection a new signing secret; the old one holds for 24 hours", _SECRET.copy, whole=True),
)  # fmt: skip
