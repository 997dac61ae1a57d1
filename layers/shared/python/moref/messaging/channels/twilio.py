"""SMS through Twilio, with the organization's own account and number or messaging service."""

from moref.messaging.channels._twilio_api import (
    ANSWER,
    ANSWERED_BY_TWILIO,
    KEEP_HEADERS,
    create,
    event_id,
    made_since,
    read_form,
    reports,
    sender_of,
    verify,
    webhook_secret,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from datetime import datetime

    from moref.messaging.channels.base import Account, Outgoing
    from moref.runtime import Runtime

__all__ = [
    "ANSWER",
    "ANSWERED_BY_TWILIO",
    "KEEP_HEADERS",
    "event_id",
    "read_form",
    "reports",
    "verify",
    "webhook_secret",
]

NAME = "twilio"
KIND = "sms"
HOOK = "twilio"
VENDOR_ACCOUNT = "twilio"
CAN_FIND = True
LANE = "sender"


def send(runtime: "Runtime", account: "Account", outgoing: "Outgoing") -> str:
    form = {"To": outgoing.to, sender_of(outgoing.sender): outgoing.sender, "Body": outgoing.body}
    return create(runtime, account, form, outgoing.valid_seconds)


def find(runtime: "Runtime", account: "Account", outgoing: "Outgoing", since: "datetime") -> list[str]:
    text = outgoing.body.strip()
    # A trial account puts a sentence of its own in front of the text.
    return made_since(runtime, account, outgoing.to, since, lambda body: body.endswith(text))
