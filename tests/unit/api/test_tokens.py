"""Forged, stretched and stale tokens all meet the same 401."""

import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest

from moref.records import Change, get
from moref.tenants.model import Member
from tests.unit.api.world import World


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def claims(world: World, **over: Any) -> dict[str, Any]:
    now = int(world.clock.now().timestamp())
    found = {
        "iss": "moref", "aud": "moref-api", "sub": world.a.member_id, "org": world.a.organization_id, "role": "owner",
        "iat": now, "exp": now + 600, "auth_time": now,
    }  # fmt: skip
    return {name: value for name, value in (found | over).items() if value is not None}


def signed(world: World, body: dict[str, Any], header: dict[str, Any] | None = None, key: bytes | None = None) -> str:
    key = world.runtime.keys.derive("api-token.1") if key is None else key
    head = {"alg": "HS256", "typ": "JWT", "kid": "1"} if header is None else header
    text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(body).encode())}"
    return f"{text}.{b64(hmac.new(key, text.encode(), hashlib.sha256).digest())}"


def status(world: World, token: str) -> int:
    return world.call("GET", "/organization", token=token).status


def test_the_helper_makes_a_good_token(world: World) -> None:
    assert status(world, signed(world, claims(world))) == 200


def test_no_algorithm_is_refused_in_every_spelling(world: World) -> None:
    body = b64(json.dumps(claims(world)).encode())
    for name in ("none", "None", "NONE", "nOnE", ""):
        head = b64(json.dumps({"alg": name, "typ": "JWT", "kid": "1"}).encode())
        for tail in ("", b64(b"x")):
            assert status(world, f"{head}.{body}.{tail}") == 401


def test_another_algorithm_is_refused_even_with_the_right_key(world: World) -> None:
    key = world.runtime.keys.derive("api-token.1")
    for algorithm in ("HS384", "HS512"):
        with pytest.warns(jwt.InsecureKeyLengthWarning):
            token = jwt.encode(claims(world), key, algorithm=algorithm, headers={"kid": "1"})
        assert status(world, token) == 401


def test_header_tricks_are_refused(world: World) -> None:
    for head in (
        {"alg": "HS256", "typ": "JWT"},
        {"alg": "HS256", "kid": "2"},
        {"alg": "HS256", "kid": "../../dev/null"},
        {"alg": "HS256", "kid": ["1"]},
        {"alg": "HS256", "kid": "1", "crit": ["x"], "x": 1},
        {"alg": "HS256", "kid": "1", "b64": False, "crit": ["b64"]},
        {"kid": "1"},
    ):
        assert status(world, signed(world, claims(world), head)) == 401, head


@pytest.mark.parametrize(
    "over",
    [
        {"aud": "another"}, {"aud": None}, {"iss": "another"}, {"iss": None}, {"exp": None}, {"iat": None},
        {"auth_time": None}, {"auth_time": "soon"}, {"auth_time": 1e400}, {"aud": "moref-person"},
        {"exp": 1}, {"exp": "soon"}, {"exp": 1e400}, {"exp": True},
        {"sub": None}, {"sub": 5}, {"sub": ""}, {"org": None}, {"org": "*"},
        {"org": ["x"]}, {"role": "root"}, {"role": None}, {"role": ["owner"]}, {"iat": 99999999999},
        {"nbf": 99999999999},
    ],
    ids=str,
)  # fmt: skip
def test_wrong_claims_are_refused(world: World, over: dict[str, Any]) -> None:
    assert status(world, signed(world, claims(world, **over))) == 401


def test_a_token_ends_at_its_time(world: World) -> None:
    token = world.token()
    world.clock.move(minutes=59, seconds=59)
    assert status(world, token) == 200
    world.clock.move(seconds=1)
    assert status(world, token) == 401


def test_another_key_or_a_changed_byte_is_refused(world: World) -> None:
    assert status(world, signed(world, claims(world), key=b"")) == 401
    assert status(world, signed(world, claims(world), key=world.runtime.keys.derive("cursor"))) == 401
    head, body, tail = world.token().split(".")
    other = b64(json.dumps(claims(world, org=world.b.organization_id)).encode())
    assert status(world, f"{head}.{other}.{tail}") == 401
    for place in range(0, len(body), 7):
        changed = body[:place] + ("A" if body[place] != "A" else "B") + body[place + 1 :]
        assert status(world, f"{head}.{changed}.{tail}") == 401


def test_a_member_of_one_tenant_is_nobody_in_another(world: World) -> None:
    assert status(world, signed(world, claims(world, org=world.b.organization_id))) == 401


def test_garbage_headers_are_refused(world: World) -> None:
    good = world.token()
    for value in (
        "",
        "Bearer",
        "Bearer ",
        good,
        f"Basic {good}",
        "Bearer " + "x" * 5000,
        f"Bearer {good} {good}",
        "\u00e9",
    ):
        assert world.call("GET", "/organization", token="", headers={"authorization": value}).status == 401, value


def test_removing_a_member_ends_their_tokens_at_once(world: World) -> None:
    token = world.token(role="admin")
    assert status(world, token) == 200
    member = get(world.store, Member, world.a.organization_id, "mem_admin_0")
    world.store.commit(Change(member, member.changed(world.clock.now(), status="removed")))
    assert status(world, token) == 401


def test_the_weaker_of_the_tokens_role_and_the_members_counts(world: World) -> None:
    weak = signed(world, claims(world, role="member"))
    assert world.call("PUT", "/switches/sends", {"reason": "x"}, token=weak).status == 403
    strong = world.token()
    owner = get(world.store, Member, world.a.organization_id, world.a.member_id)
    world.store.commit(Change(owner, owner.changed(world.clock.now(), role="member")))
    assert world.call("PUT", "/switches/sends", {"reason": "x"}, token=strong).status == 403
