"""Queues campaigns and steps: what happened to jobs, feedback, links, referrals and payouts, and steps that are due."""

from collections.abc import Callable
from typing import Any

from moref.aws.worker import worker
from moref.campaigns import hear
from moref.campaigns.fire_step import fire_step
from moref.campaigns.pause import campaign_ended, campaign_resumed, work_page
from moref.kernel.env import CampaignWorker
from moref.kernel.errors import Malformed
from moref.runtime import Runtime

HEARS: dict[str, Callable[[Runtime, str, str], object]] = {
    "job.changed": hear.job_changed,
    "feedback.given": hear.feedback_given,
    "link.clicked": hear.link_clicked,
    "lead.created": hear.lead_created,
    "referral.changed": hear.referral_changed,
    "payout.changed": hear.payout_changed,
    "partner.onboarded": hear.partner_onboarded,
    "campaign.resumed": campaign_resumed,
    "campaign.ended": campaign_ended,
}


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    organization_id = message["organization_id"]
    if message.get("command") == "fire_step":
        fire_step(runtime, organization_id, message["enrollment_id"], message["step"])
    elif message.get("command") in ("release_held", "end_running"):
        work_page(runtime, message)
    elif message.get("name") in HEARS:
        HEARS[message["name"]](runtime, organization_id, message["subject"])
    else:
        raise Malformed("neither an event nor a command of campaigns")


handler = worker(CampaignWorker, work)
