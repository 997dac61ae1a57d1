"""Erasing over the API: by whom, once, and what of it shows afterwards."""

from datetime import timedelta
from typing import Any

from moref.intake.model import ERASED, InboxEvent
from moref.records import Change, get
from tests.unit.api.test_conventions import problem
from tests.unit.api.world import World


def test_an_admin_erases_once_and_a_member_or_an_api_without_a_key_does_not(world: World) -> None:
    contact = world.fill(world.a)["contacts"]
    path, body = f"/contacts/{contact}/erase", {"reason": "asked by letter"}
    problem(world.call("POST", path, body, token=world.token(role="member"), key="k"), 403)
    problem(world.call("POST", path, body), 422)
    problem(world.call("POST", path, {}, key="k"), 422)
    first = world.call("POST", path, body, key="k2")
    assert first.status == 202
    assert world.call("POST", path, body, key="k3").json()["id"] == first.json()["id"]
    assert world.call("GET", f"/erasures/{first.json()['id']}").json()["status"] == "running"
    assert world.call("GET", f"/contacts/{contact}").json()["erased_at"] is not None


def test_an_organizations_copy_is_for_owners_and_a_persons_for_admins(world: World) -> None:
    contact, admin = world.fill(world.a)["contacts"], world.token(role="admin")
    problem(world.call("POST", "/organization/export", token=admin, key="e"), 403)
    whole = world.call("POST", "/organization/export", key="e").json()
    problem(world.call("POST", f"/exports/{whole['id']}/links", token=admin), 403)
    assert problem(world.call("POST", f"/exports/{whole['id']}/links"), 409)["detail"] == "it is being written"
    assert world.call("POST", f"/contacts/{contact}/export", token=admin, key="p").json()["of"] == "person"


def test_a_replay_of_a_range_leaves_out_what_was_erased(world: World) -> None:
    id = world.fill(world.a)["inbox"]
    now: Any = world.clock.now()
    span = {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}
    assert world.call("POST", "/inbox/replay", span).json()["replayed"] == [id]
    event = get(world.store, InboxEvent, world.a.organization_id, id)
    world.store.commit(Change(event, event.changed(now, reason=ERASED, status="handled", body="")))
    assert world.call("POST", "/inbox/replay", span).json()["replayed"] == []
    problem(world.call("POST", f"/inbox/{id}/replay"), 409)
