"""The queue of decisions over HTTP: ages, bulk, undo, two members, holds."""

from typing import Any

from moref.conversions.model import Conversion, Hold
from moref.programs.model import Program
from moref.records import Change, get
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World


def waiting(world: World, **fields: Any) -> str:
    id = approvable(world)
    one = get(world.store, Conversion, world.a.organization_id, id)
    now = world.clock.now()
    world.store.commit(Change(one, one.changed(now, waiting_since=now, **fields)))
    return id


def test_the_queue_says_how_long_and_by_when(world: World) -> None:
    id = waiting(world)
    world.clock.move(hours=30)
    (row,) = world.call("GET", "/conversions?status=pending").json()["items"]
    assert (row["id"], row["age_seconds"], row["due_by"]) == (id, 30 * 3600, "2026-06-04T15:00:00.000000Z")
    assert world.call("GET", "/conversions?status=held").json()["items"] == []
    done = world.call("POST", f"/conversions/{id}/approve", key="k").json()
    assert (done["status"], done["age_seconds"], done["due_by"]) == ("approved", None, None)


def test_an_approval_is_undone_within_ten_minutes(world: World) -> None:
    id = waiting(world)
    assert world.call("POST", f"/conversions/{id}/undo").status == 409
    approved = world.call("POST", f"/conversions/{id}/approve", key="k1").json()
    reward = world.call("GET", f"/rewards/{approved['reward_id']}").json()
    assert (reward["released_at"], reward["approved_at"]) == (None, "2026-06-02T15:00:00Z")
    assert world.call("POST", f"/conversions/{id}/undo", {"reason": "wrong one"}).json()["status"] == "pending"
    assert world.call("GET", f"/rewards/{approved['reward_id']}").json()["status"] == "reversed"
    again = world.call("POST", f"/conversions/{id}/approve", key="k2").json()
    assert (again["status"], again["reward_id"] != approved["reward_id"]) == ("approved", True)
    world.clock.move(minutes=10)
    late = world.call("POST", f"/conversions/{id}/undo")
    assert (late.status, "too late" in late.json()["detail"]) == (409, True)
    actions = [row["action"] for row in world.call("GET", f"/audit?subject={id}").json()["items"]]
    assert sorted(actions) == ["conversion.approved", "conversion.approved", "conversion.undone"]


def test_bulk_decisions_tell_what_came_of_each(world: World) -> None:
    id = waiting(world)
    body = {"ids": [id, "cnv_unknown", id], "reason": "checked"}
    found = world.call("POST", "/conversions/approve", body, key="b1").json()
    assert found["failed"] == 1
    assert [(row["id"], row["ok"], row["status"], row["code"]) for row in found["items"]] == [
        (id, True, "approved", None), ("cnv_unknown", False, None, "not_found"),
    ]  # fmt: skip
    assert world.call("POST", "/conversions/approve", body, key="b1").json() == found
    rejected = world.call("POST", "/conversions/reject", body, key="b2").json()
    assert [(row["ok"], row["code"]) for row in rejected["items"]] == [(False, "conflict"), (False, "not_found")]
    wrong: dict[str, Any]
    for wrong in ({"ids": []}, {"ids": ["x"] * 101}, {"ids": [1]}, {}):
        assert world.call("POST", "/conversions/approve", wrong, key="b3").status == 422
    assert world.call("POST", "/conversions/reject", {"ids": [id]}, key="b4").json()["field"] == "reason"


def test_bulk_reaches_no_further_than_the_caller(world: World) -> None:
    id = waiting(world)
    token = world.token(role="admin", locations=["loc_elsewhere"])
    found = world.call("POST", "/conversions/approve", {"ids": [id]}, key="b", token=token).json()
    assert [(row["ok"], row["code"]) for row in found["items"]] == [(False, "not_found")]
    stranger = world.call("POST", "/conversions/approve", {"ids": [id]}, key="b", token=world.token(world.b)).json()
    assert stranger == found, "another tenant's and an unseen one are answered alike"
    assert world.call("GET", f"/conversions/{id}").json()["status"] == "pending"


def test_two_members_approve_much_money(world: World) -> None:
    program = get(world.store, Program, world.a.organization_id, world.a.program_id)
    id = waiting(world, terms=program.terms(second_approver_over=100))
    first = world.call("POST", f"/conversions/{id}/approve", key="one").json()
    assert (first["status"], [hold["rule"] for hold in first["holds"]]) == ("held", ["second_approver"])
    same = world.call("POST", f"/conversions/{id}/approve", {"reason": "again"}, key="two")
    assert (same.status, "somebody else" in same.json()["detail"]) == (409, True)
    other = world.token(role="admin")
    second = world.call("POST", f"/conversions/{id}/approve", {"reason": "I agree"}, key="three", token=other)
    assert second.json()["status"] == "approved"


def test_who_lifts_a_hold_about_staff_does_not_approve_alone_also_among_many(world: World) -> None:
    id = waiting(world, status="held", holds=[Hold(rule="employee", words="The advocate has a member's address.")])
    own, other = world.token(), world.token(role="admin")
    body = {"ids": [id], "reason": "a namesake"}
    lifted = world.call("POST", f"/conversions/{id}/holds/close", {"rule": "employee", "reason": "hm"}, token=own)
    assert lifted.json()["status"] == "pending"
    for token, status in ((own, "held"), (other, "approved")):
        found = world.call("POST", "/conversions/approve", body, key=status, token=token).json()
        assert [(row["ok"], row["status"]) for row in found["items"]] == [(True, status)]


def test_a_hold_is_appealed_set_aside_and_opened_again(world: World) -> None:
    words = "The advocate made 11 referrals within 24 hours; above 10 we look."
    id = waiting(world, status="held", holds=[Hold(rule="velocity", words=words)])
    path = f"/conversions/{id}/holds"
    noted = world.call("POST", f"{path}/appeal", {"rule": "velocity", "note": "a wedding"}).json()
    assert (noted["status"], noted["holds"][0]["appeal"]) == ("held", "a wedding")
    closed = world.call("POST", f"{path}/close", {"rule": "velocity", "reason": "true, I was there"}).json()
    assert (closed["status"], closed["holds"][0]["open"]) == ("pending", False)
    assert world.call("POST", f"{path}/reopen", {"rule": "velocity", "reason": "hm"}).json()["status"] == "held"
    assert world.call("POST", f"{path}/close", {"rule": "tax", "reason": "no such hold"}).status == 404
    for wrong in ({"rule": "velocity"}, {"rule": "weather", "reason": "x"}, {"rule": "velocity", "reason": " "}):
        assert world.call("POST", f"{path}/close", wrong).status == 422
    actions = [row["action"] for row in world.call("GET", f"/audit?subject={id}").json()["items"]]
    assert sorted(actions) == ["hold.appealed", "hold.closed", "hold.reopened"]
