"""What staff say of a customer's feedback: how it is to be read, and that they have looked after it."""

from moref.campaigns.definition import Sentiment
from moref.campaigns.give_feedback import given
from moref.campaigns.model import Feedback
from moref.kernel.errors import Conflict
from moref.records import Change, Emit, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 4


def judge_feedback(
    runtime: Runtime, organization_id: str, id: str, *, version: int, sentiment: Sentiment, reason: str, actor: str
) -> Feedback:
    """Their reading counts from then on, whatever the rule said. Emits feedback.given once more: campaigns look at it
    anew. Raises NotFound, Conflict on an old version."""
    before = get(runtime.store, Feedback, organization_id, id)
    if before.version != version:
        raise Conflict(f"the feedback is at version {before.version}")
    now = runtime.clock.now()
    after = before.changed(now, sentiment=sentiment, sentiment_reason=reason, sentiment_by=actor)
    detail = {"sentiment": sentiment, "previous": before.sentiment, "reason": reason}
    audit = audited(now, organization_id, actor, "feedback.judged", id, **detail)
    runtime.store.commit(Change(before, after), Emit(given(after), now), audit)
    return get(runtime.store, Feedback, organization_id, id)


def mark_handled(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Feedback:
    """Who marked it first stands. Raises NotFound, Conflict after four lost races."""
    for _ in range(TRIES):
        before = get(runtime.store, Feedback, organization_id, id)
        if before.handled_at is not None:
            return before
        now = runtime.clock.now()
        after = before.changed(now, handled_at=now, handled_by=actor)
        try:
            runtime.store.commit(Change(before, after), audited(now, organization_id, actor, "feedback.handled", id))
        except Conflict:
            continue
        return get(runtime.store, Feedback, organization_id, id)
    raise Conflict("the feedback is being changed by others")
