"""A link was clicked: the message that brought it is marked, and counts by that.

A link's clicks are told once a day (UTC), so a message that leaves after the day's first click is marked by a click of
another day, or by what the e-mail provider tells. A score given on the page behind a message is a click on it, too.
"""

from moref.campaigns.model import Enrollment, Feedback
from moref.messaging.model import Message
from moref.messaging.note_click import note_click
from moref.referrals.model import Link
from moref.reporting.carriers import carriers
from moref.reporting.stages import credited
from moref.runtime import Runtime


def link_clicked(runtime: Runtime, organization_id: str, code: str) -> None:
    """On link.clicked. Raises Conflict after lost races."""
    link = runtime.store.find(Link, organization_id, code)
    if link is None or link.last_clicked_at is None:
        return
    message = credited(carriers(runtime.store, organization_id, code), link.last_clicked_at)
    if message is not None:
        note_click(runtime, organization_id, message.id, link.last_clicked_at)


def feedback_given(runtime: Runtime, organization_id: str, feedback_id: str) -> None:
    """On feedback.given. Raises Conflict after lost races."""
    feedback = runtime.store.find(Feedback, organization_id, feedback_id)
    if feedback is None or feedback.source != "page":
        return
    enrollment = runtime.store.find(Enrollment, organization_id, feedback.enrollment_id)
    ids = [run.message_id for run in enrollment.steps.values() if run.message_id] if enrollment else []
    sent = [message for id in ids if (message := runtime.store.find(Message, organization_id, id)) is not None]
    asking = credited([each for each in sent if "feedback_link" in each.fields], feedback.created_at)
    if asking is not None:
        note_click(runtime, organization_id, asking.id, feedback.created_at)
