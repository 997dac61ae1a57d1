"""From a job's facts to a referral, from a referral to a conversion, from a conversion to its approval by policy."""

from typing import Any

from moref.aws.worker import worker
from moref.conversions.auto_approve import auto_approve
from moref.conversions.qualify import qualify
from moref.kernel.env import ReferralWorker
from moref.kernel.errors import Malformed
from moref.referrals.track_job import track_job
from moref.runtime import Runtime

SUBJECTS = {"job.changed": track_job, "referral.changed": qualify, "conversion.changed": auto_approve}


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    org = message["organization_id"]
    if message.get("command") == "auto_approve":
        auto_approve(runtime, org, message["conversion_id"])
    elif message.get("name") == "lead.created":
        qualify(runtime, org, message["data"]["referral_id"])
    elif message.get("name") in SUBJECTS:
        SUBJECTS[message["name"]](runtime, org, message["subject"])
    else:
        raise Malformed("not work for referrals")


handler = worker(ReferralWorker, work)
