"""Whether a referred person was a customer before: a look-back into the CRM's contacts and jobs. Pure."""

from calendar import monthrange
from collections.abc import Iterable, Sequence
from datetime import datetime

from moref.intake.model import Contact, Job
from moref.referrals.attribution import CLOSE
from moref.referrals.model import Evidence

_BOUGHT = ("booked", "completed")


def known_since(
    evidence: Sequence[Evidence], job: Job, jobs: Iterable[Job], contacts: Iterable[Contact], months: int
) -> tuple[datetime, datetime] | None:
    """Since when they were known, and when they were first referred; None when that made them a new customer.

    `jobs` and `contacts` are all of theirs. Who had nothing to do with the company for `months` before the referral is
    a new customer again; 0 months: everybody is. The referral's own job counts, by the time we heard of it, unless it
    brought the first evidence itself: a code given at intake comes with the job, and its CRM's dates may be older than
    the webhook; staff say it of a job that is there.
    """
    if not evidence or months == 0:
        return None
    first = min(evidence, key=lambda piece: piece.at)
    horizon = months_before(first.at, months)
    brought_by_itself = job.id in (first.source_id, first.job_id)
    earlier = [begun(each) for each in jobs if each.id != job.id and begun(each) < first.at and _last(each) >= horizon]
    if not brought_by_itself and job.received_at < first.at:
        earlier.append(begun(job))
    limit = min(first.at, job.received_at) - CLOSE  # a contact that came with the job is no older customer
    listed = [_listed_since(each) for each in contacts if each.crm_keys]
    earlier += [since for since in listed if since is not None and horizon <= since < limit]
    return (min(earlier), first.at) if earlier else None


def _listed_since(contact: Contact) -> datetime | None:
    """Since when the CRM has them. The day of an import is nobody's first: the file says it, or their jobs do."""
    return contact.customer_since if contact.imported else contact.created_at


def months_before(instant: datetime, months: int) -> datetime:
    """The same day and time of an earlier month; the month's last day where it has no such day."""
    year, month = divmod(instant.year * 12 + instant.month - 1 - months, 12)
    return instant.replace(year=year, month=month + 1, day=min(instant.day, monthrange(year, month + 1)[1]))


def begun(job: Job) -> datetime:
    return min([job.received_at, *_bought(job)])


def _last(job: Job) -> datetime:
    """When the company last had to do with it."""
    return max([begun(job), *(fact.at for fact in job.facts.values() if fact.value is True)])


def _bought(job: Job) -> Iterable[datetime]:
    return (fact.at for kind, fact in job.facts.items() if kind in _BOUGHT and fact.value is True)
