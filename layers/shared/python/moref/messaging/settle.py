"""Recording what became of a claim, whatever else happened to the row meanwhile."""

from typing import Any

from moref.kernel.errors import Conflict
from moref.messaging.model import Message
from moref.messaging.receipts import apply_receipt
from moref.messaging.reputation import on_sent
from moref.messaging.told import told
from moref.records import Change, Point
from moref.runtime import Runtime

TRIES = 5
PROVIDER_MESSAGE = "provider_message"  # look-up kind: a provider's id leads to the message


def settle(runtime: Runtime, claim: Message, **fields: Any) -> Message | None:
    """Writes the fields if the claim still stands (same attempt, not settled yet); None when it does not.

    A slow worker's claim may have been called unknown by another: what the slow one learnt is still the truth.
    """
    for _ in range(TRIES):
        now = runtime.store.find(Message, claim.organization_id, claim.id)
        if now is None or now.attempts != claim.attempts or now.status not in ("queued", "sending", "unknown"):
            return None
        after = now.changed(runtime.clock.now(), **fields)
        points = []
        if provider_id := fields.get("provider_id"):
            points.append(Point(claim.organization_id, PROVIDER_MESSAGE, provider_id, claim.id))
        events = told(after) if after.status == "sent" else []
        try:
            runtime.store.commit(Change(now, after), *points, *events)
        except Conflict:
            continue
        return after
    raise Conflict("the message is being changed by others")


def sent(runtime: Runtime, claim: Message, provider_id: str) -> None:
    """The provider has it. A delivery report may have been faster than this note: it is applied now."""
    now = runtime.clock.now()
    fields = {"status": "sent", "provider_id": provider_id, "sent_at": now, "reason": None, "not_before": None}
    if settle(runtime, claim, **fields) is not None:
        runtime.metrics.count("message_sent")
        if claim.channel == "email":
            on_sent(runtime, claim.organization_id, claim.id)
    apply_receipt(runtime, claim.organization_id, provider_id, claim.id)
