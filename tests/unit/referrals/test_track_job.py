"""A job finds its referral, once, and the referral follows the job's facts."""

from datetime import timedelta

import pytest

from moref.intake.model import Fact
from moref.kernel.errors import NotFound
from moref.records import Change, every, get
from moref.referrals.model import Evidence, Referral
from moref.referrals.request_quote import Quote, request_quote
from moref.referrals.track_job import track_job
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import ORG, World, world

FRIEND = "+15125550177"


def quote(nonce: str = "n1", phone: str | None = FRIEND, email: str | None = None) -> Quote:
    return Quote(
        nonce=nonce, first_name="Bo", last_name="Friend", phone=phone, email=email, origin_zip="78701",
        destination_zip=None, move_date=None, notes="", consent_text=None, consent_version="t",
    )  # fmt: skip


@pytest.fixture
def w() -> World:
    return world()


def test_the_leads_id_in_the_crm_leads_to_its_referral(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    lead = request_quote(w.runtime, link.id, quote())
    w.contact("con_crm", phone="+13125550000")  # the CRM typed another number
    w.job("job_1", "con_crm", lead_id=lead.id, facts=["booked"])
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    assert (found.id, found.job_id, found.status) == (lead.referral_id, "job_1", "booked")
    assert [piece.kind for piece in found.evidence] == ["quote_form"]


def test_a_code_at_intake_makes_a_referral_with_that_evidence(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.contact("con_f", phone=FRIEND)
    w.job("job_1", "con_f", referral_code=f" {link.id[:4].lower()}-{link.id[4:]}")
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    assert (found.advocate_id, found.contact_id, found.status) == (link.advocate_id, "con_f", "new")
    assert [(piece.kind, piece.code) for piece in found.evidence] == [("code_at_intake", link.id)]
    assert w.events("referral.changed")[-1]["data"] == {
        "status": "new", "previous_status": None, "job_id": "job_1", "job_version": 1,
    }  # fmt: skip


def test_the_friends_phone_leads_to_the_open_referral(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    lead = request_quote(w.runtime, link.id, quote())
    w.contact("con_crm", phone=FRIEND)  # the CRM's own record of the same person
    w.clock.move(hours=5)
    w.job("job_1", "con_crm", facts=["quoted"])
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    assert (found.id, found.status) == (lead.referral_id, "quoted")
    assert [piece.kind for piece in found.evidence] == ["quote_form", "person_match"]


def test_a_job_known_before_the_form_leaves_the_form_as_the_first_evidence(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.contact("con_crm", phone=FRIEND)
    w.job("job_1", "con_crm")
    w.clock.move(minutes=30)
    request_quote(w.runtime, link.id, quote())
    w.clock.move(minutes=30)
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    assert min(found.evidence, key=lambda piece: piece.at).kind == "quote_form"  # so conversions see who was first


def test_a_job_of_nobody_referred_has_no_referral(w: World) -> None:
    w.advocate("con_a", phone="+15125550111")
    w.job("job_1", "con_a", facts=["completed"], referral_code="not a code")
    assert track_job(w.runtime, ORG, "job_1") is None
    assert every(w.store, Referral, ORG) == []


def test_the_advocates_own_job_is_a_referral_only_with_evidence(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.job("job_1", "con_a", facts=["booked"], referral_code=link.id)
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    assert found.contact_id == "con_a"  # kept; conversions hold it as a self-referral


def test_last_years_job_is_not_the_fruit_of_this_weeks_referral(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    request_quote(w.runtime, link.id, quote())
    w.contact("con_crm", phone=FRIEND)
    w.clock.move(hours=2)
    w.job("job_old", "con_crm")  # imported today, done last year
    job = w.job("job_old", "con_crm")
    old = Fact(kind="completed", value=True, at=w.clock.now() - timedelta(days=365))
    w.store.commit(Change(job, job.changed(w.clock.now(), facts={"completed": old}, state="completed")))
    assert track_job(w.runtime, ORG, "job_old") is None


def test_a_second_job_makes_no_second_referral_and_takes_none_away(w: World) -> None:
    first, second = w.advocate("con_a", phone="+15125550111"), w.advocate("con_b", phone="+15125550122")
    w.contact("con_f", phone=FRIEND)
    w.job("job_1", "con_f", referral_code=first.id, facts=["booked"])
    track_job(w.runtime, ORG, "job_1")
    w.clock.move(days=30)
    w.job("job_2", "con_f", referral_code=second.id, facts=["completed"])
    w.job("job_3", "con_f", referral_code=first.id, facts=["completed"])
    assert track_job(w.runtime, ORG, "job_2") is None
    assert track_job(w.runtime, ORG, "job_3") is None
    assert [(each.job_id, each.status) for each in every(w.store, Referral, ORG)] == [("job_1", "booked")]


def test_the_status_follows_the_facts_both_ways_and_tells_each_version_once(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.contact("con_f", phone=FRIEND)
    w.job("job_1", "con_f", referral_code=link.id)
    seen = []
    for change in (
        {}, {"facts": ["invoiced"]}, {"facts": ["booked"]}, {"facts": ["cancelled"]}, {"undone": ["cancelled"]},
        {"facts": ["paid"]}, {"undone": ["paid", "invoiced"]},
    ):  # fmt: skip
        w.clock.move(minutes=5)
        w.job("job_1", "con_f", **change)
        for _ in range(3):
            found = track_job(w.runtime, ORG, "job_1")
        assert found is not None
        seen.append(found.status)
    assert seen == ["new", "invoiced", "invoiced", "cancelled", "invoiced", "invoiced", "booked"]
    versions = [event["data"]["job_version"] for event in w.events("referral.changed")]
    assert len(versions) == len(set(versions)) == len(seen)


def test_qualified_stays_while_the_job_goes_on_and_ends_when_it_is_cancelled(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.contact("con_f", phone=FRIEND)
    w.job("job_1", "con_f", referral_code=link.id, facts=["invoiced"])
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    w.store.commit(Change(found, found.changed(w.clock.now(), status="qualified")))
    w.job("job_1", "con_f", facts=["paid"])
    assert getattr(track_job(w.runtime, ORG, "job_1"), "status", None) == "qualified"
    w.job("job_1", "con_f", facts=["cancelled"])
    assert getattr(track_job(w.runtime, ORG, "job_1"), "status", None) == "cancelled"
    assert w.events("referral.changed")[-1]["data"]["previous_status"] == "qualified"


def test_the_earlier_advocate_wins_and_the_other_is_kept_as_a_duplicate(w: World) -> None:
    early, late = w.advocate("con_a", phone="+15125550111"), w.advocate("con_b", phone="+15125550122")
    lead = request_quote(w.runtime, early.id, quote())
    w.clock.move(hours=3)
    w.contact("con_crm", phone=FRIEND)
    w.job("job_1", "con_crm", referral_code=late.id, facts=["booked"])
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    assert found.id == lead.referral_id
    other = next(each for each in every(w.store, Referral, ORG) if each.id != found.id)
    assert (other.advocate_id, other.status, other.job_id) == (late.advocate_id, "duplicate", None)
    assert [piece.kind for piece in other.evidence] == ["code_at_intake"]


def test_a_code_heard_within_the_hour_takes_the_job_over_but_never_after_a_reward(w: World) -> None:
    form, coded = w.advocate("con_a", phone="+15125550111"), w.advocate("con_b", phone="+15125550122")
    lead = request_quote(w.runtime, form.id, quote())
    w.contact("con_crm", phone=FRIEND)
    w.clock.move(minutes=10)
    w.job("job_1", "con_crm", facts=["booked"])
    track_job(w.runtime, ORG, "job_1")
    w.clock.move(minutes=10)
    w.job("job_1", "con_crm", referral_code=coded.id)
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    assert (found.advocate_id, found.job_id, found.status) == (coded.advocate_id, "job_1", "booked")
    lost = get(w.store, Referral, ORG, lead.referral_id)
    assert (lost.status, lost.job_id) == ("duplicate", None)
    # A third, earlier claim turns up after the reward was earned: nothing moves.
    w.store.commit(Change(found, found.changed(w.clock.now(), status="qualified")))
    sooner = Evidence(kind="staff", at=w.clock.now() - timedelta(days=9), source_id="mem_1")
    lost = get(w.store, Referral, ORG, lost.id)
    w.store.commit(Change(lost, lost.changed(w.clock.now(), evidence=[*lost.evidence, sooner])))
    w.job("job_1", "con_crm", facts=["completed"])
    assert getattr(track_job(w.runtime, ORG, "job_1"), "id", None) == found.id


def test_a_referral_that_was_removed_does_not_come_back(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.contact("con_f", phone=FRIEND)
    w.job("job_1", "con_f", referral_code=link.id)
    found = track_job(w.runtime, ORG, "job_1")
    assert found is not None
    w.store.commit(Change(found, found.changed(w.clock.now(), status="removed")))
    w.job("job_1", "con_f", referral_code=link.id, facts=["invoiced"])
    assert track_job(w.runtime, ORG, "job_1") is None
    assert get(w.store, Referral, ORG, found.id).status == "removed"


@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_and_a_second_try_end_with_one_referral_told_once(w: World, point: int) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.contact("con_f", phone=FRIEND)
    w.job("job_1", "con_f", referral_code=link.id, facts=["booked"])
    w.store.crash_at = w.store.points + point
    with pytest.raises(Crash):
        track_job(w.runtime, ORG, "job_1")
    track_job(w.runtime, ORG, "job_1")
    assert len(every(w.store, Referral, ORG)) == 1
    assert len(w.events("referral.changed")) == 1


def test_another_organizations_code_means_nothing(w: World) -> None:
    link = w.advocate("con_a", phone="+15125550111")
    w.contact("con_f", phone=FRIEND)
    row = w.store.rows.pop(("core", f"{ORG}#link#{link.id}", "self"))
    w.store.rows["core", f"org_2#link#{link.id}", "self"] = {**row, "pk": f"org_2#link#{link.id}"}
    w.job("job_1", "con_f", referral_code=link.id)
    assert track_job(w.runtime, ORG, "job_1") is None
    with pytest.raises(NotFound):
        track_job(w.runtime, "org_2", "job_1")


def test_a_rejected_claim_hands_its_job_to_no_other_claimant(w: World) -> None:
    first, second = (w.advocate(f"con_{name}", phone=f"+1512555011{place}") for place, name in enumerate("ab", 1))
    lead = request_quote(w.runtime, first.id, quote("n1"))
    w.clock.move(hours=5)
    request_quote(w.runtime, second.id, quote("n2"))
    w.contact("con_crm", phone=FRIEND)
    job = w.job("job_1", "con_crm", facts=["booked"])
    won = track_job(w.runtime, ORG, "job_1")
    assert won is not None
    assert won.id == lead.referral_id
    w.store.commit(Change(won, won.changed(w.clock.now(), status="ineligible", reason="staff said no")))
    w.store.commit(Change(job, job.changed(w.clock.now(), currency="CAD")))
    assert track_job(w.runtime, ORG, "job_1") is None
    others = [found for found in every(w.store, Referral, ORG) if found.id != won.id]
    assert [(found.status, found.job_id) for found in others] == [("duplicate", None)]
