"""Twilio's rules about texts: signatures, segments, keywords and the forms it posts. Pure functions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from datetime import datetime
from typing import Any

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
AUTOMATIC_REPLIES = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = frozenset("^{}\\[~]|€")


def signature(auth_token: str, url: str, form: dict[str, str]) -> str:
    """X-Twilio-Signature of a form posted to `url`."""
    signed = url + "".join(name + form[name] for name in sorted(form))
    return base64.b64encode(hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def segments(text: str) -> int:
    """How many segments a text is sent and billed in."""
    if all(letter in GSM_7 or letter in GSM_7_EXTENDED for letter in text):
        units, single, many = sum(2 if letter in GSM_7_EXTENDED else 1 for letter in text), 160, 153
    else:
        units, single, many = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= single else math.ceil(units / many)


def keyword(text: str) -> str | None:
    """STOP, START or HELP when the whole text is such a word."""
    word = text.strip().upper()
    kinds = {"STOP": STOP_WORDS, "START": START_WORDS, "HELP": HELP_WORDS}
    return next((kind for kind, words in kinds.items() if word in words), None)


def matches(sent: datetime, message: dict[str, Any], query: dict[str, str]) -> bool:
    """Whether a message is in a list that was asked for with To, From, DateSent, `DateSent>` and `DateSent<`."""

    def cut(value: str) -> str:
        return sent.isoformat()[: len(value.rstrip("Z"))]

    if query.get("To", message["to"]) != message["to"] or query.get("From", message["from"]) != message["from"]:
        return False
    on, after, before = query.get("DateSent"), query.get("DateSent>"), query.get("DateSent<")
    return (
        (not on or cut(on) == on.rstrip("Z"))
        and (not after or cut(after) >= after.rstrip("Z"))
        and (not before or cut(before) <= before.rstrip("Z"))
    )


def status_form(message: dict[str, Any], status: str, error_code: str) -> dict[str, str]:
    """The parameters of a status callback."""
    form = {
        "SmsSid": message["sid"],
        "SmsStatus": status,
        "MessageStatus": status,
        "To": message["to"],
        "MessageSid": message["sid"],
        "AccountSid": message["account_sid"],
        "From": message["from"],
        "ApiVersion": message["api_version"],
    }
    return form | {"ErrorCode": error_code} if error_code else form


def inbound_form(sid: str, account_sid: str, sender: str, to: str, body: str) -> dict[str, str]:
    """The parameters of an inbound message."""
    return {
        "ToCountry": "US",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "SmsSid": sid,
        "SmsStatus": "received",
        "FromCountry": "US",
        "Body": body,
        "To": to,
        "NumSegments": str(segments(body)),
        "MessageSid": sid,
        "AccountSid": account_sid,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
