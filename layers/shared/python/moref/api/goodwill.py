"""Operations on rewards out of goodwill."""

from typing import Annotated, Any

from pydantic import Field, StrictBool

from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.money import Currency, RewardAmount
from moref.programs.model import RewardType
from moref.referrals.model import Advocate
from moref.rewards.goodwill_model import Goodwill
from moref.tenants.forms import Form, Identifier, Line
from moref.tenants.model import Location

GOODWILL = Resource(
    "goodwill",
    Goodwill,
    words(
        "advocate_id location_id amount currency reward_type words cause reason tax_confirmed asked_by approved_by"
        " status said granted_at reward_id"
    ),
    "rewards that no conversion earned; amounts in minor units",
    STATUS | PLACE | {"advocate_id": "parent"},
    ("goodwill",),
)
ROWS = (GOODWILL,)


class NewGoodwill(Form):
    amount: RewardAmount
    currency: Currency
    reward_type: RewardType = "gift_card"
    words: Annotated[Line, Field(description="what staff hand over, of a custom reward")] | None = None
    reason: Line
    location_id: Identifier = Field(description="whose budget it comes from")
    tax_confirmed: StrictBool = Field(default=False, description="the advocate's tax details are on file elsewhere")


class GoodwillReason(Form):
    reason: Line


def _give(call: Call) -> Any:
    from moref.rewards.goodwill import give

    advocate, location = call.get(Advocate, call.params["id"]), call.get(Location, call.body.location_id)
    now = call.runtime.clock.now()
    wish = Goodwill(
        organization_id=call.organization_id, id=call.new_id("gdw"), created_at=now, updated_at=now,
        **dict(call.body) | {"location_id": location.id}, advocate_id=advocate.id, asked_by=call.caller.member_id,
    )  # fmt: skip
    return GOODWILL.view(give(call.runtime, wish))


def _approve(call: Call) -> Any:
    return GOODWILL.view(_approve_one(call, call.params["id"]))


def _approve_one(call: Call, id: str) -> Goodwill:
    from moref.rewards.goodwill import approve_goodwill

    return approve_goodwill(call.runtime, call.organization_id, call.get(Goodwill, id).id, actor=call.caller.member_id)


def _withdraw(call: Call) -> Any:
    from moref.rewards.goodwill import withdraw_goodwill

    id = call.get(Goodwill, call.params["id"]).id
    found = withdraw_goodwill(
        call.runtime, call.organization_id, id, actor=call.caller.member_id, reason=call.body.reason
    )
    return GOODWILL.view(found)


OPERATIONS = (
    Operation("POST", "/v1/advocates/{id}/goodwill", _give, "admin", "goodwill",
              "Gives an advocate a reward that no conversion earned; above a sum it waits for a second member",
              GOODWILL.schema, body=NewGoodwill, status=201, idempotency="required", paid=True,
              fresh=True),
    Operation("POST", "/v1/goodwill/{id}/approve", _approve, "admin", "goodwill",
              "The second member's yes", GOODWILL.schema, idempotency="required", fresh=True),
    Operation("POST", "/v1/goodwill/approve", bulk(_approve_one), "admin", "goodwill",
              f"The second member's yes to up to {MOST}; says what came of each", OUTCOMES.copy, body=Many,
              idempotency="required", fresh=True),
    Operation("POST", "/v1/goodwill/{id}/withdraw", _withdraw, "admin", "goodwill",
              "Refuses it, or takes it back as long as it is not paid", GOODWILL.schema, body=GoodwillReason,
              idempotency="required"),
)  # fmt: skip
