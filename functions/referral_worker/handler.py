"""From a job's facts to a referral, from a referral to a conversion, from a conversion to its approval by policy."""

from typing import Any

from moref.aws.worker import worker
from moref.conversions.auto_approve import follow
from moref.conversions.recheck import recheck_held
from moref.kernel.env import ReferralWorker
from moref.kernel.errors import Malformed
from moref.referrals.late_identity import attribute_lead, freed
from moref.runtime import Runtime
from referral_worker.table import COMMANDS, MET, SUBJECTS


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
