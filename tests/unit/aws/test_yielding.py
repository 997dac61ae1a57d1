"""A worker that is behind does a few of each organization and puts the others back, in order and at its own pace."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from moref.aws.yielding import LATE, PLENTY, Yielding, work_in_turn

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)


class Put:
    def __init__(self, *, loses: set[int] | None = None) -> None:
        self.messages: list[dict[str, Any]] = []
        self.delays: list[int] = []
        self._loses = loses or set()

    def send_many(self, queue: str, messages: list[dict[str, Any]], delays: list[int]) -> set[int]:
        assert queue == "messages"
        self.messages += messages
        self.delays += delays
        return self._loses


def record(organization: str, place: int, *, waited: float, **more: Any) -> dict[str, Any]:
    sent = (NOW - timedelta(seconds=waited)).timestamp() * 1000
    body = {"command": "send_message", "organization_id": organization, "message_id": f"{organization}{place}"} | more
    return {
        "messageId": f"{organization}{place}",
        "body": json.dumps(body),
        "attributes": {"SentTimestamp": str(int(sent))},
    }


def run(records: list[dict[str, Any]], put: Put) -> tuple[list[str], list[str]]:
    """Message ids that were worked at, and those that failed."""
    worked: list[str] = []

    def attempt(one: Any) -> bool:
        worked.append(one["messageId"])
        return True

    failed = work_in_turn(Yielding("messages"), records, attempt, put, lambda: NOW)
    return worked, failed


def test_a_queue_that_is_behind_serves_each_organization_a_few() -> None:
    put = Put()
    records = [record("a", place, waited=LATE + 1) for place in range(8)] + [record("b", 0, waited=LATE + 1)]
    worked, failed = run(records, put)
    assert worked == ["a0", "a1", "b0"]
    assert not failed
    assert [message["message_id"] for message in put.messages] == [f"a{place}" for place in range(PLENTY, 8)]
    assert put.delays == sorted(put.delays)
    assert put.delays[0] >= LATE


def test_a_queue_that_is_not_behind_just_works() -> None:
    put = Put()
    assert len(run([record("a", place, waited=LATE - 1) for place in range(8)], put)[0]) == 8
    assert not put.messages


def test_what_was_delayed_is_late_only_after_its_time_and_a_slot_is_used() -> None:
    put = Put()
    due = [record("a", place, waited=600, due=int(NOW.timestamp()) - 1) for place in range(4)]
    slots = [record("b", place, waited=600, slot="2026-06-02T15:00:00.000000Z") for place in range(4)]
    assert len(run(due + slots, put)[0]) == 8


def test_what_could_not_be_put_back_comes_again_by_itself() -> None:
    worked, failed = run([record("a", place, waited=60) for place in range(4)], Put(loses={1}))
    assert worked == ["a0", "a1"]
    assert failed == ["a3"]
