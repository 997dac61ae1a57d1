"""The score is in: who is happy is invited to refer, and the branch hears of who is not.

The score decides nothing about the public review link: everybody got that on the page (rules.md "Reviews").
"""

from collections.abc import Callable

from moref.campaigns.catalogue import ASK, INVITE
from moref.campaigns.model import Enrollment, Feedback, StepRun
from moref.campaigns.schedule import schedule_waiting
from moref.campaigns.windows import next_allowed
from moref.intake.model import Contact, Job
from moref.kernel.errors import Conflict
from moref.messaging.plan_message import planned, queue_once
from moref.records import Change, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Link
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

TRIES = 4
EnsureLink = Callable[[Runtime, str, str, str], Link]


def advance(runtime: Runtime, organization_id: str, feedback_id: str, *, ensure_link: EnsureLink = ensure_link) -> None:
    """On feedback.given. Raises NotFound, Conflict after four lost races."""
    store = runtime.store
    feedback = get(store, Feedback, organization_id, feedback_id)
    organization = get(store, Organization, organization_id, organization_id)
    location = get(store, Location, organization_id, feedback.location_id)
    if feedback.score >= setting(organization, location, "feedback_threshold"):
        _invite(runtime, feedback, ensure_link)
    else:
        _settle_unhappy(runtime, feedback)
        if setting(organization, location, "tell_staff_of_low_scores"):
            _tell_staff(runtime, feedback)


def _invite(runtime: Runtime, feedback: Feedback, ensure_link: EnsureLink) -> None:
    for _ in range(TRIES):
        before = get(runtime.store, Enrollment, feedback.organization_id, feedback.enrollment_id)
        if before.path != "waiting" or before.status != "active":
            schedule_waiting(runtime, before)
            return
        link = ensure_link(runtime, feedback.organization_id, before.contact_id, before.location_id)
        now = runtime.clock.now()
        due = next_allowed(now, before.places, before.id) or now
        after = before.changed(
            now, path="happy", link_code=link.id, steps={**_answered(before), INVITE: StepRun(due_at=due)}
        )
        try:
            runtime.store.commit(Change(before, after))
        except Conflict:
            continue
        schedule_waiting(runtime, after)
        return
    raise Conflict("the enrollment is being changed by others")


def _settle_unhappy(runtime: Runtime, feedback: Feedback) -> None:
    for _ in range(TRIES):
        before = get(runtime.store, Enrollment, feedback.organization_id, feedback.enrollment_id)
        if before.path != "waiting":
            return
        status = "finished" if before.status == "active" else before.status
        after = before.changed(
            runtime.clock.now(), path="unhappy", status=status, reason="low_score", steps=_answered(before)
        )
        try:
            runtime.store.commit(Change(before, after))
        except Conflict:
            continue
        return
    raise Conflict("the enrollment is being changed by others")


def _answered(enrollment: Enrollment) -> dict[str, StepRun]:
    """The question need not be asked of somebody who has answered."""
    ask = enrollment.steps[ASK]
    if ask.status != "scheduled":
        return enrollment.steps
    return {**enrollment.steps, ASK: ask.model_copy(update={"status": "skipped", "reason": "answered"})}


def _tell_staff(runtime: Runtime, feedback: Feedback) -> None:
    """One e-mail for each version of the feedback: a comment added later is news."""
    contact = runtime.store.find(Contact, feedback.organization_id, feedback.contact_id)
    job = runtime.store.find(Job, feedback.organization_id, feedback.job_id)
    fields = {"score": str(feedback.score), "comment": feedback.comment, "job": job.external_id if job else ""}
    if contact is not None:
        fields["customer"] = f"{contact.first_name} {contact.last_name}".strip()
        fields |= {"phone": contact.phone or "", "email": contact.email or ""}
    queue_once(
        runtime.store,
        planned(
            runtime,
            feedback.organization_id,
            cause=f"{feedback.id}.low_score.{feedback.version}",
            template="low_score",
            kind="staff",
            location_id=feedback.location_id,
            contact=None,
            fields={name: value for name, value in fields.items() if value},
            enrollment_id=feedback.enrollment_id,
        ),
    )
