"""A customer gives a score: on the feedback page, or in answer to the text that asked for it."""

from typing import Literal

from moref.campaigns.model import Enrollment, Feedback
from moref.campaigns.sentiment import judge
from moref.events import Event
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Emit, Write, get
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

TRIES = 4
MAX_COMMENT = 2000
BY_RULE = "rule"
Source = Literal["page", "sms", "whatsapp"]


def feedback_id(organization_id: str, enrollment_id: str) -> str:
    return ids.derived("fb", organization_id, enrollment_id)


def give_feedback(
    runtime: Runtime, organization_id: str, enrollment_id: str, *, score: int, comment: str = ""
) -> Feedback:
    """The first score counts; a later submit may add to the comment. Emits feedback.given.

    Raises NotFound, BadInput (field "score"), Conflict after four lost races.
    """
    for _ in range(TRIES):
        enrollment = get(runtime.store, Enrollment, organization_id, enrollment_id)
        before = runtime.store.find(Feedback, organization_id, feedback_id(organization_id, enrollment_id))
        if before is None:
            writes = first_feedback(runtime, enrollment, score=score, comment=comment, source="page")
        else:
            writes = _again(runtime, before, comment.strip())
        if writes:
            try:
                runtime.store.commit(*writes)
            except Conflict:
                continue
        return get(runtime.store, Feedback, organization_id, feedback_id(organization_id, enrollment_id))
    raise Conflict("the feedback is being changed by others")


def first_feedback(
    runtime: Runtime, enrollment: Enrollment, *, score: int, comment: str, source: Source
) -> tuple[Write, ...]:
    """The writes of an enrollment's first score, for the commit of whatever it came with. Raises BadInput."""
    if not 1 <= score <= 5:
        raise BadInput("choose a score from 1 to 5", field="score")
    now, words, org = runtime.clock.now(), comment.strip()[:MAX_COMMENT], enrollment.organization_id
    location = get(runtime.store, Location, org, enrollment.location_id)
    threshold = setting(get(runtime.store, Organization, org, org), location, "feedback_threshold")
    judged = judge(score, words)
    feedback = Feedback(
        organization_id=org,
        id=feedback_id(org, enrollment.id),
        created_at=now,
        updated_at=now,
        enrollment_id=enrollment.id,
        contact_id=enrollment.contact_id,
        job_id=enrollment.job_id,
        location_id=enrollment.location_id,
        score=score,
        comment=words,
        source=source,
        sentiment=judged.sentiment,
        sentiment_reason=judged.reason,
        low=score < threshold,
    )
    return Create(feedback), Emit(given(feedback), now)


def given(feedback: Feedback) -> Event:
    """feedback.given, of a copy that is about to be committed: it comes again with every change of the feedback."""
    data: dict[str, str | int | bool | None] = {
        "enrollment_id": feedback.enrollment_id,
        "score": feedback.score,
        "sentiment": feedback.sentiment,
        "feedback_version": feedback.version + 1,
    }
    return Event("feedback.given", feedback.organization_id, feedback.id, data)


def _again(runtime: Runtime, before: Feedback, comment: str) -> tuple[Write, ...]:
    whole = f"{before.comment}\n{comment}".strip()
    if not comment or comment in before.comment or len(whole) > MAX_COMMENT:
        return ()
    now = runtime.clock.now()
    after = before.changed(now, comment=whole)
    if before.sentiment_by == BY_RULE:  # what staff judged stays
        judged = judge(before.score, whole)
        after = after.changed(now, sentiment=judged.sentiment, sentiment_reason=judged.reason)
    return Change(before, after), Emit(given(after), now)
