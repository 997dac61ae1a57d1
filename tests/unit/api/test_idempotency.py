"""Idempotency-Key where money moves: one effect and one answer for a key, whoever repeats it and however."""

import threading
from datetime import timedelta
from functools import partial

import pytest

from moref.api.idempotency import IdempotencyKey, once
from moref.api.problems import Reply, as_json
from moref.api.tokens import Caller
from moref.kernel.errors import BadInput, Conflict
from moref.records import every
from moref.rewards.model import Reward
from tests.fakes.memory_store import Crash
from tests.fakes.runtime import START
from tests.unit.api.world import World

ROUTE = "POST /v1/conversions/{id}/approve"


def caller(organization_id: str = "org_a", member_id: str = "mem_1") -> Caller:
    return Caller(organization_id, member_id, "owner", None, START)


def test_approve_needs_a_key(world: World) -> None:
    id = world.fill(world.a)["conversions"]
    for key in (None, "", "x" * 256, "caf\u00e9"):
        answer = world.call("POST", f"/conversions/{id}/approve", {}, key=key)
        assert answer.status == 422
        assert answer.json()["field"] == "Idempotency-Key"


def test_the_same_key_gives_the_same_answer_and_one_effect(world: World) -> None:
    done = []

    def do() -> Reply:
        done.append(1)
        return as_json({"n": len(done)})

    answers = [once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=do) for _ in range(3)]
    assert {answer.body for answer in answers} == {'{"n":1}'}
    assert done == [1]


def test_another_body_under_the_key_is_refused(world: World) -> None:
    once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=lambda: as_json({}))
    with pytest.raises(BadInput):
        once(world.runtime, caller(), ROUTE, "k", asked=b"y", do=lambda: as_json({}))


def test_a_call_under_way_is_a_conflict(world: World) -> None:
    def do() -> Reply:
        with pytest.raises(Conflict):
            once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=lambda: as_json({}))
        return as_json({})

    assert once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=do).status == 200


def test_keys_of_other_tenants_members_and_routes_are_other_keys(world: World) -> None:
    once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=lambda: as_json({"of": "first"}))
    for other, route in (
        (caller("org_b"), ROUTE),
        (caller(member_id="mem_2"), ROUTE),
        (caller(), "POST /v1/conversions/{id}/reject"),
    ):
        answer = once(world.runtime, other, route, "k", asked=b"y", do=lambda: as_json({"of": "other"}))
        assert answer.body == '{"of":"other"}'


def test_two_threads_with_one_key_have_one_effect(world: World) -> None:
    done: list[int] = []
    results: list[str] = []
    gate = threading.Barrier(8)

    def do() -> Reply:
        done.append(1)
        return as_json({})

    def run() -> None:
        gate.wait(5)
        try:
            results.append(str(once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=do).body))
        except Conflict:
            results.append("conflict")

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(done) == 1
    assert len(results) == 8


def test_whoever_died_half_way_is_taken_over_after_a_minute(world: World) -> None:
    class Died(BaseException):
        pass

    def die() -> Reply:
        world.store.points, world.store.crash_at = 0, 1  # not even the release is written
        raise Died

    with pytest.raises((Died, Crash)):
        once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=die)
    with pytest.raises(Conflict):
        once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=lambda: as_json({}))
    world.clock.move(seconds=60)
    assert once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=lambda: as_json({})).status == 200


def test_a_broken_service_or_a_state_conflict_is_not_kept_as_the_answer(world: World) -> None:
    for status in (500, 503, 409):
        once(world.runtime, caller(), ROUTE, f"k{status}", asked=b"x", do=partial(as_json, {}, status))
        again = once(world.runtime, caller(), ROUTE, f"k{status}", asked=b"x", do=lambda: as_json({"ok": True}))
        assert again.body == '{"ok":true}'


def test_an_answer_is_kept_for_two_days(world: World) -> None:
    once(world.runtime, caller(), ROUTE, "k", asked=b"x", do=lambda: as_json({}))
    row = next(row for row in world.store.rows.values() if row["noun"] == "idempotency_key")
    assert row["expires_at"] == int((world.clock.now() + timedelta(hours=48)).timestamp())
    assert IdempotencyKey.from_row(row).state == "done"


def test_a_refused_body_does_not_use_the_key_up(world: World) -> None:
    id = world.fill(world.a)["conversions"]
    assert world.call("POST", f"/conversions/{id}/reject", {"reason": 5}, key="k").status == 422
    assert world.call("POST", f"/conversions/{id}/reject", {"reason": "twice booked"}, key="k").status == 200


def test_a_location_created_twice_under_one_key_is_one(world: World) -> None:
    body = {
        "name": "Dallas", "legal_entity_id": world.legal_entity(world.a), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    first, again = (world.call("POST", "/locations", body, key="k") for _ in range(2))
    assert (first.status, first.text) == (again.status, again.text)
    assert again.headers["idempotent-replayed"] == "true"
    assert len(world.call("GET", "/locations").json()["items"]) == 2


def test_approving_twice_with_two_keys_makes_one_reward(world: World) -> None:
    from tests.unit.api.approvable import approvable

    id = approvable(world)
    first = world.call("POST", f"/conversions/{id}/approve", {}, key="k1")
    again = world.call("POST", f"/conversions/{id}/approve", key="k2")
    assert (first.status, again.status) == (200, 200), first.text
    assert first.json()["status"] == "approved"
    assert first.json() == again.json()
    assert [reward.amount for reward in every(world.store, Reward, world.a.organization_id)] == [2500]
    balances = world.call("GET", "/ledger/balances").json()["items"]
    assert sorted((row["account"], row["amount"], row["currency"]) for row in balances) == [
        ("referral_expense", 2500, "USD"), ("reward_payable", -2500, "USD"),
    ]  # fmt: skip
