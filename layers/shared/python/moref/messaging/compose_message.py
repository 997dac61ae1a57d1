"""A planned message as it leaves: merge fields, unsubscribe link and headers, how long it is valid."""

from datetime import datetime, timedelta

from moref.messaging import templates
from moref.messaging.channels.base import Outgoing
from moref.messaging.last_look import Go
from moref.messaging.model import Message


def outgoing(message: Message, go: Go, now: datetime, *, unsubscribe: str | None) -> Outgoing:
    """`unsubscribe` is the person's /u/{token} address, for customers' e-mail."""
    fields = dict(message.fields) | {"company": go.location.name}
    if go.contact is not None:
        fields["first_name"] = go.contact.first_name
    if message.kind == "keyword":
        fields["contact"] = go.location.phone or ""
    if message.channel != "email":
        return _text(message, go, fields, now)
    mail = templates.mail(message.template, fields, address=go.location.postal_address, unsubscribe=unsubscribe)
    headers = {}
    if unsubscribe:  # RFC 8058; the POST needs no login and no redirect
        headers = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return Outgoing(
        organization_id=message.organization_id,
        message_id=message.id,
        template=message.template,
        fields=fields,
        to=go.to,
        sender=go.location.name,
        subject=mail.subject,
        body=mail.text,
        html=mail.html,
        reply_to=None if message.kind == "staff" else go.location.staff_email,
        headers=headers,
    )


def _text(message: Message, go: Go, fields: dict[str, str], now: datetime) -> Outgoing:
    valid = None if go.valid_until is None else (go.valid_until - now) // timedelta(seconds=1)
    return Outgoing(
        organization_id=message.organization_id,
        message_id=message.id,
        template=message.template,
        fields=fields,
        to=go.to,
        sender=message.fields.get("sender") or go.location.sms_sender or "",
        body=templates.sms(message.template, fields),
        valid_seconds=valid,
    )
