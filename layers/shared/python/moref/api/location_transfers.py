"""Operations that hand a branch over to another organization: one owner offers it, another looks and accepts."""

from typing import Any

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema

from moref.api.operation import Call, Operation, Schema
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.tenants.forms import Email, Form, Identifier, Line
from moref.tenants.model import Location, Member
from moref.transfers.model import LocationTransfer, TransferOffer
from moref.transfers.policy import POLICY

TRANSFER = Resource(
    "location-transfers",
    LocationTransfer,
    words(
        "side location_id branch other note consents_continue status expires_at requested_by legal_entity_id preview"
        " counts sums reason cut_over_at finished_at"
    ),
    "branches that go to another organization (side out) or come from one (side in): what there is, what has gone",
    STATUS | PLACE,
    whole=True,
    least="admin",
)
_SHOWN = words(
    "owner_name branch postal_address time_zone site_url note consents_continue preview status expires_at"
)  # what a token shows
_POLICY: Schema = {
    "type": "object",
    "description": "what becomes of everything at the branch; the same for every transfer",
    "properties": {name: {"type": "string"} for name in POLICY},
    "required": list(POLICY),
}


class TransferOfferForm(Form):
    note: Line = Field(description="for whoever looks at the offer")
    consents_continue: bool = Field(
        description="you attest that customers know the branch under the same name and brand when it has changed hands;"
        " without that their consents are history, and permit no advertising"
    )


class TransferToken(Form):
    token: Line


class TransferAcceptance(TransferToken):
    legal_entity_id: Identifier = Field(description="yours, which pays what is earned from now on")
    staff_email: Email | None = Field(default=None, description="who is told of low scores there; else you")


def _offer(call: Call) -> Any:
    from moref.transfers.offer import offer

    place, said = call.get(Location, call.params["id"]), call.body
    row, token = offer(
        call.runtime, call.organization_id, place.id, note=said.note, consents_continue=said.consents_continue,
        actor=call.caller.member_id,
    )  # fmt: skip
    return TRANSFER.view(row) | {"token": token, "policy": POLICY}


def _withdraw(call: Call) -> Any:
    from moref.transfers.offer import withdraw

    id = call.get(LocationTransfer, call.params["id"]).id
    return TRANSFER.view(withdraw(call.runtime, call.organization_id, id, actor=call.caller.member_id))


def _look(call: Call) -> Any:
    from moref.transfers.accept import look

    found = look(call.runtime, call.body.token).model_dump(mode="json", include=set(_SHOWN))
    return {name: found[name] for name in _SHOWN} | {"policy": POLICY}


def _accept(call: Call) -> Any:
    from moref.transfers.accept import accept

    said, member = call.body, call.caller.member_id
    row = accept(
        call.runtime, call.organization_id, said.token, legal_entity_id=said.legal_entity_id,
        staff_email=said.staff_email or call.get(Member, member).email, actor=member,
    )  # fmt: skip
    return TRANSFER.view(row)


def _offered() -> Schema:
    view = TRANSFER.schema()
    token: Schema = {"type": "string", "description": "shown this once: hand it to the organization that takes it over"}
    properties = view["properties"] | {"token": token, "policy": _POLICY}
    return view | {"title": "NewTransfer", "properties": properties, "required": list(properties)}


def _seen() -> Schema:
    full = TransferOffer.model_json_schema(mode="serialization", schema_generator=GenerateJsonSchema)
    properties = {name: full["properties"][name] for name in _SHOWN} | {"policy": _POLICY}
    return {
        "title": "TransferOffer", "type": "object", "properties": properties, "required": list(properties),
        "$defs": full.get("$defs", {}),
    }  # fmt: skip


# The offer without Idempotency-Key: a kept answer would keep the token. Accepting twice is one acceptance.
OPERATIONS = (
    Operation("POST", "/v1/locations/{id}/transfer", _offer, "owner", "location-transfers",
              "Offers a branch to another organization: whoever owns it accepts with the token, within fourteen days",
              _offered, status=201, body=TransferOfferForm, whole=True, fresh=True),
    Operation("POST", "/v1/location-transfers/{id}/withdraw", _withdraw, "owner", "location-transfers",
              "Withdraws an offer that nobody has accepted", TRANSFER.schema, whole=True),
    Operation("POST", "/v1/location-transfers/preview", _look, "owner", "location-transfers",
              "What is offered: the branch, what there is at it, and what becomes of it. A token that is unknown, "
              "ended, withdrawn or taken is answered alike", _seen, body=TransferToken, whole=True, reads=True),
    Operation("POST", "/v1/location-transfers/accept", _accept, "owner", "location-transfers",
              "Takes the branch over. Its links lead to your new location within minutes; nothing takes that back",
              TRANSFER.schema, status=202, body=TransferAcceptance, whole=True, fresh=True, paid=True),
)  # fmt: skip
