"""The deadline of a claim: staff hear of it once before and once after, whatever happens to the schedules."""

from datetime import timedelta
from typing import Any, cast

from moref.kernel.keys import GLOBAL
from moref.messaging.model import Message
from moref.records import Create, every, get
from moref.referrals.dispute import decide_dispute, open_dispute
from moref.referrals.dispute_due import sweep_disputes
from moref.referrals.explain import explain
from moref.referrals.model import Dispute
from moref.tenants.model import Hook
from referral_worker.handler import work as worker
from tests.fakes.referral_world import ORG
from tests.fakes.runtime import FakeScheduler
from tests.unit.referrals.people import form, holder
from tests.unit.referrals.test_staff_attribution import BO, WHO, Office

DAY = timedelta(days=1)


def opened() -> tuple[Office, Dispute]:
    office = Office()
    form(office.w, office.tom, **BO)
    job = office.job()
    case = open_dispute(
        office.w.runtime, ORG, office.jane.advocate_id, job.id, claim="I sent him", proof=[], actor="mem_1"
    )
    return office, case


def tell(office: Office) -> None:
    """The worker's share of every claim's event; each twice, as queues do."""
    for event in [event for event in office.w.store.events if event["name"] == "dispute.changed"] * 2:
        worker(office.w.runtime, event)


def due(office: Office) -> list[dict[str, Any]]:
    scheduler = cast(FakeScheduler, office.w.runtime.scheduler)
    found = [one for one in scheduler.schedules.values() if one[2].get("command") == "dispute_due"]
    return [command for at, _, command in found if at <= office.w.clock.now()]


def mails(office: Office) -> list[str]:
    found = [mail.template for mail in every(office.w.store, Message, ORG) if mail.template.startswith("dispute_")]
    return sorted(found)


def run(office: Office) -> None:
    for command in due(office) * 2:
        worker(office.w.runtime, command)


def test_staff_are_told_before_the_deadline_and_when_it_has_passed_each_once() -> None:
    office, case = opened()
    tell(office)
    run(office)
    assert mails(office) == []
    office.w.clock.move(days=12)
    run(office)
    assert mails(office) == ["dispute_soon"]
    assert get(office.w.store, Dispute, ORG, case.id).stage == "soon"
    office.w.clock.move(days=2)
    run(office)
    run(office)
    assert mails(office) == ["dispute_overdue", "dispute_soon"]
    found = get(office.w.store, Dispute, ORG, case.id)
    assert (found.stage, found.status) == ("overdue", "open")
    assert [event["data"]["stage"] for event in office.w.store.events if event["name"] == "dispute.changed"] == [
        "in_time", "soon", "overdue",
    ]  # fmt: skip


def test_a_decided_case_is_not_told_of() -> None:
    office, case = opened()
    tell(office)
    decide_dispute(office.w.runtime, ORG, case.id, accept=False, referred_at=None, **WHO)
    assert office.w.store.events[-1]["data"] == {"status": "rejected", "stage": "in_time"}
    office.w.clock.move(days=20)
    run(office)
    assert mails(office) == []


def test_lost_schedules_are_made_up_for_once() -> None:
    office, case = opened()
    hook = Hook(
        **office.w.base("token") | {"organization_id": GLOBAL}, owner_id=ORG, source="crm:generic",
        connection_id="conn_1", secret_ciphertexts=["-"],
    )  # fmt: skip
    office.w.store.commit(Create(hook))
    assert sweep_disputes(office.w.runtime) == 0
    office.w.clock.move(days=15)
    assert [sweep_disputes(office.w.runtime), sweep_disputes(office.w.runtime)] == [1, 0]
    assert mails(office) == ["dispute_overdue"]
    assert get(office.w.store, Dispute, ORG, case.id).stage == "overdue"


def test_staff_see_in_the_explanation_that_a_claim_is_overdue() -> None:
    office, case = opened()
    claimed = holder(office.w, office.job())
    assert claimed is not None
    office.w.clock.move(days=15)
    worker(office.w.runtime, {"command": "dispute_due", "organization_id": ORG, "dispute_id": case.id})
    shown = explain(office.w.runtime, ORG, claimed.id, "staff")
    assert [(one["id"], one["stage"]) for one in shown["disputes"]] == [(case.id, "overdue")]
    assert explain(office.w.runtime, ORG, claimed.id, "advocate")["disputes"] == []
