"""One-time schedules as EventBridge Scheduler is asked for them."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from moref.aws.scheduler import EventBridgeScheduler, expression, schedule_name
from moref.kernel.names import STEPS
from tests.fakes.runtime import START, FakeClock, FakeQueues


def test_an_instant_is_written_in_utc_whole_seconds_never_early() -> None:
    at = datetime(2026, 6, 2, 23, 59, 59, tzinfo=UTC)
    assert expression(at) == "at(2026-06-02T23:59:59)"
    assert expression(at + timedelta(microseconds=1)) == "at(2026-06-03T00:00:00)"
    assert expression(datetime(2026, 6, 2, 20, 0, tzinfo=timezone(timedelta(hours=-5)))) == "at(2026-06-03T01:00:00)"


@pytest.mark.parametrize(("seconds", "delay"), [(-3600, 0), (0, 0), (0.2, 1), (59.5, 60), (60, 60)])
def test_what_is_due_within_a_minute_goes_straight_to_the_queue_and_not_early(seconds: float, delay: int) -> None:
    delays: list[int] = []

    class Queues(FakeQueues):
        def send(self, queue: str, message: object, *, delay_seconds: int = 0) -> None:
            assert (queue, message) == (STEPS, {"command": "fire_step"})
            delays.append(delay_seconds)

    scheduler = EventBridgeScheduler(
        stage="local", group="g", role_arn="r", queue_arn_prefix="arn:", clock=FakeClock(), queues=Queues()
    )
    scheduler.at("name", START + timedelta(seconds=seconds), STEPS, {"command": "fire_step"})
    assert delays == [delay]


def test_a_name_that_aws_does_not_take_becomes_its_hash_always_the_same() -> None:
    assert schedule_name("step-enr_1-ask") == "step-enr_1-ask"
    for name in ("x" * 65, "a|b", "", "ä"):
        assert schedule_name(name) == schedule_name(name)
        assert len(schedule_name(name)) <= 64
        assert schedule_name(name) not in (name, schedule_name(name + "x"))
