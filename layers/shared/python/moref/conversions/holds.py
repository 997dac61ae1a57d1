"""Why a conversion waits for staff: pure rules over who the people are and what was known when. Words are for staff."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from moref.conversions.model import Hold
from moref.intake.model import Contact, Job
from moref.referrals.model import Evidence

_BOUGHT = ("booked", "completed")


@dataclass(frozen=True, slots=True)
class Case:
    """Everything the rules look at. `friends`: every contact that may be the referred person; `jobs`: all of theirs.

    `staff_keys` are members' and locations' phones and e-mails as look-up keys; `same_recipient` other advocates whose
    rewards go to the advocate's phone or e-mail.
    """

    advocate: Contact
    friends: list[Contact]
    job: Job
    jobs: list[Job]
    evidence: list[Evidence]
    advocate_kind: str = "customer"
    advocate_jobs: list[Job] = field(default_factory=list)
    staff_keys: frozenset[str] = frozenset()
    same_recipient: list[str] = field(default_factory=list)
    referrals_that_day: int = 1
    most_a_day: int = 10


def self_referral(case: Case) -> Hold | None:
    if any(friend.id == case.advocate.id for friend in case.friends):
        return Hold(rule="self_referral", words="The referred person is the advocate.")
    theirs = {key for friend in case.friends for key in friend.person_keys}
    if theirs.intersection(case.advocate.person_keys):
        words = "The referred person has the same phone number or e-mail address as the advocate."
        return Hold(rule="self_referral", words=words)
    return None


def existing_customer(case: Case) -> Hold | None:
    """A job booked, completed or merely known before the first evidence of the referral.

    The referral's own job counts too, by the time we heard of it, unless it brought the first evidence itself: a code
    given at intake comes with the job, and its CRM's dates may be older than the webhook.
    """
    if not case.evidence:
        return None
    first = min(case.evidence, key=lambda evidence: evidence.at)
    earlier = [job for job in case.jobs if job.id != case.job.id and _since(job) < first.at]
    if first.source_id != case.job.id and case.job.received_at < first.at:
        earlier.append(case.job)
    if not earlier:
        return None
    since = min(_since(job) for job in earlier)
    words = f"The referred person was known here on {since:%d %B %Y}, before the referral of {first.at:%d %B %Y}."
    return Hold(rule="existing_customer", words=words)


def _since(job: Job) -> datetime:
    return min([job.received_at, *_bought(job)])


def _bought(job: Job) -> Iterable[datetime]:
    return (fact.at for kind, fact in job.facts.items() if kind in _BOUGHT and fact.value is True)
