"""Access tokens: short JWTs signed with a key derived from the platform's secret. One algorithm is read.

A member's token is for one organization. A person's token says only who signed in: it opens what needs no organization,
such as founding one. The audience tells them apart, so that neither passes for the other.

Which keys there are is a setting (`token_keys`): the first signs, a second one still opens until its tokens have ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import jwt

from moref.kernel.errors import Unauthenticated
from moref.runtime import Runtime
from moref.tenants.model import Member

ISSUER = "moref"
ALGORITHM = "HS256"
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


def issue(runtime: Runtime, member: Member, *, signed_in_at: datetime, lifetime: timedelta = ACCESS) -> str:
    """A member's token."""
    claims = {"aud": MEMBER, "sub": member.id, "org": member.organization_id, "role": member.role}
    return _signed(runtime, claims, signed_in_at, lifetime)


def issue_to_person(runtime: Runtime, person_id: str, *, signed_in_at: datetime) -> str:
    """For somebody who proved an e-mail address and has no organization yet."""
    return _signed(runtime, {"aud": PERSON, "sub": person_id}, signed_in_at, ACCESS)


def read(runtime: Runtime, authorization: str) -> Claims:
    """From the header's value. Raises Unauthenticated, always with the same words: why is nobody's business."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_LENGTH:
        raise refused()
    claims = _verified(runtime, token)
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


def _signed(runtime: Runtime, claims: dict[str, Any], signed_in_at: datetime, lifetime: timedelta) -> str:
    now, kid = runtime.clock.now(), _kids(runtime)[0]
    times = {"iat": now, "exp": now + lifetime, "auth_time": signed_in_at}
    claims |= {"iss": ISSUER} | {name: int(at.timestamp()) for name, at in times.items()}
    return jwt.encode(claims, _key(runtime, kid), algorithm=ALGORITHM, headers={"kid": kid})


def _kids(runtime: Runtime) -> list[str]:
    return runtime.settings.token_keys.split(",")


def _key(runtime: Runtime, kid: str) -> bytes:
    return runtime.keys.derive(f"api-token.{kid}")


def _verified(runtime: Runtime, token: str) -> dict[str, Any]:
    """The claims, `auth_time` as an instant."""
    now = runtime.clock.now()
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        if kid not in _kids(runtime):
            raise refused()
        claims = jwt.decode(
            token,
            _key(runtime, kid),
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
