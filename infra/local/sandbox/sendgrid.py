"""SendGrid's mail/send and its signed event webhook, as far as the product uses them (vendors/sendgrid)."""

from __future__ import annotations

import base64
import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Any

from infra.local.sandbox.callbacks import Callback, Callbacks
from infra.local.sandbox.faults import Fault
from infra.local.sandbox.web import Answer, Request, as_json

EVENTS: dict[str, dict[str, Any]] = {
    "delivered": {"response": "250 2.0.0 OK"},
    "bounce": {"type": "bounce", "status": "5.1.1", "reason": "550 5.1.1 no such user"},
    "blocked": {"event": "bounce", "type": "blocked", "status": "4.7.1", "reason": "450 later"},
    "dropped": {"reason": "Bounced Address"},
    "spamreport": {},
    "unsubscribe": {},
    "open": {"useragent": "sandbox", "ip": "192.0.2.1"},
    "click": {"useragent": "sandbox", "ip": "192.0.2.1", "url": "https://example.com"},
}


def signing_key(api_key: str) -> Any:
    """The private key of an account's event webhook: made of its API key, so that a restart keeps it."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

    return derive_private_key(int.from_bytes(sha256(api_key.encode()).digest()[:31]), SECP256R1())


def verification_key(api_key: str) -> str:
    """The public half, as SendGrid shows it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = signing_key(api_key).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


class SendGrid:
    name = "sendgrid"
    prefix = "/sendgrid"
    fault_kinds: frozenset[str] = frozenset()

    def __init__(self, now: Callable[[], datetime], callbacks: Callbacks) -> None:
        self._now = now
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._urls: dict[str, str] = {}  # API key -> where its events go
        self._sent: list[tuple[datetime, str, dict[str, Any], str]] = []

    def register(self, settings: dict[str, Any]) -> None:
        """{"api_key", "url" of the event webhook}."""
        with self._lock:
            self._urls[settings["api_key"]] = settings["url"]

    def authorised(self, request: Request) -> bool:
        return self._key(request) in self._urls

    def refuse(self, status: int, message: str) -> Answer:
        return as_json({"errors": [{"message": message, "field": None, "help": None}]}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        if (request.method, path) != ("POST", "/v3/mail/send"):
            return self.refuse(404, f"the sandbox does not know {request.method} {path}")
        id, key, now = secrets.token_urlsafe(16).replace("-", "x"), self._key(request), self._now()
        with self._lock:
            self._sent.append((now, id, request.json(), key))
        self._tell(len(self._sent) - 1, "delivered")
        return Answer(202, b"", headers={"X-Message-Id": id})

    def messages(self) -> list[tuple[datetime, str, dict[str, Any]]]:
        """Every mail that was taken: when, its id and the request."""
        with self._lock:
            return [(at, id, mail) for at, id, mail, _ in self._sent]

    def event(self, message: str, kind: str) -> Answer:
        """What SendGrid tells of a mail that it took: `message` is our id or SendGrid's."""
        if kind not in EVENTS:
            return self.refuse(400, f"kind is one of {sorted(EVENTS)}")
        with self._lock:
            found = [
                place
                for place, (_, id, mail, _) in enumerate(self._sent)
                if message in (id, *_arguments(mail).values())
            ]
        if not found:
            return self.refuse(404, "no such e-mail")
        self._tell(found[-1], kind)
        return as_json({"told": kind})

    def _tell(self, place: int, kind: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
        from cryptography.hazmat.primitives.hashes import SHA256

        _, id, mail, key = self._sent[place]
        stamp = str(int(self._now().timestamp()))
        event = {
            "event": kind, "email": mail["personalizations"][0]["to"][0]["email"], "timestamp": int(stamp),
            "sg_event_id": secrets.token_hex(8), "sg_message_id": f"{id}.filterdrecv-sandbox-1.0",
        }  # fmt: skip
        body = json.dumps([event | _arguments(mail) | EVENTS[kind]]).encode() + b"\r\n"
        signature = signing_key(key).sign(stamp.encode() + body, ECDSA(SHA256()))
        headers = {
            "content-type": "application/json",
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
        }
        self._callbacks.send(Callback(self.name, kind, self._urls[key], body, headers))

    @staticmethod
    def _key(request: Request) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ")


def _arguments(mail: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = mail["personalizations"][0].get("custom_args") or {}
    return found
