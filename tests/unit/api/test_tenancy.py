"""Money, settings, versions and switches as staff write them."""

from typing import Any

import pytest

from tests.unit.api.world import World


def program(**over: Any) -> dict[str, Any]:
    return {"name": "Rewards", "tiers": [{"at": 1, "amount": 2500}], "advocate_kind": "partner"} | over


@pytest.mark.parametrize(
    "raw",
    [
        '{"at": 1, "amount": 25.0}', '{"at": 1, "amount": 2.5e3}', '{"at": 1, "amount": "2500"}',
        '{"at": 1, "amount": true}', '{"at": 1, "amount": null}', '{"at": 1, "amount": 0}',
        '{"at": 1, "amount": -2500}', '{"at": 1, "amount": 200001}', '{"at": 1, "amount": NaN}',
        '{"at": 1, "amount": 1e400}', '{"at": 1.0, "amount": 2500}', '{"at": 0, "amount": 2500}',
        '{"at": 1, "amount": 99999999999999999999999999}', '{"at": 1, "amount": 2500, "extra": 1}', '{"at": 1}',
    ],
)  # fmt: skip
def test_money_is_a_positive_integer_of_minor_units_and_nothing_else(world: World, raw: str) -> None:
    body = f'{{"name": "Rewards", "advocate_kind": "partner", "tiers": [{raw}]}}'.encode()
    assert world.call("POST", "/programs", raw=body).status in (400, 422)
    assert len(world.call("GET", "/programs").json()["items"]) == 1


@pytest.mark.parametrize(
    "over",
    [
        {"tiers": []},
        {"tiers": [{"at": 3, "amount": 1}, {"at": 1, "amount": 2}]},
        {"tiers": [{"at": 1, "amount": 1}, {"at": 1, "amount": 2}]},
        {"currency": "XXX"},
        {"currency": "usd"},
        {"hold_days": 91},
        {"hold_days": 1.0},
        {"mode": "both"},
        {"name": " "},
        {"name": "a\nb"},
        {"revision": 7},
        {"organization_id": "org_other"},
        {"id": "prg_mine"},
    ],
    ids=str,
)
def test_a_program_with_a_wrong_rule_is_refused(world: World, over: dict[str, Any]) -> None:
    assert world.call("POST", "/programs", program(**over)).status == 422


def test_a_changed_rule_is_a_new_revision_and_a_new_name_is_not(world: World) -> None:
    made = world.call("POST", "/programs", program())
    assert (made.status, made.json()["revision"]) == (201, 1)
    path = f"/programs/{made.json()['id']}"
    named = world.call("PATCH", path, {"version": 1, "name": "Better"}).json()
    assert (named["revision"], named["version"]) == (1, 2)
    same = world.call("PATCH", path, {"version": 2, "tiers": [{"at": 1, "amount": 2500}]}).json()
    assert same["revision"] == 1
    raised = world.call("PATCH", path, {"version": 3, "tiers": [{"at": 1, "amount": 5000}]}).json()
    assert (raised["revision"], [(tier["at"], tier["amount"]) for tier in raised["tiers"]]) == (2, [(1, 5000)])


def test_one_program_for_a_kind_of_advocate_and_location(world: World) -> None:
    assert world.call("POST", "/programs", program()).status == 201
    assert world.call("POST", "/programs", program()).status == 409
    assert world.call("POST", "/programs", program(location_id=world.a.location_id)).status == 201


def test_a_change_of_an_old_copy_is_refused(world: World) -> None:
    for path in ("/organization", f"/locations/{world.a.location_id}", f"/programs/{world.a.program_id}"):
        assert world.call("PATCH", path, {"version": 1, "name": "One"}).status == 200
        assert world.call("PATCH", path, {"version": 1, "name": "Two"}).status == 409
        assert world.call("PATCH", path, {"name": "Three"}).status == 422
        assert world.call("GET", path).json()["name"] == "One"


def test_a_setting_comes_from_the_nearest_level_that_says_it(world: World) -> None:
    place = f"/locations/{world.a.location_id}"

    def threshold() -> tuple[Any, Any]:
        found = world.call("GET", f"{place}/settings").json()["feedback_threshold"]
        return found["value"], found["from"]

    assert threshold() == (4, "default")
    world.call("PATCH", "/organization", {"version": 1, "settings": {"feedback_threshold": 5}})
    assert threshold() == (5, "organization")
    world.call("PATCH", place, {"version": 1, "settings": {"feedback_threshold": 3}})
    assert threshold() == (3, "location")
    world.call("PATCH", "/organization", {"version": 2, "locked": ["feedback_threshold"]})
    assert threshold() == (5, "organization")
    world.call("PATCH", "/organization", {"version": 3, "locked": [], "settings": {"feedback_threshold": None}})
    world.call("PATCH", place, {"version": 2, "settings": {"feedback_threshold": None}})
    assert threshold() == (4, "default")


@pytest.mark.parametrize("settings", [{"nope": 1}, {"feedback_threshold": 6}, {"feedback_threshold": True},
                                      {"feedback_threshold": 4.0}, {"campaigns": 1}], ids=str)  # fmt: skip
def test_a_wrong_setting_is_refused(world: World, settings: dict[str, Any]) -> None:
    assert world.call("PATCH", "/organization", {"version": 1, "settings": settings}).status == 422
    place = f"/locations/{world.a.location_id}"
    assert world.call("PATCH", place, {"version": 1, "settings": settings}).status == 422


@pytest.mark.parametrize(
    "over",
    [{"time_zone": "Mars/Olympus"}, {"time_zone": "../../etc/passwd"}, {"review_url": "http://reviews.example.com"},
     {"site_url": "https://10.0.0.1/"}, {"staff_email": "nobody"}, {"phone": "12"}, {"sms_sender": "5125550100"},
     {"state": "Texas"}, {"status": "gone"}, {"legal_entity_id": "ent_other"}],
    ids=str,
)  # fmt: skip
def test_a_wrong_location_is_refused(world: World, over: dict[str, Any]) -> None:
    assert world.call("PATCH", f"/locations/{world.a.location_id}", {"version": 1} | over).status == 422


def test_null_forgets_an_optional_field_and_what_is_left_out_stays(world: World) -> None:
    place = f"/locations/{world.a.location_id}"
    world.call("PATCH", place, {"version": 1, "site_url": "https://www.example.com/q", "phone": "512 555 0199"})
    found = world.call("PATCH", place, {"version": 2, "site_url": None}).json()
    assert (found["site_url"], found["phone"]) == (None, "+15125550199")


def test_a_switch_stops_and_lets_go_and_is_audited(world: World) -> None:
    stopped = world.call("PUT", "/switches/payouts", {"reason": "audit"}).json()
    assert (stopped["stopped"], stopped["by"]) == (True, world.a.member_id)
    found = {row["id"]: row for row in world.call("GET", "/switches").json()["items"]}
    assert (found["payouts"]["stopped"], found["payouts"]["reason"]) == (True, "audit")
    assert found["sends"]["stopped"] is False
    world.call("DELETE", "/switches/payouts")
    assert world.call("GET", "/switches").json()["items"][0]["stopped"] is False
    assert world.call("PUT", "/switches/everything", {"reason": "x"}).status == 404
    actions = [row["data"]["action"] for row in world.store.rows.values() if row["noun"] == "audit"]
    assert {"switch.stopped", "switch.released"} <= set(actions)


def test_a_stored_webhook_is_shown_and_replayed(world: World) -> None:
    id = world.fill(world.a)["inbox"]
    assert world.call("GET", f"/inbox/{id}/payload").json() == {"id": id, "payload": '{"hello": "world"}'}
    answer = world.call("POST", f"/inbox/{id}/replay", {})
    assert (answer.status, answer.json()["status"], answer.json()["replays"]) == (202, "received", 1)
    body = {"since": "2026-06-01T00:00:00Z", "until": "2026-06-30T00:00:00Z"}
    assert world.call("POST", "/inbox/replay", body).json() == {"replayed": [id], "more": False}
    for wrong in ({"since": body["until"], "until": body["since"]}, {"since": "x", "until": "y"}, {"since": 1}):
        assert world.call("POST", "/inbox/replay", wrong).status == 422
