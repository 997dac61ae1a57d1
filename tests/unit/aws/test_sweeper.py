"""The rounds of the sweeper: every kind has its turn, and a failure is seen."""

from datetime import UTC, datetime

import pytest

from moref.hourly import HourlyWork, once_an_hour
from moref.kernel.errors import Retry
from moref.kernel.keys import GLOBAL
from moref.records import every
from moref.runtime import Runtime
from sweeper import handler
from tests.fakes.runtime import FakeClock, fake_runtime


def move(runtime: Runtime, **delta: int) -> None:
    assert isinstance(runtime.clock, FakeClock)
    runtime.clock.move(**delta)


def at(minute: int) -> Runtime:
    return fake_runtime(clock=FakeClock(datetime(2026, 6, 2, 15, minute, tzinfo=UTC)))


@pytest.fixture(autouse=True)
def _events(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handler.EVERY_ROUND, "events", lambda runtime: 3)


def test_what_areas_find_late_has_its_round_once_an_hour() -> None:
    runtime = at(7)
    rounds = []
    for _ in range(60):
        rounds.append(handler.sweep(runtime))
        move(runtime, minutes=2)
    everything = {"events": 3} | dict.fromkeys(handler.HOURLY, 0)
    assert rounds.pop(0) == everything | dict.fromkeys(handler.DAILY, 0)
    rounds.insert(0, everything)
    assert [place for place, sent in enumerate(rounds) if sent == everything] == [0, 30]
    assert [sent for sent in rounds if sent != everything] == [{"events": 3}] * 58


def test_counters_are_derived_anew_once_a_day() -> None:
    runtime, found = at(0), []
    for _ in range(50):
        found.append("counters" in handler.sweep(runtime))
        move(runtime, hours=1)
    assert [hour for hour, there in enumerate(found) if there] == [0, 24, 48]


@pytest.mark.parametrize("jump", [{"hours": 5, "minutes": 33}, {"minutes": -20}, {"days": -2}])
def test_a_jump_of_the_clock_or_missed_rounds_skip_nothing(jump: dict[str, int]) -> None:
    runtime = at(0)
    handler.sweep(runtime)
    move(runtime, **jump)
    assert set(handler.sweep(runtime)) - set(handler.DAILY) == {"events", *handler.HOURLY}
    assert set(handler.sweep(runtime)) == {"events"}


def test_hourly_work_that_failed_is_done_again_in_the_next_round(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime, down = at(0), [True]

    def works(runtime: Runtime) -> int:
        if down.pop():
            raise Retry("down")
        return 5

    down.insert(0, False)
    monkeypatch.setitem(handler.HOURLY, "leads", works)
    with pytest.raises(RuntimeError, match="leads"):
        handler.sweep(runtime)
    move(runtime, minutes=2)
    assert handler.sweep(runtime) == {"events": 3, "leads": 5}


def test_two_rounds_at_once_leave_one_row() -> None:
    runtime = at(0)

    def overtaken(inner: Runtime) -> int:
        if not every(inner.store, HourlyWork, GLOBAL):
            once_an_hour(inner, "x", lambda _: 1)
        return 2

    assert once_an_hour(runtime, "x", overtaken) == 2
    assert len(every(runtime.store, HourlyWork, GLOBAL)) == 1


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
