"""Closing over the API: for owners; meanwhile what is owed is decided and nothing else changed, and it is undone."""

from tests.unit.api.test_conventions import problem
from tests.unit.api.world import World


def test_only_an_owner_closes_and_may_take_it_back(world: World) -> None:
    problem(world.call("POST", "/organization/close", {"reason": "no"}, token=world.token(role="admin")), 403)
    closing = world.call("POST", "/organization/close", {"reason": "we retire"}).json()
    assert (closing["status"], closing["closes_at"][:10]) == ("closing", "2026-07-02")
    problem(world.call("POST", "/organization/reopen", token=world.token(role="admin")), 403)
    again = world.call("POST", "/organization/reopen").json()
    assert (again["status"], again["closes_at"]) == ("active", None)


def test_while_it_closes_only_what_is_owed_is_decided(world: World) -> None:
    ids = world.fill(world.a)
    world.call("POST", "/organization/close", {"reason": "we retire"})
    refused = world.call("PATCH", f"/contacts/{ids['contacts']}", {"version": 1, "language": "es"})
    assert "closing" in problem(refused, 403)["detail"]
    assert world.call("POST", f"/contacts/{ids['contacts']}/erase", {"reason": "asked"}, key="k").status == 202
    assert world.call("POST", "/organization/export", key="e").status == 202
    assert world.call("GET", "/contacts").status == 200
    rejected = world.call("POST", f"/conversions/{ids['conversions']}/reject", {"reason": "not ours"}, key="r")
    assert rejected.status != 403, rejected.text
