"""A message and its sender's pace: it goes now, or it waits for its slot, or for its turn to ask for one.

Waiting is by a queue's delay or by a schedule, never by redelivery, and every return looks at everything anew.
"""

import random
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from moref.campaigns.windows import closes_at
from moref.kernel.errors import Retry
from moref.kernel.keys import GLOBAL
from moref.kernel.names import MESSAGES
from moref.messaging.accounts import ChannelOf
from moref.messaging.channels.base import Account, Channel, Outgoing
from moref.messaging.lanes import lane_name, lane_of, units
from moref.messaging.later import hold, later, send_command
from moref.messaging.line import ANY_TIME, IN_LINE, Turns, latest_turn, placed
from moref.messaging.model import Message
from moref.messaging.pace import EARLY, FRESH, Full, reserve
from moref.records import Change
from moref.runtime import Runtime
from moref.tenants.model import Location

URGENT = "keyword"  # the answer to STOP or HELP does not wait behind a campaign
LONGEST_DELAY = 900  # seconds that a queue can hold a message back
MOST_JITTER = 3  # seconds; who only just missed something comes again at a random moment
PUNCTUAL = timedelta(seconds=6)  # after its turn a message has the right to ask again, a few times


@dataclass(frozen=True, slots=True)
class Pacing:
    """What a worker brings: the slot that its queue message carries, and the turns that it keeps."""

    slot: datetime | None = None
    turns: Turns = field(default_factory=Turns)


def joins_line(runtime: Runtime, message: Message, channel_of: ChannelOf, pacing: Pacing) -> bool:
    """Puts a newcomer behind its organization's others, cheaply; False when it has nobody to wait for."""
    now = runtime.clock.now()
    if pacing.slot is not None or message.kind == URGENT or message.reason == IN_LINE:
        return False
    if message.not_before is not None and now < message.not_before:
        return False
    if message.kind not in ANY_TIME and closes_at(now, message.places) is None:
        return False  # the last look knows until when it waits
    channel = channel_of(runtime, message)
    lane = lane_name(channel, _sender(runtime, message, channel))
    owner = GLOBAL if channel.LANE == "platform" else message.organization_id
    if not pacing.turns.is_line(runtime, message.organization_id, lane, owner):
        return False
    _line_up(runtime, message, lane, pacing)
    return True


def may_go(
    runtime: Runtime, channel: Channel, account: Account, ready: tuple[Message, Outgoing], pacing: Pacing
) -> bool:
    """Whether the message has a slot and it is now; otherwise it has been put where it comes again."""
    message, out = ready
    slot, now = pacing.slot, runtime.clock.now()
    if slot is None or now > slot + FRESH:
        lane = lane_of(runtime, channel, account, out)
        urgent = message.kind == URGENT
        try:
            found = reserve(runtime, lane, message.organization_id, units(channel, out), urgent=urgent)
        except Retry:
            _soon(runtime, message)
            return False
        if isinstance(found, Full):
            if found.sharers == 1 and _at_its_turn(message, now):
                _soon(runtime, message)
            else:
                _line_up(runtime, message, lane.name, pacing, found.sharers)
            return False
        slot = found.at
    if slot - now > EARLY:
        hold(runtime, message, slot)
        return False
    return True


def _at_its_turn(message: Message, now: datetime) -> bool:
    """Its own organization alone is a little ahead of its pace: no reason to go to the end of the line."""
    return message.reason == IN_LINE and message.not_before is not None and now < message.not_before + PUNCTUAL


def _line_up(runtime: Runtime, message: Message, lane: str, pacing: Pacing, sharers: int = 1) -> None:
    now = runtime.clock.now()
    try:
        turn = pacing.turns.take(
            runtime, message.organization_id, lane, latest=latest_turn(message, now), sharers=sharers
        )
    except Retry:
        _soon(runtime, message)
        return
    waiting = placed(message, turn, now)
    runtime.store.commit(Change(message, waiting))
    runtime.metrics.count("message_in_line")
    _come(runtime, waiting, waiting.not_before or now)


def _come(runtime: Runtime, message: Message, due: datetime) -> None:
    wait = ceil((due - runtime.clock.now()).total_seconds())
    if wait <= LONGEST_DELAY:
        runtime.queues.send(MESSAGES, send_command(message, due), delay_seconds=max(0, wait))
    else:
        later(runtime, message, due)


def _soon(runtime: Runtime, message: Message) -> None:
    delay = random.randint(1, MOST_JITTER)  # noqa: S311  jitter is no secret
    runtime.queues.send(MESSAGES, send_command(message), delay_seconds=delay)


def _sender(runtime: Runtime, message: Message, channel: Channel) -> str:
    if channel.LANE != "sender":
        return ""
    location = runtime.store.find(Location, message.organization_id, message.location_id)
    return message.fields.get("sender") or (location.sms_sender if location else None) or ""
