"""An open claim, an unpaid balance, do-not-solicit, a corporate move: nobody advertises, also when it comes late."""

import pytest

from moref.campaigns.blocked import OF_THE_PERSON
from moref.campaigns.give_feedback import give_feedback
from moref.campaigns.hear import job_changed
from moref.campaigns.model import Enrollment
from moref.campaigns.send_now import send_now
from moref.intake.model import STOP_CONDITIONS, Fact, FactKind, Job
from moref.records import Create, every, get
from tests.unit.messaging.world import JOB, ORG, PERSON, World, world


@pytest.mark.parametrize("kind", STOP_CONDITIONS)
def test_nothing_begins(kind: str) -> None:
    it = world()
    it.job_facts("completed", completed=True, **{kind: True})
    it.move(days=2)
    assert not every(it.store, Enrollment, ORG)


@pytest.mark.parametrize("kind", STOP_CONDITIONS)
def test_what_runs_ends_and_stays_ended_when_it_is_over(kind: str) -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    give_feedback(it.runtime, ORG, it.enrollment().id, score=5)
    it.move(hours=1)
    assert len(it.sms.sent) == 2
    it.job_facts("completed", **{kind: True})
    it.move(hours=1)
    assert (it.journey().status, it.journey().reason) == ("stopped", f"stop_condition: {kind}")
    it.job_facts("completed", **{kind: False})
    it.move(days=10)
    assert len(it.sms.sent) == 2


def test_a_claim_opened_after_the_message_was_queued_stops_it() -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    enrollment = it.enrollment()
    id = it.plan(enrollment_id=enrollment.id)
    facts = get(it.store, Job, ORG, JOB).facts | {
        "damage_claim": Fact(kind="damage_claim", value=True, at=it.clock.now())
    }
    it.change(Job, JOB, facts=facts)  # campaigns have not heard of it yet
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "stop_condition")


def second_job(it: World, kind: str) -> None:
    job = get(it.store, Job, ORG, JOB)
    facts = {kind: Fact.model_validate({"kind": kind, "value": True, "at": it.clock.now()})}
    it.store.commit(Create(job.model_copy(update={"id": "job_2", "version": 0, "facts": facts, "contact_id": PERSON})))
    job_changed(it.runtime, ORG, "job_2")


@pytest.mark.parametrize(("kind", "asked"), [("damage_claim", 0), ("do_not_solicit", 0), ("corporate_relocation", 1)])
def test_what_is_about_the_person_ends_the_journeys_of_their_other_jobs(kind: str, asked: int) -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    second_job(it, kind)
    it.move(hours=3)
    assert len(it.sms.sent) == asked
    it = world()
    second_job(it, kind)
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    assert len(it.sms.sent) == asked


@pytest.mark.parametrize("whose", ["the job's", "another's"])
@pytest.mark.parametrize("kind", STOP_CONDITIONS)
def test_what_no_campaign_sent_is_bound_too_and_so_is_what_another_job_says_of_the_person(
    kind: FactKind, whose: str
) -> None:
    """A link asked for at the door in the evening; over night the CRM tells of a claim."""
    it = world()
    it.clock.move(hours=14)
    link = send_now(it.runtime, ORG, by="mem_1", job_id=JOB)
    it.pump()
    job = get(it.store, Job, ORG, JOB)
    facts = {kind: Fact(kind=kind, value=True, at=it.clock.now())}
    if whose == "the job's":
        it.change(Job, JOB, facts=job.facts | facts)
    else:
        it.store.commit(Create(job.model_copy(update={"id": "job_2", "version": 0, "facts": facts})))
    it.move(hours=14)
    bound = whose == "the job's" or kind in OF_THE_PERSON
    assert it.message(link.id).status == ("skipped" if bound else "sent")
    assert it.message(link.id).reason == ("stop_condition" if bound else None)
