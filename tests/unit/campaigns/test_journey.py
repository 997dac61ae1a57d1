"""One customer's journey from the completed job, and everything that must not go wrong on it."""

import random
from datetime import timedelta

import pytest

from moref.campaigns.begin import enrollment_id
from moref.campaigns.fire_step import fire_step
from moref.campaigns.give_feedback import give_feedback
from moref.campaigns.hear import job_changed
from moref.campaigns.model import Enrollment, Feedback, StaffTask
from moref.campaigns.sweep import sweep_overdue
from moref.campaigns.thank import thank
from moref.intake.model import Address, Job
from moref.kernel.errors import BadInput
from moref.messaging.senders import Sender
from moref.messaging.sweep import sweep_overdue as sweep_messages
from moref.records import Create, every, get
from moref.referrals.record_clicks import record_clicks
from moref.rewards.model import Payout, Reward
from moref.tenants.model import Location, Organization
from tests.fakes.memory_store import Crash
from tests.unit.messaging.world import JOB, ORG, PERSON, PLACE, World, world


def completed() -> World:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    return it


def score(it: World, value: int, comment: str = "") -> Feedback:
    found = give_feedback(it.runtime, ORG, it.enrollment().id, score=value, comment=comment)
    it.pump()
    return found


def test_the_question_comes_two_hours_after_completion() -> None:
    it = completed()
    it.move(minutes=119)
    assert not it.sms.sent
    it.move(minutes=2)
    (ask,) = it.sms.sent
    assert f"/review/{it.enrollment().token}" in ask.body


def test_a_job_completed_in_the_evening_is_asked_about_the_next_morning() -> None:
    it = world()
    it.clock.move(hours=7)  # 17:00 in Chicago
    it.job_facts("completed", completed=True)
    it.move(hours=16)
    assert not it.sms.sent
    it.move(hours=1, minutes=21)
    assert len(it.sms.sent) == 1


def test_an_address_heard_of_after_completion_counts_for_the_window() -> None:
    it = completed()
    it.change(Job, JOB, destination=Address(state="HI"))
    it.job_facts("completed")
    it.move(hours=2, minutes=1)  # noon in Chicago, seven in the morning in Honolulu
    assert not it.sms.sent
    it.move(hours=4, minutes=30)
    assert len(it.sms.sent) == 1


def test_a_branch_and_a_customer_the_crm_corrects_before_the_question_are_the_ones_that_count() -> None:
    it = completed()
    place, person = get(it.store, Location, ORG, PLACE), it.contact()
    it.store.commit(
        Create(place.model_copy(update={"id": "loc_2", "version": 0, "name": "Bluebird Moving Dallas"})),
        Create(person.model_copy(update={"id": "con_2", "version": 0, "phone": "+15125550177"})),
        Create(get(it.store, Sender, ORG, f"sms.{PLACE}").model_copy(update={"id": "sms.loc_2", "version": 0})),
    )
    it.change(Job, JOB, location_id="loc_2", contact_id="con_2")
    it.job_facts("completed")
    it.move(hours=3)
    (ask,) = it.sms.sent
    assert (ask.to, "Dallas" in ask.body) == ("+15125550177", True)
    it.change(Job, JOB, location_id=PLACE, contact_id=PERSON)
    it.job_facts("completed")
    it.pump()
    assert (it.enrollment().location_id, it.enrollment().contact_id) == ("loc_2", "con_2"), "who was asked stays"


def test_a_happy_customer_is_invited_at_once_and_reminded_once_at_the_same_time_three_days_later() -> None:
    it = completed()
    it.move(hours=3)
    score(it, 5)
    ask, invite = it.sms.sent
    link = it.journey().link_code
    assert f"https://go.example.test/r/{link}" in invite.body
    invited = it.clock.now()
    it.move(days=3, minutes=-1)
    assert len(it.sms.sent) == 2
    it.move(minutes=1)
    assert len(it.sms.sent) == 3
    assert it.journey().steps["click"].due_at == invited + timedelta(days=3)
    it.move(days=30)
    assert len(it.sms.sent) == 3
    assert (it.journey().status, ask.to) == ("finished", invite.to)


def test_no_reminder_after_a_click() -> None:
    it = completed()
    it.move(hours=3)
    score(it, 4)
    it.move(hours=1)
    record_clicks(it.runtime, ORG, str(it.journey().link_code), [it.clock.now()])
    it.pump()
    assert (it.journey().status, it.journey().steps["click"].reason) == ("finished", "clicked"), "the wait ends at once"
    it.move(days=4)
    assert len(it.sms.sent) == 2


@pytest.mark.parametrize(("threshold", "given", "invited"), [(4, 3, False), (4, 4, True), (5, 4, False), (3, 3, True)])
def test_the_threshold_is_a_setting(threshold: int, given: int, invited: bool) -> None:
    it = completed()
    it.change(Location, PLACE, settings={"feedback_threshold": threshold})
    it.move(hours=3)
    score(it, given)
    assert (len(it.sms.sent) == 2) == invited


def test_a_low_score_tells_staff_and_invites_nobody() -> None:
    it = completed()
    it.move(hours=3)
    score(it, 2, "The sofa has a scratch")
    it.move(days=7)
    assert len(it.sms.sent) == 1
    (mail,) = it.email.sent
    assert mail.to == "staff@bluebird.test"
    for part in ("2 of 5", "The sofa has a scratch", "Sam Lee", "+15125550123"):
        assert part in mail.body
    assert it.enrollment().status == it.journey("win_back").status == "finished"
    (task,) = every(it.store, StaffTask, ORG)
    assert (task.status, task.contact_id, task.location_id) == ("open", PERSON, PLACE)


def test_the_first_score_counts_and_a_comment_may_be_added_and_reaches_staff() -> None:
    it = completed()
    it.move(hours=3)
    score(it, 1)
    second = score(it, 5, "They broke a lamp")
    score(it, 5, "They broke a lamp")
    assert (second.score, second.comment) == (1, "They broke a lamp")
    assert len(it.email.sent) == 2
    assert "They broke a lamp" in it.email.sent[1].body
    assert len(it.sms.sent) == 1


@pytest.mark.parametrize("value", [0, 6, -1])
def test_a_score_that_is_none_is_refused(value: int) -> None:
    it = completed()
    with pytest.raises(BadInput):
        give_feedback(it.runtime, ORG, it.enrollment().id, score=value)


def test_an_old_job_starts_nothing() -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.clock.move(hours=72, seconds=1)
    it.pump()
    assert it.store.find(Enrollment, ORG, enrollment_id(ORG, "review_collection", JOB)) is None


def test_a_branch_or_tenant_that_switched_campaigns_off_or_is_not_active_asks_nobody() -> None:
    for kind, id, change in (
        (Location, PLACE, {"settings": {"campaigns": False}}),
        (Location, PLACE, {"status": "archived"}),
        (Organization, ORG, {"status": "suspended"}),
    ):
        it = world()
        it.change(kind, id, **change)
        it.job_facts("completed", completed=True)
        it.move(hours=3)
        assert not it.messages()


def test_a_cancelled_job_stops_the_journey_and_one_completed_after_all_starts_it_again() -> None:
    it = completed()
    it.move(hours=1)
    it.job_facts("cancelled", cancelled=True)
    it.move(hours=2)
    assert not it.sms.sent
    assert it.enrollment().status == "stopped"
    it.job_facts("completed", cancelled=False, completed=True)
    it.move(hours=3)
    assert len(it.sms.sent) == 1


def test_a_job_uncompleted_after_the_question_gets_no_second_question_when_completed_again() -> None:
    it = completed()
    it.move(hours=3)
    it.job_facts("booked", completed=False)
    it.pump()
    it.job_facts("completed", completed=True)
    it.move(hours=4)
    assert len(it.sms.sent) == 1


def test_events_and_schedules_twice_late_and_in_any_order_ask_once() -> None:
    rng = random.Random(7)
    for _ in range(20):
        it = world()
        it.job_facts("completed", completed=True)
        for _ in range(3):
            job_changed(it.runtime, ORG, JOB)
        it.move(minutes=rng.choice([0, 60, 121, 400]))
        for _ in range(rng.randint(1, 5)):
            fire_step(it.runtime, ORG, it.enrollment().id, rng.choice(["delay", "ask", "answer", "nothing"]))
            it.pump()
        it.move(days=1)
        assert len(it.sms.sent) == 1


def test_a_step_that_fires_at_night_moves_to_the_morning() -> None:
    it = completed()
    it.scheduler.schedules.clear()
    it.clock.move(hours=14)  # midnight in Chicago
    fire_step(it.runtime, ORG, it.enrollment().id, "delay")
    it.pump()
    assert not it.sms.sent
    it.move(hours=11)
    assert len(it.sms.sent) == 1


def test_a_lost_schedule_is_found_by_the_sweep() -> None:
    it = completed()
    it.scheduler.schedules.clear()
    it.move(hours=3)
    assert not it.sms.sent
    assert sweep_overdue(it.runtime) == 1
    it.pump()
    assert len(it.sms.sent) == 1
    assert sweep_overdue(it.runtime) == 0


def _deliver_with_crash(it: World, point: int) -> bool:
    """The whole journey, dying once at the given crash point; whatever was being worked on is delivered again."""
    it.store.crash_at = it.store.points + point
    died = False
    for move in ({"hours": 3}, {"hours": 1}, {"days": 4}):
        try:
            it.move(**move)
        except Crash:
            died = True
            it.heard = 0  # every event again
            it.move(**move)
        if it.store.find(Enrollment, ORG, enrollment_id(ORG, "review_collection", JOB)) is not None:
            try:
                score(it, 5)
            except Crash:
                died = True
                it.heard = 0
                score(it, 5)
        sweep_overdue(it.runtime)
        sweep_messages(it.runtime)
        it.pump()
    it.store.crash_at = None
    return died


def test_a_crash_at_any_write_of_the_journey_still_gives_each_message_exactly_once() -> None:
    point = 1
    while True:
        it = world()
        it.job_facts("completed", completed=True)
        died = _deliver_with_crash(it, point)
        it.move(days=2)
        templates = sorted(message.template for message in it.messages() if message.status == "sent")
        assert templates == ["ask", "invite", "remind"], f"after a crash at point {point}"
        assert len(it.sms.sent) == 3, f"after a crash at point {point}"
        if not died:
            break
        point += 1
    assert point > 20


def test_an_accepted_payout_is_thanked_for_once() -> None:
    it = world(consents=[])  # no consent to marketing: this is about a reward, and may be a text
    common = {"organization_id": ORG, "created_at": it.clock.now(), "updated_at": it.clock.now()}
    reward = Reward.model_validate(
        common | {
            "id": "rw_1", "advocate_id": "adv_1", "contact_id": PERSON, "conversion_id": "cv_1", "location_id": PLACE,
            "legal_entity_id": "le_1", "amount": 2500, "currency": "USD", "approved_at": it.clock.now(),
        }
    )  # fmt: skip
    payout = Payout.model_validate(
        common | {
            "id": "po_1", "reward_id": "rw_1", "location_id": PLACE, "provider": "tremendous", "amount": 2500,
            "vendor_account_id": "tremendous", "currency": "USD", "recipient_name": "Sam", "recipient_email": None,
            "recipient_phone": None, "funding_source_id": "fs", "status": "submitted",
        }
    )  # fmt: skip
    it.store.commit(Create(reward), Create(payout))
    thank(it.runtime, ORG, "po_1")
    assert not it.messages()
    it.change(Payout, "po_1", status="accepted")
    thank(it.runtime, ORG, "po_1")
    it.change(Payout, "po_1", status="delivered")
    thank(it.runtime, ORG, "po_1")
    it.pump()
    (text,) = it.sms.sent
    assert "$25 gift card" in text.body
