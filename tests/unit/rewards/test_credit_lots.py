"""Credit under anything that may come: granted, used, undone, taken back, in any order; no cent is lost or made."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.conversions.approve import POLICY, approve
from moref.conversions.model import Conversion
from moref.programs.model import Tier
from moref.records import get
from moref.rewards.benefit_model import CreditAccount, CreditUse
from moref.rewards.model import Reward
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import program
from tests.unit.rewards.benefits import accounts, earned, job_says, own_job, right, world_with

acts = st.one_of(
    st.tuples(st.just("earn"), st.integers(1, 5000)),
    st.tuples(st.just("invoice"), st.integers(0, 9000)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("again"), st.integers(0, 5)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("back"), st.integers(0, 5)),
    st.tuples(st.just("crash"), st.integers(1, 6)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=12))
def test_the_balance_is_what_was_given_less_what_was_used(story: list[tuple[str, int]]) -> None:
    world = world_with(reward_type="service_credit")
    given_, jobs, crash = 0, 0, None
    for act, number in story:
        if act == "earn":
            given_ += 1
            program(world, tiers=[Tier(at=1, amount=number)])
            earned(world, f"f{given_}")
        elif act == "invoice":
            jobs += 1
            own_job(world, f"job_own{jobs}", amount=number, crash=crash)
        elif act == "crash":
            crash = number
        elif act in ("cancel", "back") and given_:
            job_says(world, f"job_f{number % given_ + 1}", crash, cancelled=act == "cancel")
            approved_again(world)
        elif act in ("undo", "again") and jobs:
            job_says(world, f"job_own{number % jobs + 1}", crash, invoiced=act == "again")
        if act != "crash":
            crash = None
            agree(world)


def agree(world: World) -> None:
    right(world)
    balances = sum(account.balance for account in world.all(CreditAccount))
    used = sum(use.amount for use in world.all(CreditUse) if use.status == "applied")
    books = accounts(world)
    assert (balances, used) == (-books.get("service_credit_payable", 0), -books.get("credits_applied", 0))
    for use in world.all(CreditUse):
        assert use.amount == sum(part.amount for part in use.parts) > 0
    for one in world.all(Reward):
        owned(world, one)


def approved_again(world: World) -> None:
    """What was reversed whole is for staff to decide again."""
    for one in world.all(Conversion):
        if one.status == "pending":
            approve(world.runtime, ORG, one.id, actor=POLICY)
    world.drain()


def owned(world: World, one: Reward) -> None:
    """What earned it counts: all of it is the person's, used or left. It does not: only what is used at this moment."""
    assert one.conversion_id is not None
    earner = get(world.store, Conversion, ORG, one.conversion_id)
    used = sum(
        part.amount for use in world.all(CreditUse) if use.status == "applied" for part in use.parts
        if part.reward_id == one.id
    )  # fmt: skip
    left = sum(lot.left for account in world.all(CreditAccount) for lot in account.lots if lot.reward_id == one.id)
    cancelled = world.job_cancelled(earner.job_id)
    if one.status == "reversed":
        assert (used, left, one.revoke_reason) == (0, 0, None)
    elif cancelled:
        assert (one.status, left, one.taken_back) == ("redeemed", 0, one.amount - used)
        assert used
        assert one.revoke_reason
    else:
        assert (used + left, one.taken_back, one.revoke_reason) == (one.amount, 0, None)
        assert one.status == ("issued" if left else "redeemed")


def test_dying_while_credit_is_used_uses_it_once() -> None:
    for point in range(1, 12):
        world = world_with(reward_type="service_credit")
        earned(world)
        own_job(world, amount=900, crash=point)
        agree(world)
        assert [use.amount for use in world.all(CreditUse)] == [900], point
        job_says(world, "job_own", point, invoiced=False)
        agree(world)
        assert [use.status for use in world.all(CreditUse)] == ["undone"], point


@pytest.mark.parametrize("part", [1000, 2500])
def test_dying_on_the_way_gives_what_went_again_once(part: int) -> None:
    """Used in part or whole, its own cause undone, the use undone, and all of it true again."""
    for point in range(1, 14):
        for at in range(4):
            world = world_with(reward_type="service_credit")
            earned(world)
            own_job(world, amount=part)
            news = (("job_x", True), ("job_own", True), ("job_x", False), ("job_own", False))
            for place, (job, cancelled) in enumerate(news):
                job_says(world, job, point if place == at else None, cancelled=cancelled)
                approved_again(world)
                agree(world)
            assert [(use.status, use.amount) for use in world.all(CreditUse)] == [("applied", part)], (point, at)
            assert sum(one.amount for one in world.all(Reward) if one.status != "reversed") == 2500, (point, at)
