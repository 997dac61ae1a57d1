"""After the tables went back to T nobody is paid twice, whatever the provider did meanwhile and however it is asked."""

import copy
from datetime import datetime
from typing import Any

import pytest

from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.kernel.errors import OutcomeUnknown
from moref.rewards import ledger
from moref.rewards.after_restore import Reconciled, reconcile_orders
from moref.rewards.model import Entry, Payout
from tests.simulation import invariants
from tests.simulation.provider import FAULTS
from tests.simulation.world import ORG, World


def approved() -> World:
    """A reward that is released; nobody has looked at it yet."""
    world = World()
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    return world


def kept(world: World) -> tuple[dict[Any, Any], datetime]:
    return copy.deepcopy(world.store.rows), world.clock.at


def back_to(world: World, at: tuple[dict[Any, Any], datetime]) -> Reconciled:
    """The rows of T; time, queues and the provider's books go on."""
    world.store.rows = copy.deepcopy(at[0])
    world.provider.fault, world.provider.silent = None, False
    return reconciled(world, at[1])


def reconciled(world: World, since: datetime) -> Reconciled:
    return reconcile_orders(world.runtime, ORG, since, connect=lambda *_: world.provider)


@pytest.mark.parametrize("fault", [None, *FAULTS])
@pytest.mark.parametrize("moment", ["before the payout", "payout frozen"])
def test_whatever_came_of_the_order_there_is_one_and_the_books_are_right(moment: str, fault: str | None) -> None:
    world = approved()
    if moment == "payout frozen":
        world.provider.fault = "no_money"
        world.drain()
    at = kept(world)
    world.provider.fault = fault
    world.settle_down(hours=3)
    back_to(world, at)
    world.settle_down()
    assert len(world.provider.orders) == 1
    invariants.check(world)
    (payout,) = world.all(Payout)
    if fault not in ("taken", "another_amount", "pending", "internal", "strange", "undeliverable"):
        assert payout.status in ("accepted", "delivered")


def test_an_order_of_a_payout_that_was_never_asked_for_at_t_is_booked_as_asked_and_accepted() -> None:
    world = approved()
    at = kept(world)
    world.drain()
    done = back_to(world, at)
    (payout,) = world.all(Payout)
    assert (done.settled, done.orphans) == ([payout.id], [])
    assert payout.status == "accepted"
    assert {entry.step for entry in world.all(Entry)} == {"accrued", "submitted", "accepted"}
    assert ledger.faults(world.all(Entry)) == []


def test_an_order_whose_reward_came_after_t_is_told_and_met_again_by_the_same_id() -> None:
    world = World()
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    at = kept(world)
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    world.drain()
    (paid,) = world.provider.orders
    assert back_to(world, at).orphans == [paid]
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    world.settle_down()
    assert list(world.provider.orders) == [paid]
    assert [(payout.id, payout.status) for payout in world.all(Payout)] == [(paid, "accepted")]
    invariants.check(world)


def test_who_was_never_ordered_is_paid_once_afterwards() -> None:
    world = approved()
    at = kept(world)
    done = back_to(world, at)
    assert done == Reconciled()
    world.settle_down()
    assert len(world.provider.orders) == 1
    invariants.check(world)


def test_a_provider_that_does_not_answer_leaves_the_payout_unknown_and_stops_the_step() -> None:
    world = approved()
    world.provider.fault = "no_money"
    world.drain()
    at = kept(world)
    world.provider.silent = True
    world.store.rows = copy.deepcopy(at[0])
    with pytest.raises(OutcomeUnknown):
        reconciled(world, at[1])

    def lists_but_finds_nothing(*_: object) -> Any:
        class Half:
            def since(self, moment: datetime) -> Any:
                return iter(())

            def find(self, external_id: str) -> Any:
                raise OutcomeUnknown("timeout")

        return Half()

    done = reconcile_orders(world.runtime, ORG, at[1], connect=lists_but_finds_nothing)
    (payout,) = world.all(Payout)
    assert (done.unsure, payout.status) == ([payout.id], "unknown")
    world.settle_down()
    assert len(world.provider.orders) == 1
    invariants.check(world)


def test_doing_it_again_changes_nothing() -> None:
    world = approved()
    at = kept(world)
    world.drain()
    back_to(world, at)
    before = copy.deepcopy(world.store.rows)
    assert len(reconciled(world, at[1]).settled) == 1
    assert world.store.rows == before
