"""What a walk wants done, as the writes of the commit that records it: messages, and tasks for staff."""

from collections.abc import Callable, Sequence

from moref.campaigns.definition import Definition, Send, Task
from moref.campaigns.fairness import opinion_matters, review_fairness
from moref.campaigns.model import Enrollment, StaffTask
from moref.campaigns.walk import Walked
from moref.intake.model import Contact, Job
from moref.kernel import ids
from moref.kernel.errors import BadInput
from moref.messaging.model import CARRIES
from moref.messaging.plan_message import fields_needed, message_id, planned
from moref.messaging.review_links import has_review_link
from moref.records import Create, Point, Write
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Link
from moref.runtime import Runtime
from moref.tenants.model import Location

EnsureLink = Callable[[Runtime, str, str, str], Link]
# The person did something themselves and the first message answers it: on that day the daily cap does not hold it back.
_PROMPTED = ("feedback_given", "quoted")
UNUSABLE, UNFAIR = "template_unusable", "unfair_review_link"


def done(
    runtime: Runtime,
    enrollment: Enrollment,
    walked: Walked,
    contact: Contact,
    definition: Definition,
    *,
    link_of: EnsureLink = ensure_link,
) -> tuple[Enrollment, list[Write]]:
    """The enrollment after the walk, and the further writes of its commit.

    Only the advocate's link, which is theirs for ever, is made beforehand. A message that cannot be made, because its
    template is gone or needs a page this person does not have, is skipped with the reason; so is one that would bring
    the review link to people of some opinion only.
    """
    to = walked.position
    after = enrollment.changed(runtime.clock.now(), at=to.at, steps=to.steps, status=to.status, reason=to.reason)
    writes: list[Write] = []
    for name, step in walked.effects:
        if isinstance(step, Task):
            writes += task_writes(runtime, after, name, step, contact)
            continue
        if _gated(runtime, after, definition, step):
            after = _noted(after, name, status="skipped", reason=UNFAIR)
            continue
        try:
            opinion = opinion_matters(definition)
            after, message = planned_step(runtime, after, (name, step), contact, link_of=link_of, by_opinion=opinion)
        except BadInput:
            after = _noted(after, name, status="skipped", reason=UNUSABLE)
        else:
            writes += message
            after = _noted(after, name, message_id=message_id(after.organization_id, cause(after, name)))
    return after, writes


def cause(enrollment: Enrollment, step: str) -> str:
    """What the ids of a step's message and task are derived from."""
    return f"{enrollment.id}.{step}"


def _gated(runtime: Runtime, enrollment: Enrollment, definition: Definition, step: Send) -> bool:
    """Saving refuses what is unfair now. This finds what no save saw: an older version, or an archived campaign, that
    somebody is still on while the words of a template change; a campaign and a template saved at the same moment."""
    location = None
    if opinion_matters(definition):
        location = runtime.store.find(Location, enrollment.organization_id, enrollment.location_id)
    if location is None:
        return False
    holds = has_review_link(runtime.store, location)
    return holds(step.template) and bool(review_fairness(definition, holds))


def _noted(enrollment: Enrollment, step: str, **fields: str) -> Enrollment:
    run = enrollment.steps[step].model_copy(update=fields)
    return enrollment.model_copy(update={"steps": {**enrollment.steps, step: run}})


def planned_step(
    runtime: Runtime,
    enrollment: Enrollment,
    effect: tuple[str, Send],
    contact: Contact,
    *,
    link_of: EnsureLink = ensure_link,
    by_opinion: bool = False,
) -> tuple[Enrollment, tuple[Write, ...]]:
    """The enrollment with the link it is sent, and the message's writes. Raises BadInput when it cannot be made."""
    org, base, (name, step) = enrollment.organization_id, runtime.settings.base_url, effect
    needed, links = fields_needed(runtime.store, org, step.template, enrollment.location_id), {}
    if "feedback_link" in needed and enrollment.token is not None:
        links["feedback_link"] = f"{base}/review/{enrollment.token}"
    if "referral_link" in needed:
        code = enrollment.link_code or link_of(runtime, org, enrollment.contact_id, enrollment.location_id).id
        enrollment = enrollment.model_copy(update={"link_code": code})
        links["referral_link"] = f"{base}/r/{code}"
    answers = enrollment.trigger in _PROMPTED and not any(run.message_id for run in enrollment.steps.values())
    writes = planned(
        runtime,
        org,
        cause=cause(enrollment, name),
        template=step.template,
        location_id=enrollment.location_id,
        contact=contact,
        fields=links,
        enrollment_id=enrollment.id,
        step=name,
        places=enrollment.places,
        channel=None if step.channel == "best" else step.channel,
        prompted_at=enrollment.began_at if answers else None,
        job_id=enrollment.job_id,
        by_opinion=by_opinion,
    )
    if "referral_link" in links and enrollment.link_code is not None:
        carried = Point(org, CARRIES, enrollment.link_code, message_id(org, cause(enrollment, name)))
        writes = (*writes, carried)
    return enrollment, writes


def task_writes(runtime: Runtime, enrollment: Enrollment, name: str, step: Task, contact: Contact) -> Sequence[Write]:
    org, now = enrollment.organization_id, runtime.clock.now()
    task = StaffTask(
        organization_id=org,
        id=ids.derived("task", org, cause(enrollment, name)),
        created_at=now,
        updated_at=now,
        words=step.words,
        location_id=enrollment.location_id,
        contact_id=contact.id,
        source=enrollment.id,
    )
    if not step.mail:
        return [Create(task)]
    job = runtime.store.find(Job, org, enrollment.job_id) if enrollment.job_id else None
    said = {
        "task": step.words,
        "customer": f"{contact.first_name} {contact.last_name}".strip(),
        "phone": contact.phone or "",
        "email": contact.email or "",
        "job": job.external_id if job else "",
    }
    mail = planned(
        runtime,
        org,
        cause=f"{task.id}.mail",
        template="staff_task",
        kind="staff",
        location_id=enrollment.location_id,
        contact=None,
        fields={field: value for field, value in said.items() if value},
        enrollment_id=enrollment.id,
    )
    return [Create(task), *mail]
