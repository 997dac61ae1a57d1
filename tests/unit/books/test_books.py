"""Months are closed in order and stay as they were, payees' years add up, the provider's month is explained."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from moref.books.check import faults
from moref.books.close_month import close_month
from moref.books.general_ledger import COLUMNS, general_ledger
from moref.books.merge_payee import merge_payee
from moref.books.model import ClosedMonth, PayeeYear, ProviderStatement
from moref.books.month_end import is_closed, month_end
from moref.books.months import bounds, following
from moref.books.payee_year import standing
from moref.books.provider_statement import ask_for_statement
from moref.conversions.approve import approve
from moref.conversions.judge import conversion_id
from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict, NeedsPerson, NotFound, Retry
from moref.programs.model import Tier
from moref.records import get
from moref.referrals.merge_contacts import merge_contacts
from moref.referrals.merge_rows import merge_rows
from moref.rewards.model import Entry, Payout
from moref.rewards.work import work
from moref.tenants.model import LegalEntity
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import program

PAYER = "ent_1"


@pytest.fixture
def world() -> World:
    """Starts in June 2026 (tests.fakes.runtime.START)."""
    made = World()
    made.make(LegalEntity, PAYER, name="Bluebird Moving, LLC", ein="12-3456789")
    return made


def pay(world: World, *, deliver: bool = True) -> None:
    """One more friend's job, approved by staff; the undo window passes."""
    world.refer()
    n = world.friends
    world.fact(n, "invoiced")
    world.drain()
    if not deliver:
        world.provider.fault = "no_money"
    approve(world.runtime, ORG, conversion_id(ORG, f"ref_{n}"), actor="mem_1")
    world.drain()
    world.pass_time(minutes=11)
    world.drain()


def next_month(world: World, day: int = 2) -> None:
    year, month = (int(part) for part in following(f"{world.clock.at:%Y-%m}").split("-"))
    world.clock.at = datetime(year, month, day, 12, tzinfo=UTC)


def close(world: World, month: str) -> ClosedMonth:
    return close_month(world.runtime, ORG, PAYER, month, actor="mem_1")


def month(world: World, back: int = 0) -> str:
    found = f"{world.clock.at:%Y-%m}"
    for _ in range(back):
        found = f"{bounds(found)[0] - timedelta(days=1):%Y-%m}"
    return found


def test_a_month_by_branch_shows_what_was_accrued_paid_and_is_owed(world: World) -> None:
    pay(world)
    pay(world, deliver=False)
    (row,) = month_end(world.runtime, ORG, PAYER, month(world))
    assert (row.location_id, row.currency, row.liability) == ("loc_1", "USD", 2500)
    assert dict(row.moved) == {"accrued": 5000, "submitted": 5000, "accepted": 2500} or row.moved["accepted"] == 2500
    next_month(world)
    assert [one.liability for one in month_end(world.runtime, ORG, PAYER, month(world))] == [2500]
    assert not month_end(world.runtime, ORG, PAYER, month(world))[0].moved


def test_a_closed_month_stays_as_it_was_and_the_next_builds_on_it(world: World) -> None:
    pay(world)
    first = month(world)
    next_month(world)
    closed = close(world, first)
    assert (closed.entries, is_closed(world.store, ORG, PAYER, first)) == (3, True)
    assert close(world, first).id == closed.id
    pay(world)
    second = month(world)
    next_month(world)
    funding = {one.account: one.amount for one in close(world, second).balances}
    assert funding == {"referral_expense": 5000, "provider_funding": -5000}
    assert faults(world.store, ORG) == []


def test_an_entry_that_slips_into_a_closed_month_shows(world: World) -> None:
    pay(world)
    first = month(world)
    next_month(world)
    close(world, first)
    (accrued, *_) = [entry for entry in world.all(Entry) if entry.step == "accrued"]
    row = world.store.rows[(Entry.table, *accrued.key())]
    row["data"]["memo"] = "changed by hand"
    assert faults(world.store, ORG) == [f"{PAYER}.{first} was closed with other entries"]


def test_months_are_closed_a_day_after_their_end_and_in_order(world: World) -> None:
    pay(world)
    first = month(world)
    with pytest.raises(Conflict, match="can be closed from"):
        close(world, first)
    next_month(world, day=1)
    with pytest.raises(Conflict, match="can be closed from"):
        close(world, first)
    next_month(world)
    close(world, first)
    next_month(world)
    next_month(world)
    with pytest.raises(Conflict, match="the next month to close is"):
        close(world, month(world, back=1))
    with pytest.raises(NotFound):
        close_month(world.runtime, ORG, "ent_unknown", first, actor="mem_1")


@pytest.mark.parametrize("text", ["", "2026-13", "2026-1", "26-01", "2026-01-01", "next"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        bounds(text)


def test_a_payees_year_is_what_was_paid_and_warns_at_90_percent(world: World) -> None:
    pay(world)
    (year,) = world.all(PayeeYear)
    assert (year.id, year.paid, year.rewards) == (f"{PAYER}.{world.clock.at.year}.con_ann", {"USD": 2500}, 1)
    assert faults(world.store, ORG) == []
    steps = [(179_999, "under"), (180_000, "near"), (199_999, "near"), (200_000, "reached")]
    assert [standing(year.model_copy(update={"paid": {"USD": paid}})) for paid, _ in steps] == [one for _, one in steps]
    world.edit(year, paid={"USD": 2501})
    assert faults(world.store, ORG) == [f"payee con_ann of {PAYER} in {year.year} is counted otherwise"]


def test_two_rows_of_one_payee_are_one_year_also_for_what_is_paid_after_the_merge(world: World) -> None:
    pay(world)
    pay(world, deliver=False)  # it waits for money while the rows are merged
    world.make(Contact, "con_new", location_id="loc_1", first_name="Ann", person_keys=["key-new"])
    merge_contacts(world.runtime, ORG, "con_ann", "con_new", actor="mem_1", reason="one person")
    for _ in range(2):
        merge_rows(world.runtime, ORG, "con_ann")
        merge_payee(world.runtime, ORG, "con_ann")
    world.provider.fault = None
    world.pass_time(hours=2)
    world.reconcile()
    world.drain()
    found = {year.contact_id: (year.paid, year.rewards) for year in world.all(PayeeYear)}
    assert found == {"con_ann": ({}, 0), "con_new": ({"USD": 5000}, 2)}
    assert faults(world.store, ORG) == []


def test_the_journal_has_a_row_a_line_and_adds_up(world: World) -> None:
    pay(world)
    rows = general_ledger(world.runtime, ORG, PAYER, month(world))
    pairs = [(debit["account"], credit["account"]) for debit, credit in pairwise(rows) if debit["debit"]]
    assert sorted(pairs) == [
        ("in_flight", "provider_funding"), ("referral_expense", "reward_payable"), ("reward_payable", "in_flight"),
    ]  # fmt: skip
    assert {(row["debit"] or row["credit"], row["currency"]) for row in rows} == {("25.00", "USD")}
    assert {row["ein"] for row in rows} == {"12-3456789"}
    assert set(rows[0]) == set(COLUMNS)


def stated(world: World, currency: str = "USD") -> ProviderStatement:
    asked = ask_for_statement(world.runtime, ORG, "tremendous", month(world), currency)
    world.drain()
    return get(world.store, ProviderStatement, ORG, asked.id)


def dated(world: World, **changes: Any) -> None:
    """The provider's orders say when they were made; `changes` spoil the newest."""
    for id, order in world.provider.orders.items():
        world.provider.orders[id] = replace(order, made_at=order.made_at or world.clock.at, fee=order.fee or 0)
    last = list(world.provider.orders)[-1]
    world.provider.orders[last] = replace(world.provider.orders[last], **changes)


def test_the_same_month_on_both_sides_differs_by_nothing(world: World) -> None:
    pay(world)
    pay(world)
    dated(world, fee=30)
    said = stated(world)
    assert (said.status, said.orders, said.provider_total, said.booked_total) == ("ready", 2, 5000, 5000)
    assert (said.difference, said.unexplained, said.fees, said.items) == (0, 0, 30, [])


@pytest.mark.parametrize(
    ("spoilt", "kind", "difference"),
    [
        ({"amount": 2600}, "amount_differs", 100),
        ({"external_id": "pay_of_nobody"}, "missing_in_books", 0),
        ({"status": "CANCELED"}, "missing_at_provider", -2500),
        ({"made_at": datetime(2026, 1, 1, tzinfo=UTC)}, "other_month", -2500),
    ],
)
def test_every_difference_is_listed_and_explains_the_sum(
    world: World, spoilt: dict[str, Any], kind: str, difference: int
) -> None:
    pay(world)
    dated(world, **spoilt)
    said = stated(world)
    assert (said.status, said.difference, said.unexplained) == ("ready", difference, 0)
    assert kind in {item.kind for item in said.items}


def test_two_currencies_are_two_statements_and_each_names_the_other(world: World) -> None:
    pay(world)
    program(world, currency="EUR", tiers=[Tier(at=1, amount=900)])
    pay(world)
    dated(world)
    for currency, other, total in (("USD", "EUR", 2500), ("EUR", "USD", 900)):
        said = stated(world, currency)
        assert (said.currency, said.orders, said.provider_total, said.booked_total) == (currency, 1, total, total)
        assert (said.difference, said.items, said.other_currencies) == (0, [], [other])


def test_an_order_in_another_currency_than_its_payouts_is_missing_on_both_sides(world: World) -> None:
    pay(world)
    dated(world, currency="EUR")
    for currency, kind, difference in (("USD", "missing_at_provider", -2500), ("EUR", "missing_in_books", 2500)):
        said = stated(world, currency)
        assert ([item.kind for item in said.items], said.difference, said.unexplained) == ([kind], difference, 0)


def test_a_provider_that_is_not_connected_has_no_statement(world: World) -> None:
    with pytest.raises(NotFound):
        ask_for_statement(world.runtime, ORG, "acme", month(world))


def test_an_order_booked_in_another_month_is_an_item_of_both(world: World) -> None:
    pay(world)
    dated(world, made_at=bounds(month(world))[0] - timedelta(minutes=1))
    assert [(item.kind, item.provider_amount, item.booked_amount) for item in stated(world).items] == [
        ("other_month", None, 2500)
    ]
    asked = ask_for_statement(world.runtime, ORG, "tremendous", month(world, back=1))
    world.drain()
    before = get(world.store, ProviderStatement, ORG, asked.id)
    assert [(item.kind, item.provider_amount, item.booked_amount) for item in before.items] == [
        ("other_month", 2500, None)
    ]


def test_what_the_provider_refuses_is_said_and_what_it_cannot_tell_now_is_tried_again(world: World) -> None:
    asked = ask_for_statement(world.runtime, ORG, "tremendous", month(world))
    event = {"name": "statement.asked", "organization_id": ORG, "subject": asked.id}

    def cannot(failure: Exception) -> Any:
        def connect(*_: Any) -> Any:
            raise failure

        return connect

    with pytest.raises(Retry):
        work(world.runtime, event, cannot(Retry("unreachable")))
    assert get(world.store, ProviderStatement, ORG, asked.id).reason == "trying again: unreachable"
    work(world.runtime, event, cannot(NeedsPerson("two orders under one id")))
    said = get(world.store, ProviderStatement, ORG, asked.id)
    assert (said.status, said.reason) == ("failed", "two orders under one id")
    assert ask_for_statement(world.runtime, ORG, "tremendous", month(world)).status == "running"


def test_one_made_again_says_what_is_true_now(world: World) -> None:
    assert stated(world).orders == 0
    pay(world)
    dated(world)
    world.clock.move(seconds=1)
    assert stated(world).orders == 1
    assert all(payout.accepted_at for payout in world.all(Payout))
