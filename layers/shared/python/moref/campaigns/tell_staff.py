"""A low score: the branch hears of it at once, and again when a comment is added."""

from moref.campaigns.model import Feedback
from moref.intake.model import Contact, Job
from moref.messaging.plan_message import planned, queue_once
from moref.records import get
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting


def tell_staff(runtime: Runtime, feedback: Feedback) -> None:
    """For a score below the threshold; a comment added later is one more e-mail, a judgement of its tone is not.

    Raises NotFound.
    """
    organization = get(runtime.store, Organization, feedback.organization_id, feedback.organization_id)
    location = get(runtime.store, Location, feedback.organization_id, feedback.location_id)
    if not feedback.low or not setting(organization, location, "tell_staff_of_low_scores"):
        return
    mail = planned(
        runtime,
        feedback.organization_id,
        cause=f"{feedback.id}.low_score.{len(feedback.comment)}",
        template="low_score",
        kind="staff",
        location_id=feedback.location_id,
        contact=None,
        fields=_fields(runtime, feedback),
        enrollment_id=feedback.enrollment_id,
    )
    queue_once(runtime.store, mail)


def _fields(runtime: Runtime, feedback: Feedback) -> dict[str, str]:
    contact = runtime.store.find(Contact, feedback.organization_id, feedback.contact_id)
    job = runtime.store.find(Job, feedback.organization_id, feedback.job_id)
    fields = {"score": str(feedback.score), "comment": feedback.comment, "job": job.external_id if job else ""}
    if contact is not None:
        fields["customer"] = f"{contact.first_name} {contact.last_name}".strip()
        fields |= {"phone": contact.phone or "", "email": contact.email or ""}
    return {name: value for name, value in fields.items() if value}
