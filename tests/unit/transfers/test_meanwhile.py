"""What happens beside a transfer, in the minutes it takes and after: nobody's wish, link or place is forgotten."""

import pytest

from moref.intake.model import Contact
from moref.kernel.keys import GLOBAL
from moref.records import Change, get
from moref.referrals.model import Door
from moref.tenants.close_organization import close_organization
from moref.tenants.model import Location, Organization
from tests.unit.transfers.world import Sale


@pytest.mark.parametrize("status", ["closing", "closed", "suspended"])
def test_an_organization_that_closes_takes_no_branch(status: str) -> None:
    sale = Sale()
    code = sale.link(sale.person("Ann", "+12145550142")).id
    sale.accept(sale.offer())
    org = get(sale.store, Organization, sale.b, sale.b)
    sale.store.commit(Change(org, org.changed(sale.clock.at, status=status)))
    sale.drain()
    assert [sale.transfer(org).status for org in (sale.a, sale.b)] == ["refused", "refused"]
    assert "Redbird" in (sale.transfer(sale.a).reason or "")
    assert "your organization" in (sale.transfer(sale.b).reason or "")
    assert get(sale.store, Door, GLOBAL, code).owner_id == sale.a
    assert [one for one in sale.all(Contact) if one.phone == "+12145550142"] == []
    sale.offer()


def test_a_closing_that_is_asked_for_in_the_same_moment_is_not_overlooked() -> None:
    """Its links earn nothing there, however the two meet."""
    base = Sale()
    base.link(base.person("Ann", "+12145550142"))
    base.accept(base.offer())
    for moment, sale in base.moments():
        close_organization(sale.runtime, sale.b, reason="we end", actor="mem_2")
        sale.drain()
        sale.clock.move(minutes=4)
        sale.drain()
        place = sale.store.find(Location, sale.b, sale.transfer(sale.b).location_id)
        assert place is None or not place.links_credit, moment
