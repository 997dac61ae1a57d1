"""Takes back what a person approved, within the minutes before it is released."""

from moref.conversions.approve import POLICY, UNDO
from moref.conversions.changes import TRIES, audit, moved, referral_to
from moref.conversions.holding import reopened
from moref.conversions.model import Conversion, Hold
from moref.events import Event
from moref.intake.model import Job
from moref.kernel.errors import Conflict
from moref.records import Change, Emit, Write, get
from moref.referrals.model import Referral
from moref.referrals.progress import progress
from moref.rewards import ledger
from moref.rewards.model import Reward, payout_id
from moref.rewards.outcomes import closing
from moref.rewards.reverse import UNTAKEN, taken_back
from moref.runtime import Runtime

WORDS = "the approval was undone"


def undo(
    runtime: Runtime, organization_id: str, conversion_id: str, *, actor: str, reason: str | None = None
) -> Conversion:
    """The conversion waits for staff again, with the holds that the approval had closed; the policy leaves it alone.

    Raises NotFound; Conflict when it is not approved, was approved by the policy, or is released.
    """
    for _ in range(TRIES):
        before = get(runtime.store, Conversion, organization_id, conversion_id)
        try:
            runtime.store.commit(*_writes(runtime, before, _undoable(runtime, before), actor, reason))
        except Conflict:
            if get(runtime.store, Conversion, organization_id, conversion_id).version == before.version:
                raise  # not a race about the conversion: it was released in this moment, or cannot be undone
            continue
        return get(runtime.store, Conversion, organization_id, conversion_id)
    raise Conflict("the conversion is being changed by others")


def _undoable(runtime: Runtime, conversion: Conversion) -> list[Reward]:
    """The rewards to take back: the advocate's and the friend's, of this approval."""
    if conversion.status != "approved" or conversion.decided_at is None:
        raise Conflict(f"the conversion is {conversion.status}: there is no approval to undo")
    if conversion.decided_by == POLICY:
        raise Conflict("the policy approved it, which releases at once")
    now, org = runtime.clock.now(), conversion.organization_id
    both = [get(runtime.store, Reward, org, id) for id in (conversion.reward_id, conversion.friend_reward_id) if id]
    rewards = [reward for reward in both if reward.approved_at == conversion.decided_at]
    until = next((reward.release_at for reward in rewards if reward.release_at), conversion.decided_at + UNDO)
    if now >= until or any(reward.status != "pending" or reward.released_at is not None for reward in rewards):
        raise Conflict("it is too late: an approval is undone within 10 minutes")
    return rewards


def _writes(runtime: Runtime, before: Conversion, rewards: list[Reward], actor: str, reason: str | None) -> list[Write]:
    now, store, org = runtime.clock.now(), runtime.store, before.organization_id
    friends = before.friend_taken if any(reward.who == "friend" for reward in rewards) else None
    holds = [_as_before(hold, before) for hold in before.holds if hold.rule != "second_approver"]
    held = [hold for hold in holds if hold.open]
    fields = UNTAKEN | {
        "status": "held" if held else "pending", "holds": holds, "round": before.round + 1, "by_hand": True,
        "decided_at": None, "decided_by": None, "reason": WORDS,
    }  # fmt: skip
    if friends is not None:
        fields |= {"friend_reward_id": None, "friend_taken": None}
    writes = moved(before, now, **fields) + taken_back(runtime, before, now, also=friends.amount if friends else 0)
    writes.append(audit(before, now, actor, "conversion.undone", reason))
    if held:
        referral, job = get(store, Referral, org, before.referral_id), get(store, Job, org, before.job_id)
        writes += referral_to(referral, now, progress(job), "held: " + " ".join(hold.words for hold in held))
    for reward in rewards:
        gone = reward.changed(now, status="reversed", reason=WORDS)
        told = Event("reward.reversed", org, reward.id, {"payout_id": None})
        writes += [Change(reward, gone), ledger.book(reward, "reversed", now), Emit(told, now)]
        writes += closing(runtime, payout_id(org, reward.id), now)
    return writes


def _as_before(hold: Hold, conversion: Conversion) -> Hold:
    """Open again when it was this approval that closed it."""
    closed_now = not hold.open and hold.closed_at == conversion.decided_at and hold.closed_by == conversion.decided_by
    return reopened(hold) if closed_now else hold
