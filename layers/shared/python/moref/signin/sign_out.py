"""Ends one session, or everything that a person is signed in with."""

from moref.kernel.errors import Conflict, Unauthenticated
from moref.records import Change, Create, Write
from moref.runtime import Runtime
from moref.signin.memberships import memberships
from moref.signin.refresh import live
from moref.signin.sessions import RefreshToken
from moref.signin.verify_code import known
from moref.tenants.audit import audited

RACES = 5


def sign_out(runtime: Runtime, refresh_token: str) -> None:
    """Of the session that the token belongs to, whatever its turn; one that means nothing is fine. Its access token
    lives on for its minutes. Raises Conflict."""
    token = RefreshToken.read(refresh_token)
    for attempt in range(RACES):
        try:
            if token is not None:
                session, _ = live(runtime, token)
                runtime.store.commit(Change(session, session.changed(runtime.clock.now(), status="ended")))
        except Unauthenticated:
            return
        except Conflict:
            if attempt == RACES - 1:
                raise
            continue
        return


def sign_out_everywhere(runtime: Runtime, email: str) -> None:
    """Every session, and every access token at once, in all their organizations. Raises Conflict."""
    for attempt in range(RACES):
        try:
            _everywhere(runtime, email)
        except Conflict:
            if attempt == RACES - 1:
                raise
            continue
        return


def _everywhere(runtime: Runtime, email: str) -> None:
    now = runtime.clock.now()
    person, new = known(runtime, email, now)
    after = person.changed(now, signed_out_at=now)
    writes: list[Write] = [Create(after) if new else Change(person, after)]
    for each in memberships(runtime.store, person):
        member = each.member
        writes.append(Change(member, member.changed(now, tokens_since=now)))
        writes.append(audited(now, member.organization_id, member.id, "member.signed_out_everywhere", member.id))
    runtime.store.commit(*writes)
