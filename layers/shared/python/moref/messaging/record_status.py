"""A provider reports how far a message has got, or that its address is not to be written to again."""

from moref.messaging.channels.base import Report
from moref.messaging.model import Message
from moref.messaging.opt_out import opt_out
from moref.messaging.receipts import apply_receipt, keep_receipt
from moref.messaging.reputation import on_bounce, on_complaint
from moref.messaging.settle import PROVIDER_MESSAGE, sent
from moref.runtime import Runtime

NOT_OURS = "not a message of ours"


def record_status(runtime: Runtime, organization_id: str, report: Report) -> str | None:
    """Keeps the report, and applies it if the message is known. A text: ignored, with that reason.

    A report that carries our own id is about that message or about nobody's. One without is kept in any case: it may
    have come before we noted the provider's id.
    """
    message = None
    if report.message_id is not None:
        message = runtime.store.find(Message, organization_id, report.message_id)
        if message is None or message.direction == "in":
            return NOT_OURS
    keep_receipt(runtime, organization_id, report)
    if message is not None:
        _recognised(runtime, message, report.provider_id)
    found = {message.id} if message is not None else set()
    found.update(runtime.store.lookup(organization_id, PROVIDER_MESSAGE, report.provider_id))
    for id in sorted(found):
        apply_receipt(runtime, organization_id, report.provider_id, id)
        if report.wish is not None:
            _suppress(runtime, organization_id, id, report)
    return None


def _recognised(runtime: Runtime, message: Message, provider_id: str) -> None:
    """Whatever we made of the answer to our call: the provider has the message, so it was sent."""
    if message.status in ("sending", "unknown"):
        sent(runtime, message, provider_id)


def _suppress(runtime: Runtime, organization_id: str, message_id: str, report: Report) -> None:
    message = runtime.store.find(Message, organization_id, message_id)
    if message is None or report.wish is None or not message.address:
        return
    opt_out(runtime, organization_id, message.channel, message.address, report.wish)
    if report.wish == "bounce":
        on_bounce(runtime, organization_id, message.id)
    elif report.wish == "complaint":
        on_complaint(runtime, organization_id, message.id)
