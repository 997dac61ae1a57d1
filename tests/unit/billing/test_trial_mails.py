"""Owners hear of their trial's end three days before and when it has come: once each, whoever dies on the way."""

from datetime import timedelta
from typing import Any

import pytest

from billing_worker.handler import work
from moref.billing.follow_locations import look
from moref.billing.model import TrialClock
from moref.billing.trial import agree
from moref.billing.trial_mails import sweep_trials
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BILLING
from moref.messaging.compose_message import outgoing
from moref.messaging.last_look import Go, last_look
from moref.messaging.model import Message
from moref.records import Change, Create, every, get
from moref.tenants.close_organization import close_organization
from moref.tenants.model import Member
from tests.fakes.memory_store import Crash
from tests.unit.billing.world import World


@pytest.fixture
def world() -> World:
    return World()


def member(world: World, id: str, role: Any) -> None:
    now = world.clock.now()
    made = Member(
        organization_id=world.org, id=id, created_at=now, updated_at=now, email=f"{id}@bluebird.test", name=id,
        role=role,
    )  # fmt: skip
    world.store.commit(Create(made))


def hour(world: World) -> None:
    """The hourly round, and whatever it sends; each message twice."""
    world.sent.clear()
    sweep_trials(world.runtime)
    for queue, message in list(world.sent):
        assert queue == BILLING
        for _ in range(2):
            work(world.runtime, message)


def mails(world: World) -> list[tuple[str, str]]:
    found = every(world.store, Message, world.org, newest_first=False)
    assert all(one.kind == "staff" for one in found)
    return sorted((one.template, one.fields["to"]) for one in found)


def at(world: World, before_the_end: timedelta) -> None:
    world.clock.at = world.row.trial_until - before_the_end
    hour(world)


def test_each_owner_gets_one_mail_three_days_before_and_one_at_the_end(world: World) -> None:
    owner = get(world.store, Member, world.org, world.made.member_id).email
    member(world, "mem_two", "owner")
    member(world, "mem_admin", "admin")
    at(world, timedelta(days=3, seconds=1))
    assert mails(world) == []
    soon = sorted([("trial_soon", owner), ("trial_soon", "mem_two@bluebird.test")])
    for hours in (72, 71, 1):
        at(world, timedelta(hours=hours))
        assert mails(world) == soon
    ended = sorted([("trial_ended", owner), ("trial_ended", "mem_two@bluebird.test")])
    for days in (0, 1, 30):
        at(world, -timedelta(days=days))
        assert mails(world) == ended + soon


def test_it_leaves_at_any_hour_and_says_until_when(world: World) -> None:
    at(world, timedelta(days=3))
    (message,) = every(world.store, Message, world.org)
    go = last_look(world.runtime, message)
    assert isinstance(go, Go)
    mail = outgoing(world.runtime, message, go, world.clock.now(), unsubscribe=None)
    assert (go.to, mail.subject) == (message.fields["to"], f"The trial of {mail.sender} ends in three days")
    assert "Trial until: 16 June 2026" in mail.body


@pytest.mark.parametrize("how", ["subscribed", "agreed", "closing"])
def test_whom_it_does_not_concern_hears_nothing(world: World, how: str) -> None:
    if how == "subscribed":
        world.processor.pay(world.open())
        look(world.runtime, world.org, connect=world.connect)
    elif how == "agreed":
        agree(world.runtime, world.org, agreed=True, actor="op")
    else:
        close_organization(world.runtime, world.org, reason="we retire", actor=world.made.member_id)
    at(world, timedelta(days=3))
    at(world, timedelta(0))
    assert mails(world) == []
    assert get(world.store, TrialClock, GLOBAL, world.org).status == "off"


def test_who_chose_no_plan_after_the_warning_hears_of_the_end_and_who_did_does_not(world: World) -> None:
    at(world, timedelta(days=3))
    world.processor.pay(world.open())
    look(world.runtime, world.org, connect=world.connect)
    at(world, timedelta(0))
    assert [template for template, _ in mails(world)] == ["trial_soon"]


def test_a_round_that_comes_days_late_warns_of_nothing_that_is_over(world: World) -> None:
    at(world, -timedelta(days=2))
    hour(world)
    assert [template for template, _ in mails(world)] == ["trial_ended"]


@pytest.mark.parametrize("point", range(1, 3))
def test_a_worker_that_dies_writes_once(world: World, point: int) -> None:
    world.clock.at = world.row.trial_until - timedelta(days=3)
    world.store.crash_at = world.store.points + point
    with pytest.raises(Crash):
        hour(world)
    hour(world)
    assert [template for template, _ in mails(world)] == ["trial_soon"]


def test_a_branch_that_is_closed_lends_no_mail_its_name(world: World) -> None:
    world.archive(world.made.location_id)
    at(world, timedelta(days=3))
    assert mails(world) == []
    clock = get(world.store, TrialClock, GLOBAL, world.org)
    assert clock.stage == "ended"
    world.store.commit(Change(clock, clock.changed(world.clock.now(), status="off")))
    at(world, timedelta(0))
    assert mails(world) == []
