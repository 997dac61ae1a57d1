"""What staff can do with a payout that needs a person: have it tried again, or end it."""

import pytest

from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.rewards import ledger
from moref.rewards.cancel import cancel
from moref.rewards.model import AuditRow, OpenPayout, Payout, Reward
from moref.rewards.retry import retry
from moref.rewards.wake import GIVE_UP
from tests.fakes.memory_store import Crash
from tests.simulation import invariants
from tests.simulation.provider import FAULTS
from tests.simulation.world import ORG, World


def stuck(fault: str = "invalid") -> World:
    """A payout that the provider's answer left with a person, some minutes ago."""
    world = World()
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    world.provider.fault = fault
    world.drain()
    assert payout(world).status == "needs_person"
    world.pass_time(minutes=5)
    return world


def payout(world: World) -> Payout:
    (found,) = world.all(Payout)
    return found


def reward(world: World) -> Reward:
    (found,) = world.all(Reward)
    return found


def audited(world: World) -> list[tuple[str, str]]:
    return [(row.actor, row.action) for row in world.all(AuditRow) if row.action.startswith("payout.")]


def again(world: World) -> Payout:
    return retry(world.runtime, ORG, payout(world).id, actor="mem_2")


def test_tried_again_under_the_same_id_it_is_paid_once_and_the_decision_is_kept() -> None:
    world = stuck()
    assert again(world).status == "retry_wait"
    world.drain()
    assert payout(world).status == "accepted"
    assert len({asked.id for asked in world.provider.asked}) == len(world.provider.orders) == 1
    assert audited(world) == [("mem_2", "payout.retried")]
    invariants.check(world)


def test_a_retry_repeated_before_its_turn_is_the_same_retry() -> None:
    world = stuck()
    assert again(world) == again(world)
    assert len(audited(world)) == 1


def test_two_days_of_attempts_begin_anew_with_a_retry() -> None:
    world = stuck()
    world.pass_time(days=10)
    again(world)
    world.provider.fault = "no_money"
    world.drain()
    assert (payout(world).status, payout(world).reason) == ("retry_wait", "insufficient_funds")
    begun = world.clock.at
    while payout(world).status == "retry_wait":
        world.provider.fault = "no_money"
        assert world.jump()
        world.drain()
    assert payout(world).status == "needs_person"
    assert GIVE_UP / 2 < world.clock.at - begun <= GIVE_UP
    invariants.check(world)


@pytest.mark.parametrize("fault", ["taken", "another_amount", "undeliverable"])
def test_where_the_provider_holds_an_order_nothing_is_asked_or_ended(fault: str) -> None:
    world = stuck(fault)
    before = payout(world)
    with pytest.raises(Conflict, match="order ORDER1"):
        again(world)
    with pytest.raises(Conflict):
        world.cancel(before.id)
    assert payout(world) == before
    assert audited(world) == []


@pytest.mark.parametrize("fault", [None, "lost_before", "no_money", "pending"])
def test_only_what_is_with_a_person_is_theirs_to_decide(fault: str | None) -> None:
    world = World()
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    world.provider.fault = fault
    world.drain()
    before = payout(world)
    for decide in (again, lambda world: world.cancel(before.id)):
        with pytest.raises(Conflict, match="needs a person"):
            decide(world)
    assert payout(world) == before


def test_cancelled_the_reward_fails_with_the_reason_and_the_books_are_even() -> None:
    world = stuck()
    assert world.cancel(payout(world).id).status == "cancelled"
    assert (reward(world).status, reward(world).reason) == ("failed", "wrong address")
    assert set(ledger.balances(world.store, ORG)["USD"].values()) == {0}
    conversion = get(world.store, Conversion, ORG, conversion_id(ORG, "ref_1"))
    assert (conversion.status, conversion.reason) == ("approved", "payout cancelled: wrong address")
    assert get(world.store, OpenPayout, GLOBAL, payout(world).id).status == "closed"
    assert audited(world) == [("mem_1", "payout.cancelled")]
    world.settle_down(5)
    assert (payout(world).status, world.provider.orders) == ("cancelled", {})
    assert world.cancel(payout(world).id).status == "cancelled"
    assert len(audited(world)) == 1
    invariants.check(world)


def test_a_cancellation_needs_a_reason_and_the_tenants_own_payout() -> None:
    world = stuck()
    with pytest.raises(BadInput):
        cancel(world.runtime, ORG, payout(world).id, actor="mem_1", reason=" ")
    with pytest.raises(NotFound):
        retry(world.runtime, "org_2", payout(world).id, actor="mem_9")
    with pytest.raises(NotFound):
        cancel(world.runtime, "org_2", payout(world).id, actor="mem_9", reason="mine now")


def test_nothing_is_cancelled_while_the_provider_does_not_say_or_was_asked_just_now() -> None:
    world = stuck()
    world.provider.silent = True
    with pytest.raises(Conflict, match="did not say"):
        world.cancel(payout(world).id)
    world.provider.silent = False
    again(world)
    world.provider.fault = "invalid"
    world.drain()
    assert payout(world).status == "needs_person"
    with pytest.raises(Conflict, match="in a minute"):
        world.cancel(payout(world).id)
    assert reward(world).status == "pending"


def test_an_order_found_when_asked_is_written_down_and_paid_not_cancelled() -> None:
    world = stuck()
    world.provider._make(payout(world))
    with pytest.raises(Conflict, match="has order ORDER1"):
        world.cancel(payout(world).id)
    assert (payout(world).status, reward(world).status) == ("accepted", "issued")
    invariants.check(world)


def test_an_order_that_was_cancelled_at_the_provider_is_none() -> None:
    world = stuck()
    world.provider._make(payout(world), fault="pending")
    world.provider.progress(payout(world).id, "CANCELED", "PENDING")
    assert world.cancel(payout(world).id).order_id == "ORDER1"
    assert reward(world).status == "failed"
    world.notice("ORDERS.CANCELED", "orders", "ORDER1")
    assert payout(world).status == "cancelled", "what both sides ended alarms nobody"
    invariants.check(world)


def test_news_between_the_question_and_the_commit_decides() -> None:
    world = stuck()
    inner = world.store.commit

    def late(*writes: object) -> None:
        world.store.commit = inner  # type: ignore[method-assign]
        world.provider._make(payout(world))
        world.notice("ORDERS.CREATED", "orders", "ORDER1")
        inner(*writes)  # type: ignore[arg-type]

    world.store.commit = late  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        world.cancel(payout(world).id)
    assert (payout(world).status, reward(world).status) == ("accepted", "issued")


@pytest.mark.parametrize("decision", ["retry", "cancel"])
def test_a_job_undone_meanwhile_is_reversed_by_either_decision(decision: str) -> None:
    world = stuck()
    world.fact(1, "cancelled")
    world.drain()
    assert reward(world).revoke_reason
    again(world) if decision == "retry" else world.cancel(payout(world).id)
    world.drain()
    assert (payout(world).status, reward(world).status) == ("cancelled", "reversed")
    assert get(world.store, Conversion, ORG, conversion_id(ORG, "ref_1")).status == "withdrawn"
    assert world.provider.orders == {}
    invariants.check(world)


def test_a_job_undone_after_the_end_changes_nothing_more() -> None:
    world = stuck()
    world.cancel(payout(world).id)
    world.fact(1, "cancelled")
    world.drain()
    assert reward(world).status == "failed"
    assert "payout cancelled" in (get(world.store, Conversion, ORG, conversion_id(ORG, "ref_1")).reason or "")
    invariants.check(world)


def decided(decision: str, crash_at: int | None, fault: str | None) -> tuple[World, int]:
    """Staff decide, and decide again when the first click died; whoever worked may die once on the way."""
    world = stuck()
    first = world.store.points
    world.provider.fault = fault
    world.store.crash_at = crash_at
    for _ in range(2):
        try:
            again(world) if decision == "retry" else world.cancel(payout(world).id)
        except Crash:
            continue
        except Conflict:
            pass  # the first one stands, and its worker has gone on
    world.drain()
    invariants.check(world)
    for external_id, order in world.provider.orders.items():
        if order.status not in ("EXECUTED", "CANCELED"):
            world.provider.progress(external_id)
    world.settle_down()
    invariants.check(world)
    invariants.ended(world)
    return world, first


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_a_retry_that_dies_anywhere_ends_as_if_it_had_not(fault: str | None) -> None:
    calm, first = decided("retry", None, fault)
    spared, _ = decided("retry", None, None)
    for point in range(first + 1, calm.store.points + 1):
        world, _ = decided("retry", point, fault)
        assert len(world.provider.orders) <= 1, f"crash point {point}"
        ends = [(payout(each).status, reward(each).status) for each in (calm, spared)]
        assert (payout(world).status, reward(world).status) in ends, f"crash point {point}"
        assert audited(world) == [("mem_2", "payout.retried")]


def test_a_cancellation_that_dies_anywhere_ends_cancelled_once() -> None:
    calm, first = decided("cancel", None, None)
    for point in range(first + 1, calm.store.points + 1):
        world, _ = decided("cancel", point, None)
        assert (payout(world).status, reward(world).status) == ("cancelled", "failed"), f"crash point {point}"
        assert audited(world) == [("mem_1", "payout.cancelled")]
        assert world.provider.orders == {}
