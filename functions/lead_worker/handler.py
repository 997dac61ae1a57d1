"""Queue leads: hands new leads to the CRM, and wakes up for the next attempt."""

from typing import Any

from moref.aws.outbound import post_signed
from moref.aws.worker import worker
from moref.intake.push_lead import push_lead
from moref.kernel.env import LeadWorker
from moref.kernel.errors import Malformed
from moref.referrals.hand_over import hand_over
from moref.runtime import Runtime


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    organization_id = message["organization_id"]
    if message.get("command") == "hand_over":
        hand_over(runtime, organization_id, message["lead_id"], post=post_signed, push=push_lead)
    elif message.get("name") == "lead.created":
        hand_over(runtime, organization_id, message["subject"], post=post_signed, push=push_lead)
    else:
        raise Malformed("neither a lead.created nor a hand_over")


handler = worker(LeadWorker, work)
