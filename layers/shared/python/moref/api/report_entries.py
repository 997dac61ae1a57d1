"""What staff enter for the reports: what advertising cost, and the names advocates agreed to be shown by."""

from typing import Any

from pydantic import AwareDatetime, Field, StrictInt

from moref.api.operation import Call, Operation
from moref.api.resource import PLACE, Resource, words
from moref.kernel.errors import NotFound
from moref.money import Currency, Minor
from moref.referrals.model import Advocate
from moref.reporting.ad_spend import AdSpend
from moref.reporting.display_name import DisplayName
from moref.tenants.forms import Form, Line
from moref.tenants.model import Location

AD_SPEND = Resource(
    "ad-spend",
    AdSpend,
    words("month source location_id amount currency bookings"),
    "what advertising cost in a month, as you entered it; amounts in minor units",
    PLACE | {"month": "parent"},
    least="admin",
)
DISPLAY_NAME = Resource(
    "display-names", DisplayName, words("name agreed_at source"), "names that advocates agreed to be shown by; id is "
    "the advocate's; null: no longer", whole=True,
)  # fmt: skip
ENTRY_ROWS = (AD_SPEND, DISPLAY_NAME)


class Spent(Form):
    version: StrictInt = Field(ge=0, description="0 enters it; else of the copy you read")
    amount: Minor
    currency: Currency
    bookings: StrictInt | None = Field(default=None, ge=0, le=1_000_000, description="customers that it brought")


class Agreed(Form):
    name: Line = Field(max_length=40)
    agreed_at: AwareDatetime = Field(strict=False)
    source: Line = Field(description="how they said so: on the phone, by e-mail ...")


def _spend(call: Call) -> Any:
    from moref.reporting.ad_spend import named, save_ad_spend

    _, _, location_id = named(call.params["id"])
    if location_id is None and call.caller.location_ids is not None:
        raise NotFound
    if location_id is not None:
        call.get(Location, location_id)
    fields = call.body.model_dump(exclude={"version"})
    made = save_ad_spend(
        call.runtime, call.organization_id, call.params["id"], call.body.version, fields, actor=call.caller.member_id
    )
    return AD_SPEND.view(made)


def _agree(call: Call) -> Any:
    from moref.reporting.display_name import agree

    advocate, body = call.get(Advocate, call.params["id"]), call.body
    made = agree(
        call.runtime, call.organization_id, advocate.id, body.name, agreed_at=body.agreed_at, source=body.source,
        actor=call.caller.member_id,
    )  # fmt: skip
    return DISPLAY_NAME.view(made)


def _forget(call: Call) -> Any:
    from moref.reporting.display_name import forget

    advocate = call.get(Advocate, call.params["id"])
    return DISPLAY_NAME.view(forget(call.runtime, call.organization_id, advocate.id, actor=call.caller.member_id))


OPERATIONS = (
    Operation("PUT", "/v1/ad-spend/{id}", _spend, "admin", "ad-spend",
              "Enters or corrects what advertising cost; id is <month>.<source>, such as 2026-11.google-ads, or "
              "<month>.<source>.<location> for a branch", AD_SPEND.schema, body=Spent),
    Operation("PUT", "/v1/advocates/{id}/display-name", _agree, "admin", "advocates",
              "Notes that the advocate agreed to be shown by this name on leaderboards", DISPLAY_NAME.schema,
              body=Agreed),
    Operation("DELETE", "/v1/advocates/{id}/display-name", _forget, "admin", "advocates",
              "The advocate is shown by an initial only, as before they agreed to a name", DISPLAY_NAME.schema),
)  # fmt: skip
