"""Makes sure that nothing waits unseen: an approval that may be undone is released in time, and staff who have not
decided after 24 and after 40 hours are told."""

from datetime import timedelta

from moref.conversions.changes import WAITS
from moref.conversions.model import PROMISE, Conversion
from moref.events import Event
from moref.kernel.clock import iso
from moref.kernel.names import REFERRALS
from moref.messaging.plan_message import planned
from moref.records import Change, Emit, get
from moref.rewards.model import Reward
from moref.runtime import Runtime

TOLD_AFTER = (24, 40)  # hours


def watch(runtime: Runtime, conversion: Conversion) -> None:
    """Schedules what comes next by itself. A repeat meets its first schedules."""
    org, id = conversion.organization_id, conversion.id
    rewards = [conversion.reward_id, conversion.friend_reward_id] if conversion.status == "approved" else []
    for reward_id in filter(None, rewards):
        reward = get(runtime.store, Reward, org, reward_id)
        if reward.released_at is None and reward.release_at is not None and reward.status == "pending":
            command = {"command": "release", "organization_id": org, "reward_id": reward.id}
            runtime.scheduler.at(f"{reward.id}-release", reward.release_at, REFERRALS, command)
    since = conversion.waiting_since
    if conversion.status in WAITS and since is not None:
        for hours in TOLD_AFTER:
            due = since + timedelta(hours=hours)
            if conversion.escalated < hours:
                work = {"command": "escalate", "organization_id": org, "conversion_id": id, "hours": hours}
                runtime.scheduler.at(f"{id}-{int(since.timestamp())}-{hours}h", due, REFERRALS, work)


def escalate(runtime: Runtime, organization_id: str, conversion_id: str, hours: int) -> None:
    """Tells the branch, once, that a conversion has waited so long. Nothing when it was decided or began anew.

    Raises NotFound; Conflict when it is changed in this moment (redelivery decides again).
    """
    one = get(runtime.store, Conversion, organization_id, conversion_id)
    now, since = runtime.clock.now(), one.waiting_since
    if one.status not in WAITS or since is None or one.escalated >= hours or now < since + timedelta(hours=hours):
        return
    words = " ".join(hold.words for hold in one.open_holds())
    fields = {
        "conversion": one.id,
        "status": one.status,
        "waits_for_hours": str(hours),
        "decide_by": iso(since + PROMISE),
    }
    mail = planned(
        runtime, organization_id, cause=f"{one.id}.{int(since.timestamp())}.escalated.{hours}",
        template="conversion_waits", kind="staff", location_id=one.location_id, contact=None,
        fields=fields | ({"held_because": words} if words else {}),
    )  # fmt: skip
    told = Event("conversion.escalated", organization_id, one.id, {"hours": hours, "status": one.status})
    runtime.store.commit(Change(one, one.changed(now, escalated=hours)), Emit(told, now), *mail)
