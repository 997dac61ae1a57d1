"""A message found in `sending` or `unknown`: nobody knows whether it left, so the provider is asked first."""

from datetime import timedelta

from moref.kernel.errors import NeedsPerson, Retry
from moref.messaging.accounts import account_of
from moref.messaging.channels.base import Channel, Outgoing
from moref.messaging.last_look import TOO_LATE
from moref.messaging.later import later
from moref.messaging.model import Message
from moref.messaging.settle import PROVIDER_MESSAGE, sent, settle
from moref.runtime import Runtime

LEASE = timedelta(minutes=2)  # a claim this young may be a live worker's; the provider's list is up to date after it
ASK_AGAIN = timedelta(minutes=5)
RESENDS = 1


def resolve_unknown(runtime: Runtime, message: Message, channel: Channel) -> bool:
    """True when it surely did not leave and is queued once more. A channel that cannot tell stays unknown for ever."""
    now = runtime.clock.now()
    claimed_at = message.claimed_at or message.updated_at
    if now < claimed_at + LEASE:
        if message.status == "sending" or channel.CAN_FIND:
            later(runtime, message, claimed_at + LEASE)
        return False
    if message.status == "sending":
        runtime.metrics.count("message_unknown")
        settle(runtime, message, status="unknown", reason="no outcome was recorded")
    if not channel.CAN_FIND:
        return False
    try:
        ours = _found(runtime, message, channel)
    except (Retry, NeedsPerson):
        _ask_again(runtime, message)
        return False
    if ours is not None:
        sent(runtime, message, ours)
        return False
    if message.resends >= RESENDS:
        runtime.metrics.count("message_failed")
        settle(runtime, message, status="failed", reason="outcome_unknown")
        return False
    queued = settle(runtime, message, status="queued", reason="not sent the first time", resends=message.resends + 1)
    return queued is not None


def _found(runtime: Runtime, message: Message, channel: Channel) -> str | None:
    """The provider's id of this message: same recipient and text, made since the claim, and no other message's."""
    account = account_of(runtime, message.organization_id, channel)
    out = Outgoing(to=message.address or "", sender="", body=message.body or "")
    for provider_id in channel.find(runtime, account, out, message.claimed_at or message.updated_at):
        owners = runtime.store.lookup(message.organization_id, PROVIDER_MESSAGE, provider_id)
        if not owners or message.id in owners:
            return provider_id
    return None


def _ask_again(runtime: Runtime, message: Message) -> None:
    now = runtime.clock.now()
    if now - message.created_at > TOO_LATE:
        settle(runtime, message, reason="outcome_unknown")  # stays unknown; the sweep leaves it alone from here
        return
    later(runtime, message, now + ASK_AGAIN)
