"""Service credit goes along once, to the unit, and the books of both sides say the same."""

from typing import Any

import pytest

from moref.books.check import faults
from moref.intake.model import Contact
from moref.kernel.money import Money
from moref.records import Change, get
from moref.rewards import ledger
from moref.rewards.benefit_model import CreditAccount, CreditUse
from moref.rewards.model import Entry, Reward
from moref.transfers.credits import WENT
from tests.unit.transfers.world import Sale

ANN = ("Ann", "+12145550142")


def invoiced(sale: Sale, org: str, id: str, amount: int, **facts: Any) -> None:
    """Ann's own next job."""
    (ann,) = [one for one in sale.all(Contact, org) if one.phone == ANN[1]]
    sale.job(org, id, ann, "completed", "invoiced", amount=amount)


def accounts(sale: Sale, org: str) -> dict[str, int]:
    return {name: left for name, left in ledger.balances(sale.store, org).get("USD", {}).items() if left}


def balance(sale: Sale, org: str) -> int:
    return sum(account.balance for account in sale.all(CreditAccount, org))


def sound(sale: Sale) -> None:
    """Each side's books are right, and what left the one came to the other."""
    assert faults(sale.store, sale.a) == []
    assert faults(sale.store, sale.b) == []
    assert accounts(sale, sale.a).get("branch_transfers", 0) == -accounts(sale, sale.b).get("branch_transfers", 0)


def test_the_balance_is_the_new_owners_debt_from_now_on() -> None:
    sale = Sale()
    reward = sale.credit(sale.person(*ANN), "Fred", "+12145550188")
    assert reward.status == "issued"
    sale.sell()
    assert (balance(sale, sale.a), balance(sale, sale.b)) == (0, 4000)
    assert accounts(sale, sale.a) == {"referral_expense": 4000, "branch_transfers": -4000}
    assert accounts(sale, sale.b) == {"branch_transfers": 4000, "service_credit_payable": -4000}
    was = get(sale.store, Reward, sale.a, reward.id)
    assert (was.status, was.reason) == ("redeemed", WENT)
    assert (sale.transfer(sale.a).sums, sale.transfer(sale.b).counts["credits"]) == ({"USD": 4000}, 1)
    sound(sale)


def test_it_comes_off_the_next_invoice_there_and_not_here() -> None:
    sale = Sale()
    sale.credit(sale.person(*ANN), "Fred", "+12145550188")
    sale.sell()
    invoiced(sale, sale.a, "J-A", 100_000)
    assert sale.all(CreditUse, sale.a) == []
    invoiced(sale, sale.b, "J-B", 100_000)
    (use,) = sale.all(CreditUse)
    assert Money(use.amount, use.currency) == Money(4000, "USD")
    assert [one.status for one in sale.all(Reward)] == ["redeemed"]
    sound(sale)


def test_what_was_used_stays_used_and_what_comes_back_later_is_the_old_owners() -> None:
    sale = Sale()
    sale.credit(sale.person(*ANN), "Fred", "+12145550188")
    invoiced(sale, sale.a, "J-A", 1500)
    sale.sell()
    assert (balance(sale, sale.a), balance(sale, sale.b)) == (0, 2500)
    sound(sale)
    job = get(sale.store, type(sale.job(sale.b, "J-X", sale.all(Contact)[0])), sale.a, "J-A")
    undone = {**job.facts, "invoiced": job.facts["invoiced"].model_copy(update={"value": False})}
    sale.store.commit(Change(job, job.changed(sale.clock.at, facts=undone, state="completed")))
    sale.tell("referrals", {"name": "job.changed", "organization_id": sale.a, "subject": "J-A", "data": {}})
    sale.drain()
    assert (balance(sale, sale.a), balance(sale, sale.b)) == (1500, 2500)
    sound(sale)


def test_several_credits_of_several_people_go_along() -> None:
    sale = Sale()
    ann, bea = sale.person(*ANN), sale.person("Bea", "+12145550155")
    for person, friend, phone in (
        (ann, "Fred", "+12145550188"),
        (ann, "Flo", "+12145550177"),
        (bea, "Fay", "+12145550166"),
    ):
        sale.credit(person, friend, phone)
    before = balance(sale, sale.a)
    assert before > 0
    sale.sell()
    assert (balance(sale, sale.a), balance(sale, sale.b)) == (0, before)
    sound(sale)


def test_it_joins_what_the_person_has_there() -> None:
    sale = Sale()
    sale.credit(sale.person(*ANN), "Fred", "+12145550188")
    known = sale.person(*ANN, org=sale.b)
    account = f"{sale.payer(sale.b)}.{known.id}.USD"
    sale.sell()
    assert [(one.id, one.balance) for one in sale.all(CreditAccount)] == [(account, 4000)]


@pytest.mark.parametrize("moment", range(0, 60, 2))
def test_an_invoice_in_the_middle_takes_the_credit_at_one_side(moment: int) -> None:
    sale = Sale()
    sale.credit(sale.person(*ANN), "Fred", "+12145550188")
    sale.accept(sale.offer())
    if not sale.step(moment):
        return
    invoiced(sale, sale.a, "J-A", 100_000)
    sale.finish()
    used = sum(use.amount for use in sale.all(CreditUse, sale.a))
    assert used + balance(sale, sale.a) + balance(sale, sale.b) == 4000
    sound(sale)


def test_a_credit_that_came_can_go_on() -> None:
    sale = Sale()
    sale.credit(sale.person(*ANN), "Fred", "+12145550188")
    sale.sell()
    sale.give_back()
    assert (balance(sale, sale.a), balance(sale, sale.b)) == (4000, 0)
    sound(sale)
    assert all(sum(line.amount for line in one.lines) == 0 for org in (sale.a, sale.b) for one in sale.all(Entry, org))
