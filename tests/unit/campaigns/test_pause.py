"""Pause and resume, versions, location forms: who is on the way is neither lost, doubled, nor changed under way."""

from datetime import timedelta
from typing import Any

import pytest

from moref.campaigns.definition import Definition
from moref.campaigns.effective import all_effective, effective
from moref.campaigns.model import Campaign, CampaignVersion, Enrollment
from moref.campaigns.pause import campaign_ended, campaign_resumed
from moref.campaigns.sweep import sweep_overdue
from moref.intake.model import Contact, Job
from moref.kernel.errors import NotFound
from moref.records import Create, every, get
from tests.unit.messaging.world import JOB, ORG, PERSON, PLACE, World, world


def set_status(it: World, status: str, campaign: str = "review_collection", location: str | None = None) -> None:
    id = f"{campaign}.{location}" if location else campaign
    if it.store.find(Campaign, ORG, id) is not None:
        it.change(Campaign, id, status=status)
        return
    now = it.clock.now()
    fields: Any = {"base": campaign, "location_id": location, "status": status}
    it.store.commit(Create(Campaign(organization_id=ORG, id=id, created_at=now, updated_at=now, **fields)))


def completed(it: World | None = None) -> World:
    it = it or world()
    it.job_facts("completed", completed=True)
    it.pump()
    return it


def test_a_step_that_comes_due_in_a_pause_waits_for_its_end() -> None:
    it = completed()
    set_status(it, "paused")
    it.move(days=2)
    assert not it.sms.sent
    assert (it.enrollment().status, it.enrollment().at) == ("held", "delay")
    set_status(it, "active")
    campaign_resumed(it.runtime, ORG, "review_collection")
    it.move(minutes=25)
    assert len(it.sms.sent) == 1
    assert it.enrollment().status == "active"
    it.move(days=30)
    assert it.enrollment().status == "finished"


def test_a_pause_that_ends_before_anything_is_due_changes_nothing() -> None:
    it = completed()
    set_status(it, "paused")
    it.move(hours=1)
    set_status(it, "active")
    campaign_resumed(it.runtime, ORG, "review_collection")
    it.move(hours=1, minutes=1)
    assert len(it.sms.sent) == 1


def test_a_score_given_in_a_pause_counts_when_it_ends() -> None:
    from moref.campaigns.give_feedback import give_feedback

    it = completed()
    it.move(hours=3)
    set_status(it, "paused")
    give_feedback(it.runtime, ORG, it.enrollment().id, score=5)
    it.pump()
    assert it.enrollment().status == "held"
    set_status(it, "active")
    campaign_resumed(it.runtime, ORG, "review_collection")
    it.move(minutes=25)
    assert (it.enrollment().status, it.enrollment().steps["answer"].reason) == ("finished", "answered")


def test_many_held_steps_come_back_spread_over_twenty_minutes_a_page_at_a_time() -> None:
    it = world()
    job, person = get(it.store, Job, ORG, JOB), it.contact()
    for number in range(120):
        id = f"x{number}"
        it.store.commit(
            Create(person.model_copy(update={"id": f"con_{id}", "version": 0, "phone": f"+1512555{4000 + number}"})),
            Create(job.model_copy(update={"id": f"job_{id}", "version": 0, "contact_id": f"con_{id}"})),
        )
    before = it.clock.now()
    from moref.campaigns.hear import job_changed

    for number in range(120):
        fact = {"completed": {"kind": "completed", "value": True, "at": before}}
        it.change(Job, f"job_x{number}", facts=fact, state="completed")
        job_changed(it.runtime, ORG, f"job_x{number}")
    set_status(it, "paused")
    it.move(hours=3)
    assert not it.messages()
    set_status(it, "active")
    campaign_resumed(it.runtime, ORG, "review_collection")
    it.pump()
    dues = sorted(due for due, _, _ in it.scheduler.schedules.values())
    assert len(dues) == 120
    assert dues[0] >= it.clock.now()
    assert dues[-1] - dues[0] > timedelta(minutes=10)
    assert dues[-1] <= it.clock.now() + timedelta(minutes=21)
    assert max(sum(abs(due - other) < timedelta(minutes=1) for other in dues) for due in dues) < 30


def test_one_held_as_the_campaign_was_resumed_is_found_by_the_sweep() -> None:
    it = completed()
    set_status(it, "paused")
    it.move(hours=3)
    set_status(it, "active")
    it.move(days=1)
    assert not it.sms.sent
    assert sweep_overdue(it.runtime) == 1
    it.move(minutes=25)
    assert len(it.sms.sent) == 1


def test_archived_ends_nothing_that_runs_unless_asked() -> None:
    for asked, sent in ((False, 1), (True, 0)):
        it = completed()
        set_status(it, "archived")
        if asked:
            campaign_ended(it.runtime, ORG, "review_collection")
        it.move(hours=3)
        assert len(it.sms.sent) == sent
    assert (it.enrollment().status, it.enrollment().reason) == ("stopped", "campaign_ended")


@pytest.mark.parametrize("status", ["paused", "archived", "draft"])
def test_nobody_new_enters_one_that_is_not_active(status: str) -> None:
    it = world()
    set_status(it, status)
    completed(it)
    assert not every(it.store, Enrollment, ORG)


def test_one_without_a_definition_keeps_nobody_from_the_others() -> None:
    it = world()
    set_status(it, "active", "empty")
    completed(it)
    assert [one.campaign_id for one in every(it.store, Enrollment, ORG)] == ["review_collection"]


OWN: dict[str, Any] = {
    "trigger": {"kind": "job_completed"}, "first": "wait",
    "steps": {"wait": {"kind": "wait", "days": 2, "next": "ask"}, "ask": {"kind": "send", "template": "ask"}},
}  # fmt: skip


def own(days: int) -> Definition:
    return Definition.model_validate(OWN | {"steps": OWN["steps"] | {"wait": OWN["steps"]["wait"] | {"days": days}}})


def test_who_began_on_a_version_finishes_on_it() -> None:
    it = world()
    it.campaign("review_collection", own(2))
    completed(it)
    it.campaign("review_collection", own(20))
    it.move(days=2, hours=1)
    assert len(it.sms.sent) == 1


def test_later_code_does_not_change_a_ready_made_campaign_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    from moref.campaigns.catalogue import CATALOGUE, ReadyMade

    it = completed()
    version = get(it.store, CampaignVersion, ORG, it.enrollment().version_id)
    assert version.definition == CATALOGUE["review_collection"].definition
    newer = ReadyMade("review_collection", "Reviews", "active", own(9))
    monkeypatch.setitem(CATALOGUE, "review_collection", newer)
    it.move(hours=3)
    assert len(it.sms.sent) == 1
    assert effective(it.store, ORG, "review_collection").version_id != version.id


def test_a_location_inherits_status_and_version_each_by_itself_unless_locked() -> None:
    it = world()
    made = effective(it.store, ORG, "review_collection", PLACE)
    assert (made.status, made.status_from, made.definition_from) == ("active", "ready_made", "ready_made")
    mine = it.campaign("review_collection", own(3))
    set_status(it, "paused", location=PLACE)
    found = effective(it.store, ORG, "review_collection", PLACE)
    assert (found.status, found.status_from) == ("paused", "location")
    assert (found.version_id, found.definition_from) == (mine, "organization")
    theirs = it.campaign("review_collection", own(4), status="active", location_id=PLACE)
    assert effective(it.store, ORG, "review_collection", PLACE).version_id == theirs
    assert effective(it.store, ORG, "review_collection", "loc_2").version_id == mine
    it.change(Campaign, "review_collection", locked=True)
    locked = effective(it.store, ORG, "review_collection", PLACE)
    assert (locked.version_id, locked.status_from, locked.locked) == (mine, "organization", True)
    assert all_effective(it.store, ORG, PLACE)["review_collection"] == locked


def test_a_locations_form_is_not_a_campaign_of_its_own() -> None:
    it = world()
    it.campaign("review_collection", own(3), location_id=PLACE)
    assert f"review_collection.{PLACE}" not in all_effective(it.store, ORG)
    for id in (f"review_collection.{PLACE}", "nothing"):
        with pytest.raises(NotFound):
            effective(it.store, ORG, id)


def test_a_pause_of_one_location_holds_its_own_only() -> None:
    it = completed()
    set_status(it, "paused", location=PLACE)
    it.move(hours=3)
    assert it.enrollment().status == "held"
    it.change(Contact, PERSON, first_name="Sam")
    it.change(Campaign, f"review_collection.{PLACE}", status=None)
    campaign_resumed(it.runtime, ORG, "review_collection")
    it.move(minutes=25)
    assert len(it.sms.sent) == 1
