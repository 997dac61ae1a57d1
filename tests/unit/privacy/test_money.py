"""Whenever an advocate is erased on the way of their gift card, it arrives, once, and the books are right."""

import json
from datetime import timedelta

import pytest

from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.privacy.ask_erasure import ask_erasure
from moref.privacy.erase import erase
from moref.privacy.model import Erasure
from moref.records import get
from moref.rewards.ledger import faults
from moref.rewards.model import Entry, Payout
from tests.simulation import invariants
from tests.simulation.world import ORG, World

WORDS = ("ann@home.test", '"ann"')


def erased(world: World) -> Erasure:
    asked = ask_erasure(world.runtime, ORG, "con_ann", reason="they wrote to us", actor="mem_1")
    erase(world.runtime, ORG, asked.id)
    return get(world.store, Erasure, ORG, asked.id)


def look_again(world: World, asked: Erasure) -> Erasure:
    world.clock.at += timedelta(minutes=5)
    erase(world.runtime, ORG, asked.id)
    return get(world.store, Erasure, ORG, asked.id)


def named(world: World) -> list[str]:
    return [
        str(key) for key, row in world.store.rows.items() for word in WORDS if word in json.dumps(row).lower()
    ]  # fmt: skip


@pytest.mark.parametrize("ordered", [False, True])
def test_the_gift_card_arrives_once_and_the_books_are_right(ordered: bool) -> None:
    world = World()
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    approve(world.runtime, ORG, conversion_id(ORG, "ref_1"), actor=POLICY)
    if ordered:
        world.drain()
    asked = erased(world)
    (payout,) = world.all(Payout)
    assert (asked.status, asked.waits_for) == ("waiting", [payout.id])
    world.settle_down()
    invariants.check(world)
    invariants.ended(world)
    (order,) = world.provider.orders.values()
    assert (order.recipient_email, order.amount) == ("ann@home.test", payout.amount)
    assert look_again(world, asked).waits_for == [payout.id], "accepted: it may still come back"
    world.clock.at += timedelta(days=31)
    assert look_again(world, asked).status == "done"
    assert named(world) == []
    assert faults(world.all(Entry)) == []
    assert get(world.store, Payout, ORG, payout.id).amount == payout.amount
