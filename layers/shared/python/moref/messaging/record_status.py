"""A provider reports how far a message has got. Reports come twice, out of order, and before we noted the id."""

from typing import Literal

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.messaging.model import Message, MessageStatus, Receipt
from moref.messaging.opt_out import opt_out
from moref.records import Change, Create, Write
from moref.runtime import Runtime

TRIES = 5
_OPTED_OUT = "21610"

# How far each of Twilio's statuses is; a lower one never replaces a higher one.
RANK: dict[str, int] = {
    "accepted": 0, "scheduled": 0, "queued": 0, "sending": 0,
    "sent": 1, "partially_delivered": 1,
    "failed": 2, "undelivered": 2, "canceled": 2,
    "delivered": 3, "read": 3,
}  # fmt: skip
_OURS: dict[str, Literal["sent", "failed", "undelivered", "delivered"]] = {
    "sent": "sent", "partially_delivered": "sent",
    "failed": "failed", "canceled": "failed", "undelivered": "undelivered",
    "delivered": "delivered", "read": "delivered",
}  # fmt: skip
_RANK_OF_OURS: dict[MessageStatus, int] = {"sent": 1, "failed": 2, "undelivered": 2, "delivered": 3}


def record_status(
    runtime: Runtime, organization_id: str, provider_id: str, state: str, error_code: str | None
) -> str | None:
    """Keeps the report, and applies it if the message is known. A text: ignored, with that reason."""
    if state not in RANK:
        return f"status {state[:40]!r} is not known"
    for _ in range(TRIES):
        try:
            _keep(runtime, organization_id, provider_id, state, error_code)
        except Conflict:
            continue
        break
    else:
        raise Conflict("the receipt is being changed by others")
    for message_id in runtime.store.lookup(organization_id, "provider_message", provider_id):
        apply_receipt(runtime, organization_id, provider_id, message_id)
    return None


def apply_receipt(runtime: Runtime, organization_id: str, provider_id: str, message_id: str) -> None:
    """Brings the message up to what the receipt says. Whoever of reporter and sender comes last does it."""
    for _ in range(TRIES):
        receipt = runtime.store.find(Receipt, organization_id, _receipt_id(organization_id, provider_id))
        message = runtime.store.find(Message, organization_id, message_id)
        if receipt is None or message is None or RANK[receipt.state] <= _RANK_OF_OURS.get(message.status, 0):
            return
        now, status = runtime.clock.now(), _OURS[receipt.state]
        after = message.changed(
            now,
            status=status,
            reason=receipt.error_code if status in ("failed", "undelivered") else None,
            delivered_at=now if status == "delivered" else None,
        )
        try:
            runtime.store.commit(Change(message, after))
        except Conflict:
            continue
        if status in ("failed", "undelivered"):
            runtime.metrics.count("message_undelivered")
        if receipt.error_code == _OPTED_OUT and message.address:
            opt_out(runtime, organization_id, message.channel, message.address, _OPTED_OUT)
        return
    raise Conflict("the message is being changed by others")


def _keep(runtime: Runtime, organization_id: str, provider_id: str, state: str, error_code: str | None) -> None:
    now = runtime.clock.now()
    before = runtime.store.find(Receipt, organization_id, _receipt_id(organization_id, provider_id))
    if before is not None and RANK[before.state] >= RANK[state]:
        return
    write: Write
    if before is None:
        write = Create(
            Receipt(
                organization_id=organization_id, id=_receipt_id(organization_id, provider_id),
                created_at=now, updated_at=now, provider_id=provider_id, state=state, error_code=error_code,
            )
        )  # fmt: skip
    else:
        write = Change(before, before.changed(now, state=state, error_code=error_code))
    runtime.store.commit(write)


def _receipt_id(organization_id: str, provider_id: str) -> str:
    return ids.derived("rcp", organization_id, provider_id)
