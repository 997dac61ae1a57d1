"""What needs somebody today: each kind is there, leaves when it is done, keeps to locations, and costs the same."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from moref.api.today import KINDS, MOST, MOST_LOCATIONS
from moref.campaigns.model import Enrollment, Feedback, StaffTask
from moref.conversions.model import Conversion, Hold
from moref.imports.model import Import, Options
from moref.intake.call_budget import answered, pause
from moref.intake.model import InboxEvent
from moref.intake.pulled import CallBudget
from moref.kernel.keys import waiting_keys
from moref.messaging.model import Message
from moref.messaging.senders import Sender
from moref.programs.model import Program
from moref.records import Change, Create, Entity, every, get
from moref.referrals.model import Dispute, Lead, UnmatchedSource
from moref.rewards.funding import Funding
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Payout, Reward
from moref.tenants.model import Connection, Location
from tests.unit.api.world import World

HERE, THERE = "loc_here", "loc_there"


class Desk:
    """An organization with two branches, and rows that wait for somebody."""

    def __init__(self, world: World) -> None:
        self.world, self.store, self.clock = world, world.store, world.clock
        self.org = world.a.organization_id
        branch = get(self.store, Location, self.org, world.a.location_id)
        for id in (HERE, THERE):
            self.store.commit(Create(Location(**dict(branch) | {"id": id, "version": 0})))
        self.program = get(self.store, Program, self.org, world.a.program_id)
        self.made = 0

    def base(self, place: str | None, at: datetime) -> dict[str, Any]:
        self.made += 1
        found = {"organization_id": self.org, "id": f"row_{self.made}", "created_at": at, "updated_at": at}
        return found | ({"location_id": place} if place else {})

    def row(self, kind: str, place: str = HERE) -> Entity:
        now = self.clock.now()
        waiting: dict[str, Callable[[], Entity]] = {
            "approvals": lambda: self._conversion(place, status="pending", waiting_since=now),
            "holds": lambda: self._conversion(
                place, status="held", waiting_since=now, holds=[Hold(rule="velocity", words="Many in one day.")]
            ),
            "goodwill": lambda: Goodwill(**self.base(place, now), advocate_id="adv", amount=1, currency="USD",
                                         reason="ours", asked_by="mem"),
            "disputes": lambda: Dispute(**self.base(place, now), advocate_id="adv", job_id="job", claim="mine",
                                        opened_by="mem", deadline=now + timedelta(days=14)),
            "payouts": lambda: self._payout(place, status="needs_person", reason="the provider refused: 422"),
            "refused_account": lambda: self._payout(place, status="retry_wait", reason="credentials"),
            "blocked_rewards": lambda: Reward(
                **self.base(place, now), advocate_id="adv", contact_id="ctc", legal_entity_id="ent", amount=1,
                currency="USD", approved_at=now, released_at=now, reason="no gift card account is connected",
            ),
            "low_balance": lambda: Funding(**self.base(None, now), status="short", since=now),
            "unmatched_sources": lambda: UnmatchedSource(**self.base(place, now), job_id="job", contact_id="ctc",
                                                         why="nobody"),
            "low_scores": lambda: Feedback(**self.base(place, now), enrollment_id="enr", contact_id="ctc",
                                           job_id="job", score=2, low=True),
            "unread_replies": lambda: self._message(place, direction="in", status="received"),
            "undelivered": lambda: self._message(place, status="undelivered", reason="30005"),
            "refused_messages": lambda: self._message(place, status="queued", stuck_since=now, reason="refused"),
            "tasks": lambda: StaffTask(**self.base(place, now), words="Call them", source="enr"),
            "leads": lambda: Lead(**self.base(place, now), contact_id="ctc", referral_id="ref", code="C",
                                  status="failed"),
            "senders": lambda: Sender(**self.base(place, now), channel="sms", status="blocked",
                                      stopped_because="bounces"),
            "imports": lambda: Import(**self.base(None, now), kind="contacts", asked_by="mem", status="checked",
                                      options=Options(location_id=HERE, as_of=now)),
            "crm_paused": lambda: CallBudget(**self.base(None, now), connection_id="con", month=f"{now:%Y-%m}",
                                             allowance=9, pauses=1, paused_since=now, reason="credentials"),
            "inbox": lambda: InboxEvent(**self.base(None, now), source="crm:generic", connection_id="con",
                                        event_id="e", body="", status="quarantined", reason="unreadable"),
        }  # fmt: skip
        made = waiting[kind]()
        self.store.commit(Create(made))
        return made

    def _conversion(self, place: str, **fields: Any) -> Conversion:
        now = self.clock.now()
        return Conversion(
            **self.base(place, now), referral_id="ref", advocate_id="adv", job_id="job", program_id=self.program.id,
            program_version=1, terms=self.program.terms(), qualified_at=now, **fields,
        )  # fmt: skip

    def _payout(self, place: str, **fields: Any) -> Payout:
        return Payout(
            **self.base(place, self.clock.now()), reward_id="rew", provider="tremendous", amount=1, currency="USD",
            vendor_account_id="tremendous", recipient_name="Ann", recipient_email="ann@example.com",
            recipient_phone=None, funding_source_id="BALANCE", **fields,
        )  # fmt: skip

    def _message(self, place: str, **fields: Any) -> Message:
        at = self.clock.now()
        return Message(**self.base(place, at), channel="sms", template="ask", kind="marketing", **fields)

    def today(self, query: str = "", **caller: Any) -> dict[str, dict[str, Any]]:
        answer = self.world.call("GET", f"/today{query}", token=self.world.token(**caller))
        assert answer.status == 200, answer.text
        return {each["kind"]: each for each in answer.json()["kinds"]}

    def counts(self, query: str = "", **caller: Any) -> dict[str, int]:
        return {name: each["count"] for name, each in self.today(query, **caller).items()}


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


EVERY = [kind.name for kind in KINDS]
OF_A_BRANCH = [kind.name for kind in KINDS if not kind.whole]


@pytest.mark.parametrize("name", EVERY)
def test_each_kind_is_counted_with_its_oldest_and_stands_in_the_list_it_leads_to(desk: Desk, name: str) -> None:
    assert set(desk.counts().values()) == {0}
    first = desk.row(name)
    desk.clock.move(hours=3)
    desk.row(name)
    found = desk.today()
    assert {kind for kind, each in found.items() if each["count"]} == {name}
    one = found[name]
    assert (one["count"], one["more"], one["oldest_age_seconds"]) == (2, False, 3 * 3600)
    assert one["first"][0]["id"] == first.id
    listed = desk.world.call("GET", one["list"].removeprefix("/v1"))
    assert listed.status == 200, listed.text
    if "waiting=" in one["list"] or "status=" in one["list"]:
        assert len(listed.json()["items"]) == 2


@pytest.mark.parametrize("name", OF_A_BRANCH)
def test_a_member_of_one_branch_sees_its_own_and_nothing_of_the_house(desk: Desk, name: str) -> None:
    desk.row(name, HERE)
    for _ in range(3):
        desk.row(name, THERE)
    for of_the_house in set(EVERY) - set(OF_A_BRANCH):
        desk.row(of_the_house)
    assert desk.counts()[name] == 4
    own = desk.counts(role="member", locations=[HERE])
    assert own == dict.fromkeys(OF_A_BRANCH, 0) | {name: 1}
    assert desk.counts(f"?location_id={THERE}") == dict.fromkeys(OF_A_BRANCH, 0) | {name: 3}
    assert desk.counts(role="admin", locations=[HERE, THERE])[name] == 4
    path = next(kind.link for kind in KINDS if kind.name == name).removeprefix("/v1") + f"&location_id={THERE}"
    assert len(desk.world.call("GET", path).json()["items"]) == 3


def test_another_branch_is_not_found_and_too_many_are_asked_for_one(desk: Desk) -> None:
    member = desk.world.token(role="member", locations=[HERE])
    assert desk.world.call("GET", f"/today?location_id={THERE}", token=member).status == 404
    assert desk.world.call("GET", "/today?location_id=loc_none").status == 404
    many = [HERE, *(f"loc_{number}" for number in range(MOST_LOCATIONS))]
    refused = desk.world.call("GET", "/today", token=desk.world.token(role="member", locations=many))
    assert (refused.status, refused.json()["field"]) == (422, "location_id")
    assert desk.counts(f"?location_id={HERE}", role="member", locations=many)


def test_due_times_and_reasons_are_said(desk: Desk) -> None:
    desk.row("approvals")
    desk.row("holds")
    dispute = cast(Dispute, desk.row("disputes"))
    desk.clock.move(hours=50)
    found = {name: each["first"][0] for name, each in desk.today().items() if each["count"]}
    assert datetime.fromisoformat(found["approvals"]["due_by"]) == desk.clock.now() - timedelta(hours=2)
    assert found["approvals"]["age_seconds"] == 50 * 3600
    assert found["holds"]["detail"] == "Many in one day."
    assert datetime.fromisoformat(found["disputes"]["due_by"]) == dispute.deadline


def test_what_is_dealt_with_leaves(desk: Desk) -> None:
    feedback, store, now = desk.row("low_scores"), desk.store, desk.clock.now
    assert desk.world.call("POST", f"/feedback/{feedback.id}/handled").json()["handled_by"] == desk.world.a.member_id
    assert desk.world.call("POST", f"/feedback/{feedback.id}/handled").status == 200  # again: nothing new
    audits = desk.world.call("GET", f"/audit?subject={feedback.id}").json()["items"]
    assert [each["action"] for each in audits] == ["feedback.handled"]
    reply = desk.row("unread_replies")
    assert desk.world.call("POST", f"/messages/{reply.id}/read").status == 200
    task = desk.row("tasks")
    assert desk.world.call("POST", f"/tasks/{task.id}/done").status == 200
    lead = desk.row("leads")
    for _ in range(2):
        entered = desk.world.call("POST", f"/leads/{lead.id}/entered")
        assert (entered.status, entered.json()["entered_by"]) == (200, desk.world.a.member_id)
    source = desk.row("unmatched_sources")
    dismissed = desk.world.call("POST", f"/unmatched-sources/{source.id}/dismiss", {"reason": "an advertisement"})
    assert dismissed.status == 200
    payout = get(store, Payout, desk.org, desk.row("payouts").id)
    store.commit(Change(payout, payout.changed(now(), status="delivered")))
    assert set(desk.counts().values()) == {0}


def test_keywords_scores_and_old_failures_ask_for_nothing(desk: Desk) -> None:
    now = desk.clock.now()
    for said in ("STOP", "score"):
        message = desk._message(HERE, direction="in", status="received", reason=said)
        desk.store.commit(Create(message))
    desk.row("undelivered")
    good = Feedback(**desk.base(HERE, now), enrollment_id="enr", contact_id="ctc", job_id="job", score=5)
    desk.store.commit(Create(good), Create(desk._conversion(HERE, status="pending")))  # the policy decides that one
    assert {name for name, count in desk.counts().items() if count} == {"undelivered"}
    desk.clock.move(days=8)
    assert set(desk.counts().values()) == {0}


def test_a_crm_that_refuses_is_told_until_it_answers_and_not_in_the_next_month(desk: Desk) -> None:
    connection = get(desk.store, Connection, desk.org, desk.world.a.connection_id)
    pause(desk.world.runtime, connection, "credentials", None)
    desk.clock.move(hours=1)
    pause(desk.world.runtime, connection, "credentials", None)
    found = desk.today()["crm_paused"]
    assert (found["count"], found["oldest_age_seconds"], found["first"][0]["detail"]) == (1, 3600, "credentials")
    [budget] = every(desk.store, CallBudget, desk.org)
    desk.store.commit(*answered(budget, desk.clock.now()))
    assert desk.counts()["crm_paused"] == 0
    pause(desk.world.runtime, connection, "credentials", None)
    desk.clock.move(days=30)
    assert desk.counts()["crm_paused"] == 0


def test_a_score_is_low_by_the_branchs_own_threshold(desk: Desk) -> None:
    from moref.campaigns.give_feedback import give_feedback

    now = desk.clock.now()
    branch = get(desk.store, Location, desk.org, THERE)
    desk.store.commit(Change(branch, branch.changed(now, settings={"feedback_threshold": 2})))
    for place in (HERE, THERE):
        enrollment = Enrollment(
            **desk.base(place, now), campaign_id="c", version_id="v", trigger="job_completed", cause="job",
            began_at=now, contact_id="ctc", job_id="job", places=[],
        )  # fmt: skip
        desk.store.commit(Create(enrollment))
        give_feedback(desk.world.runtime, desk.org, enrollment.id, score=3)
    assert desk.counts(f"?location_id={HERE}")["low_scores"] == 1
    assert desk.counts(f"?location_id={THERE}")["low_scores"] == 0


def test_it_costs_the_same_however_much_there_is(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Counter[str] = Counter()
    sizes: list[int] = []
    listed = desk.store.list

    def counted(*args: Any, **kwargs: Any) -> Any:
        calls["list"] += 1
        sizes.append(kwargs["limit"])
        return listed(*args, **kwargs)

    monkeypatch.setattr(desk.store, "list", counted)
    desk.today()
    little = dict(calls)
    for _ in range(MOST + 50):
        desk.row("approvals")
    calls.clear()
    found = desk.today()
    assert dict(calls) == little == {"list": len(KINDS)}
    assert set(sizes) == {MOST + 1}
    assert (found["approvals"]["count"], found["approvals"]["more"], len(found["approvals"]["first"])) == (100, True, 5)
    calls.clear()
    desk.today(role="member", locations=[HERE, THERE])
    assert calls["list"] == 2 * len(OF_A_BRANCH)


def test_a_list_of_what_waits_takes_no_time_range_and_no_other_word(desk: Desk) -> None:
    for query, field in (
        ("waiting=nothing", "waiting"),
        ("waiting=hold&created_since=2026-06-01T00:00:00Z", "created_since"),
        ("waiting=hold&status=held", "waiting"),
    ):
        refused = desk.world.call("GET", f"/conversions?{query}")
        assert (refused.status, refused.json()["field"]) == (422, field), query


def test_only_what_waits_stands_in_the_sparse_index(desk: Desk) -> None:
    row = desk.row("holds")
    assert waiting_keys(desk.org, "conversion", "hold", HERE).items() <= row.index_keys().items()
    assert not [name for name in row.changed(desk.clock.now(), status="rejected").index_keys() if "waiting" in name]
