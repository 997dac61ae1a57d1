"""A budget is never exceeded, whoever races for it; what does not fit waits; what is undone is given back."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.budgets.forecast import forecast
from moref.budgets.model import Budget, Spend, budget_id, spend_id
from moref.budgets.save_budget import change_budget, create_budget
from moref.conversions.approve import approve
from moref.conversions.hold_decisions import close_hold
from moref.conversions.model import Conversion
from moref.conversions.undo import undo
from moref.intake.model import Job
from moref.kernel.errors import BadInput, Conflict
from moref.records import get
from moref.rewards.model import Entry, Payout, Reward
from tests.simulation import invariants
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import crowd, program


def budget(world: World, amount: int, location: str | None = "loc_1", **more: Any) -> Budget:
    fields = {"location_id": location, "amount": amount, "currency": "USD"} | more
    return create_budget(world.runtime, ORG, fields, actor="mem_1")


def spent(world: World) -> list[tuple[str, int, int]]:
    return [(row.period, row.amount, row.approvals) for row in world.all(Spend)]


def yes(world: World, id: str, actor: str = "mem_1") -> str:
    try:
        return approve(world.runtime, ORG, id, actor=actor, reason="fine", pause=lambda _: None).status
    except Conflict as refusal:
        return refusal.detail


def test_fifty_that_race_for_a_budget_of_ten_get_exactly_ten() -> None:
    world = World()
    ids = crowd(world, 50)
    budget(world, 10 * 2500)
    answers: dict[str, str] = {}
    gate = threading.Barrier(len(ids))

    def one(id: str) -> None:
        gate.wait(30)
        answers[id] = yes(world, id)

    threads = [threading.Thread(target=one, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(answers) == sorted(ids)
    assert list(answers.values()).count("approved") == 10
    refused = {answer for answer in answers.values() if answer != "approved"}
    assert refused == {"held: The budget of this location for 2026-06 has $0 left of $250."}
    assert spent(world) == [("2026-06", 25_000, 10)]
    assert sum(reward.amount for reward in world.all(Reward)) == 25_000
    assert [one.status for one in world.all(Conversion)].count("held") == 40


def test_between_look_and_commit_another_takes_the_rest() -> None:
    """The most unlucky order: each one's commit comes after another's."""
    world = World()
    ids = crowd(world, 3)
    budget(world, 2500)
    inner, waiting = world.store.commit, list(ids[1:])

    def commit(*writes: Any) -> None:
        if waiting:
            yes(world, waiting.pop())
        inner(*writes)

    world.store.commit = commit  # type: ignore[method-assign]
    yes(world, ids[0])
    assert sorted(one.status for one in world.all(Conversion)) == ["approved", "held", "held"]
    assert spent(world) == [("2026-06", 2500, 1)]


def test_the_organizations_budget_and_the_locations_both_count() -> None:
    world = World()
    ids = crowd(world, 3)
    budget(world, 10_000)
    budget(world, 5000, None, period="year")
    assert [yes(world, id)[:8] for id in ids] == ["approved", "approved", "held: Th"]
    assert sorted(spent(world)) == [("2026", 5000, 2), ("2026-06", 5000, 2)]


def test_an_undone_and_a_reversed_approval_give_back_what_they_took() -> None:
    world = World()
    ids = crowd(world, 2)
    budget(world, 2500)
    assert yes(world, ids[0]) == "approved"
    assert yes(world, ids[1]).startswith("held")
    undo(world.runtime, ORG, ids[0], actor="mem_1")
    assert spent(world) == [("2026-06", 0, 0)]
    assert yes(world, ids[1]) == "approved"
    world.edit(get(world.store, Job, ORG, "job_c2"), state="cancelled")
    world.tell("referral.changed", "ref_c2")
    world.drain(("referrals",))
    assert spent(world) == [("2026-06", 0, 0)]
    assert sorted(reward.status for reward in world.all(Reward)) == ["reversed", "reversed"]


def test_more_budget_lifts_the_hold_and_staff_still_decide() -> None:
    world = World()
    program(world, approval="automatic")
    made = budget(world, 1000)
    (id,) = crowd(world, 1)
    world.drain()
    assert get(world.store, Conversion, ORG, id).status == "held"
    change_budget(world.runtime, ORG, made.id, made.version or 1, {"amount": 90_000}, actor="mem_1")
    world.drain()
    after = get(world.store, Conversion, ORG, id)
    assert (after.status, after.reward_id) == ("pending", None)
    assert yes(world, id) == "approved"


def test_a_paused_budget_lets_nothing_pass_and_says_why() -> None:
    world = World()
    (id,) = crowd(world, 1)
    made = budget(world, 90_000)
    with pytest.raises(BadInput):
        change_budget(world.runtime, ORG, made.id, 1, {"status": "paused"}, actor="mem_1")
    change_budget(world.runtime, ORG, made.id, 1, {"status": "paused", "reason": "season is over"}, actor="mem_1")
    assert "season is over" in yes(world, id)
    change_budget(world.runtime, ORG, made.id, 2, {"status": "active"}, actor="mem_1")
    assert yes(world, id) == "approved"


def test_staff_may_go_over_a_budget_with_a_reason() -> None:
    world = World()
    (id,) = crowd(world, 1)
    budget(world, 1)
    assert yes(world, id).startswith("held")
    assert yes(world, id).startswith("held"), "a reason to approve is none to spend more"
    assert close_hold(world.runtime, ORG, id, "budget", actor="mem_1", reason="the owner agreed").status == "pending"
    assert yes(world, id) == "approved"
    assert spent(world) == [("2026-06", 2500, 1)]


def test_the_next_month_has_its_own_budget_in_the_branchs_own_time() -> None:
    world = World()
    ids = crowd(world, 2)
    budget(world, 2500)
    world.clock.at = datetime(2026, 7, 1, 4, 59, tzinfo=UTC)  # the last minute of June in Chicago
    assert yes(world, ids[0]) == "approved"
    world.clock.move(minutes=1)
    assert yes(world, ids[1]) == "approved"
    assert sorted(spent(world)) == [("2026-06", 2500, 1), ("2026-07", 2500, 1)]


def test_budgets_over_the_same_money_are_in_one_currency_and_one_each() -> None:
    world = World()
    budget(world, 2500)
    with pytest.raises(Conflict):
        budget(world, 9900)
    with pytest.raises(BadInput, match="USD"):
        budget(world, 9900, None, currency="CAD")
    program(world, currency="CAD")
    (id,) = crowd(world, 1)
    assert "is in USD, the reward in CAD" in yes(world, id)


def test_a_forecast_goes_on_as_it_went() -> None:
    world = World()
    world.clock.at = datetime(2026, 6, 1, 5, 0, tzinfo=UTC)  # midnight in Chicago: a month of 30 days begins
    made = budget(world, 50_000)
    world.make(
        Spend,
        spend_id(budget_id(ORG, "loc_1"), "2026-06"),
        budget_id=made.id,
        period="2026-06",
        currency="USD",
        amount=10_000,
        approvals=4,
    )
    assert forecast(world.store, made, world.clock.at + timedelta(hours=1)).projected is None
    after = forecast(world.store, made, world.clock.at + timedelta(days=3))
    assert (after.spent, after.approvals, after.left, after.projected) == (10_000, 4, 40_000, 100_000)
    assert after.exhausted_at == world.clock.at + timedelta(days=15)
    slow = forecast(world.store, made, world.clock.at + timedelta(days=20))
    assert (slow.projected, slow.exhausted_at) == (15_000, None)


def test_the_money_of_a_cancelled_payout_is_there_again() -> None:
    world = World()
    (id,) = crowd(world, 1)
    budget(world, 2500)
    world.provider.fault, world.provider.silent = "invalid", True
    approve(world.runtime, ORG, id, actor="policy")
    world.drain()
    world.provider.fault, world.provider.silent = None, False
    (payout,) = world.all(Payout)
    assert payout.status == "needs_person"
    world.clock.move(minutes=5)
    world.cancel(payout.id)
    assert spent(world) == [("2026-06", 0, 0)]
    invariants.books_agree(world.all(Payout), world.all(Reward), world.all(Entry))
