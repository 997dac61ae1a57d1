"""Operations on one person's way through a campaign, and on staff's tasks."""

from typing import Any

from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation
from moref.api.resources_campaigns import ENROLLMENT, TASK
from moref.campaigns.model import Enrollment, StaffTask
from moref.campaigns.staff_decide import mark_task, stop_by_staff
from moref.tenants.forms import Form, Line


class StopEnrollment(Form):
    reason: Line


def _stop(call: Call) -> Any:
    id = call.get(Enrollment, call.params["id"]).id
    found = stop_by_staff(call.runtime, call.organization_id, id, call.body.reason, actor=call.caller.member_id)
    return ENROLLMENT.shown_to(call, found)


def _done(call: Call) -> Any:
    return TASK.view(_done_one(call, call.params["id"]))


def _undone(call: Call) -> Any:
    return TASK.view(_marked(call, call.params["id"], done=False))


def _done_one(call: Call, id: str) -> StaffTask:
    return _marked(call, id, done=True)


def _marked(call: Call, id: str, *, done: bool) -> StaffTask:
    id = call.get(StaffTask, id).id
    return mark_task(call.runtime, call.organization_id, id, done=done, actor=call.caller.member_id)


OPERATIONS = (
    Operation("POST", "/v1/enrollments/{id}/stop", _stop, "admin", "enrollments",
              "Takes a person off a campaign: nothing more of it is sent to them", ENROLLMENT.schema,
              body=StopEnrollment),
    Operation("POST", "/v1/tasks/{id}/done", _done, "admin", "tasks", "Marks a task as done", TASK.schema),
    Operation("POST", "/v1/tasks/done", bulk(_done_one), "admin", "tasks",
              f"Marks up to {MOST} tasks as done; says what came of each", OUTCOMES.copy, body=Many),
    Operation("POST", "/v1/tasks/{id}/undone", _undone, "admin", "tasks", "It is to be done after all", TASK.schema),
)  # fmt: skip
