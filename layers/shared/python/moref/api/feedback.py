"""Operations on what customers said of their job."""

from typing import Any, Literal

from pydantic import Field

from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation
from moref.api.resource import PLACE, Resource, words
from moref.campaigns.judge_feedback import judge_feedback, mark_handled
from moref.campaigns.model import Feedback
from moref.tenants.forms import Form, Line, Version

FEEDBACK = Resource(
    "feedback",
    Feedback,
    words(
        "enrollment_id contact_id job_id location_id score comment source sentiment sentiment_reason sentiment_by"
        " low handled_at handled_by"
    ),
    "scores and comments, and how they were read",
    PLACE | {"contact_id": "parent"},
    ("low_score",),
)


class SentimentOf(Form):
    version: Version
    sentiment: Literal["positive", "neutral", "negative"]
    reason: Line = Field(description="why the rule was wrong; shown wherever the sentiment is")


def _judge(call: Call) -> Any:
    id, said = call.get(Feedback, call.params["id"]).id, call.body
    judged = judge_feedback(
        call.runtime, call.organization_id, id, version=said.version, sentiment=said.sentiment, reason=said.reason,
        actor=call.caller.member_id,
    )  # fmt: skip
    return FEEDBACK.view(judged)


def _handled(call: Call) -> Any:
    return FEEDBACK.view(_handled_one(call, call.params["id"]))


def _handled_one(call: Call, id: str) -> Feedback:
    return mark_handled(call.runtime, call.organization_id, call.get(Feedback, id).id, actor=call.caller.member_id)


OPERATIONS = (
    Operation("POST", "/v1/feedback/{id}/sentiment", _judge, "admin", "feedback",
              "Says how the customer feels when the rule read it wrongly; campaigns look at it anew", FEEDBACK.schema,
              body=SentimentOf),
    Operation("POST", "/v1/feedback/{id}/handled", _handled, "admin", "feedback",
              "Somebody has looked after the customer: the low score asks for nothing any more", FEEDBACK.schema),
    Operation("POST", "/v1/feedback/handled", bulk(_handled_one), "admin", "feedback",
              f"The same of up to {MOST}; says what came of each", OUTCOMES.copy, body=Many),
)  # fmt: skip
