"""What SmartMoving's codes, times and notifications come to: the job's facts, and undone when they are."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.kernel.clock import iso
from tests.fakes.runtime import START
from tests.unit.smartmoving.world import JOB, OPPORTUNITY, World


def heard(status: int, **over: Any) -> World:
    w = World()
    w.opportunity(status, **over)
    w.hear("opportunity-status-changed", {"opportunity-status": status})
    w.settle()
    return w


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (0, "new"), (1, "new"), (2, "new"), (3, "quoted"), (4, "booked"), (10, "completed"), (11, "invoiced"),
        (20, "cancelled"), (30, "cancelled"), (50, "cancelled"), (99, "new"),
    ],
)  # fmt: skip
def test_a_status_code_says_which_facts_hold(status: int, state: str) -> None:
    assert heard(status).job().state == state


def test_everything_that_is_read_has_its_place() -> None:
    w = heard(4, opportunityType=2, customField02="7K3M-9QX2-WDQ")
    job, contact = w.job(), w.contact()
    assert (job.location_id, job.interstate, job.facts["amount"].value) == ("loc_austin", True, 125050)
    assert job.origin is not None
    assert (job.origin.state, job.origin.postal_code) == ("TX", "78701")
    assert job.destination is not None
    assert job.destination.state == "OK"
    assert (contact.first_name, contact.last_name, contact.email) == ("Ann", "Lee", "ann@home.test")
    assert (contact.phone, contact.phone_kind, contact.consents) == ("+15125550123", "mobile", [])


def test_a_branch_that_nobody_knows_is_the_connections_own_with_a_note() -> None:
    w = heard(4, branch={"name": "Mars"})
    assert w.job().location_id == "loc_main"
    assert w.job().notes == ["the branch is not known to us: the default location was used"]


def test_finalized_reset_finalized_ends_invoiced() -> None:
    w = heard(10)
    states = [w.job().state]
    for event in ("job-finalized", "job-reset", "job-finalized"):
        w.clock.move(minutes=5)
        w.hear(event)
        w.settle()
        states.append(w.job().state)
    assert states == ["completed", "invoiced", "completed", "invoiced"]


def test_a_reset_outweighs_a_status_that_did_not_follow_it() -> None:
    w = heard(11)
    assert w.job().state == "invoiced"
    w.clock.move(minutes=5)
    w.hear("job-reset")
    w.settle()
    assert w.job().state == "completed"
    w.job_times(START, closed=w.clock.at + timedelta(minutes=1))
    w.clock.move(minutes=5)
    w.hear("job-closed")
    w.settle()
    assert w.job().state == "invoiced"


def test_the_order_in_which_we_work_on_notifications_makes_no_difference() -> None:
    """They have no time of their own: when each came in decides."""
    w = heard(10)
    first, second = w.clock.at + timedelta(minutes=1), w.clock.at + timedelta(minutes=2)
    w.clock.move(minutes=3)
    w.hear("job-reset", at=second)
    w.hear("job-finalized", at=first)
    w.settle()
    assert w.job().state == "completed"


def test_an_opportunity_of_two_jobs_is_invoiced_when_both_are() -> None:
    other = "8a1d0b52-6c1f-4d59-8f43-2b7b5a9c2e12"
    w = heard(10, jobs=[{"id": JOB}, {"id": other}])
    w.crm.jobs[OPPORTUNITY] = [{"id": JOB}, {"id": other}]
    w.clock.move(minutes=1)
    w.hear("job-finalized")
    w.settle()
    assert w.job().state == "completed"
    w.clock.move(minutes=1)
    w.hear("job-finalized", {"job-id": other})
    w.settle()
    assert w.job().state == "invoiced"


def test_cancelled_and_booked_again() -> None:
    w = heard(4)
    for status, state in ((20, "cancelled"), (4, "booked")):
        w.clock.move(minutes=5)
        w.opportunity(status)
        w.hear("opportunity-status-changed", {"opportunity-status": status})
        w.settle()
        assert w.job().state == state


def test_a_deleted_opportunity_cancels_its_job() -> None:
    w = heard(4)
    w.crm.opportunities.clear()
    w.clock.move(minutes=5)
    w.hear("opportunity-deleted")
    w.settle()
    assert (w.job().state, w.record().status) == ("cancelled", "gone")


def test_completion_has_the_time_that_the_jobs_say() -> None:
    w = World()
    done = START - timedelta(days=40)
    w.opportunity(10)
    w.job_times(completed=done)
    w.hear("opportunity-status-changed", {"opportunity-status": 10})
    w.settle()
    assert w.job().facts["completed"].at == done


def test_an_old_opportunity_that_we_first_hear_of_now_was_completed_on_its_day() -> None:
    w = heard(11, serviceDate=20240310, jobs=[])
    assert w.job().facts["completed"].at == datetime(2024, 3, 11, 5, tzinfo=UTC)


def test_an_order_is_not_dated_to_the_day_of_its_work() -> None:
    """Or one placed today for today would seem older than the referral that brought it."""
    w = heard(10)
    w2 = heard(4, serviceDate=20260501)
    for world in (w, w2):
        assert min(fact.at for kind, fact in world.job().facts.items() if kind != "amount") >= START


def test_completed_undone_and_completed_again_with_an_old_time_holds() -> None:
    w = World()
    w.job_times(completed=START - timedelta(hours=1))
    states = []
    for status in (10, 4, 10):
        w.opportunity(status)
        if status == 4:
            w.job_times(completed=None)
        else:
            w.job_times(completed=START - timedelta(hours=1))
        w.hear("opportunity-status-changed", {"opportunity-status": status})
        w.settle()
        states.append(w.job().state)
        w.clock.move(minutes=5)
    assert states == ["completed", "booked", "completed"]


@pytest.mark.parametrize(
    ("over", "kept"),
    [
        ({"customer": None}, "booked"), ({"jobs": "none"}, "booked"), ({"branch": 7}, "booked"),
        ({"estimatedTotal": {"finalTotal": "12"}}, "booked"), ({"jobs": [{"id": None}, 3]}, "booked"),
        ({"payments": [None, {"amount": "x"}]}, "booked"), ({"customer": {"name": "\ud800" * 400}}, "booked"),
        ({"serviceDate": 99999999}, "booked"), ({"opportunityType": True}, "booked"),
    ],
)  # fmt: skip
def test_an_odd_field_does_not_cost_us_the_job(over: dict[str, Any], kept: str) -> None:
    assert heard(4, **over).job().state == kept


def test_an_answer_that_is_no_opportunity_is_no_answer() -> None:
    w = World()
    w.opportunity(status="booked")  # type: ignore[arg-type]
    w.hear("opportunity-changed")
    w.clock.move(seconds=10)
    w.pull()
    assert (w.record().status, w.record().failures) == ("dirty", 1)


def test_facts_are_never_later_than_the_read() -> None:
    w = World()
    w.opportunity(10)
    w.job_times(completed=START + timedelta(days=3))
    w.hear("opportunity-status-changed", {"opportunity-status": 10})
    w.settle()
    assert iso(w.job().facts["completed"].at) <= iso(w.clock.at)
