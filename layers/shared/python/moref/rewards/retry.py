"""Staff let a payout that needs a person be tried again, under the same id: the provider can pay it once only. So does
news of money for what was given up for lack of it (receive_notice.py)."""

from moref.events import Event
from moref.kernel.errors import Conflict
from moref.records import Emit, get
from moref.rewards.audit import audit
from moref.rewards.model import Payout, Reward
from moref.rewards.outcomes import TRIES, move
from moref.runtime import Runtime


def retry(runtime: Runtime, organization_id: str, payout_id: str, *, actor: str) -> Payout:
    """The payout, waiting for its turn now; its 48 hours of attempts begin anew. A repeat before that turn is a no-op.

    What is frozen stays: a wrong address is mended by cancelling. The event wakes the worker, so a commit that stands
    is a retry that happens. Raises NotFound; Conflict when it is not with a person, when the provider holds an order
    (asking again under our id would only find it), or after losing five races.
    """
    for _ in range(TRIES):
        payout = get(runtime.store, Payout, organization_id, payout_id)
        if payout.status == "retry_wait" and payout.retried_at == payout.next_attempt_at:
            return payout
        reward = get(runtime.store, Reward, organization_id, payout.reward_id)
        _check(payout, reward)
        now = runtime.clock.now()
        woken = Event("payout.retried", organization_id, payout.id, {"reward_id": reward.id})
        record = audit(now, organization_id, actor, "payout.retried", payout.id, turn=str(payout.version))
        try:
            return move(
                runtime, payout, record, Emit(woken, now),
                status="retry_wait", reason="tried again", retried_at=now, next_attempt_at=now,
            )  # fmt: skip
        except Conflict:
            continue
    raise Conflict("the payout is being changed by others")


def _check(payout: Payout, reward: Reward) -> None:
    if payout.status != "needs_person":
        raise Conflict(f"the payout is {payout.status}: only one that needs a person is tried again")
    if payout.order_id is not None:
        raise Conflict(
            f"the provider holds order {payout.order_id} ({payout.provider_status}): mend or cancel it there"
        )
    if reward.status != "pending":
        raise Conflict(f"its reward is {reward.status}")
