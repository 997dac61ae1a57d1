"""What a conversion is judged by: its program, its job's facts, and the people involved."""

from dataclasses import dataclass
from datetime import timedelta

from moref.conversions.holds import Case
from moref.intake.model import Contact, Fact, Job
from moref.kernel import ids
from moref.kernel.money import Money
from moref.programs.model import Terms
from moref.programs.periods import days_later
from moref.records import Store, every, get
from moref.referrals.model import Advocate, Referral
from moref.rewards.model import Reward
from moref.runtime import Runtime
from moref.tenants.model import Location, Member, Organization
from moref.tenants.settings import SETTINGS, setting

# A referral that staff or the rules took out earns nothing, whatever its job does.
OUT = frozenset({"removed", "duplicate", "ineligible", "lost"})


def conversion_id(organization_id: str, referral_id: str) -> str:
    """One conversion for a referral."""
    return ids.derived("cnv", organization_id, referral_id)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`fact` makes the conversion; without one, `words` say what staff would wonder about, when there is something."""

    fact: Fact | None = None
    words: str | None = None


def qualifying(referral: Referral, job: Job | None, terms: Terms, zone: str) -> Verdict:
    """Whether the terms' fact stands: true, the job not cancelled, the referral not taken out, the job large enough, of
    a kind that counts, and in time. `zone` is the location's."""
    if job is None or job.state == "cancelled" or referral.status in OUT or referral.job_id != job.id:
        return Verdict()
    fact = job.facts.get(terms.qualifying_fact)
    if fact is None or fact.value is not True:
        return Verdict()
    words = _too_late(referral, fact, terms, zone) or _other_kind(job, terms) or _too_small(job, terms)
    return Verdict(words=words) if words else Verdict(fact)


def job_amount(job: Job) -> int | None:
    """Minor units of the job's currency, as the CRM last said."""
    fact = job.facts.get("amount")
    return fact.value if fact is not None and type(fact.value) is int else None


def _too_late(referral: Referral, fact: Fact, terms: Terms, zone: str) -> str | None:
    if terms.window_days is None or not referral.evidence:
        return None
    first = min(evidence.at for evidence in referral.evidence)
    if fact.at < days_later(first, terms.window_days, zone):
        return None
    return f"the job came more than {terms.window_days} days after the referral"


def _other_kind(job: Job, terms: Terms) -> str | None:
    if not terms.job_types or (job.job_type or "").strip().casefold() in {kind.casefold() for kind in terms.job_types}:
        return None
    kind = job.job_type or "not said by the CRM"
    return f"the program is for jobs of other kinds ({', '.join(terms.job_types)}); this one's is {kind}"


def _too_small(job: Job, terms: Terms) -> str | None:
    """Also what cannot be compared: an amount that is not known, or in another currency. Nothing is converted."""
    if not terms.needs_job_amount():
        return None
    amount = job_amount(job)
    if amount is None:
        return "the program asks for the job's amount, and the CRM has not said it"
    if job.currency != terms.currency:
        return f"the job's amount is in {job.currency}, and the program counts in {terms.currency}"
    if amount < terms.minimum_amount:
        return f"the job's amount is below the program's {Money(terms.minimum_amount, terms.currency).for_people()}"
    return None


def zone_of(store: Store, organization_id: str, location_id: str) -> str:
    return get(store, Location, organization_id, location_id).time_zone


def case(runtime: Runtime, referral: Referral, advocate: Advocate, job: Job) -> Case:
    """The referred person may be several contacts: the form's, the CRM's, and whoever shares a phone or e-mail.

    Lists come by an index that lags by moments; what is looked for there is older than the referral.
    """
    store, org = runtime.store, referral.organization_id
    contacts = {id: get(store, Contact, org, id) for id in {referral.contact_id, job.contact_id}}
    others = _sharing(store, list(contacts.values())) - contacts.keys()
    found = [store.find(Contact, org, id) for id in sorted(others)]
    friends = [*contacts.values(), *(contact for contact in found if contact is not None)]
    own = get(store, Contact, org, advocate.contact_id)
    return Case(
        advocate=own,
        friends=friends,
        job=job,
        jobs=[other for friend in friends for other in every(store, Job, org, parent=friend.id)],
        evidence=referral.evidence,
        advocate_kind=advocate.kind,
        advocate_jobs=every(store, Job, org, parent=own.id),
        staff_keys=_staff_keys(runtime, org),
        same_recipient=_same_recipient(store, advocate, own),
        referrals_that_day=_that_day(store, referral),
        most_a_day=_setting(store, referral, "most_referrals_a_day"),
        existing_months=_setting(store, referral, "existing_customer_months"),
    )


def _sharing(store: Store, contacts: list[Contact]) -> set[str]:
    """Ids of contacts with a phone or e-mail in common."""
    keys = {(contact.organization_id, key) for contact in contacts for key in contact.person_keys}
    return {id for org, key in keys for id in store.lookup(org, "person", key)}


def _staff_keys(runtime: Runtime, org: str) -> frozenset[str]:
    from moref import people  # brings the numbering plans of the world, which a decision does without

    members, locations = every(runtime.store, Member, org), every(runtime.store, Location, org)
    addresses: list[tuple[str | None, str | None]] = [(None, member.email) for member in members]
    addresses += [(location.phone, location.staff_email) for location in locations]
    return frozenset(key for phone, email in addresses for key in people.person_keys(runtime.keys, org, phone, email))


def _same_recipient(store: Store, advocate: Advocate, own: Contact) -> list[str]:
    """Other advocates with a reward whose phone or e-mail is the advocate's."""
    org = advocate.organization_id
    found = []
    for id in sorted(_sharing(store, [own]) - {own.id}):
        for other in every(store, Advocate, org, parent=id):
            if other.id != advocate.id and every(store, Reward, org, parent=other.id):
                found.append(other.id)
    return found


def _that_day(store: Store, referral: Referral) -> int:
    since = referral.created_at - timedelta(days=1)
    page = store.list(
        Referral, referral.organization_id, parent=referral.advocate_id, since=since, until=referral.created_at,
        limit=100,
    )  # fmt: skip
    return len(page.items)


def _setting(store: Store, referral: Referral, name: str) -> int:
    organization = store.find(Organization, referral.organization_id, referral.organization_id)
    if organization is None:
        return int(SETTINGS[name].default)
    location = store.find(Location, referral.organization_id, referral.location_id)
    return int(setting(organization, location, name))
