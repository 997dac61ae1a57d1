"""Links of a sold branch lead to its new owner for ever, and count there."""

from datetime import timedelta

import pytest

from moref.kernel import codes
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.partners.invite import Invitation, invite
from moref.partners.model import Partner
from moref.partners.submit import submit
from moref.privacy.ask_erasure import ask_erasure
from moref.records import Change, Create, get
from moref.referrals.advocates import advocate_id
from moref.referrals.ensure_link import link_and_door
from moref.referrals.model import Advocate, CrewMember, Door, Link
from moref.referrals.record_clicks import record_clicks
from moref.referrals.request_quote import Quote
from moref.tenants.forms import LocationChanges
from moref.tenants.model import Location
from moref.tenants.save_location import change_location
from tests.unit.transfers.world import BRANCH, FACTS, Sale


def test_a_link_leads_to_the_new_owners_branch_and_its_advocate_there() -> None:
    sale = Sale()
    ann = sale.person("Ann", "+12145550142", "ann@example.com")
    code = sale.link(ann).id
    sale.sell()
    door = get(sale.store, Door, GLOBAL, code)
    assert (door.owner_id, door.location_id) == (sale.b, sale.place.id)
    link = get(sale.store, Link, sale.b, code)
    assert (link.location_id, link.clicks) == (sale.place.id, 0)
    assert sale.advocate(link).links == {sale.place.id: code}
    assert get(sale.store, Link, sale.a, code).location_id == BRANCH, "the history stays readable"
    assert sale.quote(code, "Fred", "+12145550188").organization_id == sale.b


def test_the_branch_is_what_customers_know_and_nothing_of_the_old_owners_accounts() -> None:
    sale = Sale()
    sale.sell()
    place, was = sale.place, get(sale.store, Location, sale.a, BRANCH)
    for name in ("name", "time_zone", "postal_address", "state", "phone", "review_url", "site_url"):
        assert getattr(place, name) == getattr(was, name)
    assert (place.staff_email, place.sms_sender, place.legal_entity_id) == (
        "dallas@redbird.example.com", None, sale.payer(sale.b),
    )  # fmt: skip
    assert (place.came_from, was.transferred_to, was.status) == ("Bluebird", "Redbird", "archived")
    changes = LocationChanges(version=was.version, status="active")
    with pytest.raises(Conflict, match="went to Redbird"):
        change_location(sale.runtime, sale.a, BRANCH, changes, actor="mem_a")


def test_whom_the_new_owner_knows_is_no_second_contact_and_the_old_code_leads_to_them() -> None:
    sale = Sale()
    known = sale.person("Ann", "+12145550142", org=sale.b)
    theirs = sale.link(known, sale.second.location_id)
    code = sale.link(sale.person("Ann", "+12145550142", "ann@example.com")).id
    sale.sell()
    link = get(sale.store, Link, sale.b, code)
    assert link.advocate_id == theirs.advocate_id
    assert sale.advocate(link).links == {sale.second.location_id: theirs.id, sale.place.id: code}
    assert len([one for one in sale.all(type(known)) if one.phone == "+12145550142"]) == 1


def test_two_rows_of_one_person_keep_both_their_codes() -> None:
    sale = Sale()
    sale.person("Ann", "+12145550142", org=sale.b)
    codes = {sale.link(sale.person(name, "+12145550142", mail)).id for name, mail in
             (("Ann", "ann@example.com"), ("Annie", "annie@example.org"))}  # fmt: skip
    sale.sell()
    links = [get(sale.store, Link, sale.b, code) for code in codes]
    assert len({link.advocate_id for link in links}) == 1
    assert {get(sale.store, Door, GLOBAL, code).owner_id for code in codes} == {sale.b}


def test_a_crew_members_qr_code_goes_with_them() -> None:
    sale = Sale()
    member = sale.crew()
    sale.sell()
    (ours,) = sale.all(CrewMember)
    assert (ours.name, ours.code, ours.status) == ("Cara", member.code, "active")
    assert sale.advocate(get(sale.store, Link, sale.b, member.code)).kind == "house"
    assert get(sale.store, CrewMember, sale.a, member.id).status == "archived"


def test_clicks_that_the_redirect_still_took_for_the_old_owner_count_for_the_new_one() -> None:
    sale = Sale()
    code = sale.link(sale.person("Ann", "+12145550142")).id
    before = sale.clock.at
    record_clicks(sale.runtime, sale.a, code, [before])
    sale.clock.move(minutes=1)
    sale.sell()
    moved = get(sale.store, Link, sale.a, code).moved_at
    assert moved is not None
    late = [moved - timedelta(seconds=9), moved + timedelta(seconds=9)]
    record_clicks(sale.runtime, sale.a, code, late)
    assert get(sale.store, Link, sale.a, code).clicks == 2
    assert get(sale.store, Link, sale.b, code).clicks == 1


def test_a_link_made_while_the_branch_goes_follows_it() -> None:
    sale = Sale()
    sale.accept(sale.offer())
    sale.drain()
    assert get(sale.store, Location, sale.a, BRANCH).status == "archived"
    lea, now = sale.person("Lea", "+12145550177"), sale.clock.at
    id, code = advocate_id(sale.a, lea.id), codes.new()  # by a worker that had read the branch when it was open
    owner = Advocate(
        organization_id=sale.a, id=id, created_at=now, updated_at=now, contact_id=lea.id, location_id=BRANCH,
        links={BRANCH: code},
    )  # fmt: skip
    sale.store.commit(Create(owner), *link_and_door(sale.a, id, BRANCH, code, now))
    sale.finish()
    assert get(sale.store, Door, GLOBAL, code).owner_id == sale.b


def test_an_erased_persons_link_goes_on_for_nobody() -> None:
    sale = Sale()
    ann = sale.person("Ann", "+12145550142", "ann@example.com")
    code = sale.link(ann).id
    ask_erasure(sale.runtime, sale.a, ann.id, reason="they wrote to us", actor="mem_a")
    sale.drain()
    sale.sell()
    link = get(sale.store, Link, sale.b, code)
    contact = get(sale.store, type(ann), sale.b, sale.advocate(link).contact_id)
    assert contact.erased_at is not None
    assert (contact.first_name, contact.phone, contact.person_keys) == ("", None, [])


def test_a_code_that_went_is_no_evidence_at_the_old_owner() -> None:
    sale = Sale()
    code = sale.link(sale.person("Ann", "+12145550142")).id
    sale.sell()
    fred = sale.person("Fred", "+12145550188")
    sale.job(sale.a, "J-1", fred, *FACTS, referral_code=code)
    assert sale.all(type(sale.quote(code, "Zoe", "+12145550199")), sale.a) == []


def test_a_partner_keeps_the_link_and_is_invited_anew() -> None:
    sale = Sale()
    who = Invitation(BRANCH, "business", "Homes Inc.", email="homes@example.com", by_mail=False)
    partner = invite(sale.runtime, sale.a, who, actor="mem_a")
    link = sale.link(sale.person("Homes", None, "homes@example.com"))
    active = partner.changed(sale.clock.at, status="active", advocate_id=link.advocate_id)
    sale.store.commit(Change(partner, active))
    sale.sell()
    (ours,) = sale.all(Partner)
    assert (ours.status, ours.email, ours.acceptance, ours.mailed) == ("invited", "homes@example.com", None, 0)
    assert ours.token != partner.token
    form = Quote("n", "Fred", "", "+12145550188", None, None, None, None, "", None, "none")
    with pytest.raises(Conflict, match="another organization"):
        submit(sale.runtime, get(sale.store, Partner, sale.a, partner.id), form, by="partner")


def test_a_branch_that_comes_back_has_its_old_codes() -> None:
    sale = Sale()
    code = sale.link(sale.person("Ann", "+12145550142")).id
    sale.sell()
    back = sale.give_back()
    assert back.status == "done", back
    door = get(sale.store, Door, GLOBAL, code)
    assert (door.owner_id, door.location_id) == (sale.a, back.location_id)
    assert get(sale.store, Link, sale.a, code).moved_at is None
    assert get(sale.store, Link, sale.b, code).moved_at is not None
