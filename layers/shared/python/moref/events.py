"""The catalogue of domain events and who hears them. Past tense; ids, versions and enums only, never a person's data.

An event is written in the same transaction as the change it tells of (`records.Emit`); the stream router reads ROUTES.
Every consumer re-reads state and is harmless when it hears an event twice, late, or out of order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moref.kernel.names import BILLING, BULK, CAMPAIGNS, CLICKS, INBOX, LEADS, MESSAGES, PAYOUTS, REFERRALS, REPORTS

SCHEMA = 1  # of the envelope; a consumer that meets a newer one leaves the message to the dead-letter queue


@dataclass(frozen=True, slots=True)
class Event:
    """`subject` is the id of what changed; `data` holds further ids, old and new state, versions."""

    name: str
    organization_id: str
    subject: str
    data: Mapping[str, str | int | bool | None] = field(default_factory=dict)


def envelope(event: Event, id: str, at: str) -> dict[str, Any]:
    """What consumers' queues carry, JSON types only; `at` is `clock.iso` of the change."""
    return {
        "id": id,
        "schema": SCHEMA,
        "name": event.name,
        "organization_id": event.organization_id,
        "subject": event.subject,
        "at": at,
        "data": dict(event.data),
    }


# One row an event: what it says, and the queues that hear it.
ROUTES: dict[str, tuple[str, ...]] = {
    "inbox.received": (INBOX,),  # an inbox row; the router makes it from the row itself
    "click.recorded": (CLICKS,),  # a click row, likewise
    "job.changed": (CAMPAIGNS, REFERRALS),  # subject job; state, previous_state, job_version
    "job.imported": (REFERRALS,),  # subject job, of the past, from a file; no campaign hears of it
    "import.asked": (BULK,),  # subject import; kind; its dry run
    "import.started": (BULK,),  # subject import; kind
    "contact.identified": (REFERRALS,),  # subject contact; one more way to recognise somebody: their jobs are looked at
    "contact.merged": (REFERRALS,),  # subject contact (the one that is history); into
    "feedback.given": (CAMPAIGNS, REPORTS),  # subject feedback; enrollment_id, score
    "link.clicked": (CAMPAIGNS, REPORTS),  # subject link; the first click of a day
    "partner.accepted": (REFERRALS,),  # subject partner; what it accepted on its page is to be made
    "partner.changed": (REFERRALS,),  # subject partner; status; what it earned is judged again
    "partner.onboarded": (CAMPAIGNS, REPORTS),  # subject advocate, of kind partner
    "campaign.resumed": (CAMPAIGNS,),  # subject campaign, also for a location's form of it: held steps go on
    "campaign.ended": (CAMPAIGNS,),  # subject campaign: whoever is on it is taken off
    "lead.created": (LEADS, REFERRALS, CAMPAIGNS, REPORTS),  # subject lead; referral_id
    "referral.changed": (REFERRALS, CAMPAIGNS, REPORTS),  # subject referral; status, previous_status, job_id
    "goodwill.granted": (REFERRALS,),  # subject goodwill; reward_id; released when it can no longer be undone
    "dispute.changed": (REFERRALS,),  # subject dispute; status, stage; its deadline is watched
    "conversion.changed": (
        REFERRALS,
        REPORTS,
    ),  # subject conversion; status, previous_status (automatic approval looks here)
    "conversion.escalated": (),  # subject conversion; hours of waiting, status; the branch gets an e-mail
    "budget.changed": (REFERRALS,),  # subject budget; what it held is judged again
    "acceptance.recorded": (REFERRALS,),  # subject acceptance; likewise
    "tariff.recorded": (REFERRALS,),  # subject tariff item; likewise
    "reward.released": (PAYOUTS,),  # subject reward; may be paid from now
    "reward.reversed": (PAYOUTS, REPORTS),  # subject reward; stop its payout if the provider has not been asked yet
    "reward.changed": (REPORTS,),  # subject reward, of any kind but a gift card; status, previous_status, kind
    "reward.paid_in_vain": (
        REFERRALS,
    ),  # subject conversion; its job was undone while the provider was asked, or its reward was used
    "debt.recorded": (),  # subject debt; reward_id, cause
    "credit.applied": (INBOX,),  # subject credit use; the CRM gets a note where it takes notes
    "credit.undone": (INBOX,),  # subject credit use; likewise, when it had been told
    "payout.retried": (PAYOUTS,),  # subject payout; reward_id; staff let it be tried again
    "payout.redirected": (PAYOUTS,),  # subject payout; reward_id; the advocate confirmed a new address
    "statement.asked": (PAYOUTS,),  # subject provider statement; to be made, or made again
    "payout.changed": (
        CAMPAIGNS,
        REPORTS,
    ),  # subject payout; status, previous_status, reward_id (thank-you and reward message)
    "sign_in.code_asked": (MESSAGES,),  # subject challenge, of PEOPLE; whether a mail leaves is decided there
    "invitation.sent": (MESSAGES,),  # subject invitation; sent once more, too
    "location.changed": (BILLING,),  # subject location; status: it was opened, or is active or archived now
    "subscription.changed": (),  # subject organization; status, previous_status
    "report.digest_due": (REPORTS,),  # subject week (its Monday); once for each week of an organization
    "message.queued": (MESSAGES,),  # subject message
    "erasure.asked": (BULK,),  # subject erasure; of a person, whose data goes slice by slice
    "location_transfer.offered": (BULK,),  # subject the seller's row; what there is at the branch is counted
    "location_transfer.accepted": (BULK,),  # subject the buyer's row; the branch goes over slice by slice
    "opt_out.recorded": (BULK,),  # subject keyed hash of an address; its person went to another organization, too
    "organization.closing_changed": (BULK, BILLING),  # subject organization; status: closing, or active again
    "export.asked": (BULK,),  # subject export; of: person or organization; its files are written slice by slice
    "message.changed": (REPORTS,),  # subject message to somebody; status: it left; of a campaign, also what followed
}
