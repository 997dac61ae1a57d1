"""API keys: shown once, kept as a digest, open what their scopes say and nothing more, dead at once when revoked."""

from datetime import timedelta
from typing import Any

import pytest

from moref.api.routes import OPERATIONS
from moref.api.scopes import JUDGEMENTS, open_to_keys, scope_of
from moref.records import get
from moref.signin.model import ApiKey
from tests.unit.api.world import Answer, World


def make(world: World, *scopes: str, token: str | None = None, **over: Any) -> Answer:
    body = {"name": "Sync", "scopes": list(scopes) or ["jobs:read"]} | over
    return world.call("POST", "/api-keys", body, token=token)


def get_status(world: World, key: str, path: str = "/jobs") -> int:
    return world.call("GET", path, token=key).status


def test_a_key_is_shown_once_and_kept_as_a_digest(world: World) -> None:
    made = make(world).json()
    key = made["key"]
    assert key.startswith(made["prefix"])
    assert len(key) > 40
    shown = world.call("GET", f"/api-keys/{made['id']}").text + world.call("GET", "/api-keys").text
    rows = str(list(world.store.rows.items()))
    assert key not in shown + rows
    assert key[len(made["prefix"]) :] not in shown + rows
    assert get_status(world, key) == 200


def test_a_key_opens_its_scopes_only(world: World) -> None:
    key = make(world, "jobs:read", "switches:write").json()["key"]
    assert get_status(world, key) == 200
    for path in ("/contacts", "/organization", "/audit", "/conversions"):
        answer = world.call("GET", path, token=key)
        assert answer.status == 403
        assert ":read" in answer.json()["detail"]
    assert get_status(world, key, "/switches") == 200, "who may write may read"
    assert world.call("PUT", "/switches/sends", {"reason": "x"}, token=key).status == 200
    reads = make(world, "switches:read").json()["key"]
    assert world.call("PUT", "/switches/sends", {"reason": "x"}, token=reads).status == 403


def test_no_key_manages_people_or_keys_or_does_what_needs_a_fresh_sign_in(world: World) -> None:
    every = {scope_of(each) for each in OPERATIONS if open_to_keys(each)}
    key = make(world, *sorted(every)).json()["key"]
    closed = [each for each in OPERATIONS if each.access == "member" and not open_to_keys(each)]
    routes = {each.route for each in closed}
    assert routes > {each.route for each in OPERATIONS if each.fresh and each.access == "member"}
    assert routes > {"GET /v1/members", "GET /v1/api-keys", "POST /v1/invitations/{id}/withdraw"}
    assert routes > JUDGEMENTS, "nobody says a second yes by a key"
    for operation in closed:
        path = operation.path.removeprefix("/v1").replace("{id}", "x")
        answer = world.call(operation.method, path, {}, token=key, key="k")
        assert answer.status == 403, operation.route
        assert "no API key" in answer.json()["detail"]
    for operation in (each for each in OPERATIONS if each.access == "person"):
        path = operation.path.removeprefix("/v1").replace("{id}", "x")
        assert world.call(operation.method, path, {}, token=key, key="k").status == 401


@pytest.mark.parametrize(
    "scope", ["members:read", "api-keys:write", "nothing:read", "jobs:delete", "jobs", "*:read", ""]
)
def test_a_scope_that_no_key_may_have_is_refused(world: World, scope: str) -> None:
    answer = make(world, "jobs:read", scope)
    assert (answer.status, answer.json()["field"]) == (422, "scopes.1")


def test_a_key_is_never_an_owner(world: World) -> None:
    for operation in (each for each in OPERATIONS if each.least == "owner" and open_to_keys(each)):
        key = make(world, scope_of(operation)).json()["key"]
        path = operation.path.removeprefix("/v1").replace("{id}", "x")
        assert world.call(operation.method, path, {}, token=key, key="k").status == 403, operation.route


def test_a_key_may_be_limited_to_locations(world: World) -> None:
    ids = world.fill(world.a)
    elsewhere = world.fill(world.a, "loc_elsewhere", tag="far")
    key = make(world, "jobs:read", "inbox:read", location_ids=[world.a.location_id]).json()["key"]
    assert get_status(world, key, f"/jobs/{ids['jobs']}") == 200
    assert get_status(world, key, f"/jobs/{elsewhere['jobs']}") == 404
    assert get_status(world, key, "/inbox") == 403
    assert make(world, location_ids=[world.b.location_id]).status == 404


def test_a_key_reaches_its_own_organization_only(world: World) -> None:
    theirs = world.fill(world.b, tag="theirs")
    key = make(world).json()["key"]
    assert get_status(world, key, f"/jobs/{theirs['jobs']}") == 404
    assert world.call("DELETE", f"/api-keys/{theirs['api-keys']}").status == 404


def test_a_revoked_or_expired_key_opens_nothing_from_that_moment(world: World) -> None:
    revoked, ends = make(world).json(), world.clock.now() + timedelta(hours=1)
    expiring = make(world, expires_at=ends.isoformat()).json()
    assert [get_status(world, each["key"]) for each in (revoked, expiring)] == [200, 200]
    assert world.call("DELETE", f"/api-keys/{revoked['id']}").json()["status"] == "revoked"
    assert get_status(world, revoked["key"]) == 401
    assert world.call("DELETE", f"/api-keys/{revoked['id']}").status == 200
    world.clock.move(hours=1)
    assert get_status(world, expiring["key"]) == 401
    assert make(world, expires_at=ends.isoformat()).json()["field"] == "expires_at"


def test_garbage_is_no_key(world: World) -> None:
    key = make(world).json()["key"]
    for text in ("mrk_", "mrk_x", key[:-1], key + "a", key.upper(), "mrk_" + "a" * 500, f"{key} {key}"):
        assert get_status(world, text) == 401, text


def test_the_day_of_the_last_use_is_noted_once_a_day(world: World) -> None:
    made = make(world).json()
    assert made["last_used_on"] is None
    for days in (0, 0, 1):
        world.clock.move(days=days)
        get_status(world, made["key"])
    row = get(world.store, ApiKey, world.a.organization_id, made["id"])
    assert row.last_used_on == world.clock.now().date()
    assert row.version == 3


def test_only_admins_with_a_fresh_sign_in_make_keys(world: World) -> None:
    assert make(world, token=world.token(role="member")).status == 403
    assert make(world, token=world.token(role="admin", locations=[world.a.location_id])).status == 403
    assert make(world, token=world.token(role="admin")).status == 201
