"""From a job's facts to a referral, from a referral to a conversion, from a conversion to its approval by policy."""

from collections.abc import Callable
from typing import Any

from moref.aws.worker import worker
from moref.books.merge_payee import merge_payee
from moref.conversions.auto_approve import auto_approve, follow
from moref.conversions.recheck import recheck, recheck_held
from moref.conversions.watch import escalate
from moref.kernel.env import ReferralWorker
from moref.kernel.errors import Malformed
from moref.referrals.dispute_due import dispute_due, watch_dispute
from moref.referrals.late_identity import attribute_lead, freed, identified
from moref.referrals.merge_rows import merge_rows
from moref.referrals.track_job import track_job
from moref.rewards.expire import expire_code
from moref.rewards.goodwill import follow_goodwill
from moref.rewards.release import release
from moref.rewards.use_credit import follow_merge, use_benefits
from moref.runtime import Runtime

SUBJECTS: dict[str, tuple[Callable[[Runtime, str, str], object], ...]] = {
    "job.changed": (track_job, use_benefits),
    "contact.identified": (identified,),
    "contact.merged": (merge_rows, follow_merge, merge_payee),
    "referral.changed": (follow,),
    "conversion.changed": (auto_approve,),
    "reward.paid_in_vain": (recheck,),
    "dispute.changed": (watch_dispute,),
    "goodwill.granted": (follow_goodwill,),
}
MET = frozenset({"budget.changed", "acceptance.recorded", "tariff.recorded"})  # what conversions were waiting for
COMMANDS: dict[str, Callable[[Runtime, str, dict[str, Any]], object]] = {
    "auto_approve": lambda runtime, org, said: auto_approve(runtime, org, said["conversion_id"]),
    "recheck": lambda runtime, org, said: recheck(runtime, org, said["conversion_id"]),
    "escalate": lambda runtime, org, said: escalate(runtime, org, said["conversion_id"], said["hours"]),
    "dispute_due": lambda runtime, org, said: dispute_due(runtime, org, said["dispute_id"]),
    "expire_code": lambda runtime, org, said: expire_code(runtime, org, said["code"]),
    "release": lambda runtime, org, said: release(runtime, org, said["reward_id"]),
}


def work(runtime: Runtime, message: dict[str, Any]) -> None:
    org, name = message["organization_id"], message.get("name")
    if message.get("command") in COMMANDS:
        COMMANDS[message["command"]](runtime, org, message)
    elif name == "lead.created":
        attribute_lead(runtime, org, message["subject"])
        follow(runtime, org, message["data"]["referral_id"])
    elif name in MET:
        recheck_held(runtime, org)
    elif name in SUBJECTS:
        for do in SUBJECTS[name]:
            do(runtime, org, message["subject"])
        if name == "referral.changed" and message["data"].get("status") in ("removed", "cancelled"):
            freed(runtime, org, message["subject"])
    else:
        raise Malformed("not work for referrals")


handler = worker(ReferralWorker, work)
