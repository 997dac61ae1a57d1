"""A planned message as it leaves: the words it was planned with, its merge fields, unsubscribe link and headers."""

from datetime import datetime, timedelta

from moref.messaging import rendering
from moref.messaging.branding import Brand, brand_of
from moref.messaging.channels.base import Outgoing
from moref.messaging.last_look import Go
from moref.messaging.model import Message
from moref.messaging.sample import SAMPLE, as_one_mail, sample_unsubscribe, sample_values
from moref.messaging.templates import chosen, words_of
from moref.runtime import Runtime


def outgoing(runtime: Runtime, message: Message, go: Go, now: datetime, *, unsubscribe: str | None) -> Outgoing:
    """`unsubscribe` is the person's /u/{token} address for customers' e-mail; of a report, its own page."""
    brand = brand_of(go.location)
    if message.template == SAMPLE:
        return _sample(runtime, message, go, brand)
    fields = _fields(message, go, brand)
    words = words_of(runtime.store, message.organization_id, message.template, message.template_version)
    language, wording = chosen(words, go.contact.language if go.contact else "en", message.channel)
    if message.channel != "email":
        return _text(message, go, fields, rendering.sms(wording, fields, language), now)
    details = message.kind == "staff"
    mail = rendering.mail(wording, fields, language, brand=brand, unsubscribe=unsubscribe, details=details)
    headers = {}
    if unsubscribe:  # RFC 8058; the POST needs no login and no redirect
        headers = {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    reply_to = None if message.kind == "staff" else brand.reply_to
    return _mail(message, go, mail, brand=brand, fields=fields, reply_to=reply_to, headers=headers)


def _sample(runtime: Runtime, message: Message, go: Go, brand: Brand) -> Outgoing:
    """A template that a member sends to themselves, with sample values."""
    of = message.fields
    words = words_of(runtime.store, message.organization_id, of["of"], of["of_version"])
    language, wording = as_one_mail(words, "es" if of["language"] == "es" else "en")
    fields, unsubscribe = sample_values(go.location), sample_unsubscribe(runtime.settings.base_url)
    mail = rendering.mail(wording, fields, language, brand=brand, unsubscribe=unsubscribe)
    return _mail(message, go, mail, brand=brand, fields=fields, reply_to=None, headers={})


def _mail(
    message: Message,
    go: Go,
    mail: rendering.Mail,
    *,
    brand: Brand,
    fields: dict[str, str],
    reply_to: str | None,
    headers: dict[str, str],
) -> Outgoing:
    return Outgoing(
        organization_id=message.organization_id,
        message_id=message.id,
        template=message.template,
        fields=fields,
        to=go.to,
        sender=brand.company,
        subject=mail.subject,
        body=mail.text,
        html=mail.html,
        reply_to=reply_to,
        headers=headers,
    )


def _fields(message: Message, go: Go, brand: Brand) -> dict[str, str]:
    return {
        **message.fields,
        "company": brand.company,
        "branch_phone": go.location.phone or "",
        "review_link": go.location.review_url,
        "first_name": go.contact.first_name if go.contact else "",
    }


def _text(message: Message, go: Go, fields: dict[str, str], body: str, now: datetime) -> Outgoing:
    valid = None if go.valid_until is None else (go.valid_until - now) // timedelta(seconds=1)
    return Outgoing(
        organization_id=message.organization_id,
        message_id=message.id,
        template=message.template,
        fields=fields,
        to=go.to,
        sender=message.fields.get("sender") or go.location.sms_sender or "",
        body=body,
        valid_seconds=valid,
    )
