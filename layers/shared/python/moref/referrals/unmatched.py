"""The list of customers who are said to have been referred, and of whom we cannot tell by whom."""

from datetime import datetime
from typing import Literal

from moref.intake.model import Job
from moref.kernel import ids
from moref.records import Change, Create, Store, Write
from moref.referrals.evidence import Found
from moref.referrals.model import UnmatchedSource

MOST_ADVOCATES = 10
BY_ITSELF = "moref"


def unmatched_id(organization_id: str, job_id: str) -> str:
    return ids.derived("src", organization_id, job_id)


def writes(store: Store, about: Found, chosen: str | None, now: datetime) -> tuple[Write, ...]:
    """What keeps the list true when a job has (or has not) found its referral. What staff decided stays."""
    job, why = about.job, _why(about.job, about)
    if why is None:
        return ()
    known = store.find(UnmatchedSource, job.organization_id, unmatched_id(job.organization_id, job.id))
    if chosen is not None:
        if known is None or known.status != "open":
            return ()
        return (Change(known, known.changed(now, status="attributed", decided_by=BY_ITSELF)),)
    found = {
        "why": why,
        "said": job.referred_by or job.source,
        "advocate_ids": sorted(
            {advocate.id for advocate in about.named} | {each.advocate_id for each in about.doubtful}
        )[:MOST_ADVOCATES],
        "contact_id": about.contact.id,
    }
    if known is None:
        made = UnmatchedSource(
            **found, organization_id=job.organization_id, id=unmatched_id(job.organization_id, job.id),
            created_at=now, updated_at=now, job_id=job.id, location_id=job.location_id,
        )  # fmt: skip
        return (Create(made),)
    if known.status != "open" or all(getattr(known, name) == value for name, value in found.items()):
        return ()
    return (Change(known, known.changed(now, **found)),)


def _why(job: Job, about: Found) -> Literal["nobody", "several", "no_name", "doubtful"] | None:
    """None: nothing says that this job came by a referral."""
    if job.referred_by:
        return "several" if len(about.named) > 1 else "nobody"
    if about.doubtful:
        return "doubtful"
    return "no_name" if job.source else None
