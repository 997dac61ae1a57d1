"""Once an hour: discount codes whose day has come are ended, and what they were worth is released.

Gift cards are never ended by us: by law not within five years (12 CFR 1005.20), later by the provider's own rules.
"""

from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import every, get
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.kinds.discount_code import ending
from moref.rewards.model import Reward
from moref.runtime import Runtime
from moref.tenants.model import Hook


def expire_codes(runtime: Runtime) -> int:
    """How many it ended, of every organization. What is used in this very moment is left to the next hour."""
    now, ended = runtime.clock.now(), 0
    # Whoever gives rewards hears of jobs from a CRM, so the hooks name every organization.
    for org in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        for listed in every(runtime.store, DiscountCode, org, status="active", until=now):
            code = get(runtime.store, DiscountCode, org, listed.id)
            if code.status != "active" or now < code.valid_until:
                continue
            try:
                runtime.store.commit(*ending(code, get(runtime.store, Reward, org, code.reward_id), now))
            except Conflict:
                continue
            ended += 1
    return ended
