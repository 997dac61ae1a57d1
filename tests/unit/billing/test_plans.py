"""The price list is dated data; the rules that read it hold for every number of locations."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from moref.billing.plans import plan_for, plan_of, plans, terms

DAY = datetime(2026, 6, 2, tzinfo=UTC)


@given(st.integers(0, 5000))
def test_every_number_of_locations_has_exactly_the_plan_whose_span_holds_it(count: int) -> None:
    listed = plans(DAY)
    ends = [*(plan.least for plan in listed[1:]), 10**9]
    (fitting,) = [plan for plan, end in zip(listed, ends, strict=True) if plan.least <= max(1, count) < end]
    assert plan_for(count, DAY) == fitting


@given(st.integers(1, 5000))
def test_one_more_location_never_costs_less_for_each(count: int) -> None:
    assert plan_for(count + 1, DAY).amount <= plan_for(count, DAY).amount


def test_a_price_is_known_by_its_key_and_a_strange_one_is_no_plan() -> None:
    assert {plan_of(plan.lookup_key) for plan in plans(DAY)} == {"single", "team", "fleet"}
    assert plan_of("another_product") is None
    assert plan_of(None) is None


def test_before_the_first_price_list_the_first_one_counts() -> None:
    assert plans(datetime(2020, 1, 1, tzinfo=UTC)) == plans(datetime(2026, 1, 1, tzinfo=UTC))
    assert (terms(DAY).trial_days, terms(DAY).grace_days) == (14, 7)
