"""Sign-in with Google: only the client that began ends it, and only a token that is for us and for now is believed."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.local.sandbox.google import CLIENT_ID, CLIENT_SECRET, ISSUER, KID, Google
from infra.local.sandbox.web import Request
from moref.kernel.errors import BadInput, NotFound
from moref.kernel.keys import PEOPLE
from moref.records import every
from moref.runtime import Runtime
from moref.signin.connect_google import connect_google
from moref.signin.id_token import read
from moref.signin.model import GoogleAttempt, Person
from moref.signin.sessions import SignedIn
from moref.signin.sign_in_google import Begun, begin, finish
from tests.unit.api.test_tokens import b64
from tests.unit.api.world import World
from tests.unit.signin.steps import owner_email, post, refresh, sign_in

BACK = "https://app.example.com/back"
ANN = {"sub": "1087", "email": "ann@gmail.com", "email_verified": True}


@dataclass
class Direct:
    """The sandbox without a wire; `form` is what it was asked last."""

    google: Google
    form: dict[str, str] = field(default_factory=dict)

    def authorize_url(self, runtime: Runtime) -> str:
        return "https://google.example/o/oauth2/v2/auth"

    def exchange(self, runtime: Runtime, form: dict[str, str]) -> str:
        self.form = form
        body = urlencode(form | {"grant_type": "authorization_code"}).encode()
        answer = self.google.answer(Request("POST", "/token", {}, {}, body), "/token", None)
        if answer.status != 200:
            raise BadInput("no", field="code")
        return str(json.loads(answer.body)["id_token"])

    def jwk(self, runtime: Runtime, kid: str) -> dict[str, Any] | None:
        return self.google.jwk() if kid == KID else None


@pytest.fixture
def google(world: World) -> Direct:
    connect_google(world.runtime, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, redirect_uris=[BACK])
    return Direct(Google(world.clock.now))


def started(world: World, google: Direct) -> Begun:
    return begin(world.runtime, BACK, source="192.0.2.1", provider=google)


def consent(google: Direct, begun: Begun, account: dict[str, Any] | None = None) -> dict[str, str]:
    """What the browser brings back."""
    google.google.register(account or ANN)
    query = dict(parse_qsl(urlsplit(begun.authorization_url).query))
    path = "/o/oauth2/v2/auth"
    answer = google.google.answer(Request("GET", path, query, {}, b""), path, None)
    assert answer.status == 302, answer.body
    assert answer.headers["location"].startswith(BACK)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def through(world: World, google: Direct, account: dict[str, Any] | None = None) -> SignedIn:
    begun = started(world, google)
    back = consent(google, begun, account)
    return finish(world.runtime, back["state"], begun.ticket, back["code"], provider=google)


def test_a_newcomer_signs_in_and_is_the_same_person_ever_after(world: World, google: Direct) -> None:
    first = through(world, google)
    assert (first.person.email, first.membership) == ("ann@gmail.com", None)
    assert refresh(world, first.refresh_token).status == 200
    moved = through(world, google, ANN | {"email": "ann.new@gmail.com"})
    assert moved.person.id == first.person.id, "the subject says who it is, not the address"
    assert through(world, google, ANN | {"email_verified": False}).person.id == first.person.id


def test_google_and_a_code_lead_to_the_same_person(world: World, google: Direct) -> None:
    email = owner_email(world)
    by_code = sign_in(world, email)
    found = through(world, google, {"sub": "7", "email": email.upper(), "email_verified": True, "hd": "example.com"})
    assert found.membership is not None
    assert found.membership.member.id == by_code["member_id"] == world.a.member_id


@pytest.mark.parametrize(
    "account",
    [
        {"email_verified": False}, {"email_verified": "true"}, {"email_verified": None}, {"email": ""}, {"email": 5},
        {"email": "ann@elsewhere.example"},  # verified once, but not Google's to give to another person
        {"email": "ann@gmail.com.evil.example"}, {"sub": ""}, {"sub": 5}, {"hd": 5, "email": "ann@elsewhere.example"},
    ],
    ids=str,
)  # fmt: skip
def test_an_address_that_google_does_not_vouch_for_is_nobody(
    world: World, google: Direct, account: dict[str, Any]
) -> None:
    with pytest.raises(BadInput):
        through(world, google, ANN | account)
    assert every(world.store, Person, PEOPLE) == []


def test_only_the_client_that_began_can_end_it_and_only_once(world: World, google: Direct) -> None:
    mine, theirs = started(world, google), started(world, google)
    back = consent(google, mine)
    for state, ticket in ((back["state"], theirs.ticket), (theirs.state, mine.ticket), ("x", mine.ticket)):
        with pytest.raises(BadInput) as refused:
            finish(world.runtime, state, ticket, back["code"], provider=google)
        assert refused.value.field == "state"
    finish(world.runtime, back["state"], mine.ticket, back["code"], provider=google)
    with pytest.raises(BadInput):
        finish(world.runtime, back["state"], mine.ticket, back["code"], provider=google)


def test_a_code_of_another_attempt_is_refused(world: World, google: Direct) -> None:
    """PKCE: whoever has caught somebody's code has not their verifier."""
    mine, theirs = started(world, google), started(world, google)
    stolen = consent(google, theirs)["code"]
    with pytest.raises(BadInput):
        finish(world.runtime, mine.state, mine.ticket, stolen, provider=google)


def test_an_attempt_ends_after_ten_minutes(world: World, google: Direct) -> None:
    begun = started(world, google)
    back = consent(google, begun)
    world.clock.move(minutes=10)
    with pytest.raises(BadInput):
        finish(world.runtime, back["state"], begun.ticket, back["code"], provider=google)


def test_neither_ticket_nor_verifier_nor_secret_stands_in_a_row_or_a_url(world: World, google: Direct) -> None:
    begun = started(world, google)
    back = consent(google, begun)
    finish(world.runtime, back["state"], begun.ticket, back["code"], provider=google)
    rows = str([row["data"] for row in world.store.rows.values() if "data" in row])
    for secret in (begun.ticket, begun.state, google.form["code_verifier"]):
        assert secret not in rows
    assert begun.ticket not in begun.authorization_url
    assert google.form["code_verifier"] not in begun.authorization_url
    assert len(google.form["code_verifier"]) == 43


def test_browsers_come_back_only_where_they_may(world: World, google: Direct) -> None:
    for uri in ("https://evil.example/back", BACK + "/x", BACK + "?x=1", "http://app.example.com/back"):
        with pytest.raises(BadInput):
            begin(world.runtime, uri, source="192.0.2.1", provider=google)
    assert every(world.store, GoogleAttempt, PEOPLE) == []


def test_without_a_client_nobody_signs_in_with_google(world: World) -> None:
    with pytest.raises(NotFound):
        begin(world.runtime, BACK, source="192.0.2.1")
    assert post(world, "/sign-in/google", {"redirect_uri": BACK}).status == 404


def test_the_api_begins_an_attempt(world: World, google: Direct) -> None:
    found = post(world, "/sign-in/google", {"redirect_uri": BACK})
    assert found.status == 201
    query = dict(parse_qsl(urlsplit(found.json()["authorization_url"]).query))
    assert (query["code_challenge_method"], query["scope"], query["state"]) == (
        "S256", "openid email", found.json()["state"],
    )  # fmt: skip
    wrong = {"state": "x", "ticket": "y", "code": "z"}
    assert post(world, "/sign-in/google/verify", wrong).json()["field"] == "state"


def claims(world: World, **over: Any) -> dict[str, Any]:
    now = int(world.clock.now().timestamp())
    found = ANN | {"iss": ISSUER, "aud": CLIENT_ID, "iat": now, "exp": now + 600, "nonce": "n"}
    return {name: value for name, value in (found | over).items() if value is not None}


def believed(world: World, google: Direct, token: str) -> bool:
    try:
        read(
            token, client_id=CLIENT_ID, nonce="n", now=world.clock.now(), jwk_of=lambda k: google.jwk(world.runtime, k)
        )
    except BadInput:
        return False
    return True


def signed(google: Direct, body: dict[str, Any], key: Any = None, **header: Any) -> str:
    return jwt.encode(body, key or google.google.key, algorithm="RS256", headers={"kid": KID} | header)


@pytest.mark.parametrize(
    "over",
    [
        {"aud": "another"}, {"aud": [CLIENT_ID]}, {"aud": [CLIENT_ID, "another"]}, {"aud": None},
        {"iss": "https://evil.example"}, {"iss": "https://accounts.google.com.evil.example"}, {"iss": None},
        {"exp": 1}, {"exp": None}, {"exp": "soon"}, {"iat": 99999999999}, {"iat": None},
        {"nonce": "another"}, {"nonce": None}, {"nonce": 5}, {"sub": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_is_not_for_us_now_is_not_believed(world: World, google: Direct, over: dict[str, Any]) -> None:
    assert believed(world, google, signed(google, claims(world)))
    assert not believed(world, google, signed(google, claims(world, **over)))


def test_both_spellings_of_the_issuer_are_googles(world: World, google: Direct) -> None:
    assert believed(world, google, signed(google, claims(world, iss="accounts.google.com")))


def unsigned(body: dict[str, Any], algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT", "kid": KID}, body)
    return ".".join(b64(json.dumps(part).encode()) for part in parts)


def test_no_other_algorithm_or_key_is_believed(world: World, google: Direct) -> None:
    body = claims(world)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert not believed(world, google, signed(google, body, stranger))
    assert not believed(world, google, signed(google, body, kid="unknown"))
    assert not believed(world, google, unsigned(body, "none") + ".")
    assert not believed(world, google, jwt.encode(body, google.google.key, algorithm="RS512", headers={"kid": KID}))
    # The public key, taken for a shared secret.
    text = unsigned(body, "HS256")
    public = json.dumps(google.google.jwk()).encode()
    assert not believed(world, google, f"{text}.{b64(hmac.new(public, text.encode(), hashlib.sha256).digest())}")
    for garbage in ("", "a.b.c", "x" * 5000):
        assert not believed(world, google, garbage)


def test_a_key_of_another_kind_is_not_used(world: World, google: Direct) -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": KID}
    with pytest.raises(BadInput):
        read(
            signed(google, claims(world)), client_id=CLIENT_ID, nonce="n", now=world.clock.now(),
            jwk_of=lambda kid: secret,
        )  # fmt: skip
