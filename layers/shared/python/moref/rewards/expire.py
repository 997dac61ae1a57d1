"""Discount codes whose day has come are ended, and what they were worth is released; found once an hour.

Gift cards are never ended by us: by law not within five years (12 CFR 1005.20), later by the provider's own rules.
"""

from moref.kernel.keys import GLOBAL
from moref.kernel.names import REFERRALS
from moref.records import every, get
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.model import Reward
from moref.runtime import Runtime
from moref.tenants.model import Hook


def sweep_codes(runtime: Runtime) -> int:
    """Sends one look for each code that may have ended, of every organization; how many."""
    now, sent = runtime.clock.now(), 0
    # Whoever gives rewards hears of jobs from a CRM, so the hooks name every organization.
    for org in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        for code in every(runtime.store, DiscountCode, org, status="active", until=now):
            runtime.queues.send(REFERRALS, {"command": "expire_code", "organization_id": org, "code": code.id})
            sent += 1
    return sent


def expire_code(runtime: Runtime, organization_id: str, id: str) -> None:
    """Before its time, or used meanwhile: nothing. Raises NotFound; Conflict when it is used in this moment."""
    from moref.rewards.kinds.discount_code import ending  # the sweeper does not wait for what telling needs

    code, now = get(runtime.store, DiscountCode, organization_id, id), runtime.clock.now()
    if code.status == "active" and now >= code.valid_until:
        runtime.store.commit(*ending(code, get(runtime.store, Reward, organization_id, code.reward_id), now))
