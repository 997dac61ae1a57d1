"""The queue of decisions: what waits and since when, one decision or a hundred, second thoughts, and single holds."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import Field

from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation, Schema
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.conversions.model import PROMISE, Conversion, Rule
from moref.kernel.clock import iso
from moref.tenants.forms import Form, Line


def _age(call: Call, one: Conversion) -> int | None:
    since = _asked(one)
    return None if since is None else int((call.runtime.clock.now() - since).total_seconds())


def _due(call: Call, one: Conversion) -> str | None:
    del call
    since = _asked(one)
    return None if since is None else iso(since + PROMISE)


def _asked(one: Conversion) -> datetime | None:
    return one.waiting_since if one.status in ("pending", "held") else None


_AGE: Schema = {
    "type": ["integer", "null"],
    "description": "how long staff have been asked for a decision; null when it is decided, or the policy's",
}
_DUE: Schema = {"type": ["string", "null"], "format": "date-time", "description": "48 hours after staff were asked"}
CONVERSION = Resource(
    "conversions",
    Conversion,
    words(
        "referral_id advocate_id job_id location_id program_id program_version status holds votes qualified_at"
        " waiting_since escalated by_hand ordinal period period_ordinal terms reward_id decided_at decided_by reason"
    ),
    "referrals that reached the qualifying fact",
    STATUS | PLACE | {"referral_id": "parent"},
    ("approval", "hold"),
    extras={"age_seconds": (_AGE, _age), "due_by": (_DUE, _due)},
)


class Approval(Form):
    reason: Line | None = Field(default=None, description="needed when the conversion is held")


class Rejection(Form):
    reason: Line


class Undoing(Form):
    reason: Line | None = None


class Approvals(Many):
    reason: Line | None = Field(default=None, description="needed for those that are held")


class Rejections(Many):
    reason: Line


class HoldDecision(Form):
    rule: Rule
    reason: Line


class Appeal(Form):
    rule: Rule
    note: Line = Field(description="what the advocate, or staff for them, say against it")


def _approve_one(call: Call, id: str) -> Conversion:
    from moref.conversions.approve import approve

    id = call.get(Conversion, id).id
    return approve(
        call.runtime, call.organization_id, id, actor=call.caller.member_id, reason=call.body.reason,
        is_member=call.caller.scopes is None,
    )  # fmt: skip


def _reject_one(call: Call, id: str) -> Conversion:
    from moref.conversions.reject import reject

    id = call.get(Conversion, id).id
    return reject(call.runtime, call.organization_id, id, actor=call.caller.member_id, reason=call.body.reason)


def _shown(call: Call) -> Any:
    return CONVERSION.shown_to(call, call.get(Conversion, call.params["id"]))


def _approve(call: Call) -> Any:
    _approve_one(call, call.params["id"])
    return _shown(call)


def _reject(call: Call) -> Any:
    _reject_one(call, call.params["id"])
    return _shown(call)


def _undo(call: Call) -> Any:
    from moref.conversions.undo import undo

    id = call.get(Conversion, call.params["id"]).id
    undo(call.runtime, call.organization_id, id, actor=call.caller.member_id, reason=call.body.reason)
    return _shown(call)


def _hold(name: str) -> Callable[[Call], Any]:
    def does(call: Call) -> Any:
        from moref.conversions import hold_decisions

        id, said = call.get(Conversion, call.params["id"]).id, call.body
        who: dict[str, Any] = {"actor": call.caller.member_id, "reason": said.reason}
        if name == "close":
            is_member = call.caller.scopes is None
            hold_decisions.close_hold(call.runtime, call.organization_id, id, said.rule, is_member=is_member, **who)
        else:
            hold_decisions.reopen_hold(call.runtime, call.organization_id, id, said.rule, **who)
        return _shown(call)

    return does


def _appeal(call: Call) -> Any:
    from moref.conversions.hold_decisions import appeal_hold

    id, actor = call.get(Conversion, call.params["id"]).id, call.caller.member_id
    appeal_hold(call.runtime, call.organization_id, id, call.body.rule, actor=actor, note=call.body.note)
    return _shown(call)


OPERATIONS = (
    Operation("POST", "/v1/conversions/{id}/approve", _approve, "admin", "conversions",
              "Approves: makes the reward, which is released after ten minutes; one that needs two members stays held "
              "after the first: above the program's sum, and where whoever approves has lifted a hold about a member "
              "of staff or a self-referral", CONVERSION.schema, body=Approval, body_optional=True,
              idempotency="required"),
    Operation("POST", "/v1/conversions/{id}/reject", _reject, "admin", "conversions", "Rejects, with a reason",
              CONVERSION.schema, body=Rejection, idempotency="optional"),
    Operation("POST", "/v1/conversions/{id}/undo", _undo, "admin", "conversions",
              "Takes an approval back, within ten minutes", CONVERSION.schema, body=Undoing, body_optional=True,
              idempotency="optional"),
    Operation("POST", "/v1/conversions/approve", bulk(_approve_one), "admin", "conversions",
              f"Approves up to {MOST}, in this order; says what came of each", OUTCOMES.copy, body=Approvals,
              idempotency="required"),
    Operation("POST", "/v1/conversions/reject", bulk(_reject_one), "admin", "conversions",
              f"Rejects up to {MOST}; says what came of each", OUTCOMES.copy, body=Rejections, idempotency="required"),
    Operation("POST", "/v1/conversions/{id}/holds/close", _hold("close"), "admin", "conversions",
              "Sets one hold aside, with a reason; whoever does so with `employee` or `self_referral` does not approve "
              "alone", CONVERSION.schema, body=HoldDecision, idempotency="optional"),
    Operation("POST", "/v1/conversions/{id}/holds/reopen", _hold("reopen"), "admin", "conversions",
              "Lets one hold count again, with a reason", CONVERSION.schema, body=HoldDecision, idempotency="optional"),
    Operation("POST", "/v1/conversions/{id}/holds/appeal", _appeal, "admin", "conversions",
              "Writes down what is said against a hold; it decides nothing", CONVERSION.schema, body=Appeal,
              idempotency="optional"),
)  # fmt: skip
