"""Everything that forbids a message is read at the moment of sending, and named when it does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from moref.campaigns.model import Enrollment
from moref.campaigns.places import Place
from moref.intake.model import Address, Contact, Job
from moref.kernel.keys import GLOBAL
from moref.messaging.model import Suppression
from moref.messaging.opt_out import opt_in, opt_out
from moref.messaging.staff_wishes import record_opt_out
from moref.people import person_key
from moref.records import Change as ChangeRow
from moref.records import Create, Write, get
from moref.referrals.merge_rows import merge_rows
from moref.tenants.model import Location, Organization, Switch, VendorAccount
from moref.tenants.switches import set_switch
from tests.fakes.runtime import START
from tests.unit.messaging.world import EMAIL, JOB, ORG, PERSON, PHONE, PLACE, World, world

Change = Callable[[World], None]


def contact(**fields: Any) -> Change:
    return lambda it: it.change(Contact, PERSON, **fields)


def location(**fields: Any) -> Change:
    return lambda it: it.change(Location, PLACE, **fields)


def suppress(kind: Any, value: str, reason: str) -> Change:
    """Only the keyed hash, as after an erasure and a new import: nothing stands on the contact."""

    def make(it: World) -> None:
        key = person_key(it.runtime.keys, ORG, kind, value)
        now = it.clock.now()
        channel = "sms" if kind == "phone" else "email"
        it.store.commit(
            Create(
                Suppression(
                    organization_id=ORG, id=key, created_at=now, updated_at=now,
                    channel=channel, active=True, reason=reason,
                )
            )
        )  # fmt: skip

    return make


FORBIDS: list[tuple[str, str, Change, str]] = [
    ("ask", "sms", lambda it: it.change(Organization, ORG, status="suspended"), "organization_not_active"),
    ("ask", "sms", location(status="archived"), "location_not_active"),
    ("ask", "sms", location(sms_sender=None), "no_sender"),
    ("ask", "sms", lambda it: it.change(VendorAccount, "twilio", status="stopped"), "no_sender"),
    ("ask", "sms", contact(phone=None), "no_address"),
    ("ask", "sms", contact(phone_kind="home"), "no_address"),
    ("ask", "sms", contact(phone="+14165550123"), "sms_country"),
    ("ask", "sms", contact(phone="+447700900123"), "sms_country"),
    ("ask", "sms", contact(consents=[]), "no_consent"),
    ("ask", "sms", lambda it: opt_out(it.runtime, ORG, "sms", PHONE, "STOP"), "suppressed"),
    ("ask", "sms", suppress("phone", PHONE, "STOP"), "suppressed"),
    ("ask", "sms", lambda it: it.change(Contact, PERSON, opted_out={"sms": it.clock.now()}), "opted_out"),
    ("ask", "sms", lambda it: it.change(Contact, PERSON, marketing_paused_at=it.clock.now()), "marketing_paused"),
    ("ask", "email", lambda it: opt_out(it.runtime, ORG, "email", EMAIL, "unsubscribed"), "suppressed"),
    ("ask", "email", contact(email=None), "no_address"),
    ("ask", "email", lambda it: it.change(Contact, PERSON, marketing_paused_at=it.clock.now()), "marketing_paused"),
    ("reward", "sms", lambda it: opt_out(it.runtime, ORG, "sms", PHONE, "STOP"), "suppressed"),
    ("reward", "email", suppress("email", EMAIL, "bounce"), "suppressed"),
]


@pytest.mark.parametrize(("template", "channel", "forbid", "reason"), FORBIDS)
def test_what_forbids_a_message_is_found_when_it_is_sent_and_not_only_when_it_was_planned(
    template: str, channel: Any, forbid: Change, reason: str
) -> None:
    it = world()
    id = it.plan(template, "service" if template == "reward" else "marketing", channel=channel)
    forbid(it)
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", reason)
    assert not it.sms.sent
    assert not it.email.sent


ALLOWS: list[tuple[str, str, Change]] = [
    ("ask", "sms", lambda it: None),
    ("ask", "email", contact(consents=[])),
    ("reward", "sms", contact(consents=[])),
    ("reward", "sms", lambda it: it.change(Contact, PERSON, marketing_paused_at=it.clock.now())),
    ("reward", "email", lambda it: opt_out(it.runtime, ORG, "email", EMAIL, "unsubscribed")),
    ("ask", "sms", lambda it: opt_out(it.runtime, "org_2", "sms", PHONE, "STOP")),
    ("ask", "email", lambda it: opt_out(it.runtime, ORG, "sms", PHONE, "STOP")),
]


@pytest.mark.parametrize(("template", "channel", "change"), ALLOWS)
def test_what_binds_only_marketing_or_another_channel_or_tenant_does_not_forbid_it(
    template: str, channel: Any, change: Change
) -> None:
    it = world()
    id = it.plan(template, "service" if template == "reward" else "marketing", channel=channel)
    change(it)
    it.pump()
    assert it.message(id).status == "sent"


def test_start_undoes_stop() -> None:
    it = world()
    opt_out(it.runtime, ORG, "sms", PHONE, "STOP")
    opt_in(it.runtime, ORG, "sms", PHONE, "START")
    id = it.plan()
    it.pump()
    assert it.message(id).status == "sent"
    assert it.contact().opted_out == {}


@pytest.mark.parametrize("owner", [ORG, GLOBAL])
def test_a_stop_switch_holds_messages_and_lets_them_go_afterwards(owner: str) -> None:
    it = world()
    id = it.plan()
    set_switch(it.store, it.clock.now(), owner, "sends", stop=True, reason="a test", by="mem_1")
    it.move(minutes=20)
    assert (it.message(id).status, it.message(id).reason) == ("queued", "stopped: a test")
    it.change(Switch, "sends", owner, stopped=False)
    it.move(minutes=20)
    assert it.message(id).status == "sent"


def test_a_text_outside_the_window_waits_for_the_next_one_and_may_not_arrive_after_its_end() -> None:
    it = world()
    it.clock.move(hours=7, minutes=59)  # 17:59 in Chicago: one minute is too little for a carrier
    id = it.plan()
    it.pump()
    waiting = it.message(id)
    assert waiting.status == "queued"
    assert waiting.not_before is not None
    it.move(hours=24)
    sent = it.message(id)
    assert sent.status == "sent"
    assert sent.sent_at is not None
    assert (sent.sent_at.hour, sent.sent_at.minute < 20) == (15, True)  # 10:00 to 10:20 in Chicago
    valid = it.sms.sent[0].valid_seconds
    assert valid is not None
    assert 7 * 3600 < valid <= 8 * 3600


def test_mail_to_staff_leaves_at_any_time() -> None:
    it = world()
    it.clock.move(hours=12)
    id = it.plan("low_score", "staff", contact=None, fields={"score": "2"})
    it.pump()
    assert it.message(id).status == "sent"
    assert it.email.sent[0].to == "staff@bluebird.test"


def test_a_message_whose_job_was_cancelled_after_planning_is_dropped() -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    id = it.plan(enrollment_id=it.enrollment().id)
    it.change(Enrollment, it.enrollment().id, status="stopped")
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "journey_stopped")
    assert it.enrollment().job_id == JOB


def test_a_message_that_waited_three_days_is_not_sent_any_more() -> None:
    it = world()
    id = it.plan()
    it.clock.move(hours=73)
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "too_late")


def test_places_that_never_agree_end_with_a_reason() -> None:
    it = world()
    id = it.plan(places=[Place(zone="Pacific/Guam"), Place(zone="America/New_York")])
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "no_window")


TEXAS = [Place(zone="America/Chicago", state="TX")]


def test_a_state_that_is_known_has_its_own_hours_and_one_that_is_not_the_narrowest() -> None:
    it = world()
    it.change(Location, PLACE, state="TX")
    it.clock.move(hours=8, minutes=30)  # 18:30 in Chicago
    known = it.plan(cause="known", places=TEXAS)
    unknown = it.plan(cause="unknown", places=[Place(zone="America/Chicago")])
    it.pump()
    assert it.message(known).status == "sent"
    assert (it.message(unknown).status, it.message(unknown).reason) == ("queued", "outside the window")


def test_the_phones_area_code_holds_a_text_back_that_names_no_places() -> None:
    it = world(phone="+18085550123")  # Honolulu; the branch is in Chicago
    id = it.plan()
    it.pump()
    assert it.message(id).status == "queued"
    it.move(hours=3, minutes=50)
    assert it.message(id).status == "queued"
    it.move(minutes=30)  # 9:00 in Honolulu, 14:00 in Chicago
    assert it.message(id).status == "sent"


@pytest.mark.parametrize(
    "heard",
    [
        lambda it: it.change(Job, JOB, destination=Address(state="HI")),  # the CRM told where the move goes
        lambda it: it.change(Contact, PERSON, phone="+18085550123"),  # or a new number
    ],
)
def test_where_the_person_may_be_is_looked_at_again_when_the_message_leaves(heard: Change) -> None:
    it = world()
    it.job_facts("completed", completed=True)
    it.pump()
    id = it.plan(enrollment_id=it.enrollment().id, job_id=JOB, places=TEXAS)
    heard(it)  # 10:00 in Chicago, 5:00 in Honolulu
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("queued", "outside the window")


@pytest.mark.parametrize("observed", [False, True])
def test_a_holiday_holds_a_message_back_when_the_setting_says_so(observed: bool) -> None:
    it = world()
    it.change(Organization, ORG, settings={"observe_state_holidays": observed})
    it.clock.at = datetime(2026, 12, 25, 18, tzinfo=UTC)  # Friday noon
    id = it.plan("reward", "service", places=TEXAS)
    it.pump()
    assert it.message(id).status == ("queued" if observed else "sent")
    it.move(days=1)
    assert it.message(id).status == "sent"


def test_a_message_whose_places_change_their_clocks_while_it_waits_leaves_at_the_new_opening() -> None:
    """Saturday 7 March 2026, 20:00 in Austin: Sunday noon is summer time, 15 hours later and not 16."""
    it = world()
    it.clock.at = datetime(2026, 3, 8, 2, tzinfo=UTC)
    id = it.plan("reward", "service", places=TEXAS)
    it.pump()
    due = it.message(id).not_before
    assert due is not None
    assert datetime(2026, 3, 8, 17, tzinfo=UTC) <= due < datetime(2026, 3, 8, 17, 20, tzinfo=UTC)


def merged(it: World, **fields: Any) -> None:
    """The customer's row was joined to another of the same person."""
    person = get(it.store, Contact, ORG, PERSON)
    it.store.commit(Create(person.model_copy(update={"id": "con_2", "version": 0, **fields})))
    it.change(Contact, PERSON, merged_into="con_2")


def test_what_counts_is_what_the_person_wants_under_the_row_they_were_merged_into() -> None:
    for fields, reason in (
        ({"marketing_paused_at": world().clock.now()}, "marketing_paused"),
        ({"opted_out": {"sms": world().clock.now()}}, "opted_out"),
        ({"consents": []}, "no_consent"),
    ):
        it = world()
        id = it.plan("ask", "marketing", channel="sms")
        merged(it, **fields)
        it.pump()
        assert (it.message(id).status, it.message(id).reason) == ("skipped", reason)


def test_and_how_much_they_had_by_then() -> None:
    it = world()
    it.plan("ask", "marketing", channel="sms", cause="first")
    it.pump()
    second = it.plan("ask", "marketing", channel="sms", cause="second")
    merged(it)
    merge_rows(it.runtime, ORG, PERSON)
    merge_rows(it.runtime, ORG, PERSON)
    it.pump()
    assert (it.message(second).status, it.message(second).reason) == ("queued", "enough messages for now")


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (lambda it: opt_out(it.runtime, ORG, "sms", PHONE, "STOP"), "suppressed"),
        (
            lambda it: record_opt_out(it.runtime, ORG, PERSON, ["sms"], scope="marketing", reason="", actor="mem_1"),
            "suppressed",
        ),
        (contact(marketing_paused_at=START), "marketing_paused"),
        (contact(consents=[]), "no_consent"),
    ],
)
def test_a_wish_that_comes_between_the_last_look_and_the_call_of_the_provider_wins(wish: Change, reason: str) -> None:
    it = world()
    id = it.plan()
    commit, said = it.store.commit, list[bool]()

    def interrupted(*writes: Write) -> None:
        claims = any(isinstance(one, ChangeRow) and getattr(one.after, "status", "") == "sending" for one in writes)
        if claims and not said:
            said.append(True)
            wish(it)
        commit(*writes)

    it.store.commit = interrupted  # type: ignore[method-assign]
    it.pump()
    assert said
    assert not it.sms.sent
    assert it.message(id).status == "skipped"
    assert it.message(id).reason == reason
