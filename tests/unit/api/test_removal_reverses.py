"""Removing a wrong attribution takes back what it earned, once, as long as nothing was paid."""

from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.records import every, get
from moref.rewards.ledger import balances
from moref.rewards.model import Reward
from referral_worker.handler import work
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World

NAMES = ("referral.changed", "conversion.changed", "contact.identified", "job.changed")


def run(world: World, done: int) -> int:
    """The referral worker's share of what was told since."""
    while done < len(world.store.events):
        event = world.store.events[done]
        done += 1
        if event["name"] in NAMES:
            work(world.runtime, event)
    return done


def test_removal_reverses_the_reward_and_twice_is_a_no_op(world: World) -> None:
    org, made = world.a.organization_id, approvable(world)
    del world.store.rows["core", f"{org}#conversion#{made}", "self"]  # the worker makes its own, under the derived id
    work(world.runtime, {"name": "referral.changed", "organization_id": org, "subject": "ref_1", "data": {}})
    conversion = conversion_id(org, "ref_1")
    assert world.call("POST", f"/conversions/{conversion}/approve", {}, key="k1").status == 200
    (reward,) = every(world.store, Reward, org)
    assert reward.status == "pending"
    done = run(world, 0)
    seen = []
    for _ in range(2):
        answer = world.call("POST", "/referrals/ref_1/remove", {"reason": "it was another Fred"})
        assert answer.json()["status"] == "removed"
        done = run(world, done)
        seen.append((get(world.store, Reward, org, reward.id), balances(world.store, org)))
    assert seen[0] == seen[1]
    assert seen[0][0].status == "reversed"
    assert all(amount == 0 for accounts in seen[0][1].values() for amount in accounts.values())
    assert world.call("GET", "/referrals/ref_1/explanation").json()["next"]["words"] == "Nothing more happens."
    assert every(world.store, Conversion, org)[0].status == "withdrawn"
