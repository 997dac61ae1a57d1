"""Attribution asked again when more became known of a person: a phone learnt later, a lead, a merge, a removal."""

from moref.identity.current import current
from moref.intake.model import Job
from moref.records import get
from moref.referrals.merge_same import merge_same
from moref.referrals.model import Lead, Referral
from moref.referrals.track_job import track_job
from moref.runtime import Runtime

MOST_JOBS = (
    50  # of one person, newest first; who has more is a broker, and each of their jobs is still tracked by itself
)


def attribute_contact(runtime: Runtime, organization_id: str, contact_id: str) -> int:
    """Tracks the person's jobs again; how many. Jobs come by an index that lags by moments: a job newer than that is
    tracked by its own event. Nothing happens for a contact that is not there."""
    contact = current(runtime.store, organization_id, contact_id)
    if contact is None:
        return 0
    jobs = runtime.store.list(Job, organization_id, parent=contact.id, limit=MOST_JOBS).items
    for job in sorted(jobs, key=lambda each: (each.received_at, each.id)):  # the first one is what they came for
        track_job(runtime, organization_id, job.id, again=True)
    return len(jobs)


def attribute_lead(runtime: Runtime, organization_id: str, lead_id: str) -> int:
    """A form may come moments after the CRM's own record of the person, who may be another contact there."""
    contact = current(runtime.store, organization_id, get(runtime.store, Lead, organization_id, lead_id).contact_id)
    if contact is None:
        return 0
    found = {id for key in contact.person_keys for id in runtime.store.lookup(organization_id, "person", key)}
    return sum(attribute_contact(runtime, organization_id, id) for id in sorted(found | {contact.id})[:MOST_JOBS])


def identified(runtime: Runtime, organization_id: str, contact_id: str) -> None:
    """On contact.identified: rows that are plainly one person's are merged, and attribution is asked again."""
    merge_same(runtime, organization_id, contact_id)
    attribute_contact(runtime, organization_id, contact_id)


def freed(runtime: Runtime, organization_id: str, referral_id: str) -> None:
    """On referral.changed to removed or cancelled: others may claim the job, or another job the referral."""
    referral = get(runtime.store, Referral, organization_id, referral_id)
    job = runtime.store.find(Job, organization_id, referral.job_id) if referral.job_id else None
    for id in {referral.contact_id, *([job.contact_id] if job else [])}:
        attribute_contact(runtime, organization_id, id)
