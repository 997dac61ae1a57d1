"""WhatsApp through Twilio: the same account, door and signatures as its SMS.

A person who wrote to us may be answered freely for 24 hours. Outside of that WhatsApp takes only templates that it has
approved; they stand in the account's config as `content.<our template>` = "HX... field field ...": the template's SID,
and which of our merge fields are its variables 1, 2 ... (vendors/twilio: ContentSid, ContentVariables).
"""

import json

from moref.messaging.channels._twilio_api import (
    ANSWER,
    KEEP_HEADERS,
    create,
    event_id,
    made_since,
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

__all__ = ["ANSWER", "KEEP_HEADERS", "event_id", "reports", "verify", "webhook_secret"]

NAME = "whatsapp"
KIND = "whatsapp"
HOOK = "twilio"
VENDOR_ACCOUNT = "twilio"
CAN_FIND = True
LANE = "sender"

PREFIX = "whatsapp:"
NO_TEMPLATE = "no_whatsapp_template"  # and the person has not written within a day: WhatsApp would answer 63016


def send(runtime: "Runtime", account: "Account", outgoing: "Outgoing") -> str:
    """Raises Refused("no_whatsapp_template") when nothing we have may be sent now."""
    from moref.messaging.channels.base import Refused
    from moref.messaging.open_door import is_open

    sender = account.config.get("whatsapp_sender") or outgoing.sender
    form = {"To": PREFIX + outgoing.to}
    form[sender_of(sender)] = sender if sender.startswith("MG") else PREFIX + sender
    content = account.config.get(f"content.{outgoing.template}", "").split()
    if is_open(runtime, outgoing.organization_id, outgoing.to):
        form["Body"] = outgoing.body
    elif content:
        form |= {"ContentSid": content[0], "ContentVariables": _variables(content[1:], outgoing)}
    else:
        raise Refused(NO_TEMPLATE)
    return create(runtime, account, form, outgoing.valid_seconds)


def find(runtime: "Runtime", account: "Account", outgoing: "Outgoing", since: "datetime") -> list[str]:
    """By our text. A template's text is WhatsApp's: there, whatever else went to this person since then may be it, and
    a doubt ends in not sending again."""
    by_template = f"content.{outgoing.template}" in account.config
    text = outgoing.body.strip()
    return made_since(runtime, account, PREFIX + outgoing.to, since, lambda body: by_template or body.endswith(text))


def _variables(names: list[str], outgoing: "Outgoing") -> str:
    # An empty variable is refused by WhatsApp: a field the message does not have is a space.
    values = {str(place): outgoing.fields.get(name) or " " for place, name in enumerate(names, 1)}
    return json.dumps(values, ensure_ascii=False)
