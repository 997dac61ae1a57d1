"""What each vendor would post, signed as it signs: written a second time, so that no adapter is its own judge."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

Post = tuple[bytes, dict[str, str]]
TEXT = "Zoë ☃ 李 & = + %"


class Signer(Protocol):
    """`key` numbers the secrets: 0 is in force, others are another tenant's, an older one's ..."""

    signs_time: bool

    def stored(self, key: int) -> dict[str, Any]:
        """The JSON that a hook keeps of that secret."""

    def post(self, url: str, at: float, *, key: int = 0, number: int = 1) -> Post:
        """The event of that number, the same bytes each time for the same arguments."""

    def forged(self, post: Post) -> list[Post]:
        """The same event with a signature that is missing, empty, garbage or another event's."""


def _without(post: Post, header: str) -> list[Post]:
    body, headers = post
    rest = {name: value for name, value in headers.items() if name != header}
    return [(body, rest), *((body, rest | {header: bad}) for bad in ("", "é", "AAAA", headers[header][:-4] + "AAA="))]


class TwilioSigner:
    signs_time = False

    def stored(self, key: int) -> dict[str, Any]:
        return {"account_sid": "AC1", "auth_token": f"token-{key}"}

    def post(self, url: str, at: float, *, key: int = 0, number: int = 1) -> Post:
        form = {
            "MessageSid": f"SM{number}",
            "MessageStatus": "delivered",
            "To": "+15125550142",
            "Body": TEXT,
            "New": "",
        }
        signed = url + "".join(name + form[name] for name in sorted(form))
        digest = hmac.new(str(self.stored(key)["auth_token"]).encode(), signed.encode(), hashlib.sha1).digest()
        return urlencode(form).encode(), {"x-twilio-signature": base64.b64encode(digest).decode()}

    def forged(self, post: Post) -> list[Post]:
        return _without(post, "x-twilio-signature")


@cache
def _curve_key(key: int) -> ec.EllipticCurvePrivateKey:
    del key
    return ec.generate_private_key(ec.SECP256R1())


class SendGridSigner:
    signs_time = True
    signature, stamp = "x-twilio-email-event-webhook-signature", "x-twilio-email-event-webhook-timestamp"

    def stored(self, key: int) -> dict[str, Any]:
        public = _curve_key(key).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return {"api_key": "SG.x", "verification_key": base64.b64encode(public).decode()}

    def post(self, url: str, at: float, *, key: int = 0, number: int = 1) -> Post:
        event = {"event": "delivered", "sg_event_id": f"e{number}", "sg_message_id": "m.filter1", "response": TEXT}
        return self.sign(json.dumps([event], ensure_ascii=False).encode() + b"\r\n", at, key=key)

    def sign(self, body: bytes, at: float, *, key: int = 0) -> Post:
        stamp = str(int(at))
        made = _curve_key(key).sign(stamp.encode() + body, ec.ECDSA(SHA256()))
        return body, {self.signature: base64.b64encode(made).decode(), self.stamp: stamp}

    def forged(self, post: Post) -> list[Post]:
        body, headers = post
        later = headers | {self.stamp: str(int(headers[self.stamp]) + 1)}
        return [*_without(post, self.signature), *_without(post, self.stamp)[:4], (body, later)]


@cache
def _rsa_key(name: str) -> rsa.RSAPrivateKey:
    del name
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def certificate(name: str, begins: int = 2020, ends: int = 2040) -> bytes:
    """PEM of a certificate for that key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).serial_number(1)
    made = made.not_valid_before(datetime(begins, 1, 1, tzinfo=UTC)).not_valid_after(datetime(ends, 1, 1, tzinfo=UTC))
    return made.public_key(_rsa_key(name).public_key()).sign(_rsa_key(name), SHA256()).public_bytes(Encoding.PEM)


ORDER = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@dataclass
class SnsSigner:
    """`base` is where the certificates are: loopback here, Amazon's host in AWS."""

    base: str
    signs_time: bool = field(default=True, init=False)

    def topic(self, key: int) -> str:
        return f"arn:aws:sns:us-east-1:123456789012:mail-{key}"

    def stored(self, key: int) -> dict[str, Any]:
        return {"topic_arn": self.topic(key), "certificates_at": self.base}

    def post(self, url: str, at: float, *, key: int = 0, number: int = 1) -> Post:
        event = {"eventType": "Delivery", "mail": {"messageId": "ses-1"}, "delivery": {"smtpResponse": TEXT}}
        return self.message(json.dumps(event, ensure_ascii=False), at, key=key, MessageId=f"n-{number}")

    def message(self, text: str, at: float, *, key: int = 0, signed_by: str = "amazon", **over: str) -> Post:
        stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
        whole = {
            "Type": "Notification", "MessageId": "n-1", "TopicArn": self.topic(key), "Message": text,
            "Timestamp": stamp.replace("+00:00", "Z"), "SignatureVersion": "2",
            "SigningCertURL": f"{self.base}/SimpleNotificationService-{signed_by}.pem",
        } | over  # fmt: skip
        names = [name for name in ORDER if name in whole]
        signed = "".join(f"{name}\n{whole[name]}\n" for name in names).encode()
        scheme = SHA1() if whole["SignatureVersion"] == "1" else SHA256()  # noqa: S303  Amazon's old scheme
        whole["Signature"] = base64.b64encode(_rsa_key(signed_by).sign(signed, padding.PKCS1v15(), scheme)).decode()
        return json.dumps(whole, ensure_ascii=False).encode(), {"content-type": "text/plain; charset=UTF-8"}

    def forged(self, post: Post) -> list[Post]:
        body, headers = post
        whole = json.loads(body)
        changes: list[dict[str, Any]] = [
            {"Signature": bad} for bad in ("", "é", "AAAA", whole["Signature"][:-8] + "AAAAAA==", None, 7)
        ]
        changes += [{name: "other"} for name in ("Message", "MessageId", "Timestamp", "Type", "SignatureVersion")]
        changes += [{"SigningCertURL": bad} for bad in ("", "https://sns.evil.example/x.pem", None)]
        found = [json.dumps(whole | change).encode() for change in changes]
        found += [json.dumps(whole | {"Timestamp": "9999-12-31T23:59:59-23:59"}).encode()]
        found += [
            b"",
            b"{}",
            b"[]",
            b"\xff",
            b"null",
            b"[" * 100_000,
            json.dumps(whole | {"Message": "\ud800"}).encode(),
            json.dumps(whole | {"Subject": "added"}).encode(),
        ]
        return [(one, headers) for one in found]


@contextmanager
def certificates(files: dict[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Amazon's host of certificates: its address, and what was asked for. A file that is not there is 404."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = files.get(self.path.rpartition("-")[2].removesuffix(".pem"))
            status = 404 if body is None else (500 if body == b"500" else 200)
            self.send_response(status)
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
