"""E-mail through the organization's own SendGrid account, from its own verified address.

Standard library at import: the webhook door loads it. Our ids go as custom arguments and come back with every event, so
that a mail whose answer was lost is recognised; SendGrid has no list to look it up in (vendors/sendgrid).
"""

import json
from hashlib import sha256

from moref.kernel.errors import Malformed, NeedsPerson, OutcomeUnknown, Retry, Unauthenticated
from moref.messaging.channels._ecdsa import signed_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from requests import Response

    from moref.kernel.webhook import Request
    from moref.messaging.channels.base import Account, Outgoing, Report
    from moref.messaging.model import ReportState
    from moref.runtime import Runtime

NAME = "sendgrid"
KIND = "email"
HOOK = "sendgrid"
VENDOR_ACCOUNT: str | None = "sendgrid"
CAN_FIND = False
LANE = "account"
KEEP_HEADERS = ("x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp")

OLDEST = 300  # seconds between the signed time and now, either way
ORGANIZATION, MESSAGE = "moref_organization", "moref_message"  # our custom arguments
_BASES = {"global": "https://api.sendgrid.com", "eu": "https://api.eu.sendgrid.com"}
_TIMEOUT = (3, 10)  # seconds to connect, to read
_STATES: "dict[str, ReportState]" = {
    "delivered": "delivered",
    "open": "opened",
    "click": "clicked",
    "dropped": "failed",
    # The person has it, and says that it was the last.
    "spamreport": "delivered",
    "unsubscribe": "delivered",
    "group_unsubscribe": "delivered",
}
_WISHES = {"spamreport": "complaint", "unsubscribe": "unsubscribed", "group_unsubscribe": "unsubscribed"}
# Why SendGrid drops a mail by itself: it knows of a wish or a dead address that we do not.
_DROPPED = {
    "bounced address": "bounce",
    "invalid": "bounce",
    "spam reporting address": "complaint",
    "unsubscribed address": "unsubscribed",
}


def webhook_secret(stored: "dict[str, Any]") -> bytes:
    """The public key of the signed event webhook, as SendGrid shows it."""
    return str(stored["verification_key"]).encode()


def verify(request: "Request", secrets: "list[bytes]", now: float) -> None:
    """ECDSA P-256 over the timestamp and the raw body, at most 300 s away. Raises Unauthenticated."""
    signature, stamp = (request.headers.get(name, "") for name in KEEP_HEADERS)
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12) or abs(now - int(stamp)) > OLDEST:
        raise Unauthenticated("the signed time is not now")
    signed = stamp.encode() + request.body
    if not any(signed_by(secret, signature, signed) for secret in secrets):
        raise Unauthenticated("the signature does not match")


def event_id(request: "Request") -> str:
    """A batch has no id of its own: its bytes are the same whenever SendGrid repeats it."""
    return sha256(request.body).hexdigest()


def reports(body: bytes) -> "list[Report]":
    """Every event of the batch that says something of a mail of ours. Raises Malformed."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not events of SendGrid") from None
    if not isinstance(events, list) or not all(isinstance(event, dict) for event in events):
        raise Malformed("not events of SendGrid")
    found = [_report(event) for event in events if event.get(MESSAGE)]
    return [report for report in found if report is not None]


def _report(event: "dict[str, Any]") -> "Report | None":
    from datetime import UTC, datetime

    from moref.messaging.channels.base import Report

    kind, at, id = event.get("event"), event.get("timestamp"), event.get("sg_message_id")
    if not isinstance(id, str) or (kind != "bounce" and kind not in _STATES):
        return None  # processed, deferred, group_resubscribe: they change nothing
    reason = str(event.get("reason") or "")
    code, wish = None, _WISHES.get(str(kind))
    if kind == "dropped":
        code, wish = f"dropped: {reason}"[:200], _DROPPED.get(reason.lower())
    elif kind == "bounce":
        # "blocked" is a server that refuses us today; the address stays good.
        code = f"{event.get('type')} {event.get('status') or ''}".strip()[:200]
        wish = None if event.get("type") == "blocked" else "bounce"
    state: ReportState = ("bounced" if wish else "undelivered") if kind == "bounce" else _STATES[str(kind)]
    return Report(
        provider_id=_id(id),
        state=state,
        code=code,
        at=datetime.fromtimestamp(at, UTC) if type(at) is int and 0 < at < 1 << 33 else None,
        wish=wish,  # type: ignore[arg-type]  # the tables above hold nothing else
        organization_id=str(event.get(ORGANIZATION) or ""),
        message_id=str(event[MESSAGE]),
    )


def _id(sg_message_id: str) -> str:
    """X-Message-Id of the answer to our call: what comes before the name of the machine that worked on it."""
    return sg_message_id.partition(".filter")[0].partition(".recvd")[0]


def send(runtime: "Runtime", account: "Account", outgoing: "Outgoing") -> str:
    """POST /v3/mail/send; X-Message-Id. See base.py for what it raises."""
    answer = _post(runtime, account, mail(account.config, outgoing))
    if answer.status_code != 202:
        raise _failure(answer)
    id = answer.headers.get("X-Message-Id")
    if not id:
        raise OutcomeUnknown("SendGrid's answer has no message id")
    return id


def find(runtime: "Runtime", account: "Account", outgoing: "Outgoing", since: "datetime") -> "Sequence[str]":
    del runtime, account, outgoing, since
    return ()


def mail(config: "Any", outgoing: "Outgoing") -> "dict[str, Any]":
    """The request. With a dynamic template the branding is SendGrid's, and the words are ours still."""
    ours = {ORGANIZATION: outgoing.organization_id, MESSAGE: outgoing.message_id}
    whole: dict[str, Any] = {
        "personalizations": [{"to": [{"email": outgoing.to}], "custom_args": ours}],
        "from": {"email": config["from_email"], "name": outgoing.sender or config["from_email"]},
        "categories": [outgoing.template or "message"],
        # Unsubscribing is ours: theirs would add a second way that our records do not know, or hold back what may go.
        "tracking_settings": {
            "subscription_tracking": {"enable": False},
            "open_tracking": {"enable": True},
            # Their links have a host of theirs, which people do not trust, until the account has one of its own.
            "click_tracking": {"enable": config.get("click_tracking") == "yes", "enable_text": False},
        },
    }
    if outgoing.headers:
        whole["headers"] = dict(outgoing.headers)
    if outgoing.reply_to:
        whole["reply_to"] = {"email": outgoing.reply_to}
    if template := config.get("template_id"):
        words = {
            "subject": outgoing.subject,
            "text": outgoing.body,
            "html": outgoing.html or "",
            "company": outgoing.sender,
        }
        whole["template_id"] = template
        whole["personalizations"][0]["dynamic_template_data"] = words
        return whole
    content = [{"type": "text/plain", "value": outgoing.body}]
    if outgoing.html:
        content.append({"type": "text/html", "value": outgoing.html})
    return whole | {"subject": outgoing.subject, "content": content}


def _post(runtime: "Runtime", account: "Account", body: "dict[str, Any]") -> "Response":
    import requests

    from moref.messaging.channels._http import once

    base = json.loads(runtime.settings.vendor_urls).get("sendgrid") or _BASES[account.config.get("region", "global")]
    headers = {"authorization": f"Bearer {account.secret['api_key']}", "content-type": "application/json"}
    data = json.dumps(body, ensure_ascii=False).encode()
    return once(
        "SendGrid",
        lambda: requests.post(
            f"{base}/v3/mail/send", data=data, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        ),
    )


def _failure(answer: "Response") -> Exception:
    from moref.messaging.channels.base import Refused

    status = answer.status_code
    if status == 429:  # never processed, so safe to repeat
        return Retry("SendGrid asks to wait", seconds=60)
    if status in (401, 403):  # the key, its scopes, or a sender that is not verified
        return NeedsPerson(f"SendGrid refused the key or the sender ({status})")
    return Refused(str(status)) if 400 <= status < 500 else OutcomeUnknown(f"SendGrid answered {status}")
