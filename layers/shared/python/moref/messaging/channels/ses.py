"""E-mail through SES, from the platform's own verified address under the branch's name.

Its events come through one SNS topic of the platform; the tags that we put on each mail say whose it was. At import it
needs the standard library alone: the webhook door loads it.
"""

import json

from moref.kernel.errors import Malformed, Permanent
from moref.messaging.channels import _sns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from decimal import Decimal
    from typing import Any

    from moref.kernel.webhook import Request
    from moref.messaging.channels.base import Account, Outgoing, Report
    from moref.messaging.model import ReportState
    from moref.runtime import Runtime

NAME = "ses"
KIND = "email"
HOOK = "ses"
VENDOR_ACCOUNT: str | None = None
CAN_FIND = False  # SES keeps no list of what it took: only its events can tell of a mail whose answer was lost
LANE = "platform"
KEEP_HEADERS: tuple[str, ...] = ()

ORGANIZATION, MESSAGE = "organization", "message"  # the tags; letters, digits, _ and - only, as our ids are
_STATES: "dict[str, ReportState]" = {
    "Delivery": "delivered",
    "Open": "opened",
    "Click": "clicked",
    "Reject": "failed",
    "Rendering Failure": "failed",
}


def webhook_secret(stored: "dict[str, Any]") -> bytes:
    """{"topic_arn", "certificates_at"}: nothing of it is secret, it says whose signature counts."""
    return json.dumps(stored).encode()


def verify(request: "Request", secrets: "list[bytes]", now: float) -> None:
    """SNS's signature over the message of our own topic, at most an hour old. Raises Unauthenticated, Retry."""
    _sns.check(request.body, [json.loads(secret) for secret in secrets], now)


def event_id(request: "Request") -> str:
    """Raises Malformed."""
    found = _sns.envelope(request.body).get("MessageId", "")
    if not 0 < len(found) <= 100:
        raise Malformed("no MessageId")
    return found


def owner(request: "Request") -> str | None:
    """The organization whose mail it is about, as we tagged it; None for what SNS tells of itself."""
    try:
        found = [report.organization_id for report in reports(request.body)]
    except (Malformed, KeyError):
        return None
    return found[0] if found else None


def handshake(runtime: "Runtime", body: bytes) -> bool:
    """SNS asks whether we want the topic's messages. That somebody ended the subscription is for people to see."""
    message = _sns.envelope(body)
    if message["Type"] == "UnsubscribeConfirmation":
        runtime.metrics.count("mail_topic_unsubscribed")
        return True
    if message["Type"] != "SubscriptionConfirmation":
        return False
    _sns.confirm(message, message["TopicArn"], keys_at(message["TopicArn"], runtime.settings.vendor_urls))
    return True


def keys_at(topic_arn: str, vendor_urls: str) -> str:
    """Amazon's address in the topic's region; the sandbox's in the local stage."""
    found = json.loads(vendor_urls).get("sns")
    return str(found) if found else f"https://sns.{topic_arn.split(':')[3]}.amazonaws.com"


def reports(body: bytes) -> "list[Report]":
    """What SES says of one mail, to one person. Raises Malformed."""
    from moref.messaging.channels.base import Report

    try:
        event = json.loads(_sns.envelope(body)["Message"])
        kind = event.get("eventType") or event.get("notificationType")
        mail, detail = event["mail"], event.get(str(kind).lower()) or {}
        tags = mail.get("tags") or {}
        found = Report(
            provider_id=str(mail["messageId"]),
            state="sent",
            at=_time(detail.get("timestamp")),
            organization_id=_tag(tags, ORGANIZATION),
            # A mail without our tags is not one of ours: it must not be taken for one that we sent.
            message_id=_tag(tags, MESSAGE) or "",
        )
        return _meant(found, str(kind), detail)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Malformed("not an event of SES") from None


def _meant(report: "Report", kind: str, detail: "dict[str, Any]") -> "list[Report]":
    from dataclasses import replace

    if kind == "Bounce":
        # Transient: a full mailbox, or an answering machine after the mail had arrived. The address stays good.
        lasting = detail.get("bounceType") == "Permanent"
        code = f"{detail.get('bounceType')}/{detail.get('bounceSubType')}"[:100]
        if lasting:
            return [replace(report, state="bounced", code=code, wish="bounce")]
        return [replace(report, state="undelivered", code=code)]
    if kind == "Complaint":
        # "not-spam" takes a complaint back; "virus" says nothing about the person.
        if detail.get("complaintFeedbackType") in ("not-spam", "virus"):
            return []
        return [replace(report, state="delivered", wish="complaint")]
    if kind not in _STATES:
        return []  # Send, DeliveryDelay, Subscription: they change nothing
    return [replace(report, state=_STATES[kind], code=kind if _STATES[kind] == "failed" else None)]


def _tag(tags: "dict[str, Any]", name: str) -> str | None:
    values = tags.get(name)
    return str(values[0]) if isinstance(values, list) and values else None


def _time(text: "Any") -> "datetime | None":
    from datetime import datetime

    at = datetime.fromisoformat(text) if isinstance(text, str) else None
    return at if at is not None and at.tzinfo is not None else None


def send(runtime: "Runtime", account: "Account", outgoing: "Outgoing") -> str:
    from moref.aws.mail import SesMail
    from moref.messaging.channels.base import Refused

    del account
    tags = {ORGANIZATION: outgoing.organization_id, MESSAGE: outgoing.message_id}
    try:
        return SesMail(runtime.settings.stage, runtime.settings.mail_from).send(
            to=outgoing.to,
            subject=outgoing.subject,
            text=outgoing.body,
            html=outgoing.html,
            sender_name=outgoing.sender,
            reply_to=outgoing.reply_to,
            headers=outgoing.headers,
            tags={name: value for name, value in tags.items() if value},
        )
    except Permanent as error:
        raise Refused(error.detail) from None


def find(runtime: "Runtime", account: "Account", outgoing: "Outgoing", since: "datetime") -> "Sequence[str]":
    del runtime, account, outgoing, since
    return ()


def quota(runtime: "Runtime", account: "Account") -> "Decimal | None":
    """E-mails a second that SES takes from the platform's account."""
    from moref.aws.mail_quota import send_rate

    del account
    return send_rate(runtime.clock.now().timestamp())
