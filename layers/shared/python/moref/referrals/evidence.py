"""Which referrals a job could belong to, and what speaks for each: reads only."""

from dataclasses import dataclass, replace
from datetime import datetime

from moref.intake.model import Contact, Job
from moref.kernel import codes, ids
from moref.records import Store
from moref.referrals.advocates import credited, of_name
from moref.referrals.attribution import CLOSE, with_evidence
from moref.referrals.model import Advocate, Evidence, Lead, Link, Referral
from moref.referrals.progress import ENDED
from moref.referrals.recognise import recognised
from moref.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Claim:
    """A referral as stored (None: this job would make it), and with the evidence for this job added."""

    before: Referral | None
    referral: Referral


def referral_id(organization_id: str, advocate_id: str, contact_id: str) -> str:
    return ids.derived("ref", organization_id, advocate_id, contact_id)


def rejected(store: Store, job: Job) -> bool:
    """Whether staff turned down the claim this job is attached to (a removed one was a mistake; others may claim)."""
    attached = [
        store.find(Referral, job.organization_id, target)
        for target in store.lookup(job.organization_id, "job_referral", job.id)
    ]
    return any(found and found.job_id == job.id and found.status == "ineligible" for found in attached)


@dataclass(frozen=True, slots=True)
class Found:
    """`doubtful`: referrals of somebody who shares an address and has another name. `named`: whom the intake's words
    may mean; exactly one is evidence."""

    job: Job
    contact: Contact
    claims: list[Claim]
    doubtful: list[Referral]
    named: list[Advocate]


def find(runtime: Runtime, job: Job, contact: Contact, now: datetime) -> Found:
    """A referral that is another job's, or was ended by people or rules, claims nothing; one whose job was cancelled is
    free for the person's next job."""
    store, org = runtime.store, job.organization_id
    seen = recognised(store, runtime.keys, contact)
    known = dict(seen.sure)
    for target in store.lookup(org, "job_referral", job.id):
        attached = store.find(Referral, org, target)
        if attached is not None:
            known[target] = attached
    found = {id: Claim(referral, referral) for id, referral in known.items() if _speaks_for(referral, job)}
    found |= _by_lead(store, job, known)
    about = _About(job, contact, known, now)
    found |= _by_code(store, about, found)
    named = _named(runtime, job, contact)
    if len(named) == 1:
        found |= _by_name(about, found, named[0])
    taken = any(_holds_another(referral, job) for referral in seen.sure.values())
    claims = [
        claim
        for claim in found.values()
        if _open_to(claim.referral, job) and not (taken and _lost(claim.referral, job))
    ]
    return Found(job, contact, claims, [each for each in seen.doubtful.values() if _open_to(each, job)], named)


def _open_to(referral: Referral, job: Job) -> bool:
    free = referral.job_id in (None, job.id) or (referral.status == "cancelled" and job.state != "cancelled")
    return free and referral.status not in ENDED


def _holds_another(referral: Referral, job: Job) -> bool:
    return _of_another_job(referral, job) and referral.status not in {*ENDED, "duplicate"}


def _lost(referral: Referral, job: Job) -> bool:
    """A claim that another of the same person beat is not good for the person's next job, unless staff say so."""
    said = any(piece.job_id == job.id for piece in referral.evidence)
    return referral.status == "duplicate" and referral.job_id is None and not said


def _speaks_for(referral: Referral, job: Job) -> bool:
    if referral.job_id == job.id or any(piece.job_id == job.id for piece in referral.evidence):
        return True
    return _could_have_caused(referral, job)


def matched(claim: Claim, job: Job, now: datetime) -> Claim:
    """Notes it when nothing but the person connects this job to the referral.

    Its time is when we saw it: a job known before the referral must not make the referral's evidence older.
    """
    known = claim.referral.evidence
    if any(piece.source_id in (job.id, job.lead_id) or piece.job_id == job.id for piece in known):
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


@dataclass(frozen=True, slots=True)
class _About:
    job: Job
    contact: Contact
    known: dict[str, Referral]  # every referral of the person
    now: datetime


def _by_code(store: Store, about: _About, found: dict[str, Claim]) -> dict[str, Claim]:
    job = about.job
    code = codes.normalise(job.referral_code) if job.referral_code else None
    link = store.find(Link, job.organization_id, code) if code else None
    advocate = credited(store, job.organization_id, link.advocate_id) if link else None
    if link is None or link.moved_at is not None or advocate is None:
        return {}  # a code that went with its branch is evidence there
    # When it was first heard of, not when the job was: a code added later does not reach back.
    piece = Evidence(kind="code_at_intake", at=job.updated_at, source_id=job.id, code=link.id)
    return _of(about, found, advocate, piece)


def _named(runtime: Runtime, job: Job, contact: Contact) -> list[Advocate]:
    """Nobody refers themselves by having a namesake."""
    if not job.referred_by:
        return []
    org = job.organization_id
    found = of_name(runtime.store, runtime.keys, org, job.referred_by, job.location_id)
    return [advocate for advocate in found if advocate.contact_id != contact.id and advocate.links]


def _by_name(about: _About, found: dict[str, Claim], advocate: Advocate) -> dict[str, Claim]:
    job = about.job
    code = advocate.links.get(job.location_id) or min(advocate.links.values())
    piece = Evidence(kind="name_mention", at=job.updated_at, source_id=job.id, code=code)
    return _of(about, found, advocate, piece)


def _of(about: _About, found: dict[str, Claim], advocate: Advocate, piece: Evidence) -> dict[str, Claim]:
    """Evidence for the advocate's referral of this person, made when there is none yet.

    A second job of a person who was referred already makes no second referral.
    """
    claims = {id: Claim(referral, referral) for id, referral in about.known.items()} | found
    of_advocate = [claim for claim in claims.values() if claim.referral.advocate_id == advocate.id]
    if of_advocate:
        first = min(of_advocate, key=lambda claim: _rank(claim.referral, about.job))
        return {first.referral.id: _with(first, piece)}
    if any(_of_another_job(referral, about.job) for referral in about.known.values()):
        return {}
    made = new_referral(about.job, about.contact, advocate, piece, about.now)
    return {made.id: Claim(None, made)}


def _rank(referral: Referral, job: Job) -> tuple[object, ...]:
    return referral.job_id != job.id, referral.created_at, referral.id


def _of_another_job(referral: Referral, job: Job) -> bool:
    return referral.job_id not in (None, job.id) and referral.status != "cancelled"


def new_referral(job: Job, contact: Contact, advocate: Advocate, piece: Evidence, now: datetime) -> Referral:
    return Referral(
        organization_id=job.organization_id, id=referral_id(job.organization_id, advocate.id, contact.id),
        created_at=now, updated_at=now, advocate_id=advocate.id, contact_id=contact.id,
        location_id=job.location_id, code=piece.code or "", evidence=[piece],
    )  # fmt: skip


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
