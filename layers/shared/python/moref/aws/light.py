"""The hot doors' fenced AWS client: GetItem, PutItem and KMS Decrypt over one kept-alive connection per service.

Standard library only, and none of its slow modules (see design.md, "The two hot doors are light"); everything else in
the product uses the SDK. It owns what the SDK would: signing, time limits, one repeat on a dead socket, 5xx or
throttling, and the checksum of what DynamoDB answers.

A repeat is safe: reads change nothing, and every put is conditional on absence, so a put whose answer was lost meets
its own row and raises Conflict (the caller knows the row by its id).

Raises errors.Conflict (the condition failed), errors.Retry (no answer in time, 5xx, throttled: nothing is known to be
wrong with the request) and errors.Permanent (refused: permission, key, shape).
"""

import hmac
import json
import os
import time
import zlib
from functools import lru_cache
from hashlib import sha256
from urllib.parse import urlsplit

from moref.aws.wire import Wire
from moref.kernel.errors import Conflict, Permanent, Retry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ALGORITHM = "AWS4-HMAC-SHA256"
# name -> (X-Amz-Target prefix, content type)
SERVICES = {
    "dynamodb": ("DynamoDB_20120810", "application/x-amz-json-1.0"),
    "kms": ("TrentService", "application/x-amz-json-1.1"),
}
WITHIN = 1.6  # seconds for a call; a door makes three at most, in a function that is given five
THROTTLED = (
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
    "LimitExceededException",
)


class Credentials:
    """As Lambda sets them; an empty session token is none."""

    __slots__ = ("key_id", "secret", "token")

    def __init__(self, key_id: str, secret: str, token: str = "") -> None:
        self.key_id = key_id
        self.secret = secret
        self.token = token

    @classmethod
    def from_env(cls) -> "Credentials":
        env = os.environ
        return cls(
            env.get("AWS_ACCESS_KEY_ID", ""), env.get("AWS_SECRET_ACCESS_KEY", ""), env.get("AWS_SESSION_TOKEN", "")
        )


def signed_headers(
    who: Credentials, service: str, region: str, *, host: str, target: str, body: bytes, now: float
) -> dict[str, str]:
    """The headers of a signed `POST /` (AWS Signature Version 4); `now` is Unix time."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    headers = {"content-type": SERVICES[service][1], "host": host, "x-amz-date": stamp}
    if who.token:
        headers["x-amz-security-token"] = who.token
    headers["x-amz-target"] = target
    names = ";".join(headers)  # written in alphabetical order above, as the canonical form wants it
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"POST\n/\n\n{lines}\n{names}\n{sha256(body).hexdigest()}"
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    text = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
    signature = hmac.digest(_signing_key(who.secret, scope), text.encode(), "sha256").hex()
    headers["authorization"] = (
        f"{ALGORITHM} Credential={who.key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


@lru_cache(maxsize=4)
def _signing_key(secret: str, scope: str) -> bytes:
    """The same for a day, a region and a service."""
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


class Service:
    """One service of one region, over one connection that is opened at the first call and kept."""

    __slots__ = ("_credentials", "_host", "_name", "_region", "_secure", "_sleep", "_wire")

    def __init__(
        self,
        name: str,
        *,
        endpoint: str | None = None,
        credentials: Credentials | None = None,
        sleep: "Callable[[float], None]" = time.sleep,
    ) -> None:
        """Without `endpoint`: AWS_ENDPOINT_URL, or the region's own by https."""
        self._name = name
        self._region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
        url = endpoint or os.environ.get("AWS_ENDPOINT_URL") or f"https://{name}.{self._region}.amazonaws.com"
        parts = urlsplit(url)
        self._host = parts.netloc
        self._secure = parts.scheme == "https"
        self._wire = Wire(parts.hostname or "", parts.port or (443 if self._secure else 80), secure=self._secure)
        self._credentials = credentials or Credentials.from_env()
        self._sleep = sleep

    def call(self, operation: str, request: "dict[str, Any]", within: float) -> "dict[str, Any]":
        """The answer's JSON; both attempts together take at most about `within` seconds."""
        body = json.dumps(request, separators=(",", ":")).encode()
        deadline = time.monotonic() + within
        try:
            # The first gets most of it: what a repeat cures, a dead socket or a throttle, shows at once.
            return self._attempt(operation, body, within * 0.7)
        except Retry:
            left = deadline - time.monotonic()
            if left <= 0.05:
                raise
        # A short random wait, so that the environments of a throttled burst do not come back together.
        self._sleep(min(left / 4, 0.02 + os.urandom(1)[0] / 5000))
        return self._attempt(operation, body, max(deadline - time.monotonic(), 0.05))

    def _attempt(self, operation: str, body: bytes, within: float) -> "dict[str, Any]":
        target = f"{SERVICES[self._name][0]}.{operation}"
        headers = signed_headers(
            self._credentials, self._name, self._region, host=self._host, target=target, body=body, now=time.time()
        )
        head = "".join([f"{name}:{value}\r\n" for name, value in headers.items()])
        request = f"POST / HTTP/1.1\r\n{head}accept-encoding:identity\r\ncontent-length:{len(body)}\r\n\r\n".encode()
        try:
            answer = self._wire.exchange(request + body, within)
        except OSError as error:
            raise Retry(f"{self._name}: {type(error).__name__}") from None
        checksum = answer.headers.get(b"x-amz-crc32")
        if checksum is not None and checksum != b"%d" % zlib.crc32(answer.content):
            self._drop()
            raise Retry(f"{self._name}: damaged answer")
        return self._read(answer.status, answer.content)

    def _drop(self) -> None:
        self._wire.close()

    def _read(self, status: int, content: bytes) -> "dict[str, Any]":
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if status == 200 and isinstance(answer, dict):
            return answer
        kind = str(answer.get("__type", "")).rpartition("#")[2] if isinstance(answer, dict) else ""
        if kind == "ConditionalCheckFailedException":
            raise Conflict(kind)
        if status >= 500 or status == 429 or kind in THROTTLED or answer is None:
            raise Retry(f"{self._name}: {status} {kind}")
        raise Permanent(f"{self._name}: {status} {kind}")


class Light:
    """What a door may do to the outside. Rows go in and come out as JSON values."""

    __slots__ = ("_dynamodb", "_kms")

    def __init__(self, dynamodb: Service | None = None, kms: Service | None = None) -> None:
        self._dynamodb = dynamodb or Service("dynamodb")
        self._kms = kms

    def get(self, table: str, key: tuple[str, str], *, within: float = WITHIN) -> "dict[str, Any] | None":
        """Eventually consistent: half the price, and what a door caches for a minute may lag a second more."""
        pk, sk = key
        request = {"TableName": table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}}
        item = self._dynamodb.call("GetItem", request, within).get("Item")
        return None if item is None else {name: unmarshal(value) for name, value in item.items()}

    def put(self, table: str, row: "dict[str, Any]", *, within: float = WITHIN) -> None:
        """Raises Conflict when a row stands under the key already."""
        item = {name: marshal(value) for name, value in row.items()}
        request = {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
        self._dynamodb.call("PutItem", request, within)

    def decrypt(self, ciphertext: str, context: dict[str, str], *, within: float = WITHIN) -> str:
        """Base64 in, base64 of the plain bytes out."""
        if self._kms is None:
            self._kms = Service("kms")
        request = {"CiphertextBlob": ciphertext, "EncryptionContext": context}
        return str(self._kms.call("Decrypt", request, within)["Plaintext"])


def marshal(value: "Any") -> "dict[str, Any]":
    """A JSON value as DynamoDB writes it. Raises TypeError on floats and anything else that rows never hold."""
    kind = type(value)
    if kind is str:
        return {"S": value}
    if kind is int:
        return {"N": str(value)}
    if kind is dict:
        return {"M": {name: marshal(item) for name, item in value.items()}}
    if kind is list:
        return {"L": [marshal(item) for item in value]}
    if kind is bool:
        return {"BOOL": value}
    if value is None:
        return {"NULL": True}
    raise TypeError(f"a {kind.__name__} is not stored")


def unmarshal(encoded: "dict[str, Any]") -> "Any":
    ((kind, value),) = encoded.items()
    if kind == "N":
        return int(value)
    if kind == "M":
        return {name: unmarshal(item) for name, item in value.items()}
    if kind == "L":
        return [unmarshal(item) for item in value]
    return None if kind == "NULL" else value
