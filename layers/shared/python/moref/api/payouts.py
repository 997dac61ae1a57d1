"""Operations on payouts that could not be delivered."""

from typing import Any

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.resources import PAYOUT
from moref.rewards.model import Payout
from moref.tenants.forms import Form, Line


class NewAddress(Form):
    """One of both, of the kind that the reward was sent to."""

    email: Line | None = None
    phone: Line | None = Field(default=None, description="E.164 or as dialled in the US")


class Code(Form):
    code: str = Field(pattern=r"^[0-9]{6}$", description="what the advocate was sent, and told you")


def _ask(call: Call) -> Any:
    from moref.rewards.new_address import ask, masked

    id, body = call.get(Payout, call.params["id"]).id, call.body
    made = ask(call.runtime, call.organization_id, id, email=body.email, phone=body.phone, actor=call.caller.member_id)
    return {
        "payout_id": id,
        "address": masked(made.email or made.phone or ""),
        "status": made.status,
        "valid_until": made.model_dump(mode="json")["valid_until"],
        "codes": made.codes,
    }


def _confirm(call: Call) -> Any:
    from moref.rewards.new_address import confirm

    id = call.get(Payout, call.params["id"]).id
    confirm(call.runtime, call.organization_id, id, call.body.code, actor=call.caller.member_id)
    return PAYOUT.view(call.get(Payout, id))


_ASKED: Schema = {
    "type": "object",
    "properties": {
        "payout_id": {"type": "string"},
        "address": {"type": "string", "description": "mostly hidden"},
        "status": {"type": "string", "enum": ["waiting", "confirmed", "burnt"]},
        "valid_until": {"type": "string", "format": "date-time"},
        "codes": {"type": "integer", "description": "how many were sent for this payout; five at most"},
    },
    "required": ["payout_id", "address", "status", "valid_until", "codes"],
}

OPERATIONS = (
    Operation("POST", "/v1/payouts/{id}/new-address", _ask, "admin", "payouts",
              "Sends the advocate a code, to another address on file, that confirms a new address for a reward that"
              " could not be delivered", _ASKED.copy, body=NewAddress, idempotency="required", fresh=True),
    Operation("POST", "/v1/payouts/{id}/new-address/confirm", _confirm, "admin", "payouts",
              "Has the reward delivered to the new address, with the code the advocate was sent", PAYOUT.schema,
              body=Code, idempotency="optional"),
)  # fmt: skip
