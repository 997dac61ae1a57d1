"""Delivering events: every consumer's queue, nothing lost, nothing stopped by a poison row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.aws.outbox import PARKED
from moref.aws.router import Router, failures, table_names
from moref.aws.values import encode
from moref.events import ROUTES, Event, envelope
from moref.kernel import keys
from moref.kernel.errors import Malformed
from moref.kernel.names import CAMPAIGNS, CLICKS, CORE, INBOX, REFERRALS, TRAFFIC
from moref.routing import delivery
from tests.fakes.runtime import FakeClock, FakeMetrics, fake_runtime

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
OLD = "2026-06-02T14:00:00.000000Z"


def event_row(id: str = "evt_1", name: str = "job.changed", **over: Any) -> dict[str, Any]:
    pk, sk = keys.row_key("org_1", "event", id)
    data = envelope(Event(name, "org_1", "job_1", {"state": "completed"}), id, OLD)
    return {"pk": pk, "sk": sk, "noun": "event", "data": data, "pending": "p1", "pending_since": OLD} | over


def inbox_row() -> dict[str, Any]:
    pk, sk = keys.row_key("org_1", "inbox", "inb_1")
    data = {"source": "crm:generic", "body": "secret", "headers": {}}
    return {"pk": pk, "sk": sk, "noun": "inbox", "created": OLD, "data": data, "pending": "p2", "pending_since": OLD}


def click_row(unique: str = "01ABC7") -> dict[str, Any]:
    pk, sk = keys.click_key("7K3M9QX2WDT", OLD, unique)
    return {"pk": pk, "sk": sk, "organization": "org_1", "code": "7K3M9QX2WDT", "at": OLD}


def record(row: Mapping[str, Any], number: int, table: str = "core", name: str = "INSERT") -> dict[str, Any]:
    image = encode(dict(row))["M"]
    arn = f"arn:aws:dynamodb:us-east-1:000000000000:table/test-{table}_table/stream/2026-01-01T00:00:00.000"
    return {
        "eventName": name,
        "eventSourceARN": arn,
        "dynamodb": {"SequenceNumber": str(number), "NewImage": image, "Keys": {"pk": image["pk"], "sk": image["sk"]}},
    }


@dataclass
class Queues:
    down: set[str] = field(default_factory=set)
    refuse: set[str] = field(default_factory=set)  # ids of events that SQS refuses
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def send_many(self, queue: str, messages: Sequence[Mapping[str, Any]]) -> set[int]:
        if queue in self.down:
            raise ConnectionError(queue)
        self.sent += [(queue, message) for message in messages if message["id"] not in self.refuse]
        return {place for place, message in enumerate(messages) if message["id"] in self.refuse}


@dataclass
class Rows:
    """An outbox in memory."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    cleared: list[tuple[str, tuple[str, str]]] = field(default_factory=list)
    broken: bool = False

    def waiting(self, table: str, shard: str, before: datetime, limit: int) -> list[dict[str, Any]]:
        assert before == NOW - timedelta(minutes=2)
        mine = [
            row for row in self.rows if row.get("pending") == shard and (row["noun"] == "inbox") == (table == TRAFFIC)
        ]
        return mine[:limit]

    def clear(self, table: str, key: tuple[str, str]) -> None:
        if self.broken:
            raise ConnectionError
        self.cleared.append((table, key))
        self.rows = [row for row in self.rows if (row["pk"], row["sk"]) != key]

    def park(self, table: str, key: tuple[str, str]) -> None:
        for row in self.rows:
            if (row["pk"], row["sk"]) == key:
                row["pending"] = PARKED


@dataclass
class World:
    queues: Queues = field(default_factory=Queues)
    rows: Rows = field(default_factory=Rows)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)

    @property
    def router(self) -> Router:
        return Router(self.queues, self.rows, self.metrics, FakeClock(NOW))

    def route(self, *records: Mapping[str, Any]) -> list[str]:
        return self.router.route(records, table_names(fake_runtime()))


@pytest.mark.parametrize("name", sorted(set(ROUTES) - {"inbox.received", "click.recorded"}))
def test_an_event_goes_to_everybody_who_hears_it_and_is_then_cleared(name: str) -> None:
    world, row = World(), event_row(name=name)
    assert world.route(record(row, 1)) == []
    assert world.queues.sent == [(queue, row["data"]) for queue in sorted(ROUTES[name])]
    assert world.rows.cleared == [(CORE, (row["pk"], row["sk"]))]


def test_an_inbox_row_says_only_that_it_came() -> None:
    world = World()
    assert world.route(record(inbox_row(), 1, "traffic")) == []
    ((queue, message),) = world.queues.sent
    assert queue == INBOX
    assert message == {
        "id": "inb_1", "schema": 1, "name": "inbox.received", "organization_id": "org_1", "subject": "inb_1",
        "at": OLD, "data": {"source": "crm:generic"},
    }  # fmt: skip
    assert world.rows.cleared == [(TRAFFIC, keys.row_key("org_1", "inbox", "inb_1"))]


def test_a_click_row_is_its_own_event() -> None:
    world = World()
    assert world.route(record(click_row(), 1, "traffic")) == []
    ((queue, message),) = world.queues.sent
    assert queue == CLICKS
    assert (message["id"], message["organization_id"], message["subject"]) == ("01ABC7", "org_1", "7K3M9QX2WDT")
    assert message["data"] == {"code": "7K3M9QX2WDT", "at": OLD}
    assert world.rows.cleared == []


@pytest.mark.parametrize("row", [event_row(pending=None), {"pk": "org_1#job#1", "sk": "self", "noun": "job"}])
def test_other_rows_are_no_events(row: dict[str, Any]) -> None:
    world = World()
    assert world.route(record(row, 1)) == []
    assert world.queues.sent == []


def test_a_changed_row_is_not_sent_again() -> None:
    world = World()
    assert world.route(record(event_row(), 1, name="MODIFY")) == []
    assert world.queues.sent == []


POISON: list[dict[str, Any]] = [
    record(event_row(name="invented.later"), 2),
    record(event_row(data={"name": "job.changed"}), 2),
    record(event_row(data="text"), 2),
    record(event_row(noun="job"), 2),
    record(event_row(), 2, table="elsewhere"),
    record(inbox_row() | {"data": {}}, 2, "traffic"),
    record(event_row(), 2) | {"dynamodb": {"SequenceNumber": "2", "NewImage": {"pk": {"B": b"x"}}}},
    record(event_row(), 2) | {"dynamodb": {"SequenceNumber": "2", "NewImage": {}}},
]


@pytest.mark.parametrize("poison", POISON)
def test_a_poison_record_fails_alone_and_stays_pending(poison: dict[str, Any]) -> None:
    world = World()
    assert world.route(record(event_row("evt_1"), 1), poison, record(event_row("evt_3"), 3)) == ["2"]
    assert {message["id"] for _, message in world.queues.sent} == {"evt_1", "evt_3"}
    assert {key[0] for _, key in world.rows.cleared} == {"org_1#event#evt_1", "org_1#event#evt_3"}
    assert world.metrics.counts["event_unroutable"] == 1


def test_what_one_queue_did_not_take_is_not_cleared() -> None:
    world = World(Queues(down={CAMPAIGNS}))
    failed = world.route(record(event_row("evt_1"), 1), record(event_row("evt_2", "reward.released"), 2))
    assert failed == ["1"]
    assert {key[0] for _, key in world.rows.cleared} == {"org_1#event#evt_2"}
    assert (REFERRALS, "evt_1") in {(queue, message["id"]) for queue, message in world.queues.sent}


def test_one_refused_message_fails_its_own_record_only() -> None:
    world = World(Queues(refuse={"evt_2"}))
    assert world.route(*(record(event_row(f"evt_{number}"), number) for number in (1, 2, 3))) == ["2"]


def test_a_row_that_could_not_be_cleared_was_still_delivered() -> None:
    world = World(rows=Rows(broken=True))
    assert world.route(record(event_row(), 1)) == []
    assert world.metrics.counts["pending_not_cleared"] == 1


def test_the_batch_response_names_what_failed() -> None:
    assert failures(["7", "9"]) == {"batchItemFailures": [{"itemIdentifier": "7"}, {"itemIdentifier": "9"}]}


def test_the_sweeper_sends_what_waits_in_every_shard_of_both_tables() -> None:
    world = World()
    world.rows.rows = [event_row(f"evt_{number}", pending=f"p{number}") for number in range(4)] + [inbox_row()]
    assert world.router.sweep() == 5
    assert world.rows.rows == []
    assert world.metrics.counts["events_resent"] == 5
    assert world.router.sweep() == 0


def test_the_sweeper_keeps_what_a_queue_did_not_take() -> None:
    world = World(Queues(down={CAMPAIGNS}))
    world.rows.rows = [event_row()]
    assert world.router.sweep() == 0
    assert len(world.rows.rows) == 1
    world.queues.down.clear()
    assert world.router.sweep() == 1


def test_what_nobody_knows_is_parked_out_of_the_others_way(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.rows.rows = [event_row("evt_new", "invented.later"), event_row("evt_2")]
    assert world.router.sweep() == 1
    (parked,) = world.rows.rows
    assert parked["pending"] == PARKED
    assert world.metrics.counts["event_parked"] == 1
    assert world.router.sweep() == 0
    assert world.metrics.counts["event_parked"] == 1  # parked once, not at every round
    monkeypatch.setitem(ROUTES, "invented.later", (REFERRALS,))  # code that knows it is deployed
    assert world.router.sweep() == 1
    assert world.rows.rows == []


def test_an_unknown_event_is_an_error_of_the_pure_part_too() -> None:
    with pytest.raises(Malformed, match=r"invented\.later"):
        delivery(CORE, event_row(name="invented.later"))
