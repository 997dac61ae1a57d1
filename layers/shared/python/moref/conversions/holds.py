"""Why a conversion waits for staff: pure rules over who the people are and what was known when. Words are for staff."""

from dataclasses import dataclass, field

from moref.conversions.model import Hold
from moref.intake.model import Contact, Job
from moref.referrals.existing import known_since
from moref.referrals.model import Evidence


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
    existing_months: int = 12


def self_referral(case: Case) -> Hold | None:
    if any(friend.id == case.advocate.id for friend in case.friends):
        return Hold(rule="self_referral", words="The referred person is the advocate.")
    theirs = {key for friend in case.friends for key in friend.person_keys}
    if theirs.intersection(case.advocate.person_keys):
        words = "The referred person has the same phone number or e-mail address as the advocate."
        return Hold(rule="self_referral", words=words)
    return None


def existing_customer(case: Case) -> Hold | None:
    """A customer of the months before the referral, by the CRM's contacts and jobs (see referrals.existing)."""
    found = known_since(case.evidence, case.job, case.jobs, case.friends, case.existing_months)
    if found is None:
        return None
    since, referred = found
    words = f"The referred person was known here on {since:%d %B %Y}, before the referral of {referred:%d %B %Y}."
    return Hold(rule="existing_customer", words=words)
