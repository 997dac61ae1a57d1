"""Posts to addresses that tenants typed: signed as Standard Webhooks say, and only to public hosts.

Server-side request forgery: the host is resolved here, every address it has must be public, and the connection goes to
the address that was checked (a second look-up could answer otherwise). https only, no redirects, no proxies from the
environment. Loopback over http exists for the local stage alone.
"""

import base64
import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import SplitResult, urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter

from moref.kernel.errors import Permanent, Retry

TIMEOUT = (3.05, 15.0)  # seconds to connect, between bytes; senders of Standard Webhooks wait 15 to 30
_SECRET_PREFIX = b"whsec_"

Resolve = Callable[[str, int], list[str]]
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after` is in seconds, when the receiver asked for them."""

    status: int
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A checked URL: the request goes to `address`, under the name `host`."""

    parts: SplitResult
    host: str
    address: str
    port: int

    def pinned(self) -> str:
        literal = f"[{self.address}]" if ":" in self.address else self.address
        return urlunsplit((self.parts.scheme, f"{literal}:{self.port}", self.parts.path or "/", self.parts.query, ""))

    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == _default_port(self.parts.scheme) else f"{name}:{self.port}"


class _Pinned(HTTPAdapter):
    """TLS for the host's name on a connection to a bare address."""

    def __init__(self, host: str) -> None:
        self._host = host
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: object, **kwargs: object) -> None:
        # Passed on as they came: their types are the library's own business.
        super().init_poolmanager(*args, server_hostname=self._host, assert_hostname=self._host, **kwargs)  # type: ignore[arg-type]


def sign(message_id: str, timestamp: int, body: bytes, secret: bytes) -> str:
    """The `webhook-signature` value. `secret` is `whsec_...` as shown to people, or its raw bytes."""
    key = base64.b64decode(secret[len(_SECRET_PREFIX) :]) if secret.startswith(_SECRET_PREFIX) else secret
    if not key:
        raise ValueError("an empty secret signs nothing")
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def resolve(host: str, port: int) -> list[str]:
    """Every address of a host. Raises Retry when the name service knows none now."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Retry("the host has no address") from None
    return [str(entry[4][0]) for entry in found]


def check(url: str, *, loopback: bool, resolve: Resolve = resolve) -> Target:
    """Raises Permanent on an address we never post to, Retry when its name cannot be resolved."""
    try:
        parts = urlsplit(url)
        port = parts.port or _default_port(parts.scheme)
    except ValueError:
        raise Permanent("the address is not a URL") from None
    host = parts.hostname
    if not host or parts.username is not None or parts.password is not None:
        raise Permanent("the address must name a host and no user")
    if parts.scheme not in ({"https", "http"} if loopback else {"https"}):
        raise Permanent("the address must begin with https://")
    addresses = [_address(text) for text in resolve(host, port)]
    if not addresses:
        raise Retry("the host has no address")
    if loopback and all(address.is_loopback for address in addresses):
        return Target(parts, host, str(addresses[0]), port)
    if parts.scheme != "https" or not all(_public(address) for address in addresses):
        raise Permanent("the address is not a public https one")
    return Target(parts, host, str(addresses[0]), port)


def post_signed(
    url: str,
    body: bytes,
    *,
    message_id: str,
    secret: bytes,
    now: datetime,
    loopback: bool,
    resolve: Resolve = resolve,
) -> Answer:
    """See referrals.ports.PostSigned; `loopback` is true in the local stage only."""
    target = check(url, loopback=loopback, resolve=resolve)
    timestamp = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Mo-ref/1",
        "host": target.host_header(),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(message_id, timestamp, body, secret),
    }
    with requests.Session() as session:
        session.trust_env = False  # no proxy and no .netrc from the environment
        session.mount("https://", _Pinned(target.host))
        try:
            response = session.post(
                target.pinned(), data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
            )
        except requests.RequestException as error:
            raise Retry(f"no answer ({type(error).__name__})") from None
        with response:  # the body is never read: it is a stranger's
            return Answer(response.status_code, _retry_after(response.headers.get("retry-after"), now))


def _default_port(scheme: str) -> int:
    return 80 if scheme == "http" else 443


def _address(text: str) -> IpAddress:
    """The address that is really meant: IPv4 written as IPv6 is IPv4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        return address.ipv4_mapped or address.sixtofour or address
    return address


_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")  # NAT64: any IPv4 address hides in it


def _public(address: IpAddress) -> bool:
    if address.version == 6 and address in _TRANSLATED:
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _retry_after(text: str | None, now: datetime) -> int | None:
    """Seconds or an HTTP date; what cannot be read is no wish."""
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return int(text[:9])
    try:
        wanted = parsedate_to_datetime(text)
    except ValueError:
        return None
    if wanted.tzinfo is None:
        wanted = wanted.replace(tzinfo=UTC)
    return max(0, int((wanted - now).total_seconds()))
