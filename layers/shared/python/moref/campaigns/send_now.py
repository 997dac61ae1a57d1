""" "I'll text you a link": a crew member at the door sends a customer their own link, because they asked for it.

Their spoken yes is recorded as what they agreed to, by whom and when. It lifts nothing that stands against it, and the
last look decides as for any other message: hours, opt-outs, stop conditions.
"""

from typing import ClassVar

from moref.campaigns.blocked import blocked
from moref.campaigns.follow import places_of
from moref.intake.model import Contact, Job
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.messaging.addresses import has_consent
from moref.messaging.last_look import Skip, last_look
from moref.messaging.model import Message
from moref.messaging.plan_message import fields_needed, message_id, planned
from moref.messaging.staff_wishes import record_consent
from moref.records import Change, Create, Entity, Write, get
from moref.referrals.ensure_link import ensure_link
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting

TRIES = 4
SPOKEN = "spoken at the door"


class Handout(Entity):
    """How many links one member had sent in one hour; id is derived from both."""

    noun: ClassVar[str] = "handout"

    member_id: str
    count: int


def send_now(
    runtime: Runtime,
    organization_id: str,
    *,
    by: str,
    job_id: str | None = None,
    contact_id: str | None = None,
    template: str = "invite_without_score",
    consent_text: str | None = None,
) -> Message:
    """Queues the message at once; a second request on the same day (UTC) is the same message.

    `consent_text` is what the customer was asked and said yes to: kept as consent to texts when they have given none.
    Raises NotFound; BadInput; Conflict when the message may not go (with the reason), after too many in an hour, or
    after lost races.
    """
    job = get(runtime.store, Job, organization_id, job_id) if job_id else None
    whose = contact_id or (job.contact_id if job else None)
    if whose is None:
        raise BadInput("say who gets the link: job_id or contact_id", field="contact_id")
    cause = f"now.{whose}.{template}.{runtime.clock.now().date().isoformat()}"
    known = runtime.store.find(Message, organization_id, message_id(organization_id, cause))
    if known is not None:
        return known
    if (condition := blocked(runtime.store, organization_id, whose, job)) is not None:
        raise Conflict(f"nobody may advertise to this customer: {condition.replace('_', ' ')}")
    contact = _with_consent(runtime, organization_id, whose, consent_text, by)
    location_id = job.location_id if job else contact.location_id
    for _ in range(TRIES):
        writes = _planned(runtime, contact, job, template, cause)
        message, counted = _allowed(runtime, writes), _counted(runtime, organization_id, location_id, by)
        try:
            runtime.store.commit(
                *writes,
                counted,
                audited(runtime.clock.now(), organization_id, by, "link.sent", whose, message=message.id),
            )
        except Conflict:
            known = runtime.store.find(Message, organization_id, message.id)
            if known is None:
                continue
            return known
        return get(runtime.store, Message, organization_id, message.id)
    raise Conflict("others send at the same time: try again")


def _with_consent(runtime: Runtime, org: str, contact_id: str, text: str | None, by: str) -> Contact:
    contact = get(runtime.store, Contact, org, contact_id)
    if has_consent(contact, "sms") or not text or contact.phone is None:
        return contact
    now = runtime.clock.now()
    return record_consent(
        runtime, org, contact_id, channel="sms", text=text, at=now, source=f"{SPOKEN}, {by}", actor=by
    )


def _planned(runtime: Runtime, contact: Contact, job: Job | None, template: str, cause: str) -> tuple[Write, ...]:
    org, location_id = contact.organization_id, job.location_id if job else contact.location_id
    if fields_needed(runtime.store, org, template, location_id) != {"referral_link"}:
        raise BadInput(f"template {template} is not one that hands over the link", field="template")
    link = ensure_link(runtime, org, contact.id, location_id)
    return planned(
        runtime,
        org,
        cause=cause,
        template=template,
        kind="marketing",
        location_id=location_id,
        contact=contact,
        fields={"referral_link": f"{runtime.settings.base_url}/r/{link.id}"},
        places=places_of(runtime, org, location_id, contact.id, job),
        prompted_at=runtime.clock.now(),
        job_id=job.id if job else None,
    )


def _allowed(runtime: Runtime, writes: tuple[Write, ...]) -> Message:
    """A message outside the hours waits for them; one that may never go is refused while the crew is there."""
    first = writes[0]
    if not isinstance(first, Create) or not isinstance(first.entity, Message):
        raise TypeError("planned gives a message first")
    verdict = last_look(runtime, first.entity)
    if isinstance(verdict, Skip):
        raise Conflict(f"the link may not be sent: {verdict.reason.replace('_', ' ')}")
    return first.entity


def _counted(runtime: Runtime, org: str, location_id: str, by: str) -> Write:
    now = runtime.clock.now()
    id = ids.derived("hand", org, by, now.strftime("%Y-%m-%dT%H"))
    before = runtime.store.find(Handout, org, id)
    organization, location = get(runtime.store, Organization, org, org), get(runtime.store, Location, org, location_id)
    most = setting(organization, location, "link_per_hour")
    if before is None:
        row = Handout(organization_id=org, id=id, created_at=now, updated_at=now, member_id=by, count=1)
        return Create(row)
    if before.count >= most:
        raise Conflict(f"{most} links in one hour are the most")
    return Change(before, before.changed(now, count=before.count + 1))
