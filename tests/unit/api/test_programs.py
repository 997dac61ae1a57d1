"""Programs, their texts and exceptions, advocates and budgets, as staff meet them."""

from typing import Any

import pytest

from moref.conversions.model import Conversion
from moref.records import Change, get
from moref.tenants.model import Connection
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World


def program(**over: Any) -> dict[str, Any]:
    return {"name": "Rewards", "tiers": [{"at": 1, "amount": 2500}], "advocate_kind": "partner"} | over


def supplies(world: World, *kinds: str, status: Any = "active") -> None:
    of = world.a
    connection = get(world.store, Connection, of.organization_id, of.connection_id)
    world.store.commit(Change(connection, connection.changed(world.clock.now(), supplies=list(kinds), status=status)))


@pytest.mark.parametrize(
    ("over", "field", "fact"),
    [
        ({"qualifying_fact": "paid"}, "qualifying_fact", "paid"),
        ({"qualifying_fact": "lead_qualified"}, "qualifying_fact", "lead_qualified"),
        ({"qualifying_fact": "booked", "hold_fact": "paid"}, "hold_fact", "paid"),
        ({"qualifying_fact": "booked", "minimum_amount": 1}, "minimum_amount", "amount"),
        ({"qualifying_fact": "booked", "tiers": [{"at": 1, "basis_points": 1, "maximum": 5}]}, "tiers", "amount"),
    ],
)
def test_a_fact_that_no_connection_tells_is_refused_with_those_that_are(
    world: World, over: dict[str, Any], field: str, fact: str
) -> None:
    supplies(world, "booked", "completed")
    refused = world.call("POST", "/programs", program(**over))
    assert (refused.status, refused.json()["field"]) == (422, field)
    assert f"no connection of this organization tells '{fact}'; they tell booked, completed" in refused.json()["detail"]
    supplies(world, "booked", "completed", fact)
    assert world.call("POST", "/programs", program(**over)).status == 201


def test_a_location_counts_its_own_connections_and_a_stopped_one_tells_nothing(world: World) -> None:
    place = {
        "name": "Dallas", "legal_entity_id": world.legal_entity(world.a), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    other = world.call("POST", "/locations", place).json()
    refused = world.call("POST", "/programs", program(location_id=other["id"]))
    assert "no connection of this location tells 'invoiced'; they tell nothing" in refused.json()["detail"]
    named = {"version": 1, "crm_branch": "Dallas"}
    assert world.call("PATCH", f"/locations/{other['id']}", named).status == 200
    assert world.call("POST", "/programs", program(location_id=other["id"])).status == 201
    supplies(world, "invoiced", status="stopped")
    assert world.call("POST", "/programs", program()).status == 422


def test_what_the_organization_locks_a_location_may_not_say_otherwise(world: World) -> None:
    general = world.call("POST", "/programs", program(hold_days=14, locked=["hold_days", "currency"])).json()
    assert general["locked"] == ["currency", "hold_days"]
    place = world.a.location_id
    refused = world.call("POST", "/programs", program(location_id=place, hold_days=1))
    assert (refused.status, refused.json()["field"]) == (422, "hold_days")
    own = world.call("POST", "/programs", program(location_id=place))
    assert (own.status, own.json()["hold_days"]) == (201, 14)
    changed = world.call("PATCH", f"/programs/{own.json()['id']}", {"version": 1, "hold_days": 3})
    assert (changed.status, changed.json()["field"]) == (422, "hold_days")
    assert world.call("POST", "/programs", program(location_id=place, locked=["mode"])).status == 422
    assert world.call("POST", "/programs", program(advocate_kind="house", locked=["name"])).status == 422


def test_terms_have_versions_and_their_texts_stay(world: World) -> None:
    missing = world.call("POST", "/programs", program(terms_required=True))
    assert (missing.status, missing.json()["field"]) == (422, "terms_text")
    made = world.call("POST", "/programs", program(terms_required=True, terms_text="Be kind.\n")).json()
    assert (made["terms_version"], made["revision"]) == (1, 1)
    path = f"/programs/{made['id']}"
    after = world.call("PATCH", path, {"version": 1, "terms_text": "Be kinder."}).json()
    assert (after["terms_version"], after["revision"]) == (2, 2)
    texts = world.call("GET", f"/program-texts?program_id={made['id']}").json()["items"]
    assert {(text["number"], text["text"]) for text in texts} == {(1, "Be kind.\n"), (2, "Be kinder.")}
    approvable(world)
    body = {"advocate_id": "adv_1", "number": 2, "accepted_at": "2026-06-01T10:00:00Z", "source": "signed paper"}
    accepted = world.call("POST", f"{path}/acceptances", body)
    assert (accepted.status, accepted.json()["number"], accepted.json()["what"]) == (201, 2, "terms")
    again = world.call("POST", f"{path}/acceptances", body | {"source": "e-mail"})
    assert again.json() == accepted.json(), "the first one counts"
    assert world.call("POST", f"{path}/acceptances", body | {"number": 3}).json()["field"] == "number"
    assert world.call("GET", "/acceptances?advocate_id=adv_1").json()["items"] == [accepted.json()]


@pytest.mark.parametrize(
    "over",
    [
        {"caps": [{"period": "month", "count": 1}, {"period": "month", "amount": 1}]},
        {"caps": [{"period": "month"}]},
        {"caps": [{"period": "week", "count": 1}]},
        {"window_days": 0},
        {"starts_at": "2026-06-02T10:00:00Z", "ends_at": "2026-06-02T10:00:00Z"},
        {"starts_at": "2026-06-02T10:00:00"},
        {"job_types": [""]},
        {"tier_groups": {"gold": []}},
        {"tier_groups": {"gold": [{"at": 2, "amount": 1}, {"at": 1, "amount": 1}]}},
        {"tiers": [{"at": 1, "amount": 1, "basis_points": 1, "maximum": 1}]},
        {"tiers": [{"at": 1, "basis_points": 1}]},
        {"terms_text": "a\x00b"},
        {"terms_required": "yes"},
        {"hold_fact": "quoted"},
        {"qualifying_fact": "quoted"},
        {"terms_version": 5},
        {"debt_allowed": True},
        {"reward_type": "cash"},
        {"reward_type": "custom"},
        {"reward_words": "a hat"},
        {"discount": {"valid_days": 30}},
        {"reward_type": "discount_code", "discount": {"valid_days": 0}},
        {"reward_type": "discount_code", "discount": {"basis_points": 10_001}},
        {"friend_reward": {"amount": 5, "reward_type": "custom"}},
    ],
    ids=str,
)
def test_a_rule_that_makes_no_sense_is_refused(world: World, over: dict[str, Any]) -> None:
    assert world.call("POST", "/programs", program(**over)).status == 422


def test_every_rule_is_kept_and_a_change_of_one_is_a_new_revision(world: World) -> None:
    rules: dict[str, Any] = {
        "qualifying_fact": "paid", "window_days": 365, "minimum_amount": 10_000, "job_types": ["Local"],
        "mode": "milestone", "tier_period": "month", "tier_groups": {"gold": [{"at": 1, "amount": 9000}]},
        "caps": [{"period": "year", "count": 5, "amount": 50_000}],
        "friend_reward": {"amount": 1000, "reward_type": "service_credit", "discount": None, "words": None},
        "reward_type": "discount_code", "discount": {"basis_points": 1000, "valid_days": 90},
        "approval": "automatic", "automatic_under": 5000, "second_approver_over": 10_000, "hold_days": 7,
        "hold_fact": "invoiced", "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z",
    }  # fmt: skip
    made = world.call("POST", "/programs", program()).json()
    version = 1
    for name, value in rules.items():
        after = world.call("PATCH", f"/programs/{made['id']}", {"version": version, name: value}).json()
        assert after["revision"] == version + 1, name
        version = after["version"]
    shown = world.call("GET", f"/programs/{made['id']}").json()
    for name in rules.keys() - {"tier_groups"}:
        assert shown[name] == rules[name], name
    assert shown["tier_groups"]["gold"][0]["amount"] == 9000


def test_an_advocate_is_made_a_partner_and_put_into_a_group(world: World) -> None:
    approvable(world)
    body = {"version": 1, "kind": "partner", "tier_group": "gold"}
    changed = world.call("PATCH", "/advocates/adv_1", body).json()
    assert (changed["kind"], changed["tier_group"]) == ("partner", "gold")
    assert world.call("PATCH", "/advocates/adv_1", body).status == 409
    assert world.call("PATCH", "/advocates/adv_1", {"version": 2}).status == 422


def test_an_exception_is_made_shown_and_ended(world: World) -> None:
    approvable(world)
    path = f"/programs/{world.a.program_id}/exceptions"
    body = {"advocate_id": "adv_1", "reason": "a friend of the house", "tiers": [{"at": 1, "amount": 9900}]}
    made = world.call("POST", path, body).json()
    assert (made["status"], made["tiers"][0]["amount"], made["caps"]) == ("active", 9900, None)
    ended = world.call("POST", path, body | {"status": "ended"}).json()
    assert (ended["id"], ended["status"], ended["version"]) == (made["id"], "ended", 2)


def test_in_another_currency_every_amount_is_said_anew(world: World) -> None:
    """25 dollars do not become 2500 yen by one word."""
    approvable(world)
    path = f"/programs/{world.a.program_id}"
    said = {"second_approver_over": 9000, "friend_reward": {"amount": 1000}}
    version = world.call("PATCH", path, {"version": 1, **said}).json()["version"]
    body: dict[str, Any] = {"version": version, "currency": "JPY"}
    for name, value in (
        ("tiers", [{"at": 1, "amount": 3000}]), ("friend_reward", {"amount": 1500}), ("second_approver_over", 20_000),
    ):  # fmt: skip
        refused = world.call("PATCH", path, body)
        assert (refused.status, refused.json()["field"]) == (422, name)
        body[name] = value
    agreed = {"advocate_id": "adv_1", "reason": "a friend of the house", "tiers": [{"at": 1, "amount": 9900}]}
    world.call("POST", f"{path}/exceptions", agreed)
    assert world.call("PATCH", path, body).status == 409
    world.call("POST", f"{path}/exceptions", agreed | {"status": "ended"})
    changed = world.call("PATCH", path, body).json()
    assert (changed["currency"], changed["tiers"][0]["amount"], changed["revision"]) == ("JPY", 3000, 3)


def test_a_location_whose_currency_is_locked_to_another_says_its_amounts_anew(world: World) -> None:
    general = world.call("POST", "/programs", program(advocate_kind="partner", currency="JPY")).json()
    own = world.call(
        "POST", "/programs", program(advocate_kind="partner", location_id=world.a.location_id)
    ).json()  # fmt: skip
    path = f"/programs/{general['id']}"
    assert world.call("PATCH", path, {"version": general["version"], "locked": ["currency"]}).status == 200
    path = f"/programs/{own['id']}"
    refused = world.call("PATCH", path, {"version": own["version"], "name": "Ours"})
    assert (refused.status, refused.json()["field"]) == (422, "tiers")
    body = {"version": own["version"], "name": "Ours", "tiers": [{"at": 1, "amount": 3000}]}
    assert world.call("PATCH", path, body).json()["currency"] == "JPY"


def test_a_budget_stands_is_taken_from_and_paused(world: World) -> None:
    id = approvable(world)
    made = world.call("POST", "/budgets", {"location_id": world.a.location_id, "amount": 4000})
    assert (made.status, made.json()["forecast"]["left"]) == (201, 4000)
    assert world.call("POST", "/budgets", {"location_id": world.a.location_id, "amount": 1}).status == 409
    assert world.call("POST", f"/conversions/{id}/approve", key="k").status == 200
    path = f"/budgets/{made.json()['id']}"
    shown = world.call("GET", path).json()["forecast"]
    assert (shown["spent"], shown["approvals"], shown["left"]) == (2500, 1, 1500)
    assert shown["projected"] > 4000
    assert world.call("PATCH", path, {"version": 1, "status": "paused"}).json()["field"] == "reason"
    paused = world.call("PATCH", path, {"version": 1, "status": "paused", "reason": "season"}).json()
    assert (paused["status"], paused["reason"]) == ("paused", "season")
    on = world.call("PATCH", path, {"version": 2, "status": "active"}).json()
    assert (on["status"], on["reason"]) == ("active", None)
    periods = world.call("GET", f"/budget-periods?budget_id={made.json()['id']}").json()["items"]
    assert [(row["period"], row["amount"]) for row in periods] == [("2026-06", 2500)]


def test_a_member_of_one_location_sets_no_budget_for_another(world: World) -> None:
    token = world.token(role="admin", locations=["loc_elsewhere"])
    assert world.call("POST", "/budgets", {"amount": 5}, token=token).status == 403
    approvable(world)
    body = {"advocate_id": "adv_1", "reason": "mine"}
    assert world.call("POST", f"/programs/{world.a.program_id}/exceptions", body, token=token).status == 404


def test_a_tariff_item_is_recorded_once_and_ended(world: World) -> None:
    body = {"item": "130", "valid_from": "2026-01-01T00:00:00Z"}
    first, again = (world.call("POST", "/tariff-items", body).json() for _ in range(2))
    assert first == again
    assert world.call("POST", f"/tariff-items/{first['id']}/end").json()["status"] == "ended"


def test_the_conversion_shows_the_terms_it_was_judged_by(world: World) -> None:
    id = approvable(world)
    found = world.call("GET", f"/conversions/{id}").json()
    assert found["terms"]["tiers"][0]["amount"] == 2500
    assert get(world.store, Conversion, world.a.organization_id, id).program_version == found["program_version"]
