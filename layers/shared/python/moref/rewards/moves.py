"""The moves of a reward that is no gift card: each change of its status tells of it."""

from datetime import datetime
from typing import Any

from moref.events import Event
from moref.records import Change, Emit, Write
from moref.rewards.model import Reward


def moved(reward: Reward, now: datetime, **fields: Any) -> list[Write]:
    """The reward's change, with the event of a new status."""
    after = reward.changed(now, **fields)
    writes: list[Write] = [Change(reward, after)]
    if after.status != reward.status:
        data = {"status": after.status, "previous_status": reward.status, "kind": reward.kind}
        writes.append(Emit(Event("reward.changed", reward.organization_id, reward.id, data), now))
    return writes
