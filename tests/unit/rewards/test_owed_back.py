"""What becomes of a paid reward: the company's loss, or a debt that later rewards pay; and of one whose job shrank."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moref.messaging.model import Message
from moref.programs.model import Standing, Tier
from moref.records import get
from moref.referrals.model import Referral
from moref.referrals.remove import remove
from moref.rewards.benefit_model import Debt
from moref.rewards.debts import debt_id, record, release
from moref.rewards.lower import lower
from moref.rewards.model import Entry, Payout, Reward
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, program
from tests.unit.rewards.benefits import SHARE, accounts, earned, job_says, reward, right, with_terms, world_with


def owing(**rules: object) -> World:
    world = world_with()
    with_terms(world, **{"debt_allowed": True} | rules)
    return world


def paid(world: World, name: str) -> int:
    one = reward(world, name)
    return sum(payout.amount for payout in world.all(Payout) if payout.reward_id == one.id and payout.accepted_at)


def test_a_cancelled_job_is_owed_back_and_the_next_reward_pays_it() -> None:
    world = owing()
    earned(world, "x")
    job_says(world, "job_x", cancelled=True)
    (debt,) = world.all(Debt)
    assert (debt.amount, debt.cause, debt.status, reward(world, "x").status) == (2500, "cancellation", "open", "issued")
    assert accounts(world) == {"provider_funding": -2500, "advocate_receivable": 2500}
    program(world, tiers=[Tier(at=1, amount=4000)])
    second = earned(world, "y")
    assert (second.amount, second.withheld, second.payable, paid(world, "y")) == (4000, 2500, 1500, 1500)
    assert world.all(Debt)[0].status == "settled"
    (told,) = [message for message in world.all(Message) if message.template == "reward_kept"]
    assert told.fields == {"kept": "$25", "left": "$15"}
    assert accounts(world) == {"referral_expense": 4000, "provider_funding": -4000}
    right(world)


def test_it_never_takes_more_than_there_is() -> None:
    world = owing()
    earned(world, "x")
    job_says(world, "job_x", cancelled=True)
    program(world, tiers=[Tier(at=1, amount=1000)])
    second = earned(world, "y")
    assert (second.status, second.payable, paid(world, "y"), world.all(Debt)[0].left) == ("issued", 0, 0, 1500)
    right(world)
    job_says(world, "job_y", cancelled=True)  # nothing of it was paid: it goes, and all is owed again
    assert (reward(world, "y").status, world.all(Debt)[0].left) == ("reversed", 2500)
    assert accounts(world) == {"provider_funding": -2500, "advocate_receivable": 2500}
    right(world)


def test_a_reward_that_paid_a_debt_and_is_reversed_is_owed_again() -> None:
    world = owing()
    earned(world, "x")
    job_says(world, "job_x", cancelled=True)
    program(world, tiers=[Tier(at=1, amount=4000)])
    world.provider.fault, world.provider.silent = "no_money", True
    second = earned(world, "y")
    assert (second.status, second.withheld) == ("pending", 2500)
    job_says(world, "job_y", cancelled=True)
    assert (reward(world, "y").status, world.all(Debt)[0].left) == ("reversed", 2500)
    right(world)


@pytest.mark.parametrize("rules", [{"debt_allowed": False}, {"debt_allowed": True, "terms_version": 0}], ids=str)
def test_without_terms_that_say_so_it_is_the_companys_loss(rules: dict[str, object]) -> None:
    world = world_with(**rules)
    earned(world, "x")
    job_says(world, "job_x", cancelled=True)
    assert (world.all(Debt), paid(world, "x")) == ([], 2500)
    right(world)


def test_terms_that_were_not_accepted_make_no_debt() -> None:
    world = world_with(debt_allowed=True, terms_version=1)
    earned(world, "x")
    job_says(world, "job_x", cancelled=True)
    assert world.all(Debt) == []


def test_a_wrong_attribution_is_the_companys_loss_whatever_the_terms_say() -> None:
    world = owing()
    earned(world, "x")
    remove(world.runtime, ORG, "ref_x", actor="mem_1", reason="it was Bea")
    assert get(world.store, Referral, ORG, "ref_x").status == "removed"
    world.drain()
    assert (world.all(Debt), paid(world, "x"), conversion(world, "x").status) == ([], 2500, "approved")
    right(world)


def test_the_job_counts_again_and_nothing_is_owed_and_cancelled_again_it_is() -> None:
    world = owing()
    earned(world, "x")
    for cancelled, status in ((True, "open"), (False, "released"), (True, "open")):
        job_says(world, "job_x", cancelled=cancelled)
        assert [debt.status for debt in world.all(Debt)] == [status]
        right(world)


def test_a_debt_let_go_while_a_later_reward_had_paid_some_of_it() -> None:
    world = owing()
    first = earned(world, "x")
    job_says(world, "job_x", cancelled=True)
    program(world, tiers=[Tier(at=1, amount=1000)])
    earned(world, "y")
    release(world.runtime, first, actor="mem_1", words="never mind")
    assert accounts(world)["referral_expense"] == 2500 - 2500 + 1000 + 1500
    job_says(world, "job_y", cancelled=True)
    assert world.all(Debt)[0].status == "released"
    right(world)


def test_fraud_is_recorded_once() -> None:
    world = owing()
    one = earned(world, "x")
    for _ in range(2):
        record(world.runtime, one, cause="fraud", words="two names, one person", actor="mem_1")
    assert [debt.amount for debt in world.all(Debt)] == [2500]
    right(world)


# The job came to less


def test_a_share_follows_the_job_down_until_it_is_frozen() -> None:
    world = world_with(tiers=SHARE)
    one = earned(world, "x", actor="mem_1", amount=100_000)
    assert one.amount == 10_000
    job_says(world, "job_x", amount=60_006)
    assert (reward(world, "x").amount, conversion(world, "x").taken.amount) == (6000, 6000)  # type: ignore[union-attr]
    assert {sum(row.amounts.values()) for row in world.all(Standing)} == {6000}
    job_says(world, "job_x", amount=90_000)  # more raises nothing
    job_says(world, "job_x", amount=20_000)
    world.pass_time(minutes=11)
    world.drain()
    assert (paid(world, "x"), [entry.step for entry in world.all(Entry)].count("lowered")) == (2000, 2)
    right(world)


def test_paid_the_difference_is_the_companys_loss_or_owed() -> None:
    for allowed, owed in ((False, []), (True, [4000])):
        world = world_with()
        with_terms(world, tiers=SHARE, debt_allowed=allowed)
        earned(world, "x", amount=100_000)
        job_says(world, "job_x", amount=60_000)
        assert [debt.amount for debt in world.all(Debt)] == owed
        assert paid(world, "x") == 10_000
        right(world)


def left(world: World) -> list[int]:
    right(world)
    return [debt.left for debt in world.all(Debt)]


def test_the_debt_of_a_refunded_part_follows_the_job_down_and_up_again() -> None:
    world = owing(tiers=SHARE)
    earned(world, "x", amount=100_000)
    for amount, owed in ((80_000, 2000), (50_000, 5000), (50_000, 5000), (90_000, 1000), (100_000, 0), (70_000, 3000)):
        job_says(world, "job_x", amount=amount)
        assert left(world) == [owed]
    job_says(world, "job_x", cancelled=True)
    assert left(world) == [10_000]
    job_says(world, "job_x", cancelled=False, amount=60_000)  # it counts again, for less
    assert left(world) == [4000]
    assert accounts(world) == {"provider_funding": -10_000, "advocate_receivable": 4000, "referral_expense": 6000}


def test_what_a_later_reward_had_paid_of_a_debt_is_not_asked_for_again_when_it_shrinks_and_grows() -> None:
    world = owing(tiers=SHARE)
    earned(world, "x", amount=100_000)
    job_says(world, "job_x", amount=40_000)
    program(world, tiers=[Tier(at=1, amount=2500)])
    earned(world, "y")
    assert left(world) == [3500]
    job_says(world, "job_x", amount=80_000)
    assert (left(world), world.all(Debt)[0].status) == ([0], "settled")
    job_says(world, "job_x", amount=70_000)
    assert left(world) == [500]


def test_a_reward_that_paid_a_debt_and_is_reversed_leaves_what_is_due_now() -> None:
    """The debt shrank below what the later reward had paid of it."""
    world = owing(tiers=SHARE)
    earned(world, "x", amount=100_000)
    job_says(world, "job_x", amount=40_000)
    program(world, tiers=[Tier(at=1, amount=7000)])
    world.provider.fault, world.provider.silent = "no_money", True
    assert (earned(world, "y").withheld, left(world)) == (6000, [0])
    job_says(world, "job_x", amount=90_000)
    assert (left(world), world.all(Debt)[0].due) == ([0], 1000)
    job_says(world, "job_y", cancelled=True)
    assert (reward(world, "y").status, left(world)) == ("reversed", [1000])


def test_a_debt_that_was_all_kept_is_not_owed_again_once_the_job_counts_and_a_reward_that_paid_it_goes() -> None:
    world = owing(tiers=SHARE)
    earned(world, "x", amount=100_000)
    job_says(world, "job_x", amount=80_000)
    for name, price in (("y", 600), ("z", 7000)):
        program(world, tiers=[Tier(at=1, amount=price)])
        world.provider.fault = "no_money"
        earned(world, name)
    assert world.all(Debt)[0].status == "settled"
    job_says(world, "job_x", amount=100_000)
    job_says(world, "job_y", cancelled=True)
    assert (left(world), reward(world, "y").status) == ([0], "reversed")
    job_says(world, "job_x", cancelled=True)
    assert left(world) == [8600]


NEWS = st.one_of(
    st.tuples(st.just("amount"), st.sampled_from([1, 20_000, 50_001, 80_000, 100_000, 120_000])),
    st.tuples(st.just("cancelled"), st.booleans()),
    st.tuples(st.just("later"), st.sampled_from([600, 7000])),
    st.tuples(st.just("later cancelled"), st.integers(0, 3)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(NEWS, min_size=2, max_size=9))
def test_whatever_is_told_of_the_jobs_the_debt_is_what_is_due_less_what_was_kept(told: list[tuple[str, int]]) -> None:
    """Later rewards wait for money at first: they may still be reversed, and what they had paid is owed again."""
    world = owing(tiers=SHARE)
    one = earned(world, "x", amount=100_000)
    mine = debt_id(one)
    price, stands, later = 100_000, True, 0
    for what, value in told:
        if what == "later":
            program(world, tiers=[Tier(at=1, amount=value)])
            world.provider.fault, later = "no_money", later + 1
            earned(world, f"y{later}")
        elif what == "later cancelled" and later:
            job_says(world, f"job_y{1 + value % later}", cancelled=True)
        elif what in ("amount", "cancelled"):
            price, stands = (value, stands) if what == "amount" else (price, not value)
            job_says(world, "job_x", **{what: value})
        due = max(one.amount - max(price // 10, 1), 0) if stands else one.amount
        right(world)
        kept = sum(each.withheld for each in world.all(Reward) if each.debt_id == mine and each.status != "reversed")
        assert sum(debt.left for debt in world.all(Debt) if debt.id == mine) == max(due - kept, 0)


def test_a_debt_for_fraud_stays_whatever_the_job_does() -> None:
    world = owing(tiers=SHARE)
    one = earned(world, "x", amount=100_000)
    job_says(world, "job_x", amount=60_000)
    record(world.runtime, one, cause="fraud", words="two names, one person", actor="mem_1")
    for facts in ({"amount": 100_000}, {"cancelled": True}, {"cancelled": False}):
        job_says(world, "job_x", **facts)
        assert (left(world), world.all(Debt)[0].cause) == ([10_000], "fraud")


def test_a_flat_reward_stays_until_the_job_is_below_the_minimum() -> None:
    world = world_with(minimum_amount=50_000)
    earned(world, "x", actor="mem_1", amount=100_000)
    job_says(world, "job_x", amount=50_000)
    assert reward(world, "x").amount == 2500
    job_says(world, "job_x", amount=49_999)
    assert (reward(world, "x").status, conversion(world, "x").status) == ("reversed", "withdrawn")
    right(world)


def test_lowering_again_by_the_same_amount_does_nothing() -> None:
    world = world_with(tiers=SHARE)
    earned(world, "x", actor="mem_1", amount=100_000)
    assert lower(world.runtime, conversion(world, "x"), 50_000)
    assert not lower(world.runtime, conversion(world, "x"), 50_000)
    assert reward(world, "x").amount == 5000
