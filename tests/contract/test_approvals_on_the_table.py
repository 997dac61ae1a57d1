"""Fifty approvals race for a budget of ten on DynamoDB, whose answers get lost: exactly ten, and the books balance."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from pynamodb.exceptions import PynamoDBException

from moref.budgets.model import Spend
from moref.budgets.save_budget import create_budget
from moref.conversions.approve import approve
from moref.conversions.model import Conversion
from moref.kernel.errors import Conflict, Retry
from moref.records import every
from moref.rewards import ledger
from moref.rewards.model import Entry, Reward
from tests.contract.conftest import Backend, Faults
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import crowd

pytestmark = pytest.mark.cloud
MANY, ENOUGH_FOR = 50, 10


def test_fifty_that_race_for_a_budget_of_ten_get_exactly_ten(disturbed: Backend, faults: Faults) -> None:
    world = World()
    ids = crowd(world, MANY)
    create_budget(
        world.runtime, ORG, {"location_id": "loc_1", "amount": ENOUGH_FOR * 2500, "currency": "USD"}, actor="mem_1"
    )
    for (table, _, _), row in world.store.rows.items():
        disturbed.write(table, row)
    runtime, store = replace(world.runtime, store=disturbed.store), disturbed.store
    faults.lose_answers("TransactWriteItems", times=15)

    def staff(id: str) -> str:
        """Clicks again when the server says to try again, as people do."""
        for _ in range(20):
            try:
                return approve(runtime, ORG, id, actor="mem_1", reason="fine").status
            except (Retry, PynamoDBException):
                continue  # a busy machine lets reads time out; a worker's message would come again
            except Conflict as refusal:
                if refusal.detail.startswith("held: "):
                    return "held"
        return "lost"

    with ThreadPoolExecutor(5) as staffs:
        answers = list(staffs.map(staff, ids))
    assert faults.fired() == 15
    assert (answers.count("approved"), answers.count("held")) == (ENOUGH_FOR, MANY - ENOUGH_FOR)
    faults.set()
    assert [(row.amount, row.approvals) for row in every(store, Spend, ORG)] == [(25_000, 10)]
    rewards = every(store, Reward, ORG)
    assert sum(reward.amount for reward in rewards) == 25_000
    assert len({reward.conversion_id for reward in rewards}) == len(rewards) == ENOUGH_FOR
    entries = every(store, Entry, ORG)
    assert ledger.total(entries) == {"USD": {"referral_expense": 25_000, "reward_payable": -25_000}}
    assert len(entries) == ENOUGH_FOR
    assert [one.status for one in every(store, Conversion, ORG)].count("approved") == ENOUGH_FOR
