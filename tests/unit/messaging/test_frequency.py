"""Nobody gets more marketing than the settings allow, whatever campaigns and channels it comes from."""

import random
import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.campaigns.places import Place
from moref.campaigns.zones import zone
from moref.kernel.errors import Conflict, OutcomeUnknown, Retry
from moref.messaging.channels.base import Refused
from moref.messaging.frequency import Most, first_day
from moref.messaging.last_look import Go, last_look
from moref.messaging.model import Frequency, Message
from moref.records import Change, get
from moref.tenants.model import Location, Organization
from tests.unit.messaging.world import CHICAGO, ORG, PERSON, PLACE, World, world


def sent(it: World) -> list[str]:
    return [one.id for one in it.messages() if one.status == "sent"]


def allow(it: World, **settings: int) -> None:
    it.change(Organization, ORG, settings=settings)


def test_of_two_messages_at_one_instant_one_leaves_and_the_other_the_next_day() -> None:
    it = world()
    ids = [it.plan(cause="one campaign"), it.plan(cause="another", channel="email")]
    it.pump()
    assert len(sent(it)) == 1
    (other,) = set(ids) - set(sent(it))
    waiting = it.message(other)
    assert (waiting.status, waiting.reason) == ("queued", "enough messages for now")
    it.move(hours=23)
    assert len(sent(it)) == 1
    it.move(hours=2)
    assert sorted(sent(it)) == sorted(ids)
    at = it.message(other).sent_at
    assert at is not None
    assert at.astimezone(zone(CHICAGO)).date() == it.clock.now().astimezone(zone(CHICAGO)).date()


@pytest.mark.parametrize("before", [False, True])
def test_two_that_both_looked_before_either_claimed_cannot_both_claim(before: bool) -> None:
    it = world()
    if before:  # the contact's row is there already
        it.plan(cause="yesterday")
        it.move(days=1)
    looks = []
    for cause in ("one", "two"):
        message = it.message(it.plan(cause=cause))
        looks.append((message, last_look(it.runtime, message)))
    (first, go), (second, also_go) = looks
    assert isinstance(go, Go)
    assert isinstance(also_go, Go)
    now = it.clock.now()
    it.store.commit(Change(first, first.changed(now, status="sending")), *go.claims)
    with pytest.raises(Conflict):
        it.store.commit(Change(second, second.changed(now, status="sending")), *also_go.claims)


def test_of_eight_workers_with_eight_messages_of_one_person_one_sends() -> None:
    it = world()
    ids = [it.plan(cause=str(number)) for number in range(8)]
    start = threading.Barrier(8)

    def work(id: str) -> None:
        start.wait()
        for _ in range(8):  # as the queue redelivers
            try:
                it.send(id)
            except Conflict:
                continue
            return

    workers = [threading.Thread(target=work, args=(id,)) for id in ids]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(it.sms.sent) == 1
    assert sorted(one.status for one in it.messages()) == ["queued"] * 7 + ["sent"]


@pytest.mark.parametrize("outcome", [Refused("30006"), Retry("busy"), "undelivered"])
def test_what_never_reached_the_person_does_not_count(outcome: Any) -> None:
    it = world()
    it.sms.script = [outcome] if isinstance(outcome, Exception) else []
    first = it.plan(cause="first")
    it.pump()
    if outcome == "undelivered":
        it.change(Message, first, status="undelivered")
    it.clock.move(seconds=20)  # before it is tried again; its sender's pace allows the next
    second = it.plan(cause="second")
    it.pump()
    assert it.message(second).status == "sent"
    it.move(minutes=20)
    assert len(sent(it)) == 1, "the first one's next try finds that the second was before it"


def test_what_may_have_reached_the_person_counts() -> None:
    it = world()
    it.email.script = [OutcomeUnknown("cut")]
    first = it.plan(cause="first", channel="email")
    it.pump()
    second = it.plan(cause="second")
    it.pump()
    assert (it.message(first).status, it.message(second).status) == ("unknown", "queued")


def test_messages_about_the_job_or_the_reward_neither_count_nor_wait() -> None:
    it = world()
    fields = {"amount": "25 USD", "gift_link": "https://gift.example.test"}
    for number in range(3):
        it.plan("reward", "service", cause=f"reward {number}", fields=fields)
    it.plan(cause="ask")
    it.plan("reward", "service", cause="one more", fields=fields)
    it.move(minutes=2)
    assert len(sent(it)) == 5


def test_the_numbers_are_settings_of_organization_and_branch() -> None:
    it = world()
    allow(it, most_per_day=3)
    it.change(Location, PLACE, settings={"most_per_day": 2})
    for number in range(4):
        it.plan(cause=str(number))
    it.move(minutes=2)
    assert len(sent(it)) == 2


def test_three_in_any_seven_days_then_the_next_waits_for_the_eighth() -> None:
    it = world()
    for number in range(3):
        it.plan(cause=f"day {number}")
        it.move(days=1)
    it.move(days=2)
    late = it.plan(cause="day 5")
    it.pump()
    assert it.message(late).status == "queued"
    it.move(days=1, hours=23)
    assert len(sent(it)) == 3
    it.move(hours=2)
    assert it.message(late).status == "sent"


def test_one_that_would_wait_too_long_ends_as_too_late() -> None:
    it = world()
    allow(it, most_per_week=1)
    it.plan(cause="first")
    it.pump()
    second = it.plan(cause="second")
    it.move(days=8)
    assert (it.message(second).status, it.message(second).reason) == ("skipped", "too_late")


def test_days_are_those_of_the_persons_wall_clock() -> None:
    """Honolulu is at -10: 01:00 UTC is the afternoon before, 19:30 UTC the same morning."""
    it = world()
    hawaii = [Place(zone="Pacific/Honolulu", state="HI")]
    it.clock.at = datetime(2026, 6, 2, 22, tzinfo=UTC)  # noon on Tuesday
    one = it.plan(cause="noon", places=hawaii)
    it.pump()
    it.clock.at = datetime(2026, 6, 3, 1, tzinfo=UTC)  # still Tuesday
    two = it.plan(cause="afternoon", places=hawaii)
    it.pump()
    assert (it.message(one).status, it.message(two).status) == ("sent", "queued")
    due = it.message(two).not_before
    assert due is not None
    assert timedelta(0) <= due - datetime(2026, 6, 3, 19, tzinfo=UTC) < timedelta(minutes=20)  # Wednesday 9:00


def test_an_answer_to_what_the_person_did_today_is_not_held_back_but_counts() -> None:
    it = world()
    it.plan(cause="asked")
    it.pump()
    it.clock.move(minutes=10)
    answer = it.plan("invite", cause="gave 5", prompted_at=it.clock.now(), fields=LINKS)
    it.pump()
    assert it.message(answer).status == "sent"
    row = get(it.store, Frequency, ORG, PERSON)
    assert sorted(row.sent) == sorted(sent(it))
    stale = it.plan("invite", cause="gave 5 yesterday", prompted_at=it.clock.now() - timedelta(days=1), fields=LINKS)
    it.pump()
    assert it.message(stale).status == "queued"


LINKS = {"referral_link": "https://go.example.test/r/abc"}


def test_a_fortnight_of_many_campaigns_stays_within_both_numbers() -> None:
    it, rng = world(), random.Random(7)
    for number in range(30):
        it.move(hours=rng.uniform(1, 20))
        it.plan(cause=str(number), channel=rng.choice(["sms", "email"]))
        it.pump()
    it.move(days=4)
    at = [one.sent_at for one in it.messages() if one.status == "sent" and one.sent_at is not None]
    days = [one.astimezone(zone(CHICAGO)).date() for one in at]
    assert len(days) == len(set(days)) >= 4
    assert all(sum(day <= one < day + timedelta(days=7) for one in days) <= 3 for day in days)
    kept = get(it.store, Frequency, ORG, PERSON).sent.values()
    assert max(kept) - min(kept) <= timedelta(days=9), "what is old is forgotten"


DAY = date(2026, 6, 1)
PAST = st.lists(st.integers(-8, 0).map(lambda back: DAY + timedelta(days=back)), max_size=12)


@given(PAST, st.integers(1, 4), st.integers(1, 6), st.booleans())
def test_the_first_day_with_room_is_the_first(days: list[date], per_day: int, per_week: int, prompted: bool) -> None:
    found = first_day(days, DAY, Most(per_day, per_week), prompted=prompted)

    def room(day: date) -> bool:
        week = [one for one in days if timedelta(0) <= day - one < timedelta(days=7)]
        return len(week) < per_week and (days.count(day) < per_day or (prompted and day == DAY))

    assert room(found)
    assert not any(room(DAY + timedelta(days=later)) for later in range((found - DAY).days))
    assert found <= DAY + timedelta(days=7)
