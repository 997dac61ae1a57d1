"""A notice with its words turned into ours: the branch, addresses that can be used, who is said to have referred."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from moref import people
from moref.intake import referrer_words
from moref.intake.consents import attested
from moref.intake.model import Consent
from moref.intake.notice import JobNotice, JobPart
from moref.kernel import codes
from moref.kernel.errors import BadInput
from moref.records import every
from moref.referrals.model import Link
from moref.runtime import Runtime
from moref.tenants.model import Connection, Location


@dataclass(frozen=True, slots=True)
class Telling:
    """What a notice says, in our words."""

    organization_id: str
    connection: Connection
    heard_at: datetime
    notice: JobNotice
    location_id: str | None  # None: the notice names no branch that we know
    phone: str | None
    email: str | None
    consent: Consent | None
    referral_code: str | None
    referred_by: str | None
    source: str | None  # only where it tells of a referral
    household_keys: list[str]
    notes: list[str] = field(default_factory=list)


def _consent(connection: Connection, notice: JobNotice) -> Consent | None:
    """The proof that came with it; else what the CRM's field says, where the organization attested what that means."""
    said, opt_in = notice.customer.sms_consent, notice.customer.sms_opt_in
    if said is not None:
        return Consent(channel="sms", text=said.text, at=said.at, source=said.source)
    attestation = connection.consent_attestation
    if opt_in is None or attestation is None or (opt_in and not attestation.active):
        return None
    return attested(connection.id, attestation, agreed=opt_in, at=notice.at)


def read(runtime: Runtime, connection: Connection, heard_at: datetime, notice: JobNotice) -> Telling:
    notes: list[str] = []
    customer, job, org = notice.customer, notice.job, connection.organization_id
    phone = _usable(people.phone_in, customer.phone, "the phone number cannot be dialled and was left out", notes)
    email = _usable(people.email, customer.email, "the e-mail address cannot be one and was left out", notes)
    consent = _consent(connection, notice)
    code = _code(runtime, org, job, notes)
    location_id = location_of(runtime, org, job.branch) if job.branch else None
    if job.branch and location_id is None:
        notes.append("the branch is not known to us: the default location was used")
    return Telling(
        organization_id=org,
        connection=connection,
        heard_at=heard_at,
        notice=notice,
        location_id=location_id,
        phone=phone,
        email=email,
        consent=consent,
        referral_code=code,
        referred_by=referrer_words.name_in(job.referred_by, (job.source, job.notes)),
        source=_source(job),
        household_keys=_homes(runtime, org, job),
        notes=notes,
    )


def _code(runtime: Runtime, organization_id: str, job: JobPart, notes: list[str]) -> str | None:
    """The field for it, whether or not we know the code; else the first in free text that is one of ours."""
    code = codes.normalise(job.referral_code) if job.referral_code else None
    if code is not None:
        return code
    written = referrer_words.codes_in((job.referral_code, job.referred_by, job.source, job.notes))
    found = next((each for each in written if runtime.store.find(Link, organization_id, each)), None)
    if job.referral_code and found is None:
        notes.append("the referral code cannot be one and was left out")
    return found


def _source(job: JobPart) -> str | None:
    """In the words of whoever wrote it, for staff to read."""
    if not referrer_words.tells_of_a_referral(job.referred_by, job.source):
        return None
    return job.referred_by or job.source


def _homes(runtime: Runtime, organization_id: str, job: JobPart) -> list[str]:
    places = [place for place in (job.origin, job.destination) if place is not None]
    found = [people.household_key(runtime.keys, organization_id, place.street, place.postal_code) for place in places]
    return sorted({key for key in found if key})


def _usable(read: Any, text: str | None, note: str, notes: list[str]) -> str | None:
    """One bad address must not cost us the job."""
    if not text:
        return None
    try:
        return str(read(text))
    except BadInput:
        notes.append(note)
        return None


def location_of(runtime: Runtime, organization_id: str, branch: str) -> str | None:
    """By the CRM's name for it, else by ours; letter case does not matter, and an open branch comes first."""
    wanted = branch.casefold()
    found = every(runtime.store, Location, organization_id)
    locations = sorted(found, key=lambda location: (location.status != "active", location.id))
    by_crm = {(location.crm_branch or "").strip().casefold(): location.id for location in reversed(locations)}
    by_name = {location.name.strip().casefold(): location.id for location in reversed(locations)}
    return by_crm.get(wanted) or by_name.get(wanted)
