"""The organization's attestation of what a ticked consent box in its CRM means."""

from typing import Any

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.tenants.attest_consent import attest_consent
from moref.tenants.forms import Form, Version
from moref.tenants.model import Connection


class ConsentText(Form):
    version: Version
    text: str | None = Field(
        min_length=20, max_length=2000,
        description="the words customers agree to when the CRM's sms_opt_in is set; null: it counts no more",
    )  # fmt: skip


def _attest(call: Call) -> Any:
    id = call.get(Connection, call.params["id"]).id
    changed = attest_consent(
        call.runtime, call.organization_id, id, version=call.body.version, text=call.body.text,
        actor=call.caller.member_id,
    )  # fmt: skip
    said = changed.consent_attestation
    return {
        "connection_id": id,
        "version": changed.version,
        "attestation": None if said is None else said.model_dump(mode="json"),
    }


_ATTESTED: Schema = {
    "type": "object",
    "properties": {
        "connection_id": {"type": "string"},
        "version": {"type": "integer", "description": "of the connection"},
        "attestation": {
            "type": ["object", "null"],
            "properties": {
                "text": {"type": "string"},
                "at": {"type": "string", "format": "date-time"},
                "by": {"type": "string", "description": "member"},
                "active": {"type": "boolean", "description": "false: a yes counts no more; a no still does"},
            },
        },
    },
    "required": ["connection_id", "version", "attestation"],
}

OPERATIONS = (
    Operation("PUT", "/v1/connections/{id}/consent-attestation", _attest, "owner", "connections",
              "Attests what customers agreed to when the CRM says that they may be texted", _ATTESTED.copy,
              body=ConsentText, whole=True, fresh=True),
)  # fmt: skip
