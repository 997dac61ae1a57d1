"""Twilio's Messages, as far as the product uses them: SMS and WhatsApp, status callbacks, inbound, opt-outs.

Shapes from the vendor's description and samples (shared/vendors/twilio). Twilio itself answers STOP, START and
HELP on long codes and refuses later sends to whoever opted out (21610); so does this sandbox.
"""

from __future__ import annotations

import base64
import re
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode

from infra.local.sandbox import twilio_text
from infra.local.sandbox.callbacks import Callback, Callbacks
from infra.local.sandbox.faults import Fault
from infra.local.sandbox.twilio_text import signature
from infra.local.sandbox.web import Answer, Request, as_json

E164 = re.compile(r"\+[1-9]\d{6,14}\Z")
API_VERSION = "2010-04-01"
WHATSAPP = "whatsapp:"
OUTSIDE_WINDOW = "63016"
HTTP_CODES = {401: 20003, 404: 20404, 429: 20429}
Message = dict[str, Any]


class _Account:
    def __init__(self, settings: dict[str, Any]) -> None:
        self.sid: str = settings["account_sid"]
        self.auth_token: str = settings["auth_token"]
        self.numbers: list[str] = list(settings["numbers"])
        self.inbound_url: str | None = settings.get("inbound_url")
        self.opted_out: set[tuple[str, str]] = set()
        self.wrote: dict[str, datetime] = {}  # who wrote by WhatsApp, and when last
        self.messages: list[tuple[datetime, Message]] = []


class Twilio:
    name = "twilio"
    prefix = "/twilio"
    fault_kinds = frozenset({"undelivered", "failed"})

    def __init__(self, now: Callable[[], datetime], callbacks: Callbacks) -> None:
        self._now = now
        self._callbacks = callbacks
        self._lock = threading.RLock()
        self._accounts: dict[str, _Account] = {}

    def register(self, settings: dict[str, Any]) -> None:
        """{"account_sid", "auth_token", "numbers", "inbound_url"}; again for the same sid keeps the messages."""
        with self._lock:
            fresh = _Account(settings)
            account = self._accounts.setdefault(fresh.sid, fresh)
            account.auth_token, account.numbers = fresh.auth_token, fresh.numbers
            account.inbound_url = fresh.inbound_url

    def authorised(self, request: Request) -> bool:
        return self._account(request) is not None

    def refuse(self, status: int, message: str, code: int | None = None) -> Answer:
        code = code or HTTP_CODES.get(status, 20000 + status)
        link = f"https://www.twilio.com/docs/errors/{code}"
        return as_json({"code": code, "message": message, "more_info": link, "status": status}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        account = self._account(request)
        prefix = f"/{API_VERSION}/Accounts/{account.sid}/" if account else "?"
        if account is None or not path.startswith(prefix):
            return self.refuse(404, "The requested resource was not found")
        with self._lock:
            match [request.method, *path.removeprefix(prefix).split("/")]:
                case ["POST", "Messages.json"]:
                    return self._create(account, request.form(), fault)
                case ["GET", "Messages.json"]:
                    return self._list(account, request, path)
                case ["GET", "Messages", file]:
                    found = [message for _, message in account.messages if f"{message['sid']}.json" == file]
                    return as_json(found[0]) if found else self.refuse(404, "The requested resource was not found")
                case _:
                    return self.refuse(404, f"the sandbox does not know {request.method} {path}")

    def messages(self) -> list[tuple[datetime, Message]]:
        """Every message of every account that was accepted for sending."""
        with self._lock:
            return [entry for account in self._accounts.values() for entry in account.messages]

    def inbound(self, sender: str, to: str, body: str) -> Answer:
        """A person texts one of our numbers: opt-out words take effect, then the product is told."""
        with self._lock:
            number = to.removeprefix(WHATSAPP)
            account = next((account for account in self._accounts.values() if number in account.numbers), None)
            if account is None:
                return self.refuse(404, f"{to} is no registered number")
            chat = sender.startswith(WHATSAPP)
            if chat:
                account.wrote[sender] = self._now()
            word = None if chat else twilio_text.keyword(body)  # keywords are the carriers' business
            if word == "STOP":
                account.opted_out.add((sender, to))
            elif word == "START":
                account.opted_out.discard((sender, to))
            if word:
                reply = twilio_text.AUTOMATIC_REPLIES[word]
                self._store(account, {"To": sender, "From": to, "Body": reply}, "outbound-reply")["status"] = (
                    "delivered"
                )
            sid = "SM" + secrets.token_hex(16)
            if account.inbound_url:
                form = twilio_text.inbound_form(sid, account.sid, sender, to, body)
                self._post(account, "inbound", account.inbound_url, form)
            return as_json({"message_sid": sid, "opted_out": (sender, to) in account.opted_out})

    def _account(self, request: Request) -> _Account | None:
        scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            sid, _, token = base64.b64decode(credentials).decode().partition(":")
        except ValueError:
            return None
        account = self._accounts.get(sid)
        return account if account and secrets.compare_digest(account.auth_token, token) else None

    def _create(self, account: _Account, form: dict[str, str], fault: Fault | None) -> Answer:
        form = dict(form)
        if "From" not in form and "MessagingServiceSid" in form and account.numbers:
            form["From"] = (WHATSAPP if form.get("To", "").startswith(WHATSAPP) else "") + account.numbers[0]
        if form.get("ContentSid"):
            form["Body"] = f"[{form['ContentSid']}] {form.get('ContentVariables', '')}"
        if problem := self._problem(account, form):
            return self.refuse(400, problem[1], problem[0])
        message = self._store(account, form, "outbound-api")
        answer = as_json(message, 201)
        ends = {"undelivered": ["sent", "undelivered"], "failed": ["failed"]}
        course = ends.get(fault.kind if fault else "", ["sent", "delivered"])
        code = fault.detail if fault and fault.kind in ends else ""
        if self._unasked(account, form):
            course, code = ["failed"], OUTSIDE_WINDOW
        message["status"] = course[-1]
        message["error_code"] = int(code) if code else None
        for status in ["queued", *course]:
            if form.get("StatusCallback"):
                update = twilio_text.status_form(message, status, code if status == course[-1] else "")
                self._post(account, status, form["StatusCallback"], update)
        return answer

    def _unasked(self, account: _Account, form: dict[str, str]) -> bool:
        """WhatsApp takes free text only within 24 hours of what the person wrote; Twilio says so afterwards."""
        if not form["To"].startswith(WHATSAPP) or form.get("ContentSid"):
            return False
        at = account.wrote.get(form["To"])
        return at is None or self._now() - at > timedelta(hours=24)

    @staticmethod
    def _problem(account: _Account, form: dict[str, str]) -> tuple[int, str] | None:
        to, sender, body = form.get("To", ""), form.get("From", ""), form.get("Body", "")
        mixed = to.startswith(WHATSAPP) != sender.startswith(WHATSAPP)
        to, sender = to.removeprefix(WHATSAPP), sender.removeprefix(WHATSAPP)
        checks = [
            (mixed, 63007, "Twilio could not find a Channel with the specified From address"),
            (not E164.match(to), 21211, f"Invalid 'To' Phone Number: {to}"),
            (not sender, 21603, "A 'From' phone number is required"),
            (sender not in account.numbers, 21606, f"The 'From' number {sender} is not one of this account"),
            (not body and not form.get("MediaUrl"), 21602, "Message body is required"),
            (len(body) > 1600, 21617, "The concatenated message body exceeds the 1600 character limit"),
            ((to, sender) in account.opted_out, 21610, "Attempt to send to unsubscribed recipient"),
        ]
        return next(((code, text) for wrong, code, text in checks if wrong), None)

    def _store(self, account: _Account, form: dict[str, str], direction: str) -> Message:
        now, sid = self._now(), "SM" + secrets.token_hex(16)
        uri = f"/{API_VERSION}/Accounts/{account.sid}/Messages/{sid}"
        message: Message = {
            "account_sid": account.sid,
            "api_version": API_VERSION,
            "body": form["Body"],
            "date_created": format_datetime(now),
            "date_sent": format_datetime(now),
            "date_updated": format_datetime(now),
            "direction": direction,
            "error_code": None,
            "error_message": None,
            "from": form["From"],
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": str(twilio_text.segments(form["Body"])),
            "price": None,
            "price_unit": "USD",
            "sid": sid,
            "status": "queued",
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": form["To"],
            "uri": f"{uri}.json",
        }
        account.messages.append((now, message))
        return message

    def _list(self, account: _Account, request: Request, path: str) -> Answer:
        wanted = [entry for entry in account.messages if twilio_text.matches(*entry, request.query)]
        size = int(request.query.get("PageSize", 50))
        page = int(request.query.get("Page", 0))
        newest_first = [message for _, message in reversed(wanted)]
        more = len(newest_first) > (page + 1) * size
        following = urlencode(request.query | {"Page": str(page + 1), "PageSize": str(size)})
        return as_json(
            {
                "messages": newest_first[page * size : (page + 1) * size],
                "page": page,
                "page_size": size,
                "next_page_uri": f"{path}?{following}" if more else None,
                "uri": path,
            }
        )

    def _post(self, account: _Account, what: str, url: str, form: dict[str, str]) -> None:
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signature(account.auth_token, url, form),
            "user-agent": "TwilioProxy/1.1",
        }
        self._callbacks.send(Callback(self.name, what, url, urlencode(form).encode(), headers))
