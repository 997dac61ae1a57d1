"""What we write into SmartMoving: a lead once, a note once, the code in the company's own field, and no names."""

from typing import Any

import pytest

from moref.intake.pulled import CrmRecord, record_id
from moref.intake.push_lead import push_lead
from moref.intake.write_back import write_back
from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Permanent, Retry
from moref.records import Create, Point, get
from moref.referrals.model import Evidence, Referral
from tests.fakes.runtime import START
from tests.unit.smartmoving.world import CON, OPPORTUNITY, ORG, World

CODE = "7K3M9QX2WDQ"
LEAD: dict[str, Any] = {
    "lead_id": "lead_1", "referral_id": "ref_1", "code": CODE, "move_date": "2026-07-01", "notes": "", "source": "x",
    "customer": {"first_name": "Bo", "last_name": "Friend", "phone": "+15125550177", "email": None},
    "origin": {"postal_code": "78701"}, "destination": None,
}  # fmt: skip


def push(w: World, *, again: bool = False) -> int:
    answer = push_lead(w.runtime, w.connection, LEAD, since=START, again=again, open=lambda runtime, connection: w.crm)
    return answer.status


def test_a_lead_is_taken_and_the_job_that_comes_of_it_is_known_by_it() -> None:
    w = World()
    assert push(w) == 201
    (lead,) = w.crm.found_leads
    assert get(w.store, CrmRecord, ORG, record_id(ORG, CON, lead["id"])).lead_id == "lead_1"
    w.opportunity(1, id=lead["id"])
    w.hear("opportunity-created", {"opportunity-id": lead["id"], "opportunity-status": 1})
    w.settle()
    assert w.job(lead["id"]).lead_id == "lead_1"
    assert w.store.lookup(ORG, "job_lead", "lead_1") == [w.job(lead["id"]).id]


def test_a_lost_answer_is_looked_up_before_anything_is_sent_again() -> None:
    w = World()
    w.crm.fail = [OutcomeUnknown("ReadTimeout")]
    with pytest.raises(OutcomeUnknown):
        push(w)
    assert push(w, again=True) == 201
    assert len(w.crm.found_leads) == 1


def test_a_lead_of_somebody_else_or_of_long_ago_is_not_ours() -> None:
    w = World()
    w.crm.found_leads = [
        {"id": "a", "phone": "(512) 555-0177", "email": None, "created_at": "2025-01-01T00:00:00"},
        {"id": "b", "phone": "(512) 555-0178", "email": "bo@x.test", "created_at": "2026-06-02T15:00:00Z"},
        {"id": "c", "phone": None, "email": None, "created_at": None},
    ]
    push(w, again=True)
    assert len(w.crm.found_leads) == 4


def test_leads_may_spend_the_last_calls_and_no_more() -> None:
    w = World(monthly_calls="1000")
    w.use_up(99)
    assert push(w) == 201
    w.use_up(100)
    with pytest.raises(Retry, match="no calls left"):
        push(w)


def test_refused_credentials_stop_every_call_of_the_connection_for_a_while() -> None:
    w = World()
    w.crm.fail = [NeedsPerson("credentials")]
    with pytest.raises(NeedsPerson):
        push(w)
    with pytest.raises(Retry):
        push(w)
    assert w.budget().reason == "credentials"


def referred(w: World, **over: Any) -> None:
    """The opportunity's job has come by a referral."""
    w.hear("opportunity-created", {"opportunity-status": 4})
    w.settle()
    fields: dict[str, Any] = {
        "organization_id": ORG, "id": "ref_1", "created_at": START, "updated_at": START, "advocate_id": "adv_1",
        "contact_id": w.job().contact_id, "location_id": "loc_main", "code": CODE, "job_id": w.job().id,
        "evidence": [Evidence(kind="quote_form", at=START, source_id="lead_1", code=CODE)],
    }  # fmt: skip
    referral = Referral(**fields | over)
    w.store.commit(Create(referral), Point(ORG, "job_referral", w.job().id, referral.id))


def tell(w: World) -> None:
    write_back(w.runtime, ORG, CON, OPPORTUNITY, open=lambda runtime, connection: w.crm)


def test_a_referred_job_gets_one_note_and_the_code_in_its_field() -> None:
    w = World(code_field="customField01")
    referred(w)
    for _ in range(3):
        tell(w)
    assert w.crm.notes == [(OPPORTUNITY, "Referred by a customer through Mo-ref, code 7K3M-9QX2-WDQ.")]
    assert w.crm.opportunities[OPPORTUNITY]["customField01"] == "7K3M-9QX2-WDQ"
    assert w.record().note == "done"


def test_the_code_that_we_wrote_is_no_evidence_when_it_comes_back() -> None:
    w = World(code_field="customField01")
    referred(w)
    tell(w)
    w.clock.move(minutes=5)
    w.hear("opportunity-changed")
    w.settle()
    assert w.job().referral_code is None


def test_a_read_that_told_something_has_the_referral_looked_for() -> None:
    w = World()
    w.hear("opportunity-created", {"opportunity-status": 4})
    (command,) = w.take()
    w.clock.move(seconds=10)
    w.pull(command["record"])
    assert [each["command"] for each in w.take()] == ["write_back"]


def test_a_note_whose_answer_was_lost_is_not_written_again() -> None:
    w = World()
    referred(w)
    w.crm.fail = [OutcomeUnknown("ReadTimeout")]
    tell(w)
    tell(w)
    assert (len(w.crm.notes), w.record().note) == (1, "unknown")


def test_what_did_not_get_through_is_told_after_the_next_read() -> None:
    w = World(code_field="customField01")
    referred(w)
    w.crm.fail = [Retry("unreachable")]
    tell(w)
    assert (w.crm.notes, w.record().note) == ([], None)
    tell(w)
    assert w.record().note == "done"
    w.crm.fail = []


def test_a_field_that_the_crm_refuses_ends_it() -> None:
    w = World(code_field="customField01")
    referred(w)
    w.crm.fail = [Permanent("HTTP 422")]
    tell(w)
    assert (w.crm.notes, w.record().note) == ([], "failed")


@pytest.mark.parametrize("over", [{"status": "removed"}, {"job_id": None}])
def test_nothing_is_written_about_a_referral_that_no_longer_is_one(over: dict[str, Any]) -> None:
    w = World()
    referred(w, **over)
    tell(w)
    assert w.crm.notes == []
