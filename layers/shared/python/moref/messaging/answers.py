"""A reply that answers the question for a score: which question it answers, and the feedback it becomes."""

from collections.abc import Sequence
from datetime import timedelta

from moref.campaigns.give_feedback import feedback_id, first_feedback
from moref.campaigns.model import Enrollment, Feedback
from moref.intake.model import Contact
from moref.messaging.model import Channel, Message
from moref.messaging.replies import score_of
from moref.records import Write
from moref.runtime import Runtime

WITHIN = timedelta(days=30)  # a number that comes later answers something else
LOOKED_AT = 50  # messages of the person, newest first
_LEFT = ("sent", "delivered", "undelivered", "unknown")


def answer_writes(
    runtime: Runtime, contacts: Sequence[Contact], body: str, channel: Channel
) -> tuple[Enrollment, tuple[Write, ...]] | None:
    """The enrollment whose question this answers, and the writes of its feedback; None when it is no score, or nobody
    asked for one. The text is kept as the comment unless it is nothing but the score."""
    score = score_of(body)
    if score is None or channel == "email":
        return None
    asked = open_question(runtime, contacts)
    if asked is None:
        return None
    comment = "" if len(body.split()) == 1 else body
    return asked, first_feedback(runtime, asked, score=score, comment=comment, source=channel)


def open_question(runtime: Runtime, contacts: Sequence[Contact]) -> Enrollment | None:
    """The newest enrollment whose question was sent to one of them and is not answered."""
    since = runtime.clock.now() - WITHIN
    sent = [
        message
        for contact in contacts
        for message in runtime.store.list(
            Message, contact.organization_id, parent=contact.id, since=since, limit=LOOKED_AT
        ).items
        if message.direction == "out" and message.status in _LEFT and message.enrollment_id is not None
    ]
    for message in sorted(sent, key=lambda one: one.sent_at or one.created_at, reverse=True):
        enrollment = runtime.store.find(Enrollment, message.organization_id, message.enrollment_id)
        if enrollment is None or not _asks(message, enrollment):
            continue
        id = feedback_id(enrollment.organization_id, enrollment.id)
        if runtime.store.find(Feedback, enrollment.organization_id, id) is None:
            return enrollment
    return None


def _asks(message: Message, enrollment: Enrollment) -> bool:
    """It led to the page that takes the score."""
    return any(f"/review/{enrollment.token}" in value for value in message.fields.values())
