"""Whatever customer, staff, CRM and providers do, in any order: what leaves was allowed at that very moment.

What is allowed is kept beside the product, by a model of its own: the wishes as they were expressed, the hours as
rules.md has them. Every message is held against it as it reaches the provider.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.campaigns.definition import Definition
from moref.campaigns.give_feedback import give_feedback
from moref.campaigns.hear import job_changed
from moref.campaigns.model import Enrollment
from moref.campaigns.send_now import send_now
from moref.intake.model import STOP_CONDITIONS, Address, Fact, Job
from moref.kernel.errors import Conflict
from moref.messaging.channels.base import Account, Outgoing
from moref.messaging.do_not_contact import import_list
from moref.messaging.model import Message
from moref.messaging.opt_out import opt_out
from moref.messaging.preferences import preferences_url
from moref.messaging.read_reply import read_reply
from moref.messaging.staff_wishes import record_consent, record_opt_out
from moref.pages import preferences
from moref.people import person_keys
from moref.records import Change, Point, Write, every, get
from moref.runtime import Runtime
from moref.tenants.model import Location
from tests.unit.messaging.test_receive import text
from tests.unit.messaging.world import EMAIL, JOB, ORG, PERSON, PHONE, PLACE, FakeChannel, World, world

ZONES = {"TX": ["America/Chicago", "America/Denver"], "HI": ["Pacific/Honolulu"], "NY": ["America/New_York"]}
AREAS: dict[str, tuple[str, str | None]] = {"+1512": ("America/Chicago", "TX"), "+1808": ("Pacific/Honolulu", "HI")}
PHONES = (PHONE, "+18085550123")
BRANCH: tuple[str, str | None] = ("America/Chicago", "TX")
CHICAGO = ZoneInfo("America/Chicago")
EVERY_DAY: dict[str, Any] = {
    "trigger": {"kind": "job_completed"},
    "first": "s1",
    "steps": {
        "s1": {"kind": "send", "template": "invite_without_score", "next": "w1"},
        "w1": {"kind": "wait", "days": 1, "next": "s2"},
        "s2": {"kind": "send", "template": "remind", "channel": "sms", "next": "w2"},
        "w2": {"kind": "wait", "minutes": 600, "next": "s3"},
        "s3": {"kind": "send", "template": "ask_again", "channel": "email", "next": "w3"},
        "w3": {"kind": "wait", "days": 2, "next": "s4"},
        "s4": {"kind": "send", "template": "invite_without_score"},
    },
}


@dataclass
class Told:
    """What was expressed, by address and person."""

    stopped: set[str] = field(default_factory=set)  # by their own word: nothing but the answer to a keyword
    listed: set[str] = field(default_factory=set)  # the do-not-contact list, a bounce: likewise
    unsubscribed: set[str] = field(default_factory=set)  # no marketing
    unread: set[str] = field(default_factory=set)  # replies
    left: list[tuple[datetime, Message]] = field(default_factory=list)


@dataclass
class Watched(FakeChannel):
    told: Told = field(default_factory=Told)
    it: World | None = None

    def send(self, runtime: Runtime, account: Account, outgoing: Outgoing) -> str:
        assert self.it is not None
        message = self.it.message(outgoing.message_id)
        if message.kind not in ("staff", "keyword"):
            may_leave(self.it, self.told, message, outgoing)
            self.told.left.append((self.it.clock.now(), message))
        return super().send(runtime, account, outgoing)


def may_leave(it: World, told: Told, message: Message, outgoing: Outgoing) -> None:
    assert outgoing.to not in told.stopped | told.listed
    jobs = every(it.store, Job, ORG, parent=PERSON)
    in_time(it, message, outgoing, jobs)
    if message.kind == "marketing":
        assert outgoing.to not in told.unsubscribed
        assert not told.unread
        assert not any(job.holds(kind) for job in jobs for kind in STOP_CONDITIONS)
        assert message.channel == "email" or any(not consent.withdrawn for consent in it.contact().consents)
        not_too_often(told, message, it.clock.now())


def in_time(it: World, message: Message, outgoing: Outgoing, jobs: list[Job]) -> None:
    """Now, and as long as the provider may hold it."""
    places = {BRANCH, *(place for start, place in AREAS.items() if outgoing.to.startswith(start))}
    if message.enrollment_id is not None or message.job_id is not None:
        places |= {place for job in jobs for end in (job.origin, job.destination) for place in where(end)}
    now = it.clock.now()
    for at in (now, now + timedelta(seconds=(outgoing.valid_seconds or 1) - 1)):
        for zone, state in places:
            assert inside(at.astimezone(ZoneInfo(zone)), known=state is not None), (at, zone, state)


def not_too_often(told: Told, message: Message, now: datetime) -> None:
    before = [(at, one) for at, one in told.left if one.kind == "marketing"]
    if message.step is not None:
        assert (message.enrollment_id, message.step) not in [(one.enrollment_id, one.step) for _, one in before]
    if message.review_link:  # may pass what only a score brought about
        return
    assert len([at for at, _ in before if now - at < timedelta(days=6)]) < 3
    days = [at.astimezone(CHICAGO).date() for at, _ in before]
    assert message.prompted_at is not None or now.astimezone(CHICAGO).date() not in days


def where(address: Address | None) -> list[tuple[str, str | None]]:
    if address is None:
        return []
    if address.time_zone is not None:
        return [(address.time_zone, address.state)]
    return [(zone, address.state) for zone in ZONES.get(str(address.state), [])] or [("America/Chicago", None)]


def inside(local: datetime, *, known: bool) -> bool:
    opens, closes = (9, 20) if known else (10, 18)
    if local.weekday() == 6:
        opens, closes = (12, 20) if known else (12, 17)
    elif local.weekday() == 5 and not known:
        closes = 17
    return opens <= local.hour < closes


def press(button: str) -> Callable[[World, Told], None]:
    def act(it: World, told: Told) -> None:
        contact = it.contact()
        form = {"List-Unsubscribe": "One-Click"} if button == "one_click" else {"do": button}
        preferences.post(it.runtime, preferences_url(it.runtime, ORG, PERSON).rpartition("/")[2], form)
        email, phone = str(contact.email), str(contact.phone)
        if button in ("one_click", "stop_email"):
            told.unsubscribed.add(email)
        if button in ("stop_sms", "stop_all"):
            told.stopped.add(phone)
        if button == "stop_all":
            told.stopped.add(email)
        if button == "stop_offers":
            told.unsubscribed.add(phone)
        if button == "start_offers":
            told.unsubscribed.discard(phone)
        if button == "start_email" and email not in told.listed:
            told.unsubscribed.discard(email)
            told.stopped.discard(email)

    return act


def says(words: str) -> Callable[[World, Told], None]:
    def act(it: World, told: Told) -> None:
        phone = str(it.contact().phone)
        before = {one.id for one in it.messages()}
        text(it, words, sender=phone)
        if words.upper().replace(" ", "") in ("STOP", "OPTOUT"):
            told.stopped.add(phone)
        elif words == "START":
            for wishes in (told.stopped, told.unsubscribed, told.listed):
                wishes.discard(phone)
        told.unread |= {
            one.id for one in it.messages() if one.direction == "in" and one.id not in before and one.reason is None
        }

    return act


def read(it: World, told: Told) -> None:
    for id in told.unread:
        read_reply(it.runtime, ORG, id, keep_paused=False, revoked=False, actor="mem_1")
    told.unread.clear()


def revoked(it: World, told: Told) -> None:
    for id in told.unread:
        address = str(it.message(id).address)
        read_reply(it.runtime, ORG, id, keep_paused=False, revoked=True, actor="mem_1")
        told.stopped.add(address)
        told.unsubscribed.add(EMAIL)
    told.unread.clear()


def spoken(it: World, told: Told) -> None:
    record_opt_out(it.runtime, ORG, PERSON, ["email"], scope="everything", reason="", actor="mem_1")
    told.stopped.add(EMAIL)


def agreed(it: World, told: Told) -> None:
    try:
        record_consent(
            it.runtime, ORG, PERSON, channel="email", text="Yes", at=it.clock.now(), source="phone", actor="mem_1"
        )
    except Conflict:
        return
    for wishes in (told.stopped, told.unsubscribed, told.listed):
        wishes.discard(EMAIL)


def listed(it: World, told: Told) -> None:
    import_list(it.runtime, ORG, f"phone\n{it.contact().phone}\n", dry_run=False, actor="mem_1")
    told.listed.add(str(it.contact().phone))


def bounced(it: World, told: Told) -> None:
    opt_out(it.runtime, ORG, "email", EMAIL, "bounce")
    told.listed.add(EMAIL)


def fact(kind: str, value: bool) -> Callable[[World, Told], None]:
    return lambda it, _: it.job_facts("completed", **{kind: value})


def quietly(kind: str) -> Callable[[World, Told], None]:
    """The event is on its way still."""

    def act(it: World, told: Told) -> None:
        said = Fact.model_validate({"kind": kind, "value": True, "at": it.clock.now()})
        it.change(Job, JOB, facts=get(it.store, Job, ORG, JOB).facts | {kind: said})

    return act


def moved(**ends: Any) -> Callable[[World, Told], None]:
    def act(it: World, told: Told) -> None:
        it.change(Job, JOB, **ends)
        job_changed(it.runtime, ORG, JOB)

    return act


def another_phone(it: World, told: Told) -> None:
    now, before = it.clock.now(), it.contact()
    phone = PHONES[before.phone == PHONES[0]]
    keys = person_keys(it.runtime.keys, ORG, phone, EMAIL)
    after = before.changed(now, phone=phone, person_keys=sorted({*before.person_keys, *keys}))
    it.store.commit(Change(before, after), *(Point(ORG, "person", key, PERSON) for key in keys))


def link(it: World, told: Told) -> None:
    try:
        send_now(it.runtime, ORG, by="mem_1", job_id=JOB)
    except Conflict:
        return


def scored(score: int) -> Callable[[World, Told], None]:
    def act(it: World, told: Told) -> None:
        for one in every(it.store, Enrollment, ORG):
            if one.token is not None:
                give_feedback(it.runtime, ORG, one.id, score=score)

    return act


WISHES: Mapping[str, Callable[[World, Told], None]] = {
    **{button: press(button) for button in (
        "one_click", "stop_email", "start_email", "stop_offers", "start_offers", "stop_sms", "stop_all", "agree")},
    **{f"says {words}": says(words) for words in ("STOP", "opt out", "START", "5", "1 star", "leave me alone", "HELP")},
    "read": read, "revoked": revoked, "spoken": spoken, "agreed": agreed, "listed": listed, "bounced": bounced,
}  # fmt: skip
OTHERS: Mapping[str, Callable[[World, Told], None]] = {
    "done": fact("completed", True), "undone": fact("completed", False),
    "claim": fact("damage_claim", True), "no claim": fact("damage_claim", False),
    "quiet claim": quietly("damage_claim"), "quiet relocation": quietly("corporate_relocation"),
    "from Hawaii": moved(origin=Address(state="HI")), "to nobody knows": moved(destination=Address(city="Springfield")),
    "to New York": moved(destination=Address(state="NY")),
    "another phone": another_phone, "link": link, "happy": scored(5), "unhappy": scored(1),
}  # fmt: skip
ACTS = {**WISHES, **OTHERS}
WAITS = st.sampled_from([0, 1, 20, 150, 300, 600, 900, 1440, 2880])  # minutes
WHEN = st.sampled_from(["at once", "heard of at once", "as the next message is claimed"])


def at_the_next_claim(it: World, act: Callable[[], None]) -> None:
    """Between the last look and the claim: another worker was faster."""
    commit = it.store.commit

    def interrupted(*writes: Write) -> None:
        if any(isinstance(one, Change) and getattr(one.after, "status", "") == "sending" for one in writes):
            it.store.commit = commit  # type: ignore[method-assign]
            act()
        commit(*writes)

    it.store.commit = interrupted  # type: ignore[method-assign]


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(sorted(ACTS)), WHEN, WAITS), max_size=14))
def test_what_leaves_was_allowed_at_that_moment(plan: list[tuple[str, str, int]]) -> None:
    it, told = world(), Told()
    it.sms = Watched(told=told, it=it)
    it.email = Watched("ses", "email", None, False, "platform", told=told, it=it)
    it.change(Location, PLACE, state="TX")
    it.campaign("every_day", Definition.model_validate(EVERY_DAY))
    it.job_facts("completed", completed=True)
    for name, when, minutes in plan:
        if when == "as the next message is claimed" and name in WISHES:  # a CRM's word has been on its way for long
            at_the_next_claim(it, lambda name=name: ACTS[name](it, told))  # type: ignore[misc]
        else:
            ACTS[name](it, told)
        if when == "heard of at once":
            it.pump()
        it.move(minutes=minutes)
    it.move(days=6)
