"""Renews a session: a new access token, and a new refresh token in place of the one that was given.

One that was used before means that somebody has a copy, and nobody can tell who: the whole family ends.
"""

from datetime import datetime, timedelta

from moref.kernel.errors import Conflict, NotFound
from moref.kernel.keys import PEOPLE
from moref.records import Change, Write
from moref.runtime import Runtime
from moref.signin.memberships import chosen, memberships
from moref.signin.model import Person, Session
from moref.signin.sessions import LIFETIME, RefreshToken, SignedIn, access, digest, new_secret, same
from moref.signin.tokens import refused
from moref.tenants.audit import audited

RACES = 5
# Two tabs of one browser may renew at once, and an answer may be lost: the token just used ends nothing for so long,
# and gives nothing either.
MERCY = timedelta(seconds=10)


def refresh(runtime: Runtime, refresh_token: str, organization_id: str | None = None) -> SignedIn:
    """`organization_id` switches to another of their organizations.

    Raises Unauthenticated; Conflict when it was renewed this moment by another call; NotFound for an organization they
    do not belong to (the token is then still good).
    """
    token = RefreshToken.read(refresh_token)
    if token is None:
        raise refused()
    for _ in range(RACES):
        session, person = live(runtime, token)
        try:
            if not same(session.turn_digest, digest(token.turn)):
                raise _reused(runtime, session, token)
            return _renewed(runtime, session, person, token, organization_id)
        except Conflict as error:
            if error.field == "refresh_token":
                raise
    raise Conflict("this session is being renewed by others", field="refresh_token")


def live(runtime: Runtime, token: RefreshToken) -> tuple[Session, Person]:
    """The session of a token whose family is right, of whatever turn. Raises Unauthenticated."""
    session = runtime.store.find(Session, PEOPLE, token.session_id)
    if session is None or not same(session.family_digest, digest(token.family)):
        raise refused()
    person = runtime.store.find(Person, PEOPLE, session.person_id)
    if session.status != "active" or runtime.clock.now() >= session.valid_until or person is None:
        raise refused()
    if person.signed_out_at is not None and session.signed_in_at <= person.signed_out_at:
        raise refused()
    return session, person


def _renewed(
    runtime: Runtime, session: Session, person: Person, token: RefreshToken, organization_id: str | None
) -> SignedIn:
    now = runtime.clock.now()
    found = memberships(runtime.store, person)
    usual = chosen(found, organization_id, session.for_organization)
    turned = RefreshToken(token.session_id, token.family, new_secret())
    after = session.changed(
        now, turn_digest=digest(turned.turn), previous_digest=session.turn_digest, renewed_at=now,
        valid_until=now + LIFETIME, for_organization=usual.organization.id if usual else None,
    )  # fmt: skip
    runtime.store.commit(Change(session, after, expires_at=after.valid_until))
    return SignedIn(person, access(runtime, person, usual, session.signed_in_at), turned.text(), usual, found)


def _reused(runtime: Runtime, session: Session, token: RefreshToken) -> Exception:
    now = runtime.clock.now()
    if same(session.previous_digest, digest(token.turn)) and now - session.renewed_at < MERCY:
        return Conflict("renewed this moment by another call: use the newer token", field="refresh_token")
    runtime.store.commit(Change(session, session.changed(now, status="reused")), *_audit(runtime, session, now))
    runtime.metrics.count("refresh_token_reused")
    return refused()


def _audit(runtime: Runtime, session: Session, now: datetime) -> tuple[Write, ...]:
    """In the organization whose tokens the session got."""
    if session.for_organization is None:
        return ()
    person = runtime.store.find(Person, PEOPLE, session.person_id)
    try:
        place = chosen(memberships(runtime.store, person) if person else [], session.for_organization, None)
    except NotFound:
        return ()
    if place is None:
        return ()
    return (audited(now, place.organization.id, "platform", "session.reused", place.member.id),)
