"""What a sign-in gives: an access token of 15 minutes, and a refresh token of 30 days that is good for one use."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from moref.kernel import ids
from moref.kernel.keys import PEOPLE
from moref.records import Create, Write
from moref.runtime import Runtime
from moref.signin import tokens
from moref.signin.memberships import Membership
from moref.signin.model import Person, Session
from moref.tenants.audit import audited

LIFETIME = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`membership` None: a person without organization; the access token is a person's."""

    person: Person
    access_token: str
    refresh_token: str
    membership: Membership | None
    memberships: list[Membership]


@dataclass(frozen=True, slots=True)
class RefreshToken:
    session_id: str
    family: str
    turn: str

    @classmethod
    def read(cls, text: str) -> "RefreshToken | None":
        parts = text.split(".")
        whole = len(parts) == 3 and all(parts) and len(text) <= 256 and not {"#", "/"} & set(text)
        return cls(*parts) if whole else None

    def text(self) -> str:
        return f"{self.session_id}.{self.family}.{self.turn}"


def opened(
    runtime: Runtime, person: Person, how: Literal["code", "google"], found: list[Membership], usual: Membership | None
) -> tuple[SignedIn, tuple[Write, ...]]:
    """A new session, and the writes that belong into the commit of the proof itself."""
    now = runtime.clock.now()
    token = RefreshToken(ids.new("ses"), new_secret(), new_secret())
    session = Session(
        organization_id=PEOPLE, id=token.session_id, created_at=now, updated_at=now, person_id=person.id,
        family_digest=digest(token.family), turn_digest=digest(token.turn), renewed_at=now, signed_in_at=now, how=how,
        valid_until=now + LIFETIME, for_organization=usual.organization.id if usual else None,
    )  # fmt: skip
    writes: list[Write] = [Create(session, expires_at=session.valid_until)]
    if usual is not None:
        member = usual.member
        writes.append(audited(now, member.organization_id, member.id, "member.signed_in", member.id, how=how))
    return SignedIn(person, access(runtime, person, usual, now), token.text(), usual, found), tuple(writes)


def access(runtime: Runtime, person: Person, membership: Membership | None, signed_in_at: datetime) -> str:
    if membership is None:
        return tokens.issue_to_person(runtime, person.id, signed_in_at=signed_in_at)
    return tokens.issue(runtime, membership.member, signed_in_at=signed_in_at)


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Of 256 random bits: nothing to guess, so no slow hash is needed."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str | None, other: str) -> bool:
    return one is not None and hmac.compare_digest(one, other)
