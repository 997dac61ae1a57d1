"""Twilio's Messages and its webhooks, as SMS and WhatsApp share them. Standard library at import: the door loads it.

Messages have no idempotency key there: a lost answer is looked up before anything is repeated.
"""

import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qsl, urlsplit

from moref.kernel.errors import Malformed, NeedsPerson, OutcomeUnknown, Retry, Unauthenticated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from typing import Any

    from requests import Response

    from moref.kernel.webhook import Request
    from moref.messaging.channels.base import Account, Report
    from moref.messaging.model import ReportState
    from moref.runtime import Runtime

KEEP_HEADERS: tuple[str, ...] = ()
ANSWER = (200, "text/xml", "<Response/>")  # empty TwiML: Twilio sends nothing back on our behalf
# Twilio answers these words itself unless the account switched that off (config keyword_replies = "ours").
ANSWERED_BY_TWILIO = frozenset(
    ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "START", "UNSTOP", "HELP", "INFO"]
)

# Twilio's words for how far a message is -> ours; the rest is on its way and says nothing.
_STATES: "dict[str, ReportState | None]" = {
    "accepted": None, "scheduled": None, "queued": None, "sending": None, "receiving": None, "received": None,
    "sent": "sent", "partially_delivered": "sent",
    "failed": "failed", "canceled": "failed", "undelivered": "undelivered",
    "delivered": "delivered", "read": "opened",
}  # fmt: skip

_API = "https://api.twilio.com"
_TIMEOUT = (3, 10)  # seconds to connect, to read
_OPTED_OUT = 21610
_LONGEST_VALIDITY = 36_000  # seconds; openapi.json ValidityPeriod
_WAIT = 429


def webhook_secret(secret: "dict[str, Any]") -> bytes:
    """What the account's webhooks are signed with, from the stored JSON."""
    return str(secret["auth_token"]).encode()


def verify(request: "Request", secrets: "list[bytes]", now: float) -> None:
    """X-Twilio-Signature over the URL and every form parameter. Raises Unauthenticated.

    Twilio signs no time: repeats are found by `event_id`.
    """
    del now
    given = request.headers.get("x-twilio-signature", "").encode()
    form = "".join(name + value for name, value in sorted(set(_form(request.body))))
    right = False
    for secret in secrets:
        for url in _urls(request.url):
            digest = hmac.new(secret, (url + form).encode(), hashlib.sha1).digest()  # their scheme
            right |= hmac.compare_digest(base64.b64encode(digest), given)
    if not right or not given:
        raise Unauthenticated("the Twilio signature does not match")


def event_id(request: "Request") -> str:
    """An inbound text has one event; an outgoing one has an event per status. Raises Malformed without a MessageSid."""
    form = dict(_form(request.body))
    sid = form.get("MessageSid") or form.get("SmsSid")
    if not sid:
        raise Malformed("no MessageSid")
    return f"{sid}.{form.get('MessageStatus') or 'inbound'}"


def reports(body: bytes) -> "list[Report]":
    """A status callback says one thing at most. Raises Malformed on what is none, and on a status nobody knows."""
    from moref.messaging.channels.base import Report

    form = read_form(body)
    state = form.get("MessageStatus", "")
    if state not in _STATES:
        raise Malformed(f"status {state[:40]!r} is not known")
    ours = _STATES[state]
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    return [] if ours is None else [Report(provider_id=sid, state=ours, code=form.get("ErrorCode") or None)]


def read_form(body: bytes) -> dict[str, str]:
    """A verified webhook's parameters. Raises Malformed when it is no form, or names no message."""
    try:
        form = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=500))
    except ValueError:
        raise Malformed("not a form") from None
    if not (form.get("MessageSid") or form.get("SmsSid")):
        raise Malformed("no MessageSid")
    return form


def create(runtime: "Runtime", account: "Account", form: "dict[str, str]", valid_seconds: int | None) -> str:
    """POST Messages.json with status callbacks and validity; the message's SID. See base.py for what it raises."""
    if account.hook_token:
        form["StatusCallback"] = f"{runtime.settings.base_url}/hooks/twilio/{account.hook_token}"
    if valid_seconds is not None:
        form["ValidityPeriod"] = str(max(1, min(valid_seconds, _LONGEST_VALIDITY)))
    answer = _call(runtime, account, "POST", form)
    if answer.status_code != 201:
        raise _failure(answer)
    sid = _read(answer).get("sid")
    if not sid:
        raise OutcomeUnknown("Twilio's answer has no sid")
    return str(sid)


def sender_of(number: str) -> str:
    """The parameter that names a sender: a messaging service or a number."""
    return "MessagingServiceSid" if number.startswith("MG") else "From"


def made_since(
    runtime: "Runtime", account: "Account", to: str, since: "datetime", ours: "Callable[[str], bool]"
) -> list[str]:
    """SIDs of messages to `to` made since then whose text is `ours`, newest first. Raises Retry when it cannot tell.

    Without the DateSent filter: a message still in Twilio's queue has no such date yet.
    """
    try:
        answer = _call(runtime, account, "GET", {"To": to, "PageSize": "100"})
        if answer.status_code != 200:
            raise Retry(f"Twilio answered {answer.status_code}", seconds=60)
        return [
            str(message["sid"])
            for message in _read(answer)["messages"]
            if ours(str(message["body"]).strip()) and _made(message, since)
        ]
    except (OutcomeUnknown, KeyError, TypeError, ValueError):  # also a date that is none
        raise Retry("Twilio's list of messages could not be read", seconds=60) from None


def _made(message: "Mapping[str, Any]", since: "datetime") -> bool:
    from email.utils import parsedate_to_datetime

    # Their clock and ours, and their dates have whole seconds: a minute of room.
    return (parsedate_to_datetime(str(message["date_created"])) - since).total_seconds() > -60


def _call(runtime: "Runtime", account: "Account", method: str, values: "dict[str, str]") -> "Response":
    import requests

    from moref.messaging.channels._http import once

    base = json.loads(runtime.settings.vendor_urls).get("twilio", _API)
    sid = account.config.get("account_sid") or account.secret["account_sid"]
    return once(
        "Twilio",
        lambda: requests.request(
            method,
            f"{base}/2010-04-01/Accounts/{sid}/Messages.json",
            auth=(account.secret.get("api_key", sid), account.secret["auth_token"]),
            timeout=_TIMEOUT,
            allow_redirects=False,
            data=values if method == "POST" else None,
            params=values if method == "GET" else None,
        ),
    )


def _read(answer: "Response") -> "dict[str, Any]":
    try:
        found = answer.json()
    except ValueError:
        raise OutcomeUnknown("Twilio's answer was cut") from None
    if not isinstance(found, dict):
        raise OutcomeUnknown("Twilio's answer was not an object")
    return found


def _failure(answer: "Response") -> Exception:
    from moref.messaging.channels.base import Refused

    status = answer.status_code
    if status == _WAIT:  # never processed, so safe to repeat
        return Retry("Twilio asks to wait", seconds=60)
    if status in (401, 403):
        return NeedsPerson("Twilio refused the credentials")
    if not 400 <= status < 500:
        return OutcomeUnknown(f"Twilio answered {status}")
    try:
        code = answer.json().get("code")
    except (ValueError, AttributeError):
        code = None
    return Refused(str(code or status), opted_out=code == _OPTED_OUT)


def _form(body: bytes) -> "list[tuple[str, str]]":
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=False, max_num_fields=500)
    except ValueError:
        raise Unauthenticated("not a form that Twilio could have signed") from None


def _urls(url: str) -> list[str]:
    """As called, and with the port added or left out: proxies differ, and so do Twilio's own products."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = 443 if parts.scheme == "https" else 80
    found = [url, parts._replace(netloc=host).geturl(), parts._replace(netloc=f"{host}:{port}").geturl()]
    return list(dict.fromkeys(found))
