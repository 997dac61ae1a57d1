"""The month's calls: counted, visible, and spent on the status of jobs when they run short."""

from datetime import timedelta

from moref.intake.poll_leads import poll_leads
from moref.intake.pulled import CallBudget, CrmRecord
from moref.intake.sweep import sweep_waiting
from moref.kernel.keys import GLOBAL
from moref.records import Create, every
from moref.tenants.model import Hook
from tests.fakes.runtime import START
from tests.unit.smartmoving.world import CON, OPPORTUNITY, ORG, World

LEAD = "5b0e8c57-7a0f-4c0b-9df8-9a6f0a4f9d99"


def test_every_call_is_counted() -> None:
    w = World(monthly_calls="1000")
    w.hear("opportunity-status-changed", {"opportunity-status": 4})
    w.settle()
    w.clock.move(minutes=5)
    w.hear("opportunity-changed")
    w.settle()
    assert w.crm.calls == w.budget().used == 3  # a status costs the jobs' times as well
    (budget,) = every(w.store, CallBudget, ORG, parent=CON)
    assert (budget.month, budget.allowance, budget.status) == ("2026-06", 1000, "open")


def test_when_calls_are_low_details_wait_and_the_status_is_read() -> None:
    w = World(monthly_calls="1000")
    w.use_up(85)
    w.hear("opportunity-changed")
    w.settle()
    assert (w.crm.reads, w.record().status, w.budget().status) == (0, "dirty", "low")
    assert w.budget().put_off == 1
    w.clock.move(minutes=5)
    w.hear("opportunity-status-changed", {"opportunity-status": 4})
    w.settle()
    assert (w.crm.reads, w.record().status, w.job().state) == (1, "clean", "booked")


def test_without_calls_a_known_job_follows_what_the_notifications_say() -> None:
    w = World(monthly_calls="1000")
    w.hear("opportunity-created", {"opportunity-status": 4})
    w.settle()
    w.use_up(99)
    states = []
    for event, status in (("opportunity-status-changed", 10), ("job-finalized", None), ("job-reset", None)):
        w.clock.move(minutes=5)
        w.hear(event, ({"opportunity-status": status} if status else {}))
        w.settle()
        states.append(w.job().state)
    assert states == ["completed", "invoiced", "completed"]
    assert (w.crm.reads, w.record().status, w.budget().status) == (1, "dirty", "spent")
    w.clock.move(days=40)  # another month: the sweep wakes what waited
    w.store.commit(Create(a_hook()))
    sweep_waiting(w.runtime)
    w.opportunity(11)
    for command in w.take():
        if command["command"] == "pull":
            w.pull(command["record"])
    assert (w.crm.reads, w.record().status) == (2, "clean")


def test_without_calls_a_job_that_nobody_knows_waits() -> None:
    w = World(monthly_calls="1000")
    w.use_up(99)
    w.hear("opportunity-created", {"opportunity-status": 10})
    w.settle()
    assert (w.crm.reads, w.record().status, w.changes()) == (0, "dirty", [])


def test_the_sweep_wakes_what_waits_and_asks_for_leads() -> None:
    w = World()
    w.store.commit(Create(a_hook()))
    w.hear("opportunity-changed")
    w.take()  # the wake-up is lost
    w.clock.move(minutes=40)
    assert sweep_waiting(w.runtime) == 2
    pulled, polled = w.take()
    assert (pulled["command"], pulled["record"], polled["command"]) == ("pull", OPPORTUNITY, "poll_leads")


def test_a_lead_that_nobody_told_of_is_read_once() -> None:
    w = World()
    w.opportunity(1, id=LEAD)
    w.crm.found_leads = [{"id": LEAD.upper(), "phone": None, "email": None, "created_at": None}]
    for new in (1, 0):
        assert poll_leads(w.runtime, ORG, CON, open=lambda runtime, connection: w.crm) == new
    w.settle()
    assert (w.crm.reads, w.job(LEAD).state) == (1, "new")
    assert [record.external_id for record in every(w.store, CrmRecord, ORG)] == [LEAD]


def a_hook() -> Hook:
    return Hook(
        organization_id=GLOBAL, id="tokentoken", created_at=START, updated_at=START + timedelta(0), owner_id=ORG,
        source="crm:smartmoving", connection_id=CON, secret_ciphertexts=["sha256:"],
    )  # fmt: skip
