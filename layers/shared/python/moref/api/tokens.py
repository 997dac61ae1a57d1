"""Who calls: a verified bearer token, held against the member's row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args

from moref.kernel.errors import Forbidden
from moref.kernel.keys import PEOPLE
from moref.records import Store
from moref.runtime import Runtime
from moref.signin import tokens
from moref.signin.api_keys import PREFIX, key_of
from moref.signin.model import ApiKey, Person, person_id
from moref.signin.roles import RANK
from moref.tenants.model import Member, Role

FRESH = timedelta(minutes=15)


class SignInAgain(Forbidden):
    """The act is sensitive and the sign-in too old for it."""

    code = "sign_in_again"


@dataclass(frozen=True, slots=True)
class Caller:
    """A member of an organization, or an API key of it. `location_ids` None: every location.

    An API key is an admin within its `scopes`; None: a member, whom no scope limits.
    """

    organization_id: str
    member_id: str
    role: Role
    location_ids: frozenset[str] | None
    signed_in_at: datetime
    scopes: frozenset[str] | None = None

    @property
    def home(self) -> str:
        """Whose rows the call is about."""
        return self.organization_id

    @property
    def actor(self) -> str:
        return self.member_id

    def may(self, least: Role) -> bool:
        return RANK[self.role] >= RANK[least]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody whose e-mail address is verified; of which organization, if any, does not matter to the operation."""

    person_id: str
    email: str
    signed_in_at: datetime

    @property
    def home(self) -> str:
        return PEOPLE

    @property
    def actor(self) -> str:
        return self.person_id


def member(runtime: Runtime, authorization: str) -> Caller:
    """Raises Unauthenticated, always with the same words: why is nobody's business.

    The member, or the key, is read at every call, so that removing one ends their tokens at once. The weaker of the
    token's role and the member's counts.
    """
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() == "bearer" and text.startswith(PREFIX):
        return _with_key(key_of(runtime, text))
    claims = tokens.read(runtime, authorization)
    if claims.audience != tokens.MEMBER:
        raise tokens.refused()
    found, role = _held_against_row(runtime.store, claims)
    locations = None if found.location_ids is None else frozenset(found.location_ids)
    return Caller(found.organization_id, found.id, role, locations, claims.signed_in_at)


def person(runtime: Runtime, authorization: str) -> SignedIn:
    """From a person's token or a member's. Raises Unauthenticated."""
    claims = tokens.read(runtime, authorization)
    if claims.audience == tokens.MEMBER:
        found, _ = _held_against_row(runtime.store, claims)
        return SignedIn(person_id(runtime.keys, found.email), found.email, claims.signed_in_at)
    known = runtime.store.find(Person, PEOPLE, claims.subject)
    if known is None or _ended(known.signed_out_at, claims):
        raise tokens.refused()
    return SignedIn(known.id, known.email, claims.signed_in_at)


def _with_key(key: ApiKey) -> Caller:
    places = None if key.location_ids is None else frozenset(key.location_ids)
    return Caller(key.organization_id, key.id, "admin", places, key.created_at, frozenset(key.scopes))


def only_fresh(runtime: Runtime, who: Caller | SignedIn) -> None:
    """Raises SignInAgain: a token that lies about somewhere, or was renewed for days, does nothing that hurts."""
    if runtime.clock.now() - who.signed_in_at >= FRESH:
        minutes = FRESH // timedelta(minutes=1)
        raise SignInAgain(f"this needs a sign-in of the last {minutes} minutes: sign in again, then repeat it")


def _held_against_row(store: Store, claims: tokens.Claims) -> tuple[Member, Role]:
    roles: list[Role] = [role for role in get_args(Role) if role == claims.role]
    found = store.find(Member, claims.organization_id, claims.subject)
    if found is None or found.status != "active" or not roles or _ended(found.tokens_since, claims):
        raise tokens.refused()
    return found, min(found.role, roles[0], key=RANK.__getitem__)


def _ended(since: datetime | None, claims: tokens.Claims) -> bool:
    """Signed in before somebody signed out everywhere. A token tells whole seconds."""
    return since is not None and claims.signed_in_at < since.replace(microsecond=0)
