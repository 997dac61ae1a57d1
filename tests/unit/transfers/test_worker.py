"""Work between two organizations is no request's: its command names none, and one that does is refused."""

import pytest

from bulk_worker.handler import CROSSING, WORK, work
from moref.isolation import TenantBreach, bound
from moref.kernel.errors import Malformed
from moref.transfers.move import move
from tests.unit.transfers.world import Sale


def test_a_command_that_crosses_and_names_an_organization_is_no_work() -> None:
    sale = Sale()
    assert CROSSING.keys().isdisjoint(WORK)
    for name in CROSSING:
        message = {"command": name, "organization_id": sale.a, "subject": "x"}
        with pytest.raises(Malformed):
            work(bound(sale.runtime, sale.a), message)


def test_a_store_of_one_organization_cannot_carry_a_branch_over() -> None:
    sale = Sale()
    sale.accept(sale.offer())
    with pytest.raises(TenantBreach):
        move(bound(sale.runtime, sale.b), sale.transfer(sale.b).offer_id)
    sale.finish()
