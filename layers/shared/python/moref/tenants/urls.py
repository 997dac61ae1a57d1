"""Which web addresses an organization may give us: public https ones. A first fence only: whoever calls one
resolves its name and refuses private addresses again at that moment (names can be re-pointed later)."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from moref.kernel.errors import BadInput

_LABELS = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_NOT_PUBLIC = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "onion", "arpa")
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\<>\"'^`{|}]|[^\x00-\x7f]")
MAX_LENGTH = 2000


def web_address(text: str, *, stage: str, field: str) -> str:
    """The address unchanged. Raises BadInput; http on a loopback address passes in the local stage only."""
    if len(text) > MAX_LENGTH or _UNSAFE.search(text):
        raise BadInput(f"{field} is not a plain web address", field=field)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput(f"{field} is not a web address", field=field) from None
    if "@" in parts.netloc or port == 0 or not host:
        raise BadInput(f"{field} may not hold a user name or an empty host", field=field)
    if stage == "local" and _loopback(parts):
        return text
    if parts.scheme != "https":
        raise BadInput(f"{field} must begin with https://", field=field)
    if not _public(host):
        raise BadInput(f"{field} must be a public host name", field=field)
    return text


def _loopback(parts: SplitResult) -> bool:
    return parts.scheme in ("http", "https") and parts.hostname in ("127.0.0.1", "localhost", "::1")


def _public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        # Not an address as we read one; `127.1` or `0x7f000001`, which some resolvers read, fail the last label.
        return bool(_LABELS.fullmatch(host)) and len(host) <= 253 and host.rpartition(".")[2] not in _NOT_PUBLIC
