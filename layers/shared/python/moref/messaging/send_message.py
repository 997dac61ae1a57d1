"""Sends one queued message, at most once.

queued -> (claim) sending -> sent | queued again | failed | skipped | unknown. The claim is a compare-and-set, and
everything that leaves stands in the row before the provider is called: whoever finds `sending` or `unknown` later asks
the provider before anything is repeated (resolve_unknown).
"""

from datetime import datetime, timedelta

from moref.kernel.errors import Conflict, Failure, NeedsPerson, OutcomeUnknown, Retry
from moref.messaging.accounts import ChannelOf, account_of, channel_of
from moref.messaging.channels.base import Account, Channel, Outgoing, Refused
from moref.messaging.compose_message import outgoing
from moref.messaging.last_look import Go, Skip, Wait, last_look
from moref.messaging.later import later
from moref.messaging.model import Message
from moref.messaging.opt_out import opt_out
from moref.messaging.preferences import preferences_url
from moref.messaging.queue_up import Pacing, joins_line, may_go
from moref.messaging.receipts import apply_receipt
from moref.messaging.resolve_unknown import LEASE, resolve_unknown
from moref.messaging.settle import sent, settle
from moref.records import Change
from moref.runtime import Runtime

TRIES = 5
PERSON_WAIT = timedelta(minutes=15)  # until credentials somebody must mend are tried again
LONGEST_WAIT = timedelta(minutes=15)
NO_SLOT = Pacing()


def send_message(
    runtime: Runtime,
    organization_id: str,
    message_id: str,
    *,
    channel_of: ChannelOf = channel_of,
    pacing: Pacing = NO_SLOT,
) -> None:
    """On message.queued, and whenever it is due again. Raises Conflict after five lost races."""
    for _ in range(TRIES):
        message = runtime.store.find(Message, organization_id, message_id)
        if message is None or message.direction == "in":
            return
        try:
            if message.status == "queued":
                _queued(runtime, message, channel_of, pacing)
            elif message.status == "sent" and message.provider_id:  # a worker may have died before this
                apply_receipt(runtime, organization_id, message.provider_id, message_id)
            elif message.status in ("sending", "unknown") and resolve_unknown(
                runtime, message, channel_of(runtime, message)
            ):
                continue  # surely not sent: once more from the start
        except Conflict:
            continue
        return
    raise Conflict("the message is being changed by others")


def _queued(runtime: Runtime, message: Message, channel_of: ChannelOf, pacing: Pacing) -> None:
    if joins_line(runtime, message, channel_of, pacing):
        return
    now = runtime.clock.now()
    verdict = last_look(runtime, message)
    if isinstance(verdict, Skip):
        runtime.store.commit(Change(message, message.changed(now, status="skipped", reason=verdict.reason)))
        runtime.metrics.count("message_skipped")
    elif message.not_before is not None and now < message.not_before:
        later(runtime, message, message.not_before)
    elif isinstance(verdict, Wait):
        waiting = message.changed(now, not_before=verdict.until, reason=verdict.reason)
        runtime.store.commit(Change(message, waiting))
        later(runtime, waiting, verdict.until)
    else:
        _send(runtime, message, verdict, channel_of(runtime, message), pacing)


def _send(runtime: Runtime, message: Message, go: Go, channel: Channel, pacing: Pacing) -> None:
    now = runtime.clock.now()
    try:
        account = account_of(runtime, message.organization_id, channel)
    except NeedsPerson as error:
        _again(runtime, message, now + PERSON_WAIT, error)
        return
    out = outgoing(runtime, message, go, now, unsubscribe=_unsubscribe(runtime, message))
    if not may_go(runtime, channel, account, (message, out), pacing):
        return
    claimed = message.changed(
        now,
        status="sending",
        attempts=message.attempts + 1,
        claimed_at=now,
        provider=channel.NAME,
        not_before=None,
        reason=None,
        address=out.to,
        subject=out.subject or None,
        body=out.body,
    )
    runtime.store.commit(Change(message, claimed), *go.claims)
    _call(runtime, claimed, channel, account, out)


def _unsubscribe(runtime: Runtime, message: Message) -> str | None:
    if "report_link" in message.fields:
        return message.fields["report_link"]  # a member stops the weekly report on its page
    if message.channel != "email" or message.kind == "staff" or message.contact_id is None:
        return None
    return preferences_url(runtime, message.organization_id, message.contact_id)


def _call(runtime: Runtime, claimed: Message, channel: Channel, account: Account, out: Outgoing) -> None:
    try:
        provider_id = channel.send(runtime, account, out)
    except Retry as error:
        _again(runtime, claimed, runtime.clock.now() + _backoff(claimed, error), error)
    except NeedsPerson as error:
        runtime.metrics.count("message_needs_person")
        _again(runtime, claimed, runtime.clock.now() + PERSON_WAIT, error)
    except Refused as error:
        _refused(runtime, claimed, error)
    except OutcomeUnknown as error:
        runtime.metrics.count("message_unknown")
        unknown = settle(runtime, claimed, status="unknown", reason=error.detail)
        if unknown is not None and channel.CAN_FIND:
            later(runtime, unknown, runtime.clock.now() + LEASE)
    else:
        sent(runtime, claimed, provider_id)


def _again(runtime: Runtime, message: Message, due: datetime, error: Failure) -> None:
    """Surely not sent: back into the queue. The last look ends it when it has become too late."""
    stuck = (message.stuck_since or runtime.clock.now()) if isinstance(error, NeedsPerson) else None
    waiting = settle(runtime, message, status="queued", not_before=due, reason=error.detail, stuck_since=stuck)
    if waiting is not None:
        later(runtime, waiting, due)


def _backoff(message: Message, error: Retry) -> timedelta:
    least = timedelta(seconds=error.seconds or 30)
    doublings: int = min(message.attempts - 1, 10)
    return min(least * (1 << doublings), LONGEST_WAIT)


def _refused(runtime: Runtime, claimed: Message, error: Refused) -> None:
    if not error.opted_out:
        runtime.metrics.count("message_failed")
        settle(runtime, claimed, status="failed", reason=error.provider_code)
        return
    # The provider knew of a STOP that we did not: it is one for us too, whatever the campaign.
    if claimed.address:
        opt_out(runtime, claimed.organization_id, claimed.channel, claimed.address, error.provider_code)
    settle(runtime, claimed, status="skipped", reason="opted_out")
