"""Staff make somebody an advocate: a partner, a campaign of the house, or a customer."""

from typing import Any, Literal

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.programs import ADVOCATE
from moref.api.resources import LINK
from moref.tenants.forms import Form, Identifier, Line
from moref.tenants.model import Location


class NewAdvocate(Form):
    kind: Literal["customer", "partner", "house"] = "partner"
    location_id: Identifier
    first_name: Line = Field(description="or the name of the partner's company, or of the house's campaign")
    last_name: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    tier_group: Line | None = None


def _onboard(call: Call) -> Any:
    from moref.referrals.onboard_advocate import Newcomer, onboard_advocate

    body = call.body
    newcomer = Newcomer(
        kind=body.kind, location_id=call.get(Location, body.location_id).id, first_name=body.first_name,
        last_name=body.last_name or "", phone=body.phone, email=body.email, tier_group=body.tier_group,
    )  # fmt: skip
    advocate, link = onboard_advocate(call.runtime, call.organization_id, newcomer, actor=call.caller.member_id)
    url = f"{call.runtime.settings.base_url}/r/{link.id}"
    return {"advocate": ADVOCATE.view(advocate), "link": LINK.view(link), "url": url}


def _answer() -> Schema:
    return {
        "type": "object",
        "properties": {"advocate": ADVOCATE.schema(), "link": LINK.schema(), "url": {"type": "string"}},
        "required": ["advocate", "link", "url"],
    }


OPERATIONS = (
    Operation("POST", "/v1/advocates", _onboard, "admin", "advocates",
              "Makes somebody an advocate with a permanent link; a partner is welcomed by the campaign for partners",
              _answer, status=201, body=NewAdvocate, idempotency="optional", paid=True),
)  # fmt: skip
