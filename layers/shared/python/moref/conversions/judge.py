"""What a conversion is judged by: its program, its job's facts, and the people involved."""

from moref.conversions.holds import Case
from moref.intake.model import Contact, Fact, Job
from moref.kernel import ids
from moref.programs.model import Program, QualifyingFact, program_id
from moref.records import Store, every, get
from moref.referrals.model import Advocate, Referral

# A referral that staff or the rules took out earns nothing, whatever its job does.
OUT = frozenset({"removed", "duplicate", "ineligible", "lost"})


def conversion_id(organization_id: str, referral_id: str) -> str:
    """One conversion for a referral."""
    return ids.derived("cnv", organization_id, referral_id)


def qualifying(referral: Referral, job: Job | None, kind: QualifyingFact) -> Fact | None:
    """The fact that makes the conversion, when it stands: true, the job not cancelled, the referral not taken out."""
    if job is None or job.state == "cancelled" or referral.status in OUT or referral.job_id != job.id:
        return None
    fact = job.facts.get(kind)
    return fact if fact is not None and fact.value is True else None


def program_for(store: Store, referral: Referral, advocate: Advocate) -> Program | None:
    """The location's own active program for this kind of advocate, else the organization's."""
    org = referral.organization_id
    for location_id in (referral.location_id, None):
        program = store.find(Program, org, program_id(org, advocate.kind, location_id))
        if program is not None and program.status == "active":
            return program
    return None


def case(store: Store, referral: Referral, advocate: Advocate, job: Job) -> Case:
    """The referred person may be several contacts: the form's, the CRM's, and whoever shares a phone or e-mail.

    Jobs come by an index that lags by moments; what is looked for there is older than the referral.
    """
    org = referral.organization_id
    contacts = {id: get(store, Contact, org, id) for id in {referral.contact_id, job.contact_id}}
    keys = {key for contact in contacts.values() for key in contact.person_keys}
    others = {id for key in keys for id in store.lookup(org, "person", key)} - contacts.keys()
    found = [store.find(Contact, org, id) for id in sorted(others)]
    friends = [*contacts.values(), *(contact for contact in found if contact is not None)]
    return Case(
        advocate=get(store, Contact, org, advocate.contact_id),
        friends=friends,
        job=job,
        jobs=[other for friend in friends for other in every(store, Job, org, parent=friend.id)],
        evidence=referral.evidence,
    )
