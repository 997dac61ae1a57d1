"""On payout.redirected: has the provider deliver again, to the address that the advocate confirmed."""

from moref.kernel.errors import NeedsPerson
from moref.records import get
from moref.rewards import outcomes
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Payout
from moref.rewards.outcomes import move
from moref.rewards.ports import Connect
from moref.rewards.settle import UNDELIVERABLE, settle
from moref.runtime import Runtime


def redirect(runtime: Runtime, organization_id: str, payout_id: str, connect: Connect = connect_account) -> None:
    """Asked twice, the provider refuses the second time, since the delivery has not failed any more: then the order
    decides. Raises Retry and OutcomeUnknown: the queue asks again, which is safe for the same reason."""
    payout = get(runtime.store, Payout, organization_id, payout_id)
    if not payout.redirect_pending or payout.provider_reward_id is None:
        return
    provider = connect(runtime, organization_id, payout.provider)
    try:
        provider.resend(payout.provider_reward_id, email=payout.redirected_email, phone=payout.redirected_phone)
    except NeedsPerson as refusal:
        order = provider.read(payout.order_id or "")
        if order is None or order.delivery_status == "FAILED":
            reason = f"{UNDELIVERABLE}; the provider does not send it again: {refusal.detail}"
            outcomes.needs_person(runtime, payout, reason, redirect_pending=False)
            return
        settle(runtime, organization_id, payout_id, order)
        payout = get(runtime.store, Payout, organization_id, payout_id)
    if payout.redirect_pending:
        move(runtime, payout, redirect_pending=False)
