"""The funnel's counters, held to a recount by brute force, whatever happened in whatever order it was told."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moref.campaigns.model import Enrollment, Feedback, StepRun
from moref.events import ROUTES
from moref.kernel.names import REPORTS
from moref.messaging.model import CARRIES, Message
from moref.messaging.told import told
from moref.records import Change, Create, Point, get
from moref.referrals.model import Evidence, Link, Referral
from moref.reporting.funnel import funnel
from moref.reporting.model import STAGES, Counted
from moref.reporting.recount import counted, recount
from moref.runtime import Runtime
from report_worker.handler import work
from tests.fakes.memory_store import Crash, MemoryStore
from tests.fakes.runtime import START, FakeClock, FakeQueues, fake_runtime

ORG, PLACE, CODE = "org_1", "loc_1", "K7PQ2"
STEPS = {"invite": "sms", "remind": "email", "again": "sms"}


class World:
    def __init__(self) -> None:
        self.runtime: Runtime = fake_runtime()
        self.made: dict[str, Any] = {"organization_id": ORG, "created_at": START, "updated_at": START}
        self.store.commit(
            Create(
                Enrollment(
                    **self.made, id="enr_1", campaign_id="referral_request", version_id="v", trigger="feedback_given",
                    cause="fb", began_at=START, contact_id="con_1", location_id=PLACE, places=[], link_code=CODE,
                )
            ),
            Create(Link(**self.made, id=CODE, advocate_id="adv_1", location_id=PLACE)),
        )  # fmt: skip

    @property
    def store(self) -> MemoryStore:
        return cast(MemoryStore, self.runtime.store)

    @property
    def clock(self) -> FakeClock:
        return cast(FakeClock, self.runtime.clock)

    def plan(self, step: str, link: str = "referral_link") -> str:
        now = self.clock.now()
        fields: dict[str, Any] = self.made | {"created_at": now, "updated_at": now}
        message = Message(
            **fields, id=f"msg_{step}", channel=cast(Any, STEPS[step]), template=step, kind="marketing",
            location_id=PLACE, contact_id="con_1", enrollment_id="enr_1", step=step,
            fields={link: f"https://go.example.test/r/{CODE}"}, link_code=CODE if link == "referral_link" else None,
        )  # fmt: skip
        self.store.commit(Create(message), Point(ORG, CARRIES, CODE, message.id))
        return message.id

    def change(self, step: str, **fields: Any) -> None:
        before = get(self.store, Message, ORG, f"msg_{step}")
        after = before.changed(self.clock.now(), **fields)
        self.store.commit(Change(before, after), *told(after))

    def send(self, step: str) -> None:
        self.change(step, status="sending", claimed_at=self.clock.now())
        self.change(step, status="sent", sent_at=self.clock.now())

    def friend(self, id: str, status: str = "new", *, at: datetime | None = None, code: str = CODE) -> None:
        now = self.clock.now()
        evidence = Evidence(kind="quote_form", at=at or now, source_id="lead", code=code)
        fields: dict[str, Any] = self.made | {"created_at": now, "updated_at": now}
        row = Referral(
            **fields, id=id, advocate_id="adv_1", contact_id="con_2", location_id=PLACE, code=code, lead_id="lead",
            status=cast(Any, status), evidence=[evidence],
        )  # fmt: skip
        self.store.commit(Create(row))

    def becomes(self, id: str, status: str) -> None:
        before = get(self.store, Referral, ORG, id)
        self.store.commit(Change(before, before.changed(self.clock.now(), status=status)))

    def click(self) -> None:
        before = get(self.store, Link, ORG, CODE)
        self.store.commit(Change(before, before.changed(self.clock.now(), last_clicked_at=self.clock.now())))
        self.hear("link.clicked", CODE)

    def hear(self, name: str, subject: str) -> None:
        assert REPORTS in ROUTES[name]
        work(self.runtime, {"name": name, "organization_id": ORG, "subject": subject, "data": {}})
        self.drain()

    def drain(self) -> None:
        """Further events and commands, until there are none."""
        queues = cast(FakeQueues, self.runtime.queues)
        while queues.sent or self.store.events:
            events, self.store.events = self.store.events, []
            sent, queues.sent = queues.sent, []
            for message in [*events, *(message for queue, message in sent if queue == REPORTS)]:
                work(self.runtime, message)

    def shown(self, step: str | None = None) -> dict[str, int]:
        days = (START.date() - timedelta(days=40), START.date() + timedelta(days=40))
        found = funnel(self.store, ORG, "referral_request", [PLACE], days)
        counts = found.total if step is None else found.steps.get((step, STEPS[step]), {})
        return {str(stage): number for stage, number in counts.items() if number}


def test_a_message_counts_once_at_each_stage_however_often_it_is_told() -> None:
    it = World()
    it.plan("invite")
    it.send("invite")
    for status in ({"status": "delivered"}, {"opened_at": START}, {"clicked_at": START}):
        it.change("invite", **status)
        it.hear("message.changed", "msg_invite")
        it.hear("message.changed", "msg_invite")
    assert it.shown() == {"sent": 1, "delivered": 1, "opened": 1, "clicked": 1}
    assert counted(it.store, ORG) == recount(it.store, ORG)


def test_a_message_that_bounced_after_all_was_not_delivered() -> None:
    it = World()
    it.plan("invite")
    it.send("invite")
    it.change("invite", status="delivered")
    it.drain()
    it.change("invite", status="undelivered")
    it.drain()
    assert it.shown() == {"sent": 1}


def test_quote_and_booking_count_at_the_last_message_before_them() -> None:
    it = World()
    for step in ("invite", "remind"):
        it.plan(step)
        it.send(step)
        it.clock.move(days=3)
        it.drain()
    it.friend("ref_1", at=START + timedelta(days=1))  # told of late: it came after the invitation
    it.friend("ref_2", "booked")
    it.hear("referral.changed", "ref_1")
    it.hear("referral.changed", "ref_2")
    assert it.shown("invite") == {"sent": 1, "quoted": 1}
    assert it.shown("remind") == {"sent": 1, "quoted": 1, "booked": 1}


def test_a_booking_that_is_cancelled_and_a_referral_that_is_removed_count_no_more() -> None:
    it = World()
    it.plan("invite")
    it.send("invite")
    it.friend("ref_1", "booked")
    it.hear("referral.changed", "ref_1")
    it.becomes("ref_1", "cancelled")
    it.hear("referral.changed", "ref_1")
    assert it.shown() == {"sent": 1, "quoted": 1}
    it.becomes("ref_1", "removed")
    it.hear("referral.changed", "ref_1")
    assert it.shown() == {"sent": 1}


def test_two_friends_of_one_message_are_one_message_that_brought_a_friend() -> None:
    it = World()
    it.plan("invite")
    it.send("invite")
    for id in ("ref_1", "ref_2"):
        it.friend(id)
        it.hear("referral.changed", id)
    it.becomes("ref_1", "removed")
    it.hear("referral.changed", "ref_1")
    assert it.shown() == {"sent": 1, "quoted": 1}


def test_a_message_found_to_have_left_before_the_friend_came_takes_the_credit_over() -> None:
    it = World()
    it.plan("invite")
    it.send("invite")
    it.clock.move(days=3)
    it.plan("remind")
    it.change("remind", status="unknown", claimed_at=it.clock.now())
    it.clock.move(hours=1)
    it.friend("ref_1")
    it.hear("referral.changed", "ref_1")
    assert it.shown("invite") == {"sent": 1, "quoted": 1}
    it.change("remind", status="sent", sent_at=it.clock.now())
    it.drain()
    assert it.shown("invite") == {"sent": 1}
    assert it.shown("remind") == {"sent": 1, "quoted": 1}


def test_a_click_on_the_link_marks_the_last_message_that_brought_it() -> None:
    it = World()
    for step in ("invite", "remind"):
        it.plan(step)
        it.send(step)
        it.clock.move(days=3)
        it.drain()
    it.click()
    assert it.shown("invite") == {"sent": 1}
    assert it.shown("remind") == {"sent": 1, "delivered": 1, "opened": 1, "clicked": 1}


def test_a_score_on_the_page_is_a_click_on_the_message_that_asked() -> None:
    it = World()
    it.plan("invite", link="feedback_link")
    it.send("invite")
    enrollment = get(it.store, Enrollment, ORG, "enr_1")
    steps = {"invite": StepRun(due_at=START, status="done", message_id="msg_invite")}
    feedback = {"enrollment_id": "enr_1", "contact_id": "con_1", "job_id": "job_1", "location_id": PLACE, "score": 5}
    by_text = Feedback(**it.made, **feedback, id="fb_2", source="sms")
    it.store.commit(
        Change(enrollment, enrollment.changed(START, steps=steps)),
        Create(Feedback(**it.made, **feedback, id="fb_1")),
        Create(by_text),
    )
    it.hear("feedback.given", "fb_2")
    assert it.shown() == {"sent": 1}
    it.hear("feedback.given", "fb_1")
    assert it.shown()["clicked"] == 1


def test_a_message_that_was_given_up_and_arrived_all_the_same_was_sent() -> None:
    it = World()
    it.plan("invite")
    it.change("invite", status="failed", claimed_at=START)
    it.change("invite", status="delivered", delivered_at=START + timedelta(days=1))
    it.drain()
    assert it.shown() == {"sent": 1, "delivered": 1}


def test_messages_no_campaign_sent_are_used_and_not_counted_here() -> None:
    it = World()
    it.plan("invite")
    it.change("invite", enrollment_id=None)
    it.send("invite")
    it.change("invite", status="delivered", delivered_at=START)
    assert [event["data"] for event in it.store.events] == [{"status": "sent"}]
    it.hear("message.changed", "msg_invite")
    assert it.shown() == {}


class Intruded:
    """A store in which something happens between a worker's look and its commit."""

    def __init__(self, store: MemoryStore, intrudes: Callable[[], None]) -> None:
        self._store, self._intrudes = store, intrudes
        self.times = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, *writes: Any) -> None:
        self.times += 1
        if self.times == 1:
            self._intrudes()
        self._store.commit(*writes)


def test_a_slow_workers_old_look_takes_nothing_back() -> None:
    it = World()
    it.plan("invite")
    it.send("invite")

    def arrives() -> None:
        it.change("invite", status="delivered")
        it.drain()

    slow = replace(it.runtime, store=cast(Any, Intruded(it.store, arrives)))
    work(slow, {"name": "message.changed", "organization_id": ORG, "subject": "msg_invite", "data": {}})
    assert it.shown() == {"sent": 1, "delivered": 1}


def test_a_message_that_is_known_to_have_left_while_the_friend_is_counted_gets_the_credit() -> None:
    it = World()
    it.plan("invite")
    it.send("invite")
    it.clock.move(days=3)
    it.plan("remind")
    it.change("remind", status="sending", claimed_at=it.clock.now())
    it.clock.move(minutes=1)
    it.friend("ref_1")
    it.drain()

    def answers() -> None:
        it.change("remind", status="sent", sent_at=it.clock.now())
        it.drain()

    slow = replace(it.runtime, store=cast(Any, Intruded(it.store, answers)))
    work(slow, {"name": "referral.changed", "organization_id": ORG, "subject": "ref_1", "data": {}})
    assert it.shown("remind") == {"sent": 1, "quoted": 1}
    assert counted(it.store, ORG) == recount(it.store, ORG)


@pytest.mark.parametrize("point", range(1, 12))
def test_a_crash_at_any_write_counts_nothing_twice_and_loses_nothing(point: int) -> None:
    it = World()
    for step in ("invite", "remind"):
        it.plan(step)
        it.send(step)
    it.friend("ref_1", "booked")
    it.store.events = []
    todo = [("message.changed", "msg_invite"), ("referral.changed", "ref_1"), ("message.changed", "msg_remind")]
    it.store.points, it.store.crash_at = 0, point
    for name, subject in todo:
        try:
            it.hear(name, subject)
        except Crash:
            it.hear(name, subject)
    assert counted(it.store, ORG) == recount(it.store, ORG)
    assert it.shown()["booked"] == 1


SUBJECTS = (*STEPS, "ref_1", "ref_2", "ref_3", "click")
MESSAGE = [
    ("queued", "claimed_at", "unknown"), ("unknown", "sent_at", "sent"), ("sent", "delivered_at", "delivered"),
    ("delivered", "updated_at", "undelivered"),
]  # fmt: skip
REFERRAL = {"new": "booked", "booked": "cancelled", "cancelled": "removed"}


@settings(max_examples=200, deadline=None)
@given(
    history=st.lists(st.tuples(st.sampled_from(SUBJECTS), st.integers(1, 40), st.booleans()), min_size=6, max_size=30),
    order=st.randoms(use_true_random=False),
)
def test_random_histories_told_in_any_order_and_twice_are_counted_as_a_recount_counts(
    history: list[tuple[str, int, bool]], order: Any
) -> None:
    it = World()
    for step in STEPS:
        it.plan(step)
    untold: list[tuple[str, str]] = []
    for subject, hours, soon in history:
        it.clock.move(hours=hours)
        untold += happens(it, subject)
        it.store.events = []  # told here, in whatever order
        if soon:
            tell(it, untold, order)
            untold = []
    tell(it, untold, order)
    assert counted(it.store, ORG) == recount(it.store, ORG)
    for row in it.store.list(Counted, ORG).items:
        assert row.stages == [stage for stage in STAGES if stage in row.stages]


def tell(it: World, events: list[tuple[str, str]], order: Any) -> None:
    """Each once or twice."""
    events = [*events, *(event for event in events if order.random() < 0.5)]
    order.shuffle(events)
    for name, subject in events:
        it.hear(name, subject)


def happens(it: World, subject: str) -> list[tuple[str, str]]:
    """The next thing that can happen to it, and what is told of that."""
    now = it.clock.now()
    if subject == "click":
        before = get(it.store, Link, ORG, CODE)
        it.store.commit(Change(before, before.changed(now, last_clicked_at=now)))
        return [("link.clicked", CODE)]
    if subject in STEPS:
        status = get(it.store, Message, ORG, f"msg_{subject}").status
        for was, field, becomes in MESSAGE:
            if was == status:
                it.change(subject, status=becomes, **({field: now} if field != "updated_at" else {}))
        return [("message.changed", f"msg_{subject}")]
    there = it.store.find(Referral, ORG, subject)
    if there is None:
        it.friend(subject)
    elif there.status in REFERRAL:
        it.becomes(subject, REFERRAL[there.status])
    return [("referral.changed", subject)]


def test_days_are_those_of_sending_in_utc_whenever_the_friend_comes() -> None:
    it = World()
    it.clock.at = datetime(2026, 6, 2, 23, 59, tzinfo=UTC)
    it.plan("invite")
    it.send("invite")
    it.clock.move(days=20)
    it.friend("ref_1")
    it.hear("referral.changed", "ref_1")
    day = datetime(2026, 6, 2, tzinfo=UTC).date()
    assert funnel(it.store, ORG, "referral_request", [PLACE], (day, day)).total["quoted"] == 1
    after = day + timedelta(days=1)
    assert funnel(it.store, ORG, "referral_request", [PLACE], (after, after + timedelta(days=30))).total["sent"] == 0
