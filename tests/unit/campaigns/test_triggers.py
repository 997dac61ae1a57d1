"""What campaigns begin with, each cause once, and what wakes those that wait."""

from typing import Any

import pytest

from moref.campaigns.definition import Definition
from moref.campaigns.give_feedback import give_feedback
from moref.campaigns.hear import link_clicked, partner_onboarded, payout_changed, referral_changed
from moref.campaigns.model import Enrollment, StaffTask
from moref.intake.model import Job
from moref.records import Change, Create, every, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Advocate, Lead, Referral
from moref.referrals.record_clicks import record_clicks
from moref.referrals.request_quote import Quote, request_quote
from moref.rewards.model import Payout, Reward
from moref.tenants.model import Location, Organization
from tests.unit.messaging.world import JOB, ORG, PERSON, PLACE, World, world


def task_campaign(it: World, kind: str, id: str = "own", **when: Any) -> None:
    """Begins with that trigger and makes one task at once."""
    steps = {"note": {"kind": "task", "words": kind, "mail": False}}
    definition = {"trigger": {"kind": kind, "when": when}, "first": "note", "steps": steps}
    it.campaign(id, Definition.model_validate(definition))


def tasks(it: World) -> list[str]:
    return sorted(task.words for task in every(it.store, StaffTask, ORG))


def switch_on(it: World, campaign: str) -> None:
    from tests.unit.campaigns.test_pause import set_status

    set_status(it, "active", campaign)


def quote(it: World, code: str, consent: str | None = "Text me", nonce: str = "n1") -> Lead:
    form = Quote(
        nonce=nonce, first_name="Flo", last_name="Friend", phone="+15125550188", email=None, origin_zip="78701",
        destination_zip="78704", move_date=None, notes="", consent_text=consent, consent_version="1",
    )  # fmt: skip
    made = request_quote(it.runtime, code, form)
    it.pump()
    return made


def test_a_job_counts_from_its_invoice_by_setting() -> None:
    it = world()
    it.change(Location, PLACE, settings={"start_when_invoiced": True})
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    assert not it.sms.sent
    it.job_facts("invoiced", invoiced=True)
    it.move(hours=3)
    assert len(it.sms.sent) == 1


def test_completed_and_invoiced_are_triggers_of_their_own() -> None:
    it = world()
    task_campaign(it, "job_completed", "a")
    task_campaign(it, "job_invoiced", "b")
    it.job_facts("completed", completed=True)
    it.pump()
    assert tasks(it) == ["job_completed"]
    it.job_facts("invoiced", invoiced=True)
    it.job_facts("invoiced", invoiced=True)
    it.pump()
    assert tasks(it) == ["job_completed", "job_invoiced"]


@pytest.mark.parametrize(
    ("when", "begins"),
    [
        ({"job_types": ["local"]}, True), ({"job_types": ["long"]}, False), ({"location_ids": [PLACE]}, True),
        ({"location_ids": ["loc_2"]}, False), ({"amount_at_least": 100_00}, True), ({"amount_at_least": 100_01}, False),
        ({"amount_at_most": 100_00}, True), ({"amount_at_most": 99_99}, False), ({"setting": "campaigns"}, True),
        ({"setting": "win_back_message"}, False), ({"advocate_kinds": ["partner"]}, False), ({"answered": False}, True),
    ],
)  # fmt: skip
def test_conditions_of_the_trigger(when: dict[str, Any], begins: bool) -> None:
    it = world()
    task_campaign(it, "job_completed", **when)
    amount = {"amount": {"kind": "amount", "value": 100_00, "at": it.clock.now()}}
    it.change(Job, JOB, job_type="local", facts=amount)
    it.job_facts("completed", completed=True)
    it.pump()
    assert bool(tasks(it)) == begins


@pytest.mark.parametrize(
    ("when", "begins"),
    [
        ({"happy": True}, False), ({"happy": False}, True), ({"score_at_least": 3}, True),
        ({"score_at_most": 2}, False), ({"sentiment": ["negative"]}, True), ({"answered": True}, True),
        ({"sentiment": ["positive", "neutral"]}, False),
    ],
)  # fmt: skip
def test_score_and_tone(when: dict[str, Any], begins: bool) -> None:
    it = world()
    task_campaign(it, "feedback_given", **when)
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    give_feedback(it.runtime, ORG, it.enrollment().id, score=3, comment="Terrible, they were rude and late.")
    it.pump()
    assert ("feedback_given" in tasks(it)) == begins


def test_the_first_click_begins_the_follow_up_and_a_quote_ends_it() -> None:
    for asks, nudged in ((False, 1), (True, 0)):
        it = world()
        switch_on(it, "follow_up_clicked")
        link = ensure_link(it.runtime, ORG, PERSON, PLACE)
        for _ in range(3):
            record_clicks(it.runtime, ORG, link.id, [it.clock.now()])
            link_clicked(it.runtime, ORG, link.id)
        it.move(days=1)
        if asks:
            quote(it, link.id)
        it.move(days=6)
        assert sum("/r/" in text.body for text in it.sms.sent) == nudged
        assert it.journey("follow_up_clicked", link.id).status == "finished"


def test_a_link_is_an_event_once_a_day() -> None:
    it = world()
    link = ensure_link(it.runtime, ORG, PERSON, PLACE)
    for hours in (0, 1, 2, 24, 1):  # from 15:00 UTC
        it.clock.move(hours=hours)
        record_clicks(it.runtime, ORG, link.id, [it.clock.now()])
    assert [event["data"]["first"] for event in it.store.events if event["name"] == "link.clicked"] == [True, False]


def test_a_friend_who_did_not_book_is_asked_once_and_only_with_consent() -> None:
    for consent, sent in (("Text me", 1), (None, 0)):
        it = world()
        switch_on(it, "follow_up_quoted")
        link = ensure_link(it.runtime, ORG, PERSON, PLACE)
        quote(it, link.id, consent)
        quote(it, link.id, consent, nonce="n2")
        it.move(days=5)
        assert [text.to for text in it.sms.sent] == ["+15125550188"] * sent


def test_a_booking_ends_the_wait_of_friend_and_advocate() -> None:
    it = world()
    switch_on(it, "follow_up_quoted")
    link = ensure_link(it.runtime, ORG, PERSON, PLACE)
    lead = quote(it, link.id)
    it.change(Referral, lead.referral_id, status="booked")
    referral_changed(it.runtime, ORG, lead.referral_id)
    journey = it.journey("follow_up_quoted", lead.referral_id)
    assert (journey.status, journey.steps["book"].reason) == ("finished", "booked")
    it.move(days=5)
    assert not it.sms.sent


def test_an_accepted_payout_begins_for_the_advocate_once() -> None:
    it = world()
    task_campaign(it, "reward_issued")
    fields: dict[str, Any] = {"organization_id": ORG, "created_at": it.clock.now(), "updated_at": it.clock.now()}
    reward = Reward(
        **fields, id="rw_1", advocate_id="adv_1", contact_id=PERSON, conversion_id="cv_1", location_id=PLACE,
        legal_entity_id="le_1", amount=2500, currency="USD", approved_at=it.clock.now(),
    )  # fmt: skip
    payout = Payout(
        **fields, id="po_1", reward_id="rw_1", location_id=PLACE, provider="tremendous", amount=2500, currency="USD",
        vendor_account_id="tremendous", recipient_name="Sam", recipient_email=None, recipient_phone=None,
        funding_source_id="fs", status="submitted",
    )  # fmt: skip
    it.store.commit(Create(reward), Create(payout))
    payout_changed(it.runtime, ORG, "po_1")
    assert not tasks(it)
    for status in ("accepted", "delivered"):
        it.change(Payout, "po_1", status=status, accepted_at=it.clock.now())
        payout_changed(it.runtime, ORG, "po_1")
    assert tasks(it) == ["reward_issued"]


def test_a_partner_is_welcomed_and_gets_tips_on_a_weekday_at_ten() -> None:
    it = world()
    switch_on(it, "partner_nurture")
    link = ensure_link(it.runtime, ORG, PERSON, PLACE)
    partner_onboarded(it.runtime, ORG, link.advocate_id)
    assert not every(it.store, Enrollment, ORG), "a customer is no partner"
    before = get(it.store, Advocate, ORG, link.advocate_id)
    it.store.commit(Change(before, before.changed(it.clock.now(), kind="partner")))
    for _ in range(2):
        partner_onboarded(it.runtime, ORG, link.advocate_id)
    it.move(days=9)
    welcome, tips = it.messages()
    assert (welcome.template, tips.template) == ("partner_welcome", "partner_tips")
    assert (tips.created_at.astimezone().weekday(), tips.created_at.hour) == (1, 15)  # Tuesday, 10:00 in Chicago


def test_by_setting_the_silent_are_asked_again_or_asked_to_refer() -> None:
    for settings, templates in (
        ({}, ["ask"]),
        ({"remind_without_score": True}, ["ask", "ask_again"]),
        ({"invite_without_score": True}, ["ask", "invite_without_score"]),
        ({"remind_without_score": True, "invite_without_score": True}, ["ask", "ask_again", "invite_without_score"]),
    ):
        it = world()
        it.change(Organization, ORG, settings=settings)
        it.job_facts("completed", completed=True)
        it.move(days=20)
        assert [message.template for message in it.messages()] == templates
        assert it.enrollment().status == "finished"


def test_by_setting_the_unhappy_get_a_message_after_staff_had_their_days() -> None:
    it = world()
    it.change(Organization, ORG, settings={"win_back_message": True})
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    give_feedback(it.runtime, ORG, it.enrollment().id, score=1)
    it.move(days=2, hours=23)
    assert len(it.sms.sent) == 1
    it.move(days=1)
    (message,) = [one for one in it.messages() if one.template == "make_it_right"]
    assert (message.kind, message.status) == ("service", "sent")


def test_a_score_is_seen_by_every_campaign_of_the_job() -> None:
    it = world()
    steps = {
        "wait": {"kind": "wait", "days": 9, "until": "answered", "next": "scored"},
        "scored": {"kind": "branch", "cases": [{"when": {"score_at_least": 5}, "next": "note"}]},
        "note": {"kind": "task", "words": "five", "mail": False},
    }
    definition = {"trigger": {"kind": "job_completed"}, "first": "wait", "steps": steps}
    it.campaign("own", Definition.model_validate(definition))
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    give_feedback(it.runtime, ORG, it.enrollment().id, score=5)
    it.pump()
    assert tasks(it) == ["five"]


def test_who_was_asked_by_another_campaign_of_the_job_is_silent_all_the_same() -> None:
    it = world()
    steps = {
        "wait": {"kind": "wait", "days": 3, "next": "silent"},
        "silent": {"kind": "branch", "cases": [{"when": {"no_answer_days": 2}, "next": "note"}]},
        "note": {"kind": "task", "words": "silent", "mail": False},
    }
    definition = {"trigger": {"kind": "job_completed"}, "first": "wait", "steps": steps}
    it.campaign("own", Definition.model_validate(definition))
    it.job_facts("completed", completed=True)
    it.move(days=3, hours=1)
    assert tasks(it) == ["silent"]
