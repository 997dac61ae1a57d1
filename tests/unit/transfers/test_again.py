"""A branch that is sold on, or back: what was true of one sale is true of the next."""

import pytest

from moref.books.check import faults
from moref.conversions.model import Conversion
from moref.isolation import bound
from moref.kernel.keys import GLOBAL
from moref.messaging.opt_out import opt_in, opt_out, suppression_of
from moref.records import every, get
from moref.referrals.model import Door, Lead, Link, Referral
from moref.rewards.benefit_model import CreditAccount
from moref.transfers.accept import accept
from moref.transfers.model import LocationTransfer
from tests.unit.tenants.world import opened
from tests.unit.transfers.test_referrals import friend, referred
from tests.unit.transfers.world import FACTS, Sale

ANN, FRED = "+12145550142", "+12145550188"


def sold_on(sale: Sale) -> str:
    """To a third organization; its id."""
    third = opened(sale.runtime, "greenbird")
    org = third.organization_id
    token = sale.offer(sale.place.id)
    sale.drain()
    accept(
        bound(sale.runtime, org), org, token, legal_entity_id=sale.payer(org), staff_email="x@example.com", actor="m"
    )
    sale.drain()
    sale.clock.move(minutes=4)
    sale.drain()
    (row,) = every(sale.store, LocationTransfer, org)
    assert row.status == "done"
    return org


def test_a_later_stop_to_the_first_owner_reaches_the_third() -> None:
    sale = Sale()
    sale.person("Ann", ANN)
    sale.sell()
    third = sold_on(sale)
    sale.clock.move(days=1)
    opt_out(sale.runtime, sale.a, "sms", ANN, "STOP")
    sale.drain()
    assert all(suppression_of(sale.runtime, org, "sms", ANN) for org in (sale.a, sale.b, third))


def test_what_was_sold_on_earns_once_and_credit_is_owed_once() -> None:
    sale = Sale()
    ann = sale.person("Ann", ANN)
    sale.credit(ann, "Flo", "+12145550177")
    code, _ = referred(sale)
    sale.sell()
    third = sold_on(sale)
    assert get(sale.store, Door, GLOBAL, code).owner_id == third
    balances = [sum(one.balance for one in sale.all(CreditAccount, org)) for org in (sale.a, sale.b, third)]
    assert balances == [0, 0, 4000]
    assert [faults(sale.store, org) for org in (sale.a, sale.b, third)] == [[], [], []]
    live = [
        [one.status for one in sale.all(Referral, org) if one.status not in ("lost", "qualified")]
        for org in (sale.a, sale.b, third)
    ]
    assert live == [[], [], ["new"]]
    (lead,) = sale.all(Lead, third)
    assert lead.waits() is not None


@pytest.mark.parametrize("earns", ["a", "b"])
def test_sold_back_it_earns_once(earns: str) -> None:
    sale = Sale()
    code, _ = referred(sale)
    sale.sell()
    if earns == "b":
        sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
    sale.give_back()
    for org, id in ((sale.b, "J-B2"), (sale.a, "J-A")):
        sale.job(org, id, friend(sale, org), *FACTS, referral_code=code)
    made = [len(sale.all(Conversion, org)) for org in (sale.a, sale.b)]
    assert made == ([0, 1] if earns == "b" else [1, 0])
    assert get(sale.store, Door, GLOBAL, code).owner_id == sale.a
    assert get(sale.store, Link, sale.a, code).moved_at is None


def test_wishes_of_a_branch_that_went_to_and_fro_come_to_rest() -> None:
    sale = Sale()
    sale.person("Ann", ANN)
    sale.sell()
    sale.give_back()
    for number in range(3):
        sale.clock.move(days=1)
        opt_out(sale.runtime, (sale.a, sale.b)[number % 2], "sms", ANN, ("STOP", "complaint", "revoked")[number])
        sale.drain()
        assert all(suppression_of(sale.runtime, org, "sms", ANN) for org in (sale.a, sale.b)), number
        sale.clock.move(days=1)
        for org in (sale.a, sale.b):
            opt_in(sale.runtime, org, "sms", ANN, "START")
        sale.drain()
        assert not any(suppression_of(sale.runtime, org, "sms", ANN) for org in (sale.a, sale.b)), number
