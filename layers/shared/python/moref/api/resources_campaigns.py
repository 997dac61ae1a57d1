"""Who is in which campaign, how far, and what comes next; and what campaigns ask of staff."""

from typing import Any
from zoneinfo import ZoneInfo

from moref.api.operation import Call, Schema
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.campaigns.model import Enrollment, StaffTask
from moref.messaging.model import Message

_NULL_TEXT: Schema = {"type": ["string", "null"]}
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
_STEP: Schema = {
    "type": "object",
    "properties": {
        "step": {"type": "string"},
        "status": {"type": "string", "enum": ["scheduled", "done", "skipped", "cancelled"]},
        "reason": _NULL_TEXT | {"description": "why skipped or cancelled; which way a branch went"},
        "at": _TIME | {"description": "when it happened, or will"},
        "local": _TIME | {"description": "the same moment on the recipient's clock"},
        "zone": _NULL_TEXT,
        "message_id": _NULL_TEXT,
        "message_status": _NULL_TEXT | {"description": "in a list null: read the enrollment, or the message"},
        "message_reason": _NULL_TEXT | {"description": "why the message was skipped or failed"},
    },
    "required": ["step", "status", "reason", "at", "local", "zone", "message_id", "message_status", "message_reason"],
}
_JOURNEY: Schema = {"type": "array", "items": _STEP, "description": "by time; the last may be still to come"}


def _journey(call: Call, enrollment: Enrollment) -> list[dict[str, Any]]:
    zone = enrollment.places[0].zone if enrollment.places else None
    found = []
    for name, run in sorted(enrollment.steps.items(), key=lambda each: each[1].done_at or each[1].due_at):
        at = run.done_at or run.due_at
        message = _message(call, run.message_id)
        found.append(
            {
                "step": name,
                "status": run.status,
                "reason": run.reason,
                "at": at.isoformat(),
                "local": at.astimezone(ZoneInfo(zone)).isoformat() if zone else None,
                "zone": zone,
                "message_id": run.message_id,
                "message_status": message.status if message else None,
                "message_reason": message.reason if message else None,
            }
        )
    return found


def _message(call: Call, id: str | None) -> Message | None:
    """One enrollment's messages are read, not those of a whole list."""
    if id is None or "id" not in call.params:
        return None
    return call.runtime.store.find(Message, call.organization_id, id)


ENROLLMENT = Resource(
    "enrollments",
    Enrollment,
    words(
        "campaign_id version_id trigger cause began_at contact_id job_id feedback_id referral_id location_id status"
        " reason at link_code"
    ),
    "people in campaigns: what happened, what was skipped and why, what comes next",
    STATUS | PLACE | {"contact_id": "parent"},
    extras={"journey": (_JOURNEY, _journey)},
)
TASK = Resource(
    "tasks",
    StaffTask,
    words("words location_id contact_id source status done_by done_at"),
    "what campaigns ask of a location's staff; source is the enrollment",
    STATUS | PLACE | {"contact_id": "parent"},
    ("task",),
)
CAMPAIGN_ROWS = (ENROLLMENT, TASK)
