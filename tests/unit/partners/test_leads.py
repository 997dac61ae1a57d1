"""A lead that a partner sends: the company gets it, nobody writes to the person, and what became of it is told."""

import re

import pytest

from moref.campaigns.definition import Definition
from moref.campaigns.hear import lead_created
from moref.campaigns.model import Campaign, CampaignVersion, Enrollment
from moref.conversions.conditions import Sight, _attestation
from moref.intake.model import Consent, Contact
from moref.pages import partner as partner_page
from moref.partners import submit as submitting
from moref.partners.statement import statement
from moref.partners.suspend import suspend
from moref.records import Change, Create, every, get
from moref.referrals.model import Advocate, Lead
from moref.referrals.track_job import track_job
from tests.fakes.referral_world import ORG
from tests.unit.partners.world import World


@pytest.fixture
def world() -> World:
    world = World()
    world.accept()
    return world


def test_a_lead_reaches_the_company_once_and_the_page_shows_it(world: World) -> None:
    assert world.send() == 303
    (referral,) = world.referrals()
    (lead,) = every(world.base.store, Lead, ORG)
    assert (lead.submitted_by, lead.submitted_name, lead.referral_id) == ("partner", "Fred Friend", referral.id)
    assert [piece.kind for piece in referral.evidence] == ["lead_submitted"]
    assert len(world.base.events("lead.created")) == 1
    page = world.page()
    assert "Fred Friend" in page
    assert "It counts when the move is invoiced." in page
    assert "Not paid yet: It counts when the person becomes a customer" in page


def test_wrong_fields_are_named_and_an_old_form_is_asked_for_again(world: World) -> None:
    status, page = world.post(nonce="made-up", name="Fred", phone="5125550188", origin="78701")
    assert (status, "open for a long time" in page) == (422, True)
    assert world.send(phone="12", origin="x") == 422
    assert world.referrals() == []


def test_nobody_is_written_to_because_a_partner_typed_their_address(world: World) -> None:
    """Not even somebody who once agreed to texts about a move of their own."""
    it = world.base
    steps = {"note": {"kind": "task", "words": "quoted", "mail": False}}
    definition = Definition.model_validate({"trigger": {"kind": "quoted"}, "first": "note", "steps": steps})
    version = CampaignVersion(**it.base("own.v1"), campaign_id="own", number=1, made_by="mem", definition=definition)
    campaign = Campaign(**it.base("own"), base="own", status="active", version_id="own.v1", versions=1)
    it.store.commit(Create(version), Create(campaign))
    it.contact("con_old", phone="+15125550188", first="Fred")
    known = get(it.store, Contact, ORG, "con_old")
    yes = Consent(channel="sms", text="yes", at=it.clock.now(), source="quote form", text_version="1")
    it.store.commit(Change(known, known.changed(it.clock.now(), consents=[yes])))
    assert world.send() == 303
    (lead,) = every(it.store, Lead, ORG)
    assert lead.contact_id == "con_old"
    lead_created(it.runtime, ORG, lead.id)
    assert every(it.store, Enrollment, ORG) == []
    assert it.events("message.queued") == []
    it.store.commit(Change(lead, lead.changed(it.clock.now(), submitted_by="friend")))
    lead_created(it.runtime, ORG, lead.id)
    assert len(every(it.store, Enrollment, ORG)) == 1  # had they asked themselves


def test_it_is_never_told_what_the_company_knows_of_the_person(world: World) -> None:
    world.base.contact("con_old", phone="+15125550188", email="real@private.example.com", first="Frederick")
    assert world.send(name="Fred") == 303
    told = str([statement(world.base.runtime, ORG, one.id, "partner") for one in world.referrals()]) + world.page()
    for secret in ("Frederick", "real@private", "con_old", "5550188"):
        assert secret not in told


def test_one_partner_never_sees_another_s_leads(world: World) -> None:
    assert world.send() == 303
    other = world.invited(email="bo@homes.example.com")
    assert world.post(other.token, do="accept", terms="1", attestation="yes")[0] == 303
    world.work()
    assert world.send(other.token, name="Gil Guest", phone="(512) 555-0199") == 303
    mine, theirs = world.page(), world.page(other.token)
    assert ("Fred Friend" in mine, "Gil Guest" in mine) == (True, False)
    assert ("Fred Friend" in theirs, "Gil Guest" in theirs) == (False, True)


def test_stages_come_from_the_crm_with_their_times_and_end_when_it_does_not_count(world: World) -> None:
    it = world.base
    assert world.send() == 303
    (referral,) = world.referrals()
    it.job("job_1", referral.contact_id, facts=["booked"])
    track_job(it.runtime, ORG, "job_1")
    it.clock.move(days=2)
    it.job("job_1", referral.contact_id, facts=["completed", "invoiced"])
    track_job(it.runtime, ORG, "job_1")
    told = statement(it.runtime, ORG, referral.id, "partner")
    assert [each["stage"] for each in told["stages"]] == ["booked", "completed", "invoiced"]
    assert told["stages"][0]["at"] < told["stages"][1]["at"]
    assert (told["person"], told["submitted_by"], told["received_at"][:10]) == ("Fred Friend", "partner", "2026-06-02")
    for words in ("Received", "Booked", "Moved", "Jun 4, 2026, 10:00"):
        assert words in world.page()
    now = world.referrals()[0]
    it.store.commit(Change(now, now.changed(it.clock.now(), status="removed", reason="a mistake of Kim's")))
    told = statement(it.runtime, ORG, referral.id, "partner")
    assert told["stages"] == []
    assert told["not_paid_because"][0] == "It was taken back: the attribution was a mistake."
    assert "Kim" not in world.page()


def test_a_friend_who_came_by_the_link_stays_nameless(world: World) -> None:
    from moref.referrals.request_quote import Quote, request_quote

    advocate = get(world.base.store, Advocate, ORG, world.partner.advocate_id or "")
    quote = Quote(
        nonce="n", first_name="Nora", last_name="Nameless", phone="+15125550123", email=None, origin_zip="78701",
        destination_zip=None, move_date=None, notes="", consent_text=None, consent_version="1",
    )  # fmt: skip
    request_quote(world.base.runtime, advocate.links["loc_1"], quote)
    page = world.page()
    assert "Somebody who used your link" in page
    assert "Nora" not in page


def test_a_day_has_a_most(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "MOST_A_DAY", 2)
    sent = [world.send(name=f"Fred {n}", phone=f"(512) 555-01{n}0") for n in range(3)]
    assert sent == [303, 303, 422]
    assert len(world.referrals()) == 2
    world.base.clock.move(hours=25)
    assert world.send(name="Fred 4", phone="(512) 555-0140") == 303


def test_older_leads_are_a_page_further_and_a_strange_cursor_begins_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partner_page, "SHOWN", 2)
    for n in range(3):
        world.base.clock.move(minutes=1)
        assert world.send(name=f"Fred N{n}", phone=f"(512) 555-01{n}0") == 303
    page = world.page()
    assert ["Fred N0" in page, "Fred N1" in page, "Fred N2" in page] == [False, True, True]
    older = re.search(r'\?older=([^"]+)"', page)
    assert older is not None
    assert "Fred N0" in world.page(query=f"older={older[1]}")
    assert "Fred N2" in world.page(query="older=made-up")


def test_a_full_page_arrives_in_the_first_round_trip(world: World) -> None:
    """Under 14 kB uncompressed, the first congestion window of a new connection."""
    for n in range(partner_page.SHOWN + 1):
        assert world.send(name=f"Frederick Featherstone-Haugh {n}", phone=f"(512) 555-01{n:02}") == 303
    assert len(world.page().encode()) < 14_000


def held(world: World, **of_advocate: object) -> str | None:
    """What the attestation rule says of a conversion of the partner's."""
    from types import SimpleNamespace

    it = world.base
    advocate = get(it.store, Advocate, ORG, world.partner.advocate_id or "")
    terms = SimpleNamespace(tiers=[SimpleNamespace(basis_points=None)])
    one = SimpleNamespace(
        organization_id=ORG, program_id="prg_other", terms=terms, advocate_id=advocate.id, referral_id="r"
    )
    seen = SimpleNamespace(conversion=one, advocate=advocate.model_copy(update=of_advocate), job=None)
    hold = _attestation(it.store, seen)  # type: ignore[arg-type]
    return hold.words if hold else None


def test_types_that_may_be_barred_are_held_whatever_they_are_paid_and_so_is_a_suspended_one(world: World) -> None:
    assert Sight is not None
    assert held(world) is None
    assert "may be barred" in (held(world, partner_type="real_estate_agent") or "")
    suspend(world.base.runtime, ORG, world.partner_id, reason="x", actor="mem_1")
    assert held(world) == "The partner is suspended."
