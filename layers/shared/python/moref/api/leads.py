"""Operations on leads that the CRM did not take."""

from typing import Any

from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.referrals.model import Lead

LEAD = Resource(
    "leads",
    Lead,
    words(
        "location_id contact_id referral_id code origin destination move_date notes status attempts"
        " next_attempt_at branch_told_at reason entered_at entered_by"
    ),
    "filled-in quote forms and their hand-over to the CRM",
    STATUS | PLACE,
    ("lead",),
)


def _entered(call: Call) -> Any:
    return LEAD.view(_entered_one(call, call.params["id"]))


def _entered_one(call: Call, id: str) -> Lead:
    from moref.referrals.enter_lead import enter_lead

    return enter_lead(call.runtime, call.organization_id, call.get(Lead, id).id, actor=call.caller.member_id)


OPERATIONS = (
    Operation("POST", "/v1/leads/{id}/entered", _entered, "admin", "leads",
              "Somebody has entered it into the CRM by hand: it asks for nothing any more", LEAD.schema),
    Operation("POST", "/v1/leads/entered", bulk(_entered_one), "admin", "leads",
              f"The same of up to {MOST}; says what came of each", OUTCOMES.copy, body=Many),
)  # fmt: skip
