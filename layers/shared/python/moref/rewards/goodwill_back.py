"""What ends with a goodwill reward that is taken back or failed: the writes for the commit that does it."""

from datetime import datetime

from moref.budgets import room
from moref.programs import standing
from moref.records import Change, Write, get
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Reward
from moref.runtime import Runtime


def withdrawn(runtime: Runtime, reward: Reward, reason: str, now: datetime) -> list[Write]:
    """Budgets, and the advocate's year, get back what it took; once, for what was given back is not named any more."""
    store, org = runtime.store, reward.organization_id
    one = get(store, Goodwill, org, str(reward.goodwill_id))
    after = one.changed(now, status="withdrawn", said=reason[:300], spends=[], standing_id=None)
    writes: list[Write] = [Change(one, after), *room.giving_back(store, org, one.spends, one.amount, now)]
    if one.standing_id is not None:
        year = standing.current(store, org, one.standing_id)
        left = {**year.amounts, one.currency: year.amounts.get(one.currency, 0) - one.amount}
        writes.append(Change(year, year.changed(now, amounts=left)))
    return writes
