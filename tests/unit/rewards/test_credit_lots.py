"""Credit under anything that may come: granted, used, undone, taken back, in any order; no cent is lost or made."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.programs.model import Tier
from moref.rewards.benefit_model import CreditAccount, CreditUse
from tests.simulation.world import World
from tests.unit.conversions.crowd import program
from tests.unit.rewards.benefits import accounts, earned, job_says, own_job, right, world_with

acts = st.one_of(
    st.tuples(st.just("earn"), st.integers(1, 5000)),
    st.tuples(st.just("invoice"), st.integers(0, 9000)),
    st.tuples(st.just("undo"), st.integers(0, 5)),
    st.tuples(st.just("again"), st.integers(0, 5)),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
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
        elif act == "cancel" and given_:
            job_says(world, f"job_f{number % given_ + 1}", crash, cancelled=True)
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
