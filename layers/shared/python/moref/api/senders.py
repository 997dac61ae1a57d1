"""Operations on senders (how far their registration is), and what a location still needs."""

from typing import Any

from pydantic import Field, StrictInt

from moref.api.operation import Call, Operation, Schema
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.kernel.errors import NotFound
from moref.messaging import senders
from moref.messaging.senders import EMAIL, Sender, State
from moref.tenants.forms import Form, Line, Version
from moref.tenants.model import Location

SENDER = Resource(
    "senders",
    Sender,
    words("channel location_id address states stopped_because status resumed_at"),
    'what messages are sent by; id is "email", "sms.<location>" or "whatsapp.<location>"',
    STATUS | PLACE,
    ("sender",),
)


class SenderStates(Form):
    version: StrictInt = Field(ge=0, description="of the copy you read; 0 when the sender is not there yet")
    states: dict[str, State] = Field(
        min_length=1,
        max_length=4,
        description="of sms: brand, campaign; of whatsapp: business, number; of email: identity, dkim, spf, dmarc",
    )


class Resume(Form):
    version: Version
    reason: Line = Field(description="what was done about the cause")


def _save(call: Call) -> Any:
    id = call.params["id"]
    if id != EMAIL:
        call.get(Location, id.partition(".")[2] or "-")
    elif call.caller.location_ids is not None:
        raise NotFound  # the whole organization's
    said, actor = call.body, call.caller.member_id
    saved = senders.save_sender(call.runtime, call.organization_id, id, said.states, version=said.version, actor=actor)
    return SENDER.view(saved)


def _resume(call: Call) -> Any:
    sender, said = call.get(Sender, call.params["id"]), call.body
    if sender.location_id is None and call.caller.location_ids is not None:
        raise NotFound
    actor = call.caller.member_id
    resumed = senders.resume(
        call.runtime, call.organization_id, sender.id, version=said.version, reason=said.reason, actor=actor
    )
    return SENDER.view(resumed)


def _readiness(call: Call) -> Any:
    from moref.messaging.readiness import readiness

    location = call.get(Location, call.params["id"])
    checks = readiness(call.runtime, call.organization_id, location.id)
    return {"ready": all(check.state == "ok" for check in checks), "checks": [check._asdict() for check in checks]}


_READINESS: Schema = {
    "type": "object",
    "properties": {
        "ready": {"type": "boolean", "description": "every check is ok"},
        "checks": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "state": {"type": "string", "enum": ["ok", "waiting", "missing"]},
                    "words": {"type": "string"},
                    "todo": {"type": "string", "description": "what to do; empty when ok"},
                },
                "required": ["name", "state", "words", "todo"],
            },
        },
    },
    "required": ["ready", "checks"],
}

OPERATIONS = (
    Operation("PUT", "/v1/senders/{id}", _save, "admin", "senders",
              "Tells how far a sender's registration is: texts leave only by an active one", SENDER.schema,
              body=SenderStates),
    Operation("POST", "/v1/senders/{id}/resume", _resume, "admin", "senders",
              "Lets a sender go on that providers' answers had stopped", SENDER.schema, body=Resume),
    Operation("GET", "/v1/locations/{id}/readiness", _readiness, "member", "locations",
              "What the location still needs, and what to do about it", _READINESS.copy),
)  # fmt: skip
