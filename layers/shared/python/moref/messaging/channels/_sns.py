"""Messages of Amazon SNS: what is signed, with whose key, and by which topic. Standard library at import.

Rules: vendors/ses (SNS signature), after Amazon's own validators. The certificate comes only from the one address that
the platform's configuration names (sns.<region>.amazonaws.com over https), so its TLS is what vouches for it.
"""

import base64
import json
from datetime import datetime

from moref.kernel.cache import Cache
from moref.kernel.errors import Malformed, Retry, Unauthenticated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OLDEST = 3900  # seconds; SNS gives an HTTPS delivery up within the hour
AHEAD = 300  # seconds their clock may be ahead of ours
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
_TIMEOUT = (2, 2)  # seconds to connect, between bytes; the door has ten in all
_LARGEST = 16 * 1024
_certificates = Cache(seconds=24 * 3600, size=8)
_refused = Cache(seconds=60, size=200)
# Whoever sends us addresses of certificates that are none causes few look-ups a minute, not one a request.
_lookups = Cache(seconds=60, size=20)


def envelope(body: bytes) -> dict[str, str]:
    """The texts of an SNS message. Raises Malformed."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("not a message of SNS") from None
    if not isinstance(found, dict) or found.get("Type") not in _SIGNED:
        raise Malformed("not a message of SNS")
    return {name: value for name, value in found.items() if isinstance(value, str)}


def check(body: bytes, topics: "list[dict[str, str]]", now: float) -> None:
    """`topics`: {"topic_arn", "certificates_at"} of ours. Raises Unauthenticated; Retry when Amazon does not answer."""
    try:
        message = envelope(body)
    except Malformed as error:
        raise Unauthenticated(error.detail) from None
    ours = next((one for one in topics if one["topic_arn"] == message.get("TopicArn")), None)
    if ours is None:
        raise Unauthenticated("another topic's message")
    if not -AHEAD <= now - _seconds(message.get("Timestamp", "")) <= OLDEST:
        raise Unauthenticated("the message is too old")
    signed = "".join(f"{name}\n{message[name]}\n" for name in _SIGNED[message["Type"]] if name in message)
    _verify(_certificate(message.get("SigningCertURL", ""), ours["certificates_at"], now), message, signed)


def confirm(message: "dict[str, str]", topic_arn: str, confirmations_at: str) -> None:
    """Answers a verified SubscriptionConfirmation, once its address is Amazon's for our topic. Raises Retry."""
    from urllib.parse import parse_qs, urlsplit

    import requests

    url = message.get("SubscribeURL", "")
    query = parse_qs(urlsplit(url).query)
    wanted = {"Action": ["ConfirmSubscription"], "TopicArn": [topic_arn]}
    if not url.startswith(f"{confirmations_at}/?") or not wanted.items() <= query.items():
        raise Malformed("the address to confirm at is not Amazon's")
    try:
        answer = requests.get(url, timeout=(3, 10), allow_redirects=False)
    except requests.RequestException:
        raise Retry("SNS did not answer the confirmation", seconds=30) from None
    if answer.status_code != 200:
        raise Retry(f"SNS answered the confirmation with {answer.status_code}", seconds=60)


def _verify(certificate: "Any", message: "dict[str, str]", signed: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    hashes = {"1": SHA1, "2": SHA256}  # version 1 is Amazon's old scheme; our own topic signs with 2
    scheme = hashes.get(message.get("SignatureVersion", ""))
    if scheme is None:
        raise Unauthenticated("a signature version nobody knows")
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
        certificate.public_key().verify(signature, signed.encode(), PKCS1v15(), scheme())
    except (InvalidSignature, ValueError):  # also one that is not base64, or text that is no Unicode
        raise Unauthenticated("the signature does not match") from None


def _certificate(url: str, base: str, now: float) -> "Any":
    """The X.509 certificate at an address of Amazon's, remembered for a day."""
    name = url.removeprefix(f"{base}/SimpleNotificationService-").removesuffix(".pem")
    if url != f"{base}/SimpleNotificationService-{name}.pem" or not 0 < len(name) <= 64 or not _NAME.issuperset(name):
        raise Unauthenticated("the certificate is not at Amazon's address")
    known, certificate = _certificates.get(url, now)
    if not known:
        if _refused.get(url, now)[0]:
            raise Unauthenticated("there is no such certificate")
        certificate = _fetch(url, now)
        _certificates.put(url, certificate, now)
    if not certificate.not_valid_before_utc.timestamp() <= now <= certificate.not_valid_after_utc.timestamp():
        raise Unauthenticated("the certificate is not valid now")
    return certificate


def _fetch(url: str, now: float) -> "Any":
    import requests
    from cryptography.x509 import load_pem_x509_certificate

    slots = [place for place in range(20) if not _lookups.get(place, now)[0]]
    if not slots:
        raise Retry("too many certificates were asked for", seconds=60)
    _lookups.put(slots[0], None, now)
    try:
        with requests.get(url, timeout=_TIMEOUT, allow_redirects=False, stream=True) as answer:
            if answer.status_code >= 500:
                raise Retry("Amazon's certificate could not be read")
            text = answer.raw.read(_LARGEST, decode_content=True) if answer.status_code == 200 else b""
    except (requests.RequestException, OSError):
        raise Retry("Amazon's certificate could not be read") from None
    try:
        return load_pem_x509_certificate(text)
    except ValueError:
        _refused.put(url, None, now)
        raise Unauthenticated("there is no such certificate") from None


def _seconds(timestamp: str) -> float:
    try:
        at = datetime.fromisoformat(timestamp)
        if at.tzinfo is not None:
            return at.timestamp()
    except (ValueError, OverflowError):
        pass
    raise Unauthenticated("the message has no time, or one without a zone")
