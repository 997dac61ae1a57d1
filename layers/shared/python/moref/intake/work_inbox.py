"""Works on one stored webhook: hands it to who understands its source, and records what became of it.

The row is marked only after the effect stands, so a crash in between repeats the effect, which is harmless, and never
loses it. What cannot be used is quarantined with the reason, visible and replayable.
"""

import zlib
from base64 import b64decode
from collections.abc import Callable
from importlib import import_module
from typing import Literal

from moref.intake.model import ERASED, InboxEvent
from moref.intake.note_health import note_health
from moref.kernel.errors import BadInput, Conflict, Malformed
from moref.kernel.webhook import LARGEST_BODY
from moref.records import Change
from moref.runtime import Runtime

TRIES = 3
Receive = Callable[[Runtime, InboxEvent, bytes], str | None]
Became = Literal["handled", "ignored", "quarantined"]

# Who reads which source's webhooks: module and function (runtime, event, body) -> why it was ignored, or None.
RECEIVERS = {
    "twilio": ("moref.messaging.receive", "receive"),
    "ses": ("moref.messaging.receive_reports", "receive"),
    "sendgrid": ("moref.messaging.receive_reports", "receive"),
    "stripe": ("moref.billing.receive_event", "receive"),
    "tremendous": ("moref.rewards.receive_notice", "receive_notice"),
}
CRM_RECEIVER = ("moref.intake.apply_notice", "receive")


def work_inbox(runtime: Runtime, organization_id: str, inbox_id: str, *, receive: Receive | None = None) -> None:
    """Does nothing on a row that is done, or gone. Raises what the receiver raises, except for what quarantines."""
    event = runtime.store.find(InboxEvent, organization_id, inbox_id)
    if event is None or event.status != "received":
        return
    became, reason = _effect(runtime, event, receive or receiver(event.source))
    runtime.metrics.count(f"inbox_{became}")
    if event.source.startswith("crm:"):
        note_health(runtime, event, became, reason)
    for _ in range(TRIES):
        try:
            runtime.store.commit(Change(event, _marked(runtime, event, became, reason)))
        except Conflict:
            fresh = runtime.store.find(InboxEvent, organization_id, inbox_id)
            if fresh is None or fresh.status != "received" or fresh.replays != event.replays:
                return  # another copy of the message recorded it, or somebody asked for a replay meanwhile
            event = fresh
            continue
        return
    raise Conflict("the inbox row is being changed by others")


def receiver(source: str) -> Receive:
    """The function for a source, imported when called. Raises Malformed on one that nobody reads."""
    place = CRM_RECEIVER if source.startswith("crm:") else RECEIVERS.get(source)
    if place is None:
        raise Malformed(f"nobody reads webhooks of {source}")
    module, function = place
    found: Receive = getattr(import_module(module), function)
    return found


def _effect(runtime: Runtime, event: InboxEvent, receive: Receive) -> tuple[Became, str | None]:
    try:
        reason = receive(runtime, event, raw_body(event))
    except (BadInput, Malformed) as error:
        return "quarantined", error.detail[:500]
    return ("handled", reason) if reason in (None, ERASED) else ("ignored", reason[:500])


def raw_body(event: InboxEvent) -> bytes:
    """The bytes as they came. Raises Malformed when the row is damaged."""
    try:
        return zlib.decompressobj().decompress(b64decode(event.body, validate=True), LARGEST_BODY + 1)
    except (ValueError, zlib.error):
        raise Malformed("the stored body cannot be unpacked") from None


def _marked(runtime: Runtime, event: InboxEvent, became: Became, reason: str | None) -> InboxEvent:
    """Without its body when that holds somebody who was erased."""
    now = runtime.clock.now()
    emptied = {"body": "", "headers": {}} if reason == ERASED else {}
    return event.changed(now, status=became, reason=reason, handled_at=now, **emptied)
