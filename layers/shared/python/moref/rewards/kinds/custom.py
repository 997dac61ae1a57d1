"""A custom reward is handed over by staff: a task says what, and they mark the reward when it is done (mark.py)."""

from collections.abc import Mapping

from moref.campaigns.model import StaffTask
from moref.identity.current import current
from moref.kernel import ids
from moref.records import Change, Create, Write
from moref.rewards import ledger
from moref.rewards.kinds.base import Taken
from moref.rewards.model import Reward, payout_id
from moref.rewards.moves import moved
from moref.rewards.outcomes import closing
from moref.runtime import Runtime


def task_id(reward: Reward) -> str:
    return ids.derived("tsk", reward.organization_id, reward.id)


def grant(runtime: Runtime, reward: Reward) -> None:
    """The task, once. The reward waits until staff have marked it. Raises Conflict when it changes in this moment."""
    now, org = runtime.clock.now(), reward.organization_id
    if runtime.store.find(StaffTask, org, task_id(reward)) is not None:
        return
    contact = current(runtime.store, org, reward.contact_id)
    name = f"{contact.first_name} {contact.last_name}".strip() if contact else ""
    task = StaffTask(
        organization_id=org, id=task_id(reward), created_at=now, updated_at=now, location_id=reward.location_id,
        contact_id=reward.contact_id, source=reward.id,
        words=f"Hand over to {name or 'the person'}: {reward.words or 'their reward'}. Then mark the reward as issued.",
    )  # fmt: skip
    # The amount stands from now on: what staff hand over is what was approved.
    frozen = Change(reward, reward.changed(now, frozen_at=now))
    runtime.store.commit(Create(task), frozen, *closing(runtime, payout_id(org, reward.id), now))


def take_back(runtime: Runtime, reward: Reward, reason: str) -> Taken | None:
    """While it was not handed over; its task is done with."""
    if reward.status != "pending":
        return None
    now = runtime.clock.now()
    reversed_ = moved(reward, now, status="reversed", reason=reason, revoke_reason=None)
    return [*reversed_, ledger.book(reward, "reversed", now), *done(runtime, reward, "policy")], True


def done(runtime: Runtime, reward: Reward, actor: str) -> list[Write]:
    now = runtime.clock.now()
    task = runtime.store.find(StaffTask, reward.organization_id, task_id(reward))
    if task is None or task.status == "done":
        return []
    return [Change(task, task.changed(now, status="done", done_by=actor, done_at=now))]


def told_by(runtime: Runtime, reward: Reward) -> tuple[str, Mapping[str, str]] | None:
    return None
