"""After the tables went back to T nobody is let in again who was let go since, and every sign-in has ended."""

import copy
from dataclasses import replace

from moref.aws.compose import composed
from moref.kernel.env import Api
from moref.records import get
from moref.signin.after_restore import carry_people, end_sessions
from moref.tenants.model import Member
from tests.fakes.memory_store import MemoryStore
from tests.unit.api.world import World
from tests.unit.signin.steps import refresh, sign_in
from tests.unit.signin.test_members import change, joined, owners


def test_who_was_let_go_since_t_stays_out_and_who_came_stays_in(world: World) -> None:
    removed, removed_token = joined(world, "gone@example.com", "admin")
    demoted, _ = joined(world, "less@example.com", "owner")
    key = world.call("POST", "/api-keys", {"name": "Sync", "scopes": ["jobs:read"]}).json()
    session = sign_in(world, "less@example.com")["refresh_token"]
    then = copy.deepcopy(world.store.rows)
    world.clock.move(minutes=1)

    came, _ = joined(world, "new@example.com", "owner")
    world.call("DELETE", f"/members/{removed}")
    assert change(world, demoted, {"role": "member"}).status == 200
    world.call("DELETE", f"/api-keys/{key['id']}")

    live, restored = world.store, MemoryStore()
    restored.rows = then
    world.runtime = composed[Api] = replace(world.runtime, store=restored)
    assert world.call("GET", "/jobs", token=key["key"]).status == 200, "this is what must not last"
    assert carry_people(live, world.runtime, world.a.organization_id) == 4
    assert end_sessions(world.runtime) == 3
    assert carry_people(live, world.runtime, world.a.organization_id) == 0
    assert end_sessions(world.runtime) == 0

    assert world.call("GET", "/jobs", token=key["key"]).status == 401
    assert world.call("GET", "/organization", token=removed_token).status == 401
    assert get(restored, Member, world.a.organization_id, demoted).role == "member"
    assert set(owners(world)) == {world.a.member_id, came}
    assert refresh(world, session).status == 401
    assert sign_in(world, "new@example.com")["member_id"] == came
    assert sign_in(world, "gone@example.com")["member_id"] is None
