"""A customer submits the feedback page."""

from moref.campaigns.model import Enrollment, Feedback
from moref.events import Event
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Emit, get
from moref.runtime import Runtime

TRIES = 4
MAX_COMMENT = 2000


def feedback_id(organization_id: str, enrollment_id: str) -> str:
    return ids.derived("fb", organization_id, enrollment_id)


def give_feedback(
    runtime: Runtime, organization_id: str, enrollment_id: str, *, score: int, comment: str = ""
) -> Feedback:
    """The first score counts; a later submit may add to the comment. Emits feedback.given.

    Raises NotFound, BadInput (field "score"), Conflict after four lost races.
    """
    if not 1 <= score <= 5:
        raise BadInput("choose a score from 1 to 5", field="score")
    for _ in range(TRIES):
        enrollment = get(runtime.store, Enrollment, organization_id, enrollment_id)
        before = runtime.store.find(Feedback, organization_id, feedback_id(organization_id, enrollment_id))
        try:
            if before is None:
                return _first(runtime, enrollment, score, comment.strip()[:MAX_COMMENT])
            return _again(runtime, before, comment.strip())
        except Conflict:
            continue
    raise Conflict("the feedback is being changed by others")


def _first(runtime: Runtime, enrollment: Enrollment, score: int, comment: str) -> Feedback:
    now = runtime.clock.now()
    feedback = Feedback(
        organization_id=enrollment.organization_id,
        id=feedback_id(enrollment.organization_id, enrollment.id),
        created_at=now,
        updated_at=now,
        enrollment_id=enrollment.id,
        contact_id=enrollment.contact_id,
        job_id=enrollment.job_id,
        location_id=enrollment.location_id,
        score=score,
        comment=comment,
    )
    runtime.store.commit(Create(feedback), Emit(_given(feedback), now))
    return feedback


def _again(runtime: Runtime, before: Feedback, comment: str) -> Feedback:
    whole = f"{before.comment}\n{comment}".strip()
    if not comment or comment in before.comment or len(whole) > MAX_COMMENT:
        return before
    now = runtime.clock.now()
    after = before.changed(now, comment=whole)
    runtime.store.commit(Change(before, after), Emit(_given(after), now))
    return after


def _given(feedback: Feedback) -> Event:
    data: dict[str, str | int | bool | None] = {"enrollment_id": feedback.enrollment_id, "score": feedback.score}
    return Event("feedback.given", feedback.organization_id, feedback.id, data)
