"""A stored webhook has its effect and then its mark; what cannot be used waits, with the reason, to be replayed."""

import json
from typing import Any

import pytest

from inbox_worker.handler import work
from moref.events import SCHEMA
from moref.intake.model import InboxEvent
from moref.intake.replay import replay
from moref.intake.work_inbox import receiver, work_inbox
from moref.kernel.errors import BadInput, Malformed, NotFound, Retry
from moref.records import Create, get
from moref.runtime import Runtime
from tests.fakes.memory_store import Crash
from tests.fakes.runtime import START, FakeQueues
from tests.unit.intake.world import ORG, count, memory, sample, stored, world

ID = "inb_1"


def received(payload: Any, **over: Any) -> Runtime:
    runtime = world()
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    runtime.store.commit(Create(stored(body, id=ID, **over)))
    return runtime


def row(runtime: Runtime) -> InboxEvent:
    return get(runtime.store, InboxEvent, ORG, ID)


def test_a_webhook_has_its_effect_and_is_marked_handled() -> None:
    runtime = received(sample("completed"))
    work(runtime, {"name": "inbox.received", "organization_id": ORG, "subject": ID})
    assert (row(runtime).status, row(runtime).handled_at) == ("handled", runtime.clock.now())
    assert count(runtime, "job") == 1


def test_a_redelivered_message_finds_the_row_done() -> None:
    runtime = received(sample("completed"))
    for _ in range(3):
        work_inbox(runtime, ORG, ID)
    assert len(memory(runtime).events) == 1
    work_inbox(runtime, ORG, "inb_gone")
    work_inbox(runtime, "org_B", ID)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"not json", "the body is not JSON"),
        (sample("unknown_fact"), "facts[0].kind: "),
        ({"type": "job.updated", "data": {"job": {}}}, "at: "),
    ],
)
def test_what_cannot_be_used_is_quarantined_with_the_reason(payload: Any, words: str) -> None:
    runtime = received(payload)
    work_inbox(runtime, ORG, ID)
    assert row(runtime).status == "quarantined"
    assert words in (row(runtime).reason or "")


@pytest.mark.parametrize("damage", ["!!!", "AAAA"])
def test_a_damaged_row_is_quarantined(damage: str) -> None:
    runtime = world()
    runtime.store.commit(Create(stored(b"{}", id=ID).changed(START, body=damage)))
    work_inbox(runtime, ORG, ID)
    assert (row(runtime).status, row(runtime).reason) == ("quarantined", "the stored body cannot be unpacked")


def test_a_source_that_nobody_reads_is_left_to_newer_code() -> None:
    runtime = received(sample("completed"), source="carrier pigeon")
    with pytest.raises(Malformed):
        work_inbox(runtime, ORG, ID)
    assert row(runtime).status == "received"


def test_what_is_ignored_says_why() -> None:
    runtime = received({"type": "contact.created"})
    work_inbox(runtime, ORG, ID)
    assert (row(runtime).status, row(runtime).reason) == ("ignored", "not an event about a job")


def test_a_failure_that_passes_leaves_the_row_waiting() -> None:
    runtime = received(sample("completed"))

    def failing(*_: Any) -> None:
        raise Retry("the vendor is down")

    with pytest.raises(Retry):
        work_inbox(runtime, ORG, ID, receive=failing)
    assert row(runtime).status == "received"


@pytest.mark.parametrize("point", range(1, 5))
def test_a_crash_at_any_write_is_mended_by_the_next_delivery(point: int) -> None:
    runtime = received(sample("completed"))
    store = memory(runtime)
    store.points, store.crash_at = 0, point
    with pytest.raises(Crash):
        work_inbox(runtime, ORG, ID)
    work_inbox(runtime, ORG, ID)
    assert (row(runtime).status, count(runtime, "job"), len(store.events)) == ("handled", 1, 1)


def test_a_replay_works_from_the_stored_bytes_after_the_cause_is_mended() -> None:
    runtime = received(sample("completed"))

    def refusing(*_: Any) -> None:
        raise BadInput("facts: not understood yet")

    work_inbox(runtime, ORG, ID, receive=refusing)
    again = replay(runtime, ORG, ID)
    assert (again.status, again.reason, again.replays) == ("received", None, 1)
    assert isinstance(runtime.queues, FakeQueues)
    ((queue, message),) = runtime.queues.sent
    assert (queue, message["name"], message["subject"], message["schema"]) == ("inbox", "inbox.received", ID, SCHEMA)
    work(runtime, message)
    assert (row(runtime).status, count(runtime, "job")) == ("handled", 1)


def test_a_replay_of_what_was_handled_has_no_new_effect() -> None:
    runtime = received(sample("completed"))
    work_inbox(runtime, ORG, ID)
    before = [found for found in memory(runtime).rows.values() if found["noun"] != "inbox"]
    for _ in range(3):
        replay(runtime, ORG, ID)
        work_inbox(runtime, ORG, ID)
    assert [found for found in memory(runtime).rows.values() if found["noun"] != "inbox"] == before
    assert len(memory(runtime).events) == 1


def test_a_replay_waits_in_the_pending_index_until_it_is_done() -> None:
    runtime = received(sample("completed"))
    work_inbox(runtime, ORG, ID)
    assert "pending" not in row(runtime).index_keys()
    replay(runtime, ORG, ID)
    assert set(row(runtime).index_keys()) >= {"pending", "pending_since"}


def test_another_organizations_row_cannot_be_replayed() -> None:
    with pytest.raises(NotFound):
        replay(received(sample("completed")), "org_B", ID)


@pytest.mark.parametrize("source", ["crm:generic", "twilio", "tremendous"])
def test_every_source_of_a_door_has_a_reader(source: str) -> None:
    assert callable(receiver(source))
