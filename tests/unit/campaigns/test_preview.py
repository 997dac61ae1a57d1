"""What staff are shown before they switch a campaign on is what then happens, and showing it changes nothing."""

import copy

import pytest

from moref.campaigns.definition import Definition
from moref.campaigns.preview import Assumed, preview
from moref.intake.model import Contact, Fact, Job
from moref.kernel.errors import BadInput, NotFound
from tests.unit.messaging.world import JOB, ORG, PERSON, PHONE, World, world


def shown(it: World, campaign: str, **more: object) -> list[tuple[str, str, str | None, str | None]]:
    rows = copy.deepcopy(it.store.rows)
    found = preview(it.runtime, ORG, campaign, **{"job_id": JOB, **more})  # type: ignore[arg-type]
    assert it.store.rows == rows
    assert not it.store.events
    assert not it.scheduler.schedules
    return [(row.step, row.local.strftime("%a %H:%M"), row.channel, row.why_not) for row in found.steps]


def test_the_question_for_somebody_who_stays_silent() -> None:
    assert shown(world(), "review_collection") == [
        ("delay", "Tue 12:00", None, None),
        ("ask", "Tue 12:00", "sms", None),
        ("answer", "Sat 12:00", None, None),
        ("answered", "Sat 12:00", None, None),
    ]


def test_the_same_as_what_happens() -> None:
    it = world()
    rows = preview(it.runtime, ORG, "review_collection", job_id=JOB).steps
    it.job_facts("completed", completed=True)
    it.move(days=6)
    happened = {step: run.done_at.replace(microsecond=0) for step, run in it.enrollment().steps.items() if run.done_at}
    assert {row.step: row.at.replace(microsecond=0) for row in rows} == happened


def test_assumed_answers_lead_down_their_way_in_local_time_and_utc() -> None:
    it = world()
    found = preview(it.runtime, ORG, "referral_request", job_id=JOB, assumed=Assumed(score=5))
    assert found.why_not == []
    assert [row.step for row in found.steps] == ["invite", "click", "clicked", "remind"]
    remind = found.steps[-1]
    assert (remind.zone, remind.local.hour, remind.at.hour, remind.at.day) == ("America/Chicago", 10, 15, 5)
    clicked = preview(it.runtime, ORG, "referral_request", job_id=JOB, assumed=Assumed(score=5, clicked=True))
    assert [row.step for row in clicked.steps] == ["invite", "click", "clicked"]


def test_why_not() -> None:
    it = world(consents=[], email=None)
    found = preview(it.runtime, ORG, "referral_request", job_id=JOB, assumed=Assumed(score=2))
    assert found.why_not == ["the condition of the trigger does not hold"]
    assert found.steps[0].why_not == "no_consent"
    it = world()
    it.change(Job, JOB, facts={"damage_claim": Fact(kind="damage_claim", value=True, at=it.clock.now())})
    found = preview(it.runtime, ORG, "follow_up_clicked", contact_id=PERSON)
    assert found.why_not == ["the campaign is paused", "stop_condition: damage_claim"]


def test_a_message_at_night_is_shown_at_its_time_in_the_morning() -> None:
    it = world()
    it.clock.move(hours=12)
    _, ask, *_ = shown(it, "review_collection")
    assert ask[0] == "ask"
    assert "10:00" <= ask[1].split()[1] <= "10:20"


def test_one_that_is_not_saved_yet() -> None:
    it = world()
    definition = Definition.model_validate(
        {"trigger": {"kind": "quoted"}, "first": "a", "steps": {"a": {"kind": "task", "words": "Call"}}}
    )
    found = preview(it.runtime, ORG, "review_collection", contact_id=PERSON, definition=definition)
    assert [(row.step, row.kind) for row in found.steps] == [("a", "task")]


def test_whose_it_is_must_be_said() -> None:
    it = world(phone=PHONE)
    with pytest.raises(BadInput):
        preview(it.runtime, ORG, "review_collection")
    with pytest.raises(NotFound):
        preview(it.runtime, ORG, "review_collection", contact_id="con_x")
    with pytest.raises(NotFound):
        preview(it.runtime, ORG, "review_collection", job_id="job_x")
    it.change(Contact, PERSON, consents=[])
    with pytest.raises(NotFound):
        preview(it.runtime, ORG, "nothing", contact_id=PERSON)
