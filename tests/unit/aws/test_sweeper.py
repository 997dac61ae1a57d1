"""The rounds of the sweeper: every kind has its turn, and a failure is seen."""

from datetime import UTC, datetime

import pytest

from moref.kernel.errors import Retry
from moref.runtime import Runtime
from sweeper import handler
from tests.fakes.runtime import FakeClock, fake_runtime


def at(minute: int) -> Runtime:
    return fake_runtime(clock=FakeClock(datetime(2026, 6, 2, 15, minute, tzinfo=UTC)))


@pytest.fixture(autouse=True)
def _events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handler.EVERY_ROUND, "events", lambda runtime: 3)


def test_what_areas_find_late_has_its_round_once_an_hour() -> None:
    rounds = [handler.sweep(at(minute)) for minute in range(0, 60, handler.ROUND_MINUTES)]
    assert rounds[0] == {"events": 3, "steps": 0, "messages": 0}
    assert rounds[1:] == [{"events": 3}] * 29


def test_one_failure_leaves_the_others_their_turn_and_fails_the_round(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []

    def broken(runtime: Runtime) -> int:
        raise Retry("down")

    monkeypatch.setitem(handler.EVERY_ROUND, "events", broken)

    def works(runtime: Runtime) -> int:
        turns.append("messages")
        return 0

    monkeypatch.setitem(handler.HOURLY, "messages", works)
    with pytest.raises(RuntimeError, match="events"):
        handler.sweep(at(0))
    assert turns == ["messages"]
