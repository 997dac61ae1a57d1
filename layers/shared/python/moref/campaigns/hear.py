"""What campaigns hear of, each event in whatever order and however often: who begins, who goes on, who stops.

Every function takes the event's subject and raises NotFound, and Conflict after lost races.
"""

from moref.campaigns.begin import Cause, begin
from moref.campaigns.blocked import STOP_CONDITION, of_person
from moref.campaigns.follow import correct, happened, undone
from moref.campaigns.go_on import wake
from moref.campaigns.model import JOURNEY, Enrollment, Feedback
from moref.campaigns.stop import stop
from moref.campaigns.tell_staff import tell_staff
from moref.campaigns.thank import TOLD, thank
from moref.intake.model import Contact, Job
from moref.records import get
from moref.referrals.model import Advocate, Lead, Link, Referral
from moref.rewards.model import Payout, Reward
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from moref.tenants.settings import setting


def job_changed(runtime: Runtime, org: str, job_id: str) -> None:
    """Ends what is no longer so, corrects what goes on, begins what is new."""
    job = get(runtime.store, Job, org, job_id)
    if (condition := job.stop_condition()) is not None:
        _stop_all(runtime, org, job_id, f"{STOP_CONDITION}: {condition}")
    if (condition := of_person(job)) is not None:
        _stop_all(runtime, org, job.contact_id, f"{STOP_CONDITION}: {condition}")
    for id in runtime.store.lookup(org, JOURNEY, job_id):
        enrollment = runtime.store.find(Enrollment, org, id)
        if enrollment is not None and undone(job, enrollment):
            stop(runtime, org, id, "job_cancelled")
        else:
            correct(runtime, id, job)
    for cause in _causes(runtime, job):
        begin(runtime, org, cause)


def _stop_all(runtime: Runtime, org: str, whose: str, reason: str) -> None:
    for id in runtime.store.lookup(org, JOURNEY, whose):
        stop(runtime, org, id, reason)


def _causes(runtime: Runtime, job: Job) -> list[Cause]:
    """By the setting start_when_invoiced a completed job counts from its invoice on."""
    org = job.organization_id
    invoiced, completed = happened(job, "invoiced"), happened(job, "completed")
    if invoiced is None and completed is None:
        return []
    organization, location = (
        get(runtime.store, Organization, org, org),
        get(runtime.store, Location, org, job.location_id),
    )
    if setting(organization, location, "start_when_invoiced"):
        completed = invoiced
    found = []
    if completed is not None:
        found.append(Cause("job_completed", job.id, completed.at, job.contact_id, job.location_id, job))
    if invoiced is not None:
        found.append(Cause("job_invoiced", job.id, invoiced.at, job.contact_id, job.location_id, job))
    return found


def feedback_given(runtime: Runtime, org: str, id: str) -> None:
    """Also when a comment is added or staff judge its tone otherwise."""
    feedback = get(runtime.store, Feedback, org, id)
    tell_staff(runtime, feedback)
    wake(runtime, org, feedback.job_id)
    job = runtime.store.find(Job, org, feedback.job_id)
    asked = runtime.store.find(Enrollment, org, feedback.enrollment_id)
    if job is None or (asked is not None and undone(job, asked)):
        return
    cause = Cause(
        "feedback_given", id, feedback.created_at, feedback.contact_id, feedback.location_id, job, feedback_id=id
    )
    begin(runtime, org, cause)


def link_clicked(runtime: Runtime, org: str, code: str) -> None:
    """A link was opened, the first time that day: its advocate may be waiting for that."""
    link = get(runtime.store, Link, org, code)
    advocate = get(runtime.store, Advocate, org, link.advocate_id)
    wake(runtime, org, advocate.contact_id)
    if link.first_clicked_at is not None:
        cause = Cause("link_clicked", code, link.first_clicked_at, advocate.contact_id, link.location_id)
        begin(runtime, org, cause)


def lead_created(runtime: Runtime, org: str, id: str) -> None:
    """A friend asked for a quote. Who gave no consent is not written to, whatever addresses the form holds; nor is
    anybody because somebody else typed their address."""
    lead = get(runtime.store, Lead, org, id)
    referral = get(runtime.store, Referral, org, lead.referral_id)
    _wake_advocate(runtime, org, referral)
    if lead.submitted_by != "friend":
        return
    friend = runtime.store.find(Contact, org, lead.contact_id)
    agreed = friend is not None and any(not each.history for each in friend.consents)
    if friend is not None and agreed and referral.status in ("new", "quoted"):
        cause = Cause("quoted", referral.id, lead.created_at, friend.id, lead.location_id, referral_id=referral.id)
        begin(runtime, org, cause)


def referral_changed(runtime: Runtime, org: str, id: str) -> None:
    """Friend and advocate may be waiting for the booking."""
    referral = get(runtime.store, Referral, org, id)
    _wake_advocate(runtime, org, referral)
    wake(runtime, org, referral.contact_id)


def _wake_advocate(runtime: Runtime, org: str, referral: Referral) -> None:
    advocate = runtime.store.find(Advocate, org, referral.advocate_id)
    if advocate is not None:
        wake(runtime, org, advocate.contact_id)


def payout_changed(runtime: Runtime, org: str, id: str) -> None:
    """The provider took it: the advocate is thanked, and may be enrolled."""
    thank(runtime, org, id)
    payout = get(runtime.store, Payout, org, id)
    if payout.status in TOLD and payout.accepted_at is not None:
        reward = get(runtime.store, Reward, org, payout.reward_id)
        cause = Cause("reward_issued", reward.id, payout.accepted_at, reward.contact_id, reward.location_id)
        begin(runtime, org, cause)


def partner_onboarded(runtime: Runtime, org: str, advocate_id: str) -> None:
    partner = get(runtime.store, Advocate, org, advocate_id)
    if partner.kind == "partner" and partner.status == "active":
        cause = Cause("partner_onboarded", partner.id, partner.created_at, partner.contact_id, partner.location_id)
        begin(runtime, org, cause)
