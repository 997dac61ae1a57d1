"""Access tokens: short JWTs signed with a key derived from the platform's secret. One algorithm is read.

A member's token is for one organization. A person's token says only who signed in: it opens what needs no organization,
such as founding one. The audience tells them apart, so that neither passes for the other.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt

from moref.kernel.errors import Unauthenticated
from moref.ports import PlatformKeys
from moref.tenants.model import Member

ISSUER = "moref"
ALGORITHM = "HS256"
KEYS = {"1": "api-token"}  # kid -> purpose of the derived key; a second entry lets keys be changed without a cut
CURRENT = "1"
ACCESS = timedelta(minutes=15)
MAX_LENGTH = 4096
_SKEW = timedelta(seconds=30)

Audience = Literal["moref-api", "moref-person"]
MEMBER: Audience = "moref-api"
PERSON: Audience = "moref-person"


@dataclass(frozen=True, slots=True)
class Claims:
    """Of a verified token; `signed_in_at` is when its person last proved who they are, however often it was renewed."""

    audience: Audience
    subject: str  # a member, or a person
    organization_id: str  # "" in a person's
    role: str
    signed_in_at: datetime


def issue(
    keys: PlatformKeys, now: datetime, member: Member, *, signed_in_at: datetime, lifetime: timedelta = ACCESS
) -> str:
    """A member's token."""
    claims = {"aud": MEMBER, "sub": member.id, "org": member.organization_id, "role": member.role}
    return _signed(keys, now, claims, signed_in_at, lifetime)


def issue_to_person(keys: PlatformKeys, now: datetime, person_id: str, *, signed_in_at: datetime) -> str:
    """For somebody who proved an e-mail address and has no organization yet."""
    return _signed(keys, now, {"aud": PERSON, "sub": person_id}, signed_in_at, ACCESS)


def read(keys: PlatformKeys, now: datetime, authorization: str) -> Claims:
    """From the header's value. Raises Unauthenticated, always with the same words: why is nobody's business."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_LENGTH:
        raise refused()
    claims = _verified(keys, now, token)
    subject, audience, organization_id = claims["sub"], claims["aud"], claims.get("org", "")
    if not (isinstance(subject, str) and isinstance(organization_id, str) and isinstance(audience, str)):
        raise refused()
    # "#" is never part of an id: it parts the pieces of a row's key.
    if not subject or "#" in organization_id + subject or bool(organization_id) != (audience == MEMBER):
        raise refused()
    kind = MEMBER if audience == MEMBER else PERSON
    return Claims(kind, subject, organization_id, str(claims.get("role")), claims["auth_time"])


def refused() -> Unauthenticated:
    return Unauthenticated("a valid bearer token is needed")


def _signed(
    keys: PlatformKeys, now: datetime, claims: dict[str, Any], signed_in_at: datetime, lifetime: timedelta
) -> str:
    times = {"iat": now, "exp": now + lifetime, "auth_time": signed_in_at}
    claims |= {"iss": ISSUER} | {name: int(at.timestamp()) for name, at in times.items()}
    return jwt.encode(claims, keys.derive(KEYS[CURRENT]), algorithm=ALGORITHM, headers={"kid": CURRENT})


def _verified(keys: PlatformKeys, now: datetime, token: str) -> dict[str, Any]:
    """The claims, `auth_time` as an instant."""
    try:
        purpose = KEYS[jwt.get_unverified_header(token).get("kid", "")]
        claims = jwt.decode(
            token,
            keys.derive(purpose),
            algorithms=[ALGORITHM],
            audience=[MEMBER, PERSON],
            issuer=ISSUER,
            # Times are compared below with our own clock, which tests and the local cloud move.
            options={
                "require": ["exp", "iat", "auth_time", "aud", "iss", "sub"],
                "verify_exp": False,
                "verify_iat": False,
            },
        )
        issued, expires, signed_in = (
            datetime.fromtimestamp(claims[name], now.tzinfo) for name in ("iat", "exp", "auth_time")
        )
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        raise refused() from None
    if not issued - _SKEW <= now < expires:
        raise refused()
    return claims | {"auth_time": signed_in}
