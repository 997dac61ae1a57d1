"""SNS, as far as SES's events need it: a topic that signs, its certificate, and one subscription.

The embedded AWS keeps e-mails and signs nothing; what becomes of a mail is told here, on demand, with a key of our own.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from infra.local.sandbox.callbacks import Callback, Callbacks
from infra.local.sandbox.faults import Fault
from infra.local.sandbox.web import Answer, Request, as_json

CERTIFICATE = "/SimpleNotificationService-sandbox.pem"
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "delivery": ("Delivery", {"smtpResponse": "250 2.0.0 OK", "recipients": []}),
    "bounce": ("Bounce", {"bounceType": "Permanent", "bounceSubType": "General", "bouncedRecipients": []}),
    "transient_bounce": (
        "Bounce",
        {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": []},
    ),
    "complaint": ("Complaint", {"complaintFeedbackType": "abuse", "complainedRecipients": []}),
    "open": ("Open", {"userAgent": "sandbox", "ipAddress": "192.0.2.1"}),
    "click": ("Click", {"userAgent": "sandbox", "ipAddress": "192.0.2.1", "link": "https://example.com"}),
    "reject": ("Reject", {"reason": "Bad content"}),
}


class Sns:
    name = "sns"
    prefix = "/sns"
    fault_kinds: frozenset[str] = frozenset()

    def __init__(
        self, now: Callable[[], datetime], callbacks: Callbacks, mail: Callable[[], list[dict[str, Any]]]
    ) -> None:
        self._now = now
        self._callbacks = callbacks
        self._mail = mail
        self._topic, self._url, self._base = "", "", ""

    def register(self, settings: dict[str, Any]) -> None:
        """{"topic_arn", "url" of the subscriber, "base" of this sandbox}."""
        self._topic, self._url, self._base = settings["topic_arn"], settings["url"], settings["base"]

    def authorised(self, request: Request) -> bool:
        return True  # certificates are everybody's

    def refuse(self, status: int, message: str) -> Answer:
        return as_json({"Error": message}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        if (request.method, path) == ("GET", CERTIFICATE):
            return Answer(200, self._certificate, "application/x-pem-file")
        if (request.method, request.query.get("Action")) == ("GET", "ConfirmSubscription"):
            return as_json({"confirmed": request.query.get("TopicArn")})
        return self.refuse(404, f"the sandbox does not know {request.method} {path}")

    def event(self, message: str, kind: str) -> Answer:
        """What SES tells of a mail that was sent: `message` is our id or SES's."""
        if kind not in KINDS:
            return self.refuse(400, f"kind is one of {sorted(KINDS)}")
        found = [one for one in self._mail() if message in (one["MessageId"], (one.get("Tags") or {}).get("message"))]
        if not found or not self._topic:
            return self.refuse(404, "no such e-mail" if self._topic else "nobody has subscribed")
        name, detail = KINDS[kind]
        mail = {
            "timestamp": self._stamp(), "messageId": found[-1]["MessageId"], "destination": found[-1].get("To", []),
            "tags": {tag: [value] for tag, value in (found[-1].get("Tags") or {}).items()},
        }  # fmt: skip
        event = {"eventType": name, "mail": mail, name.lower(): detail | {"timestamp": self._stamp()}}
        return as_json({"sns_message_id": self._publish(event)})

    def _publish(self, event: dict[str, Any]) -> str:
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        whole = {
            "Type": "Notification", "MessageId": secrets.token_hex(16), "TopicArn": self._topic,
            "Subject": "Amazon SES Email Event Notification", "Message": json.dumps(event), "Timestamp": self._stamp(),
            "SignatureVersion": "2", "SigningCertURL": self._base + CERTIFICATE,
        }  # fmt: skip
        names = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        signed = "".join(f"{name}\n{whole[name]}\n" for name in names).encode()
        whole["Signature"] = base64.b64encode(self._key.sign(signed, PKCS1v15(), SHA256())).decode()
        headers = {"content-type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "Notification"}
        self._callbacks.send(
            Callback(self.name, str(event["eventType"]), self._url, json.dumps(whole).encode(), headers)
        )
        return whole["MessageId"]

    def _stamp(self) -> str:
        return self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @cached_property
    def _key(self) -> Any:
        from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

        return generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def _certificate(self) -> bytes:
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import NameOID

        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.sandbox")])
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).serial_number(1)
        made = made.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        return made.public_key(self._key.public_key()).sign(self._key, SHA256()).public_bytes(Encoding.PEM)
