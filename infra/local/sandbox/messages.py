"""Every SMS and e-mail that was sent, in order: `/messages.json` for programs, `/messages` for people."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime
from typing import Any

from infra.local.sandbox.twilio import Message

LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")
Sent = dict[str, Any]


def from_sms(at: datetime, message: Message) -> Sent:
    return {
        "at": at.isoformat(),
        "channel": "whatsapp" if message["to"].startswith("whatsapp:") else "sms",
        "to": message["to"].removeprefix("whatsapp:"),
        "from": message["from"].removeprefix("whatsapp:"),
        "subject": None,
        "body": message["body"],
        "provider_id": message["sid"],
        "status": message["status"],
        "automatic": message["direction"] == "outbound-reply",
    }


def from_email(record: dict[str, Any]) -> Sent:
    """From ministack's record of a sent e-mail."""
    return {
        "at": datetime.fromtimestamp(record["Timestamp"], UTC).isoformat(),
        "channel": "email",
        "to": ", ".join([*record.get("To", []), *record.get("CC", []), *record.get("BCC", [])]),
        "from": record["Source"],
        "subject": record.get("RenderedSubject") or record.get("Subject") or "",
        "body": record.get("RenderedBodyText") or record.get("BodyText") or "",
        "html": record.get("RenderedBodyHtml") or record.get("BodyHtml"),
        "headers": record.get("Headers", {}),
        "provider_id": record["MessageId"],
        "status": "sent",
    }


def from_sendgrid(at: datetime, id: str, mail: dict[str, Any]) -> Sent:
    """From the request of a mail/send."""
    person = mail["personalizations"][0]
    data = person.get("dynamic_template_data") or {}
    content = {part["type"]: part["value"] for part in mail.get("content") or []}
    return {
        "at": at.isoformat(),
        "channel": "email",
        "to": ", ".join(to["email"] for to in person["to"]),
        "from": f'"{mail["from"].get("name", "")}" <{mail["from"]["email"]}>',
        "subject": mail.get("subject") or data.get("subject", ""),
        "body": content.get("text/plain") or data.get("text", ""),
        "html": content.get("text/html") or data.get("html"),
        "headers": mail.get("headers") or {},
        "provider_id": id,
        "status": "sent",
    }


def in_order(
    sms: list[tuple[datetime, Message]],
    mail: list[dict[str, Any]],
    sendgrid: list[tuple[datetime, str, dict[str, Any]]],
) -> list[Sent]:
    sent = [from_sms(at, message) for at, message in sms] + [from_email(record) for record in mail]
    sent += [from_sendgrid(at, id, one) for at, id, one in sendgrid]
    return sorted(sent, key=lambda message: str(message["at"]))


STYLE = """
:root { color-scheme: light dark; font: 16px/1.45 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 46rem; padding: 1rem; overflow-wrap: anywhere; background: Canvas; }
h1 { font-size: 1.25rem; margin: 0 0 1rem; }
article { border: 1px solid #8886; border-radius: .75rem; padding: .75rem 1rem; margin: 0 0 .75rem; }
header { font-size: .85rem; opacity: .8; }
header b { text-transform: uppercase; letter-spacing: .04em; }
h2 { font-size: 1rem; margin: .4rem 0 0; }
pre { font: inherit; white-space: pre-wrap; margin: .5rem 0 0; }
details { margin-top: .5rem; }
iframe { width: 100%; height: 22rem; border: 1px solid #8886; background: #fff; }
"""


def _with_links(text: str) -> str:
    """The text escaped, its web addresses clickable."""
    parts, end = [], 0
    for found in LINK.finditer(text):
        address = html.escape(found.group())
        parts += [html.escape(text[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def _article(message: Sent) -> str:
    at = datetime.fromisoformat(message["at"])
    head = f"<b>{message['channel']}</b> to {html.escape(message['to'])} &middot; "
    head += f"{at:%a %d %b %Y %H:%M:%S} UTC &middot; {html.escape(message['status'])}"
    subject = f"<h2>{html.escape(message['subject'])}</h2>" if message["subject"] else ""
    page = ""
    if message.get("html"):
        # Sandboxed: the mail can neither run scripts nor reach this page, yet its links open in a new tab.
        source = html.escape(str(message["html"]))
        page = (
            "<details><summary>As HTML</summary>"
            f'<iframe sandbox="allow-popups" srcdoc="{source}" title="e-mail"></iframe></details>'
        )
    return (
        f"<article><header>{head}<br>from {html.escape(message['from'])}</header>{subject}"
        f"<pre>{_with_links(message['body'])}</pre>{page}</article>"
    )


def page(messages: list[Sent], now: datetime) -> str:
    """The page for people, newest last."""
    articles = "\n".join(map(_article, messages)) or "<p>Nothing has been sent yet.</p>"
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Messages</title><style>{STYLE}</style>"
        f"<main><h1>{len(messages)} messages &middot; it is {now:%a %d %b %Y %H:%M} UTC</h1>\n{articles}</main></html>"
    )
