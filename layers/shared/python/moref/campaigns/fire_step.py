"""A step is due. The schedule may fire twice, late, or for a journey that is over: everything is looked at again."""

from datetime import datetime

from moref.campaigns.catalogue import CAMPAIGNS, INVITE, REMIND, Step
from moref.campaigns.enroll import completed
from moref.campaigns.give_feedback import feedback_id
from moref.campaigns.model import Enrollment, Feedback, StepRun
from moref.campaigns.schedule import schedule_waiting
from moref.campaigns.stop import stop
from moref.campaigns.waits import days_later
from moref.campaigns.windows import next_allowed
from moref.intake.model import Contact, Job
from moref.kernel.errors import Conflict
from moref.messaging.plan_message import message_id, planned
from moref.records import Change, Write, get
from moref.referrals.model import Link
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

TRIES = 4


def fire_step(runtime: Runtime, organization_id: str, enrollment_id: str, step: str) -> None:
    """Queues the step's message, moves the step to the next window, or settles it with a reason; all in one commit."""
    for _ in range(TRIES):
        before = runtime.store.find(Enrollment, organization_id, enrollment_id)
        if before is None:
            return
        writes = _decide(runtime, before, step)
        if not writes:
            schedule_waiting(runtime, before)  # its next step may not have reached the schedule
            return
        try:
            runtime.store.commit(*writes)
        except Conflict:
            continue
        schedule_waiting(runtime, get(runtime.store, Enrollment, organization_id, enrollment_id))
        return
    raise Conflict("the enrollment is being changed by others")


def _decide(runtime: Runtime, before: Enrollment, step: str) -> tuple[Write, ...]:
    run, now = before.steps.get(step), runtime.clock.now()
    if before.status != "active" or run is None or run.status != "scheduled" or now < run.due_at:
        return ()
    contact = runtime.store.find(Contact, before.organization_id, before.contact_id)
    job = runtime.store.find(Job, before.organization_id, before.job_id)
    if contact is None or job is None or completed(job) is None:
        stop(runtime, before.organization_id, before.id, "contact_gone" if contact is None else "job_cancelled")
        return ()
    plan = CAMPAIGNS[before.campaign].steps[step]
    reason = _moot(runtime, before, step, plan)
    allowed = next_allowed(now, before.places, before.id)
    if reason is None and allowed is None:
        reason = "no_window"
    if reason is not None:
        return (
            Change(before, _settled(before, step, run.model_copy(update={"status": "skipped", "reason": reason}), now)),
        )
    if allowed is not None and allowed > now:
        moved = {**before.steps, step: run.model_copy(update={"due_at": allowed})}
        return (Change(before, before.changed(now, steps=moved)),)
    return _send(runtime, before, step, contact)


def _moot(runtime: Runtime, before: Enrollment, step: str, plan: Step) -> str | None:
    """Why the step has nothing to do any more."""
    if before.path != plan.path:
        return "answered"
    if step == REMIND and before.link_code:
        link = runtime.store.find(Link, before.organization_id, before.link_code)
        if link is not None and link.first_clicked_at is not None:
            return "clicked"
    return None


def _settled(before: Enrollment, step: str, run: StepRun, now: datetime) -> Enrollment:
    """The last step of the campaign ends the enrollment."""
    ends = step == REMIND
    return before.changed(
        now, steps={**before.steps, step: run}, **({"status": "finished", "reason": "all_steps"} if ends else {})
    )


def _send(runtime: Runtime, before: Enrollment, step: str, contact: Contact) -> tuple[Write, ...]:
    plan, run = CAMPAIGNS[before.campaign].steps[step], before.steps[step]
    now, cause = runtime.clock.now(), f"{before.id}.{step}"
    done = run.model_copy(update={"status": "done", "message_id": message_id(before.organization_id, cause)})
    after = _settled(before, step, done, now)
    if step == INVITE:
        due = _remind_due(runtime, before, now)
        after = after.changed(now, steps={**after.steps, REMIND: StepRun(due_at=due)})
    return (
        Change(before, after),
        *planned(
            runtime,
            before.organization_id,
            cause=cause,
            template=plan.template,
            kind="marketing",
            location_id=before.location_id,
            contact=contact,
            fields=_links(runtime, before, plan),
            enrollment_id=before.id,
            step=step,
            places=before.places,
            prompted_at=_prompted_at(runtime, before) if step == INVITE else None,
        ),
    )


def _prompted_at(runtime: Runtime, enrollment: Enrollment) -> datetime | None:
    """When the person gave the score that the invitation answers."""
    key = feedback_id(enrollment.organization_id, enrollment.id)
    feedback = runtime.store.find(Feedback, enrollment.organization_id, key)
    return feedback.created_at if feedback else None


def _links(runtime: Runtime, enrollment: Enrollment, plan: Step) -> dict[str, str]:
    base = runtime.settings.base_url
    if plan.path == "waiting":
        return {"feedback_link": f"{base}/review/{enrollment.token}"}
    return {"referral_link": f"{base}/r/{enrollment.link_code}"}


def _remind_due(runtime: Runtime, enrollment: Enrollment, now: datetime) -> datetime:
    organization = get(runtime.store, Organization, enrollment.organization_id, enrollment.organization_id)
    location = get(runtime.store, Location, enrollment.organization_id, enrollment.location_id)
    later = days_later(now, setting(organization, location, "remind_after_days"), enrollment.places)
    return next_allowed(later, enrollment.places, enrollment.id) or later
