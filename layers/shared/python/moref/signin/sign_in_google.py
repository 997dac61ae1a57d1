"""Signs in with Google: a browser is sent there and comes back with a code, which is good for this attempt alone.

`state` travels through the browser's address bar, the ticket does not: only the client that began can end it. PKCE and
the nonce bind Google's code and its ID token to the attempt.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import urlencode

from moref import people
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.kernel.keys import PEOPLE
from moref.records import Change, Create, Write
from moref.runtime import Runtime
from moref.signin import id_token, limits
from moref.signin.ask_code import TOO_OFTEN
from moref.signin.challenges import put
from moref.signin.id_token import Vouched
from moref.signin.memberships import chosen, memberships
from moref.signin.model import GoogleAttempt, GoogleClient, GoogleIdentity, Person, keyed
from moref.signin.providers import google
from moref.signin.sessions import SignedIn, digest, new_secret, opened, same
from moref.signin.source import tally_of
from moref.signin.verify_code import known

VALID = timedelta(minutes=10)
CLIENT = "google"  # id of its row, and the vault's purpose of its secret


class Provider(Protocol):
    def authorize_url(self, runtime: Runtime) -> str: ...
    def exchange(self, runtime: Runtime, form: dict[str, str]) -> str: ...
    def jwk(self, runtime: Runtime, kid: str) -> dict[str, Any] | None: ...


@dataclass(frozen=True, slots=True)
class Begun:
    authorization_url: str
    state: str
    ticket: str


def begin(runtime: Runtime, redirect_uri: str, *, source: str, provider: Provider = google) -> Begun:
    """Raises NotFound when Google is not set up here; BadInput on another address than those that are; TooMany."""
    client, now = _client(runtime), runtime.clock.now()
    if redirect_uri not in client.redirect_uris:
        raise BadInput("not one of the addresses that were set up", field="redirect_uri")
    tally = tally_of(runtime.store, runtime.keys, source, now)
    limits.check(tally.asked_at, now, limits.CODES_OF_SOURCE, TOO_OFTEN)
    state, ticket, nonce = new_secret(), new_secret(), secrets.token_urlsafe(16)
    attempt = GoogleAttempt(
        organization_id=PEOPLE, id=f"gat_{digest(state)}", created_at=now, updated_at=now,
        ticket_digest=digest(ticket), nonce=nonce, redirect_uri=redirect_uri, valid_until=now + VALID,
    )  # fmt: skip
    counted = tally.changed(now, asked_at=limits.noted(tally.asked_at, now, limits.CODES_OF_SOURCE))
    runtime.store.commit(Create(attempt, expires_at=attempt.valid_until), put(tally, counted))
    query = {
        "client_id": client.client_id, "redirect_uri": redirect_uri, "response_type": "code",
        "scope": "openid email", "state": state, "nonce": nonce,
        "code_challenge": _challenge(_verifier(runtime, state)), "code_challenge_method": "S256",
    }  # fmt: skip
    return Begun(f"{provider.authorize_url(runtime)}?{urlencode(query)}", state, ticket)


def finish(
    runtime: Runtime,
    state: str,
    ticket: str,
    code: str,
    *,
    organization_id: str | None = None,
    provider: Provider = google,
) -> SignedIn:
    """Raises BadInput on whatever does not belong to the attempt, or an address that Google does not vouch for;
    NotFound for an organization they do not belong to; Retry."""
    client = _client(runtime)
    attempt = _used_up(runtime, state, ticket)
    form = {
        "code": code, "client_id": client.client_id, "redirect_uri": attempt.redirect_uri,
        "client_secret": runtime.vault.open(PEOPLE, CLIENT, client.secret_ciphertext).decode(),
        "code_verifier": _verifier(runtime, state),
    }  # fmt: skip
    vouched = id_token.read(
        provider.exchange(runtime, form), client_id=client.client_id, nonce=attempt.nonce, now=runtime.clock.now(),
        jwk_of=lambda kid: provider.jwk(runtime, kid),
    )  # fmt: skip
    person, writes = _person(runtime, vouched, runtime.clock.now())
    found = memberships(runtime.store, person)
    signed_in, session = opened(runtime, person, "google", found, chosen(found, organization_id, None))
    runtime.store.commit(*writes, *session)
    return signed_in


def _client(runtime: Runtime) -> GoogleClient:
    client = runtime.store.find(GoogleClient, PEOPLE, CLIENT)
    if client is None:
        raise NotFound("Google is not set up here")
    return client


def _used_up(runtime: Runtime, state: str, ticket: str) -> GoogleAttempt:
    """The attempt, which is over from now on. Raises BadInput."""
    attempt, now = runtime.store.find(GoogleAttempt, PEOPLE, f"gat_{digest(state)}"), runtime.clock.now()
    refused = BadInput("this attempt is unknown, over, or was begun by somebody else: begin anew", field="state")
    if attempt is None or attempt.status != "open" or now >= attempt.valid_until:
        raise refused
    if not same(attempt.ticket_digest, digest(ticket)):
        raise refused
    try:
        runtime.store.commit(Change(attempt, attempt.changed(now, status="used")))
    except Conflict:
        raise refused from None
    return attempt


def _person(runtime: Runtime, vouched: Vouched, now: datetime) -> tuple[Person, tuple[Write, ...]]:
    """Known by Google's subject; by the address only the first time, when it is surely theirs."""
    id = keyed(runtime.keys, "gid", vouched.subject)
    identity = runtime.store.find(GoogleIdentity, PEOPLE, id)
    if identity is not None:
        person = runtime.store.find(Person, PEOPLE, identity.person_id)
        if person is None:
            raise BadInput("this Google account is no longer known here", field="code")
        return person, ()
    if not vouched.verified or not vouched.google_runs_it:
        raise BadInput("Google does not vouch for this e-mail address: sign in by a code", field="code")
    person, made = known(runtime, people.email(vouched.email), now)
    identity = GoogleIdentity(
        organization_id=PEOPLE, id=id, created_at=now, updated_at=now, person_id=person.id
    )  # fmt: skip
    return person, (Create(identity), *made)


def _verifier(runtime: Runtime, state: str) -> str:
    """PKCE's secret, made from the state by a key of the platform: it need not be kept."""
    tag = hmac.new(runtime.keys.derive("google-verifier"), state.encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(tag).rstrip(b"=").decode()


def _challenge(verifier: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
