"""How far a referral is, read from its job's facts: the order in which webhooks arrive does not matter."""

from moref.intake.model import Job, JobState
from moref.referrals.model import Referral, ReferralStatus

# A referral has no "paid": that is the company's business; a program may still qualify on the fact.
_BY_JOB: dict[JobState, ReferralStatus] = {
    "new": "new",
    "quoted": "quoted",
    "booked": "booked",
    "completed": "completed",
    "invoiced": "invoiced",
    "paid": "invoiced",
    "cancelled": "cancelled",
}

# Set by people or rules, not by the job; nothing the job does takes a referral out of them.
ENDED: frozenset[ReferralStatus] = frozenset({"lost", "ineligible", "removed"})


def progress(job: Job) -> ReferralStatus:
    """The status that the job's facts alone give: new, quoted, booked, completed, invoiced or cancelled."""
    return _BY_JOB[job.state]


def followed(referral: Referral, job: Job) -> ReferralStatus:
    """The status of a referral attached to this job.

    `qualified` is set, and taken back when the qualifying fact is undone, by conversions; only a cancelled job ends
    it here.
    """
    derived = progress(job)
    if referral.status in ENDED or (referral.status == "qualified" and derived != "cancelled"):
        return referral.status
    return derived
