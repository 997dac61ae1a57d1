"""An ID token of Google, verified: signed by a key of theirs with the one algorithm, for us, now, for this attempt."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from moref.kernel.errors import BadInput

ISSUERS = ("https://accounts.google.com", "accounts.google.com")
ALGORITHM = "RS256"
_SKEW = timedelta(seconds=60)
_NEEDED = ["exp", "iat", "aud", "iss", "sub", "nonce"]

JwkOf = Callable[[str], dict[str, Any] | None]


@dataclass(frozen=True, slots=True)
class Vouched:
    """`subject` is who it is, for ever; the address is theirs today when `verified`."""

    subject: str
    email: str
    verified: bool
    google_runs_it: bool  # the mailbox is Google's own or a Workspace's: nobody else can hand it to another person


def read(token: str, *, client_id: str, nonce: str, now: datetime, jwk_of: JwkOf) -> Vouched:
    """Raises BadInput, always with the same words; Retry as `jwk_of` does."""
    try:
        header = jwt.get_unverified_header(token)
        kid = header.get("kid")
        if header.get("alg") != ALGORITHM or not isinstance(kid, str) or len(kid) > 100:
            raise _refused()
        key = jwk_of(kid)
        if key is None or key.get("kty") != "RSA":
            raise _refused()
        claims = jwt.decode(
            token,
            jwt.PyJWK.from_dict(key, algorithm=ALGORITHM).key,
            algorithms=[ALGORITHM],
            audience=client_id,
            issuer=ISSUERS,
            # Times are compared below with our own clock, which tests and the local cloud move.
            options={"require": _NEEDED, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        issued, expires = (datetime.fromtimestamp(claims[name], now.tzinfo) for name in ("iat", "exp"))
    except (jwt.PyJWTError, TypeError, ValueError, OverflowError, OSError):
        raise _refused() from None
    if not issued - _SKEW <= now < expires or claims["aud"] != client_id or not _same(claims["nonce"], nonce):
        raise _refused()
    return _vouched(claims)


def _vouched(claims: dict[str, Any]) -> Vouched:
    subject, email = claims["sub"], claims.get("email", "")
    if not (isinstance(subject, str) and isinstance(email, str) and 0 < len(subject) <= 255):
        raise _refused()
    own = email.lower().endswith("@gmail.com") or isinstance(claims.get("hd"), str)
    return Vouched(subject, email, claims.get("email_verified") is True, own)


def _same(found: Any, nonce: str) -> bool:
    return isinstance(found, str) and hmac.compare_digest(found.encode(), nonce.encode())


def _refused() -> BadInput:
    return BadInput("Google's answer is not one to this attempt: begin anew", field="code")
