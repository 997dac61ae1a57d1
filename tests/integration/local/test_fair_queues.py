"""Groups of a standard queue are served in turn: the one with the fewest messages in flight comes next."""

from __future__ import annotations

from typing import Any

from infra.local.emulator.patches.fair_queues import in_turn

NOW = 1000.0


def waiting(group: str | None, count: int) -> list[dict[str, Any]]:
    return [{"group_id": group, "visible_at": NOW, "receive_count": 0} for _ in range(count)]


def in_flight(group: str | None, count: int) -> list[dict[str, Any]]:
    return [{"group_id": group, "visible_at": NOW + 60, "receive_count": 1} for _ in range(count)]


def groups(messages: list[dict[str, Any]]) -> list[str | None]:
    return [message["group_id"] for message in messages]


def test_a_late_first_message_of_another_group_passes_a_backlog() -> None:
    assert groups(in_turn(waiting("a", 100) + waiting("b", 1), NOW, 3)) == ["a", "b", "a"]
    assert groups(in_turn(in_flight("a", 1) + waiting("a", 100) + waiting("b", 1), NOW, 2)) == ["b", "a"]


def test_within_a_group_the_oldest_goes_first() -> None:
    messages = waiting("a", 3)
    assert [id(one) for one in in_turn(messages, NOW, 2)] == [id(one) for one in messages[:2]]


def test_who_names_no_group_waits_for_nobody() -> None:
    assert groups(in_turn(in_flight("a", 5) + waiting("a", 5) + waiting(None, 2), NOW, 3)) == [None, None, "a"]


def test_what_is_delayed_or_in_flight_is_not_handed_out() -> None:
    delayed = [{"group_id": "a", "visible_at": NOW + 60, "receive_count": 0}]
    assert in_turn(delayed + in_flight("b", 2), NOW, 10) == []
    assert groups(in_turn(delayed + waiting("a", 1), NOW, 10)) == ["a"]
