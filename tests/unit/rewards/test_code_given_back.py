"""A discount code goes back with the job it was redeemed on: the same code, once, whatever comes and whoever dies."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.campaigns.model import StaffTask
from moref.conversions.model import Conversion
from moref.intake.model import Job
from moref.kernel import codes
from moref.kernel.errors import Conflict
from moref.programs.model import Discount
from moref.records import get
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.expire import expire_code
from moref.rewards.give_code_back import give_codes_back
from moref.rewards.model import AuditRow, Reward
from moref.rewards.redeem import redeem
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion
from tests.unit.rewards.benefits import accounts, earned, job_says, own_job, reward, right, world_with
from tests.unit.rewards.test_credit_lots import approved_again

MEMBER = "mem_1"


def coded(**discount: int) -> tuple[World, str]:
    world = world_with(reward_type="discount_code", discount=Discount(**discount))
    return world, earned(world).code or ""


def by_staff(world: World, code: str, job: str = "job_own") -> DiscountCode:
    return redeem(world.runtime, ORG, code, job_id=job, price=None, actor=MEMBER)


@pytest.mark.parametrize("who", ["staff", "crm"])
def test_cancelled_it_is_valid_again_and_says_why(who: str) -> None:
    world, code = coded()
    own_job(world, amount=2000, referral_code=code if who == "crm" else None)
    if who == "staff":
        by_staff(world, code)
    assert accounts(world) == {"referral_expense": 2000, "discounts_applied": -2000}
    job_says(world, "job_own", cancelled=True)
    one = get(world.store, DiscountCode, ORG, code)
    words = "the job it was redeemed on was cancelled"
    assert (one.status, one.job_id, one.redeemed_amount, one.given_back_words) == ("active", None, None, words)
    assert (reward(world).status, reward(world).reason) == ("issued", f"{words}: it is valid again")
    assert accounts(world) == {"referral_expense": 2500, "discount_code_payable": -2500}
    assert [row.detail for row in world.all(AuditRow) if row.action == "discount_code.given_back"] == [
        {"reason": words}
    ]
    day = (one.valid_until - timedelta(days=1)).date().isoformat()
    assert [task.words for task in world.all(StaffTask)] == [
        f"Discount code {codes.display(code)} was taken off job job_own, which was undone: take the discount off its "
        f"invoice. The code is valid again until {day}."
    ]
    right(world)
    own_job(world, "job_next", amount=9000)
    assert (by_staff(world, code, "job_next").redeemed_amount, reward(world).reason) == (2500, None)
    right(world)


def test_the_job_comes_back_the_crm_redeems_it_anew_and_staff_do_it_themselves() -> None:
    for who, status in (("crm", "redeemed"), ("staff", "active")):
        world, code = coded()
        own_job(world, amount=2000, referral_code=code if who == "crm" else None)
        if who == "staff":
            by_staff(world, code)
        for _ in range(2):
            job_says(world, "job_own", cancelled=True)
            job_says(world, "job_own", cancelled=False)
        assert get(world.store, DiscountCode, ORG, code).status == status
        assert by_staff(world, code).turn == (3 if who == "crm" else 2)
        right(world)


def test_an_invoice_undone_gives_back_what_the_crm_redeemed_by_it_and_not_what_staff_did() -> None:
    for who, status in (("crm", "active"), ("staff", "redeemed")):
        world, code = coded()
        own_job(world, amount=2000, referral_code=code if who == "crm" else None)
        if who == "staff":
            by_staff(world, code)
        job_says(world, "job_own", invoiced=False)
        assert get(world.store, DiscountCode, ORG, code).status == status
        right(world)


def test_after_its_day_it_has_expired() -> None:
    world, code = coded(valid_days=1)
    own_job(world, amount=2000)
    by_staff(world, code)
    world.pass_time(hours=24)
    job_says(world, "job_own", cancelled=True)
    assert (get(world.store, DiscountCode, ORG, code).status, reward(world).status) == ("expired", "expired")
    assert accounts(world) == {}
    right(world)


@pytest.mark.parametrize("amount", [0, 2000, 9000])
def test_its_own_cause_was_undone_meanwhile_and_it_goes(amount: int) -> None:
    world, code = coded()
    own_job(world, amount=amount)
    by_staff(world, code)
    job_says(world, "job_x", cancelled=True)
    assert get(world.store, DiscountCode, ORG, code).status == "redeemed"
    job_says(world, "job_own", cancelled=True)
    assert get(world.store, DiscountCode, ORG, code).status == "revoked"
    assert (reward(world).status, conversion(world, "x").status, accounts(world)) == ("reversed", "withdrawn", {})
    right(world)


def test_nothing_is_redeemed_on_a_cancelled_job_or_one_that_changes_in_this_moment() -> None:
    world, code = coded()
    own_job(world)
    stale = get(world.store, Job, ORG, "job_own")
    by_staff(world, code)
    job_says(world, "job_own", cancelled=True)
    with pytest.raises(Conflict, match="cancelled"):
        by_staff(world, code)
    give_codes_back(world.runtime, ORG, stale)  # older news gives nothing back
    assert get(world.store, DiscountCode, ORG, code).turn == 1


@pytest.mark.parametrize("who", ["staff", "crm"])
def test_dying_while_it_goes_back_gives_it_back_once(who: str) -> None:
    for point in range(1, 10):
        world, code = coded()
        own_job(world, amount=2000, referral_code=code if who == "crm" else None)
        if who == "staff":
            by_staff(world, code)
        job_says(world, "job_own", point, cancelled=True)
        assert get(world.store, DiscountCode, ORG, code).status == "active", point
        assert accounts(world) == {"referral_expense": 2500, "discount_code_payable": -2500}
        assert len(world.all(StaffTask)) == 1
        job_says(world, "job_own", point, cancelled=False)
        expected = {"staff": "active", "crm": "redeemed"}
        assert get(world.store, DiscountCode, ORG, code).status == expected[who], point
        right(world)


acts = st.one_of(
    st.tuples(st.just("redeem"), st.integers(0, 2)),
    st.tuples(st.sampled_from(["cancelled", "invoiced"]), st.integers(0, 5)),
    st.tuples(st.just("earner"), st.integers(0, 1)),
    st.tuples(st.just("hours"), st.sampled_from([1, 30])),
    st.tuples(st.just("crash"), st.integers(1, 6)),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(acts, max_size=12))
def test_whatever_comes_a_code_is_worth_what_was_given_once(story: list[tuple[str, int]]) -> None:
    world, first = coded(valid_days=2)
    jobs = [f"job_own{n}" for n in range(3)]
    for n, job in enumerate(jobs):
        own_job(world, job, amount=1500 * (n + 1), referral_code=first if n == 2 else None)
    crash: int | None = None
    for act, number in story:
        happens(world, jobs, act, number, crash)
        crash = number if act == "crash" else None
        agree(world)


def happens(world: World, jobs: list[str], act: str, number: int, crash: int | None) -> None:
    active = [one.id for one in world.all(DiscountCode) if one.status == "active"]
    if act == "redeem" and active:
        try:
            by_staff(world, active[0], jobs[number])
        except Conflict:
            return  # cancelled, or past its day
    elif act in ("cancelled", "invoiced"):
        job_says(world, jobs[number % 3], crash, **{act: number % 2 == 0})
    elif act == "earner":
        job_says(world, "job_x", crash, cancelled=bool(number))
        approved_again(world)
    elif act == "hours":
        world.pass_time(hours=number)
        for id in active:
            expire_code(world.runtime, ORG, id)
        world.drain()


def agree(world: World) -> None:
    right(world)
    of = {one.code: one for one in world.all(Reward) if one.code is not None}
    for code in world.all(DiscountCode):
        status = {"active": "issued", "revoked": "reversed"}.get(code.status, code.status)
        assert of[code.id].status == status
        if code.status == "redeemed":
            assert code.job_id is not None
            assert not world.job_cancelled(code.job_id)
        else:
            assert (code.job_id, code.redeemed_amount) == (None, None)
        earner = get(world.store, Conversion, ORG, of[code.id].conversion_id or "")
        if world.job_cancelled(earner.job_id):
            assert code.status != "active"
