"""After the tables went back to T: what may have left since does not leave again, what cannot have left still does."""

import copy
from datetime import datetime
from typing import Any

from infra.ops.state import end_thanks, resume
from moref.campaigns import after_restore as campaigns
from moref.campaigns.definition import Definition
from moref.campaigns.give_feedback import give_feedback
from moref.campaigns.model import StaffTask
from moref.campaigns.thank import thank
from moref.messaging import after_restore as messages
from moref.messaging.model import Suppression
from moref.messaging.opt_out import opt_in, opt_out
from moref.records import Create, every
from moref.rewards.model import Payout, Reward
from tests.fakes.memory_store import MemoryStore
from tests.unit.messaging.world import ORG, PERSON, PHONE, PLACE, World, world


def kept(it: World) -> dict[Any, Any]:
    return copy.deepcopy(it.store.rows)


def back_to(it: World, rows: dict[Any, Any], stopped_at: datetime) -> tuple[int, int]:
    """The rows of T; schedules and queued work are lost. (steps, messages) that are not sent again."""
    it.store.rows = copy.deepcopy(rows)
    it.heard = len(it.store.events)
    it.scheduler.schedules.clear()
    it.queues.sent.clear()
    ended = messages.settle_doubtful(it.runtime, ORG, stopped_at)
    return campaigns.settle_doubtful(it.runtime, ORG, stopped_at), ended


def asked_about() -> World:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    return it


def test_a_question_that_left_after_t_does_not_leave_again() -> None:
    it = asked_about()
    rows = kept(it)
    it.move(hours=3)
    assert len(it.sms.sent) == 1
    assert back_to(it, rows, it.clock.now()) == (1, 0)
    resume(it.runtime)
    it.move(days=3)
    assert len(it.sms.sent) == 1
    step = it.enrollment().steps["ask"]
    assert (step.status, step.reason, it.enrollment().status) == ("skipped", "restored", "active")


def test_a_question_due_after_the_stop_leaves_once_although_its_schedule_is_lost() -> None:
    it = asked_about()
    rows = kept(it)
    it.move(hours=1)
    assert back_to(it, rows, it.clock.now()) == (0, 0)
    assert resume(it.runtime)["steps"] == 1
    assert resume(it.runtime)["steps"] == 1, "asked for twice"
    it.move(hours=4)
    assert len(it.sms.sent) == 1


def test_a_journey_with_nothing_left_to_do_is_over() -> None:
    it = asked_about()
    it.move(hours=3)
    give_feedback(it.runtime, ORG, it.enrollment().id, score=5)
    it.pump()
    it.move(days=2)
    rows = kept(it)
    it.move(days=2)
    assert len(it.sms.sent) == 3
    assert back_to(it, rows, it.clock.now()) == (1, 0), "the reminder, although its wait was all that was scheduled"
    assert (it.journey().status, it.journey().reason) == ("finished", "restored")
    resume(it.runtime)
    it.move(days=5)
    assert len(it.sms.sent) == 3


def test_a_task_for_staff_that_fell_due_after_t_is_kept_without_its_mail() -> None:
    it = asked_about()
    definition = Definition.model_validate(
        {
            "trigger": {"kind": "job_completed"}, "first": "wait",
            "steps": {
                "wait": {"kind": "wait", "days": 1, "next": "task"},
                "task": {"kind": "task", "words": "Call them", "next": "ask"},
                "ask": {"kind": "send", "template": "ask_again"},
            },
        }
    )  # fmt: skip
    it.campaign("own", definition)
    it.job_facts("completed")
    it.pump()
    rows = kept(it)
    it.move(days=2)
    assert [mail.subject for mail in it.email.sent] == ["A task for Bluebird Moving Austin"]
    assert back_to(it, rows, it.clock.now()) == (2, 0), "the question and the own campaign's message"
    resume(it.runtime)
    it.move(days=2)
    assert len(it.email.sent) == 1
    assert [task.words for task in every(it.store, StaffTask, ORG)] == ["Call them"]


def test_a_message_that_was_queued_at_t_and_left_is_not_sent_again() -> None:
    it = world()
    id = it.plan()
    rows = kept(it)
    it.pump()
    assert len(it.sms.sent) == 1
    assert back_to(it, rows, it.clock.now()) == (0, 1)
    resume(it.runtime)
    it.pump()
    it.send(id)
    assert len(it.sms.sent) == 1
    assert (it.message(id).status, it.message(id).reason) == ("failed", "outcome_unknown")


def test_a_message_that_waits_for_its_time_keeps_waiting_and_leaves_once() -> None:
    it = world()
    it.clock.move(hours=10)  # past the window
    id = it.plan()
    it.pump()
    due = it.message(id).not_before
    assert due is not None
    rows = kept(it)
    assert back_to(it, rows, it.clock.now()) == (0, 0)
    assert resume(it.runtime)["messages"] == 1
    it.move(hours=24)
    assert len(it.sms.sent) == 1


def test_opt_outs_since_t_are_kept_and_older_news_is_not() -> None:
    it = world()
    opt_out(it.runtime, ORG, "email", "sam@example.test", "unsubscribed")
    rows = kept(it)
    it.clock.move(hours=1)
    opt_out(it.runtime, ORG, "sms", PHONE, "STOP")
    opt_in(it.runtime, ORG, "email", "sam@example.test", "staff")
    live = MemoryStore()
    live.rows = kept(it)
    back_to(it, rows, it.clock.now())
    assert messages.carry_suppressions(live, it.runtime, ORG) == 2
    assert messages.carry_suppressions(live, it.runtime, ORG) == 0
    found = {each.channel: (each.active, each.reason) for each in every(it.store, Suppression, ORG)}
    assert found == {"sms": (True, "STOP"), "email": (False, "staff")}
    it.plan()
    it.pump()
    assert not it.sms.sent


def test_the_thank_you_of_a_payout_that_was_found_paid_does_not_leave_again() -> None:
    it = world()
    fields = {"organization_id": ORG, "created_at": it.clock.now(), "updated_at": it.clock.now(), "location_id": PLACE}
    reward = Reward(
        **fields, id="rwd_1", advocate_id="adv_1", contact_id=PERSON, conversion_id="cnv_1", legal_entity_id="ent_1",
        amount=2500, currency="USD", status="issued", approved_at=it.clock.now(),
    )  # fmt: skip
    payout = Payout(
        **fields, id="pay_1", reward_id="rwd_1", provider="tremendous", vendor_account_id="tremendous", amount=2500,
        currency="USD", recipient_name="Sam", recipient_email=None, recipient_phone=PHONE, funding_source_id="BALANCE",
        status="accepted",
    )  # fmt: skip
    it.store.commit(Create(reward), Create(payout))
    assert end_thanks(it.runtime, ORG, ["pay_1"]) == 1
    assert end_thanks(it.runtime, ORG, ["pay_1"]) == 0
    thank(it.runtime, ORG, "pay_1")  # on the event that settling it told
    it.pump()
    assert not it.sms.sent
