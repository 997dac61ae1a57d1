"""Bearer tokens of staff: short JWTs signed with a key derived from the platform's secret. One algorithm is read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, get_args

import jwt

from moref.kernel.errors import Unauthenticated
from moref.ports import Clock, PlatformKeys
from moref.records import Store
from moref.tenants.model import Member, Role

AUDIENCE = "moref-api"
ISSUER = "moref"
ALGORITHM = "HS256"
KEYS = {"1": "api-token"}  # kid -> purpose of the derived key; a second entry lets keys be changed without a cut
CURRENT = "1"
RANK: dict[str, int] = {"member": 0, "admin": 1, "owner": 2}
MAX_LENGTH = 4096
_SKEW = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, from a verified token and the member's row. `location_ids` None: every location."""

    organization_id: str
    member_id: str
    role: Role
    location_ids: frozenset[str] | None

    def may(self, least: Role) -> bool:
        return RANK[self.role] >= RANK[least]


def issue(keys: PlatformKeys, now: datetime, member: Member, lifetime: timedelta) -> str:
    claims = {
        "iss": ISSUER, "aud": AUDIENCE, "sub": member.id, "org": member.organization_id, "role": member.role,
        "iat": int(now.timestamp()), "exp": int((now + lifetime).timestamp()),
    }  # fmt: skip
    return jwt.encode(claims, keys.derive(KEYS[CURRENT]), algorithm=ALGORITHM, headers={"kid": CURRENT})


def authenticate(store: Store, keys: PlatformKeys, clock: Clock, authorization: str) -> Caller:
    """From the header's value. Raises Unauthenticated, always with the same words: why is nobody's business.

    The member is read at every call, so that removing one ends their tokens at once. The weaker of the token's role and
    the member's counts.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= MAX_LENGTH:
        raise _refused()
    claims = _claims(keys, clock.now(), token)
    organization_id, member_id = claims.get("org"), claims.get("sub")
    if not (isinstance(organization_id, str) and isinstance(member_id, str) and organization_id and member_id):
        raise _refused()
    roles: list[Role] = [role for role in get_args(Role) if role == claims.get("role")]
    if "#" in organization_id + member_id:  # never part of an id: it parts the pieces of a row's key
        raise _refused()
    member = store.find(Member, organization_id, member_id)
    if member is None or member.status != "active" or not roles:
        raise _refused()
    locations = None if member.location_ids is None else frozenset(member.location_ids)
    return Caller(organization_id, member_id, min(member.role, roles[0], key=RANK.__getitem__), locations)


def _claims(keys: PlatformKeys, now: datetime, token: str) -> dict[str, Any]:
    try:
        purpose = KEYS[jwt.get_unverified_header(token).get("kid", "")]
        claims = jwt.decode(
            token,
            keys.derive(purpose),
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            # Times are compared below with our own clock, which tests and the local cloud move.
            options={"require": ["exp", "iat", "aud", "iss", "sub"], "verify_exp": False, "verify_iat": False},
        )
        issued, expires = (datetime.fromtimestamp(claims[name], now.tzinfo) for name in ("iat", "exp"))
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError, OSError):
        raise _refused() from None
    if not issued - _SKEW <= now < expires:
        raise _refused()
    return claims


def _refused() -> Unauthenticated:
    return Unauthenticated("a valid bearer token is needed")
