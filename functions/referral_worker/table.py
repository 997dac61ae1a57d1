"""What the worker hears, and the use-cases each event or command asks for."""

from collections.abc import Callable
from typing import Any

from moref.books.merge_payee import merge_payee
from moref.conversions.auto_approve import auto_approve, follow
from moref.conversions.recheck import recheck
from moref.conversions.watch import escalate
from moref.partners.onboard import onboard_partner
from moref.referrals.dispute_due import dispute_due, watch_dispute
from moref.referrals.late_identity import identified
from moref.referrals.merge_rows import merge_rows
from moref.referrals.track_job import track_job
from moref.rewards.expire import expire_code
from moref.rewards.goodwill import follow_goodwill
from moref.rewards.release import release
from moref.rewards.use_credit import follow_merge, use_benefits
from moref.runtime import Runtime

SUBJECTS: dict[str, tuple[Callable[[Runtime, str, str], object], ...]] = {
    "job.changed": (track_job, use_benefits),
    "job.imported": (track_job,),
    "contact.identified": (identified,),
    "contact.merged": (merge_rows, follow_merge, merge_payee),
    "referral.changed": (follow,),
    "partner.accepted": (onboard_partner,),
    "conversion.changed": (auto_approve,),
    "reward.paid_in_vain": (recheck,),
    "dispute.changed": (watch_dispute,),
    "goodwill.granted": (follow_goodwill,),
}
MET = frozenset(
    {"budget.changed", "acceptance.recorded", "tariff.recorded", "partner.changed"}
)  # what conversions were waiting for
COMMANDS: dict[str, Callable[[Runtime, str, dict[str, Any]], object]] = {
    "auto_approve": lambda runtime, org, said: auto_approve(runtime, org, said["conversion_id"]),
    "recheck": lambda runtime, org, said: recheck(runtime, org, said["conversion_id"]),
    "escalate": lambda runtime, org, said: escalate(runtime, org, said["conversion_id"], said["hours"]),
    "dispute_due": lambda runtime, org, said: dispute_due(runtime, org, said["dispute_id"]),
    "expire_code": lambda runtime, org, said: expire_code(runtime, org, said["code"]),
    "release": lambda runtime, org, said: release(runtime, org, said["reward_id"]),
}
