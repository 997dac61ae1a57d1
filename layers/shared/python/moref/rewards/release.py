"""Lets a reward be paid once its approval can no longer be undone."""

from moref.events import Event
from moref.records import Change, Emit, get
from moref.rewards.model import Reward
from moref.runtime import Runtime


def release(runtime: Runtime, organization_id: str, reward_id: str) -> Reward:
    """The reward as it is then. Before its time, taken back or released already: nothing happens.

    `released_at` is the instant that was promised, also when we are late: the 48 hours run from there. Raises NotFound;
    Conflict when an undo was faster, or somebody else released it.
    """
    reward = get(runtime.store, Reward, organization_id, reward_id)
    now, due = runtime.clock.now(), reward.release_at or reward.approved_at
    if reward.status != "pending" or reward.released_at is not None or now < due:
        return reward
    told = Event("reward.released", organization_id, reward.id, {"conversion_id": reward.conversion_id})
    runtime.store.commit(Change(reward, reward.changed(now, released_at=due)), Emit(told, now))
    return get(runtime.store, Reward, organization_id, reward_id)
