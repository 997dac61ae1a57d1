"""Rewards by hand: marked, sent again, owed back; discount codes redeemed."""

from typing import Any, Literal

from pydantic import Field

from moref.api.operation import Call, Operation
from moref.api.resources_benefits import DEBT, DISCOUNT_CODE, REWARD
from moref.conversions.model import Conversion
from moref.intake.model import Job
from moref.kernel.errors import Conflict
from moref.money import Minor
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.model import Reward
from moref.tenants.forms import Form, Identifier, Line


class Mark(Form):
    status: Literal["issued", "redeemed"]
    reason: Line = Field(description="kept in the audit")


class Redemption(Form):
    job_id: Identifier | None = None
    price: Minor | None = Field(default=None, description="before the discount; by default the job's amount")


class Why(Form):
    reason: Line = Field(description="kept in the audit")


def _mark(call: Call) -> Any:
    from moref.rewards.mark import mark

    id, body = call.get(Reward, call.params["id"]).id, call.body
    actor = call.caller.member_id
    return REWARD.view(mark(call.runtime, call.organization_id, id, body.status, actor=actor, reason=body.reason))


def _resend(call: Call) -> Any:
    from moref.rewards.resend import resend

    id = call.get(Reward, call.params["id"]).id
    return REWARD.view(resend(call.runtime, call.organization_id, id, actor=call.caller.member_id))


def _redeem(call: Call) -> Any:
    from moref.kernel.codes import normalise
    from moref.rewards.redeem import redeem

    given = call.params["id"]
    id, body = call.get(DiscountCode, normalise(given) or given).id, call.body
    job_id = call.get(Job, body.job_id).id if body.job_id else None
    actor = call.caller.member_id
    used = redeem(call.runtime, call.organization_id, id, job_id=job_id, price=body.price, actor=actor)
    return DISCOUNT_CODE.view(used)


def _owe(call: Call) -> Any:
    """For fraud; what is owed after a cancellation is recorded by itself."""
    from moref.rewards.debts import allowed, record

    reward, org = call.get(Reward, call.params["id"]), call.organization_id
    if reward.conversion_id is None:
        raise Conflict("no program gave this reward, so no terms say that it can be owed back")
    one = call.get(Conversion, reward.conversion_id)
    if not allowed(call.runtime.store, org, one.program_id, one.advocate_id, one.terms):
        raise Conflict("the advocate has accepted no terms by which a paid reward is owed back")
    actor = call.caller.member_id
    debt = record(call.runtime, reward, cause="fraud", words=call.body.reason, actor=actor)
    if debt is None:
        raise Conflict("nothing was paid by this reward that could be owed back")
    return DEBT.view(debt)


def _let_go(call: Call) -> Any:
    from moref.rewards.debts import release

    reward = call.get(Reward, call.params["id"])
    debt = release(call.runtime, reward, actor=call.caller.member_id, words=call.body.reason)
    if debt is None:
        raise Conflict("nothing is owed for this reward")
    return DEBT.view(debt)


OPERATIONS = (
    Operation("POST", "/v1/rewards/{id}/mark", _mark, "admin", "rewards",
              "Marks a reward as issued or redeemed by hand; never pays anything", REWARD.schema, body=Mark,
              idempotency="optional", fresh=True),
    Operation("POST", "/v1/rewards/{id}/resend", _resend, "admin", "rewards",
              "Tells the person of their code or credit again, or has the provider deliver again what it could not",
              REWARD.schema, idempotency="required"),
    Operation("POST", "/v1/rewards/{id}/debt", _owe, "admin", "rewards",
              "After fraud: a paid reward is owed back by the terms that the advocate accepted", DEBT.schema, body=Why,
              idempotency="optional"),
    Operation("POST", "/v1/rewards/{id}/debt/release", _let_go, "admin", "rewards", "Lets go what is still owed",
              DEBT.schema, body=Why, idempotency="optional", fresh=True),
    Operation("POST", "/v1/discount-codes/{id}/redeem", _redeem, "admin", "discount-codes",
              "Redeems a discount code, once; the answer says how much is off", DISCOUNT_CODE.schema, body=Redemption,
              idempotency="required"),
)  # fmt: skip
