"""Which referrals a job could belong to, and what speaks for each: reads only."""

from dataclasses import dataclass, replace
from datetime import datetime

from moref.intake.model import Contact, Job
from moref.kernel import codes, ids
from moref.records import Store
from moref.referrals.attribution import CLOSE, with_evidence
from moref.referrals.model import Evidence, Lead, Link, Referral
from moref.referrals.progress import ENDED


@dataclass(frozen=True, slots=True)
class Claim:
    """A referral as stored (None: this job would make it), and with the evidence for this job added."""

    before: Referral | None
    referral: Referral


def referral_id(organization_id: str, advocate_id: str, contact_id: str) -> str:
    return ids.derived("ref", organization_id, advocate_id, contact_id)


def referred(store: Store, organization_id: str, contact: Contact) -> dict[str, Referral]:
    """Every referral of this person by referral id, found by contact id, phone and e-mail; strongly consistent."""
    found: dict[str, Referral] = {}
    for value in (contact.id, *contact.person_keys):
        for target in store.lookup(organization_id, "referred", value):
            referral = store.find(Referral, organization_id, target)
            if referral is not None:
                found[target] = referral
    return found


def rejected(store: Store, job: Job) -> bool:
    """Whether staff turned down the claim this job is attached to (a removed one was a mistake; others may claim)."""
    attached = [
        store.find(Referral, job.organization_id, target)
        for target in store.lookup(job.organization_id, "job_referral", job.id)
    ]
    return any(found and found.job_id == job.id and found.status == "ineligible" for found in attached)


def claims(store: Store, job: Job, contact: Contact, now: datetime) -> list[Claim]:
    """A referral that is another job's, or was ended by people or rules, claims nothing."""
    known = referred(store, job.organization_id, contact)
    for target in store.lookup(job.organization_id, "job_referral", job.id):
        attached = store.find(Referral, job.organization_id, target)
        if attached is not None:
            known[target] = attached
    by_person = {
        id: Claim(referral, referral)
        for id, referral in known.items()
        if referral.job_id == job.id or _could_have_caused(referral, job)
    }
    found = by_person | _by_lead(store, job, known)
    for id, claim in _by_code(store, job, contact, known, now).items():
        found[id] = claim
    return [
        claim
        for claim in found.values()
        if claim.referral.job_id in (None, job.id) and claim.referral.status not in ENDED
    ]


def matched(claim: Claim, job: Job, now: datetime) -> Claim:
    """Notes it when nothing but the person connects this job to the referral.

    Its time is when we saw it: a job known before the referral must not make the referral's evidence older.
    """
    known = claim.referral.evidence
    if any(piece.source_id in (job.id, job.lead_id) for piece in known):
        return claim
    piece = Evidence(kind="person_match", at=now, source_id=job.id, code=claim.referral.code)
    return _with(claim, piece)


def _by_lead(store: Store, job: Job, known: dict[str, Referral]) -> dict[str, Claim]:
    """The CRM handed our lead's id back: the evidence is the quote form that the lead is."""
    lead = store.find(Lead, job.organization_id, job.lead_id) if job.lead_id else None
    if lead is None:
        return {}
    referral = known.get(lead.referral_id) or store.find(Referral, job.organization_id, lead.referral_id)
    return {referral.id: Claim(referral, referral)} if referral else {}


def _by_code(store: Store, job: Job, contact: Contact, known: dict[str, Referral], now: datetime) -> dict[str, Claim]:
    """A code given at intake: evidence for the advocate's referral of this person, made when there is none yet.

    A second job of a person who was referred already makes no second referral.
    """
    code = codes.normalise(job.referral_code) if job.referral_code else None
    link = store.find(Link, job.organization_id, code) if code else None
    if link is None:
        return {}
    # When it was first heard of, not when the job was: a code added later does not reach back.
    piece = Evidence(kind="code_at_intake", at=job.updated_at, source_id=job.id, code=link.id)
    of_advocate = [referral for referral in known.values() if referral.advocate_id == link.advocate_id]
    if of_advocate:
        first = min(of_advocate, key=lambda referral: (referral.job_id != job.id, referral.created_at, referral.id))
        return {first.id: _with(Claim(first, first), piece)}
    if any(referral.job_id not in (None, job.id) for referral in known.values()):
        return {}
    made = Referral(
        organization_id=job.organization_id, id=referral_id(job.organization_id, link.advocate_id, contact.id),
        created_at=now, updated_at=now, advocate_id=link.advocate_id, contact_id=contact.id,
        location_id=job.location_id, code=link.id, evidence=[piece],
    )  # fmt: skip
    return {made.id: Claim(None, made)}


def _with(claim: Claim, piece: Evidence) -> Claim:
    known = claim.referral.evidence
    return replace(claim, referral=claim.referral.model_copy(update={"evidence": with_evidence(known, piece)}))


def _could_have_caused(referral: Referral, job: Job) -> bool:
    """A person's older job (an import, last year's move) is not the fruit of a referral that came after it."""
    first = min((piece.at for piece in referral.evidence), default=referral.created_at)
    return _begun(job) >= first - CLOSE


def _begun(job: Job) -> datetime:
    """When the job is first known to have existed, by our clock or by its facts."""
    steps = [fact.at for kind, fact in job.facts.items() if kind != "amount" and fact.value]
    return min([job.received_at, *steps])
