"""A pause holds what is queued already, and what it held for long is let go."""

import pytest

from moref.campaigns.pause import MOST_HELD, TOO_LONG, campaign_resumed
from tests.unit.campaigns.test_journey import completed, score
from tests.unit.campaigns.test_pause import set_status
from tests.unit.messaging.world import ORG, World


def queued() -> World:
    """The question is queued and cannot leave: a second message of the day."""
    it = completed()
    it.plan(cause="another campaign")
    it.pump()
    it.move(hours=3)
    (waiting,) = [one for one in it.messages() if one.status == "queued"]
    assert waiting.enrollment_id == it.enrollment().id
    return it


def test_a_message_that_is_queued_already_waits_for_the_end_of_the_pause() -> None:
    it = queued()
    set_status(it, "paused")
    it.move(days=1)
    assert len(it.sms.sent) == 1
    (waiting,) = [one for one in it.messages() if one.status == "queued"]
    assert waiting.reason == "campaign_paused"
    set_status(it, "active")
    it.move(minutes=16)
    assert len(it.sms.sent) == 2


def test_and_is_dropped_once_it_is_too_late_for_it() -> None:
    it = queued()
    set_status(it, "paused")
    it.move(days=4)
    set_status(it, "active")
    it.move(days=1)
    assert len(it.sms.sent) == 1
    assert sorted(one.reason or "" for one in it.messages()) == ["", "too_late"]


@pytest.mark.parametrize(("days", "sent"), [(MOST_HELD.days - 1, 1), (MOST_HELD.days + 1, 0)])
def test_nobody_is_asked_weeks_later_because_a_campaign_was_paused(days: int, sent: int) -> None:
    it = completed()
    set_status(it, "paused")
    it.move(days=days)
    set_status(it, "active")
    campaign_resumed(it.runtime, ORG, "review_collection")
    it.move(hours=12)
    assert len(it.sms.sent) == sent
    assert (it.enrollment().reason == TOO_LONG) == (not sent)


def test_the_first_answer_of_the_day_is_free_and_no_other() -> None:
    from moref.campaigns.definition import Definition

    it = completed()
    steps = {name: {"kind": "send", "template": "remind", "next": next} for name, next in (("a", "b"), ("b", None))}
    made = {"trigger": {"kind": "feedback_given"}, "first": "a", "steps": steps}
    it.campaign("two_at_once", Definition.model_validate(made))
    set_status(it, "paused", "referral_request")
    it.move(hours=3)
    score(it, 3)
    it.move(hours=1)
    assert len(it.sms.sent) == 2  # the question, and the answer to the score
    it.move(days=1)
    assert len(it.sms.sent) == 3
