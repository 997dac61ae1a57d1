"""What happens beside a transfer, in the minutes it takes and after: nobody's wish, link or place is forgotten."""

import pytest

from moref.intake.model import Consent, Contact
from moref.isolation import bound
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.keys import GLOBAL
from moref.messaging.model import Suppression
from moref.messaging.opt_out import suppression_id, suppression_of
from moref.privacy.ask_erasure import ask_erasure
from moref.records import Change, Create, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import CrewMember, Door, Lead, Link
from moref.tenants.archive_location import refuse_archived
from moref.tenants.close_organization import close_organization
from moref.tenants.model import Connection, Location, Organization
from moref.transfers.model import LocationTransfer
from moref.transfers.offer import offer
from tests.unit.transfers.test_referrals import FRED, referred
from tests.unit.transfers.world import BRANCH, Sale


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


def test_a_consent_that_is_taken_back_while_the_branch_goes_counts_at_the_new_owner() -> None:
    sale = Sale()
    ann = sale.person("Ann", "+12145550142")
    sale.accept(sale.offer())
    sale.drain()
    sale.clock.move(minutes=1)
    ann = get(sale.store, Contact, sale.a, ann.id)
    no = Consent(channel="sms", text="", at=sale.clock.at, source=ann.consents[0].source, withdrawn=True)
    now = sale.clock.at
    sale.store.commit(Change(ann, ann.changed(now, consents=[*ann.consents, no], marketing_paused_at=now)))
    sale.finish()
    (ours,) = [one for one in sale.all(Contact) if one.phone == ann.phone]
    assert [each.withdrawn for each in ours.consents] == [False, True]
    assert ours.marketing_paused_at is not None


def test_no_link_is_made_for_a_branch_that_went() -> None:
    sale = Sale()
    ann, bea = sale.person("Ann", "+12145550142"), sale.person("Bea", "+12145550155")
    code = sale.link(ann).id
    sale.sell()
    assert ensure_link(sale.runtime, sale.a, ann.id, BRANCH).id == code
    with pytest.raises(Conflict, match="went to"):
        ensure_link(sale.runtime, sale.a, bea.id, BRANCH)


def test_a_crew_member_who_began_while_the_links_went_is_one_there() -> None:
    base = Sale()
    base.link(base.person("Ann", "+12145550142"))
    base.accept(base.offer())
    for moment, sale in base.moments():
        if get(sale.store, Location, sale.a, BRANCH).status == "archived":
            break
        member = sale.crew()
        sale.finish()
        (ours,) = sale.all(CrewMember)
        link = get(sale.store, Link, sale.b, member.code)
        assert (ours.code, ours.status, ours.advocate_id) == (member.code, "active", link.advocate_id), moment
        assert get(sale.store, CrewMember, sale.a, member.id).status == "archived", moment


def test_a_stop_in_the_same_moment_of_somebody_known_by_a_link_alone_is_not_lost() -> None:
    """They are of another branch; a worker that looked for whom to tell just before they went tells nobody."""
    sale = Sale()
    phone = "+12145550142"
    ann = sale.person("Ann", phone)
    sale.store.commit(Change(ann, ann.changed(sale.clock.at, location_id=sale.first.location_id)))
    sale.link(ann)
    sale.accept(sale.offer())
    sale.drain()
    now = sale.clock.at
    said = Suppression(
        organization_id=sale.a, id=suppression_id(sale.runtime, sale.a, "sms", phone), created_at=now, updated_at=now,
        channel="sms", active=True, reason="STOP", said_at=now,
    )  # fmt: skip
    sale.store.commit(Create(said))
    sale.finish()
    assert suppression_of(sale.runtime, sale.b, "sms", phone) is not None


def test_what_a_friend_wrote_does_not_follow_when_the_old_owner_erases_them_meanwhile() -> None:
    base = Sale()
    referred(base)
    base.accept(base.offer())
    seen = set()
    for moment, sale in base.moments():
        (theirs,) = [one for one in sale.all(Contact, sale.a) if one.phone == FRED]
        there = ({one.id for one in sale.all(Contact) if one.phone}, {one.id for one in sale.all(Lead)})
        ask_erasure(sale.runtime, sale.a, theirs.id, reason="asked", actor="mem_1")
        sale.store.events, held = sale.store.events[:-1], sale.store.events[-1]
        assert held["name"] == "erasure.asked"
        sale.finish()
        assert {one.id for one in sale.all(Contact) if one.phone == FRED} <= there[0], moment
        assert {one.id for one in sale.all(Lead)} <= there[1], moment
        seen.add(bool(there[1]))
    assert seen == {True, False}


def test_of_two_branches_that_are_taken_at_once_the_last_one_stays() -> None:
    """Each was offered while the other was open."""
    sale = Sale()
    for connection in sale.all(Connection, sale.a):
        sale.store.commit(Change(connection, connection.changed(sale.clock.at, status="stopped")))
    rows = []
    for place in (BRANCH, sale.first.location_id):
        _, token = offer(
            bound(sale.runtime, sale.a), sale.a, place, note="sold", consents_continue=True, actor="mem_1"
        )  # fmt: skip
        rows.append(token)
    taken = [sale.accept(token) for token in rows]
    sale.drain()
    sale.clock.move(minutes=4)
    sale.drain()
    ends = sorted(get(sale.store, LocationTransfer, sale.b, row.id).status for row in taken)
    assert ends == ["done", "refused"]
    assert sorted(one.status for one in sale.all(Location, sale.a)) == ["active", "archived"]


def test_no_connection_is_pointed_at_a_branch_that_is_going() -> None:
    base = Sale()
    base.link(base.person("Ann", "+12145550142"))
    base.accept(base.offer())
    seen = set()
    for _, sale in base.moments():
        place = get(sale.store, Location, sale.a, BRANCH)
        seen.add((place.status, place.leaving))
        if place.leaving:
            with pytest.raises(BadInput, match=r"going to another|archived"):
                refuse_archived(place)
    assert seen == {("active", False), ("active", True), ("archived", True)}
