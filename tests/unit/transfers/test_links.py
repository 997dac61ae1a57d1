"""Links of a sold branch lead to its new owner for ever, and count there."""

from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.referrals.model import Door, Link
from tests.unit.transfers.world import BRANCH, Sale


def test_a_link_leads_to_the_new_owners_branch_and_its_advocate_there() -> None:
    sale = Sale()
    ann = sale.person("Ann", "+12145550142", "ann@example.com")
    code = sale.link(ann).id
    sale.sell()
    door = get(sale.store, Door, GLOBAL, code)
    assert (door.owner_id, door.location_id) == (sale.b, sale.place.id)
    assert sale.place.site_url == "https://dallas.example.com/quote"
    link = get(sale.store, Link, sale.b, code)
    assert (link.location_id, link.clicks) == (sale.place.id, 0)
    assert sale.advocate(link).links == {sale.place.id: code}
    old = get(sale.store, Link, sale.a, code)
    assert (old.location_id, old.moved_at) == (BRANCH, sale.transfer(sale.a).cut_over_at)
