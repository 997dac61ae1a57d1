"""A partner is invited by staff and accepts on its page; whoever has not, or is stopped, sends and earns nothing."""

import pytest

from moref.kernel.errors import BadInput
from moref.partners.accept import accept, asked
from moref.partners.model import Partner
from moref.partners.suspend import resume, suspend
from moref.partners.types import TYPES, always_attests, type_of
from moref.programs.accepted import has_accepted, has_attested
from moref.programs.model import Tier
from moref.records import every, get
from moref.referrals.model import Advocate
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import ORG
from tests.unit.partners.world import TERMS, World


def test_an_invitation_sent_twice_is_one_and_nobody_is_written_to() -> None:
    world = World()
    again = world.invited(email="ANA@homes.example.com")
    assert (again.id, again.token) == (world.partner_id, world.partner.token)
    assert [event["name"] for event in world.base.store.events if event["name"].startswith("message")] == []
    assert every(world.base.store, Advocate, ORG) == []


def test_the_page_shows_type_terms_and_what_is_to_be_attested_and_a_get_changes_nothing() -> None:
    world = World()
    rows = dict(world.base.store.rows)
    page = world.page()
    for words in ("Property manager", TERMS.splitlines()[1], type_of("property_manager").text):
        assert words in page
    assert world.base.store.rows == rows
    assert "We could not find this page" in world.page("aaaaaaaaaaaaaaaaaaaa")


def test_it_accepts_what_is_asked_or_nothing_happens() -> None:
    world = World()
    for form, field in (({}, "terms"), ({"terms": "2"}, "terms"), ({"terms": "1"}, "attestation")):
        status, page = world.post(**form)
        assert (status, f'id="{field}-error"' in page) == (422, True)
        assert world.partner.status == "invited"
    world.accept()
    partner = world.partner
    assert partner.status == "active"
    assert partner.advocate_id is not None
    advocate = get(world.base.store, Advocate, ORG, partner.advocate_id)
    assert (advocate.kind, advocate.partner_type) == ("partner", "property_manager")
    store = world.base.store
    assert has_accepted(store, ORG, world.program_id, advocate.id, 1)
    assert has_attested(store, ORG, world.program_id, advocate.id)
    world.accept()
    assert len(world.base.events("partner.onboarded")) == 1
    assert f"/r/{advocate.links['loc_1']}" in world.page()


def test_a_crash_at_any_write_is_healed_by_sending_the_form_again() -> None:
    points = 1
    while True:
        world = World()
        world.base.store.crash_at = world.base.store.points + points
        try:
            world.accept()
        except Crash:
            world.base.store.crash_at = None
            world.accept()
            assert world.partner.status == "active"
            assert len(every(world.base.store, Advocate, ORG)) == 1
            assert len(world.base.events("partner.onboarded")) == 1
            points += 1
            continue
        break
    assert points > 6  # it did crash


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("shares", [True, False])
def test_who_is_paid_a_share_attests_and_some_types_always_do(kind: str, shares: bool) -> None:
    tier = Tier(at=1, basis_points=500, maximum=9000) if shares else Tier(at=1, amount=5000)
    world = World(kind, tiers=[tier])  # type: ignore[arg-type]
    needed = asked(world.base.runtime, world.partner).attestation is not None
    assert needed == (shares or always_attests(kind))
    if needed:
        with pytest.raises(BadInput) as refused:
            accept(world.base.runtime, world.partner, terms_number=1, attested=False)
        assert refused.value.field == "attestation"


def test_without_a_program_there_is_nothing_to_accept_but_the_invitation() -> None:
    world = World(status="archived")
    assert world.post(do="accept")[0] == 303
    assert "Your page is being made" in world.page()
    world.work()
    assert (world.partner.status, world.partner.attested_at) == ("active", None)


def test_a_suspended_partner_sees_a_closed_page_and_comes_back() -> None:
    world = World()
    world.accept()
    for _ in range(2):
        suspend(world.base.runtime, ORG, world.partner_id, reason="complaints", actor="mem_1")
    assert "Closed for now" in world.page()
    assert "complaints" not in world.page()
    assert world.post(nonce="x", name="Fred")[0] == 410
    assert get(world.base.store, Advocate, ORG, world.partner.advocate_id or "").suspended
    for _ in range(2):
        resume(world.base.runtime, ORG, world.partner_id, actor="mem_1")
    assert (world.partner.status, world.partner.reason) == ("active", None)
    assert not get(world.base.store, Advocate, ORG, world.partner.advocate_id or "").suspended
    told = [event["data"]["status"] for event in world.base.events("partner.changed")]
    assert told == ["suspended", "active"]
    waiting = world.invited(email="bo@homes.example.com")
    assert world.post(waiting.token, do="accept", terms="1", attestation="yes")[0] == 303
    suspend(world.base.runtime, ORG, waiting.id, reason="not yet", actor="mem_1")
    world.work()
    assert resume(world.base.runtime, ORG, waiting.id, actor="mem_1").status == "invited"
    world.work()
    assert {one.status for one in every(world.base.store, Partner, ORG)} == {"active"}
