"""Staff read a comment otherwise than the rule did: what they say of it counts from then on."""

from moref.campaigns.definition import Sentiment
from moref.campaigns.give_feedback import given
from moref.campaigns.model import Feedback
from moref.kernel.errors import Conflict
from moref.records import Change, Emit, get
from moref.runtime import Runtime
from moref.tenants.audit import audited


def judge_feedback(
    runtime: Runtime, organization_id: str, id: str, *, version: int, sentiment: Sentiment, reason: str, actor: str
) -> Feedback:
    """Emits feedback.given once more: campaigns look at it anew. Raises NotFound, Conflict on an old version."""
    before = get(runtime.store, Feedback, organization_id, id)
    if before.version != version:
        raise Conflict(f"the feedback is at version {before.version}")
    now = runtime.clock.now()
    after = before.changed(now, sentiment=sentiment, sentiment_reason=reason, sentiment_by=actor)
    detail = {"sentiment": sentiment, "previous": before.sentiment, "reason": reason}
    audit = audited(now, organization_id, actor, "feedback.judged", id, **detail)
    runtime.store.commit(Change(before, after), Emit(given(after), now), audit)
    return get(runtime.store, Feedback, organization_id, id)
