"""Staff have a reward told again: the message with the code or the credit, or the gift card's own delivery."""

from moref.events import Event
from moref.kernel import plugins
from moref.kernel.errors import Conflict
from moref.records import Change, Emit, get
from moref.rewards.audit import audit
from moref.rewards.model import Payout, Reward, payout_id
from moref.rewards.settle import UNDELIVERABLE
from moref.rewards.start_payout import KINDS
from moref.runtime import Runtime

MOST = 5  # for one reward


def resend(runtime: Runtime, organization_id: str, reward_id: str, *, actor: str) -> Reward:
    """The reward. A gift card is delivered again by the provider, which does so only where its delivery failed.

    Raises NotFound; Conflict when there is nothing to tell, the provider has nothing to repeat, it was told five times,
    or it changes in this moment.
    """
    reward = get(runtime.store, Reward, organization_id, reward_id)
    if reward.status != "issued":
        raise Conflict(f"the reward is {reward.status}: only one that was issued is sent again")
    if reward.told >= MOST:
        raise Conflict(f"it was sent again {MOST} times: please talk to them")
    if reward.kind == "gift_card":
        _redeliver(runtime, reward, actor)
    else:
        _tell(runtime, reward, actor)
    return get(runtime.store, Reward, organization_id, reward_id)


def _tell(runtime: Runtime, reward: Reward, actor: str) -> None:
    from moref.rewards.kinds.base import telling  # who only reads does not wait for what messages need

    said = plugins.load(KINDS, reward.kind).told_by(runtime, reward)
    if said is None:
        raise Conflict("staff tell them: there is no message to send again")
    now, after = runtime.clock.now(), reward.changed(runtime.clock.now(), told=reward.told + 1)
    message = telling(runtime, after, *said)
    if not message:
        raise Conflict("they have neither e-mail nor phone")
    record = audit(now, reward.organization_id, actor, "reward.resent", reward.id, turn=str(after.told))
    runtime.store.commit(Change(reward, after), *message, record)


def _redeliver(runtime: Runtime, reward: Reward, actor: str) -> None:
    """To the frozen address, or the one that was confirmed after it; a new one takes new_address.py."""
    now, org = runtime.clock.now(), reward.organization_id
    payout = runtime.store.find(Payout, org, payout_id(org, reward.id))
    failed = payout is not None and payout.status == "needs_person" and (payout.reason or "").startswith(UNDELIVERABLE)
    if payout is None or not failed or payout.redirect_pending:
        raise Conflict("the provider sends a gift card again only after its delivery failed")
    after = reward.changed(now, told=reward.told + 1)
    runtime.store.commit(
        Change(reward, after),
        Change(payout, payout.changed(now, redirect_pending=True)),
        audit(now, org, actor, "reward.resent", reward.id, turn=str(after.told)),
        Emit(Event("payout.redirected", org, payout.id, {"reward_id": reward.id}), now),
    )
