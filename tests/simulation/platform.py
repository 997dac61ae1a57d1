"""What organizations share: tables, queues, schedules and a clock, as fakes that can die at every call."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from moref.runtime import Runtime
from tests.fakes.runtime import FakeClock, FakeScheduler, fake_runtime
from tests.simulation.provider import FakeProvider
from tests.simulation.store import StrictStore


@dataclass
class Queues:
    """Messages with the instant at which they become visible; sending is a crash point."""

    clock: FakeClock
    crash_point: Callable[[], None]

    def __post_init__(self) -> None:
        self.waiting: list[tuple[datetime, str, dict[str, Any]]] = []

    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        assert 0 <= delay_seconds <= 900
        self.crash_point()
        due = self.clock.at + timedelta(seconds=delay_seconds)
        self.waiting.append((due, queue, json.loads(json.dumps(dict(message)))))


@dataclass
class Scheduler(FakeScheduler):
    crash_point: Callable[[], None] = lambda: None

    def at(self, name: str, due: datetime, queue: str, message: Mapping[str, Any]) -> None:
        self.crash_point()
        super().at(name, due, queue, message)


@dataclass
class Platform:
    store: StrictStore
    clock: FakeClock
    queues: Queues
    scheduler: Scheduler
    runtime: Runtime
    providers: dict[str, FakeProvider] = field(default_factory=dict)  # by organization: the account is its own
    handled: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    read: int = 0  # of the outbox

    def begin_as(self, other: "Platform") -> None:
        self.store.copy_of(other.store)
        self.clock.at, self.read = other.clock.at, other.read
        self.handled[:] = other.handled
        self.queues.waiting = [*other.queues.waiting]
        self.scheduler.schedules = dict(other.scheduler.schedules)


def platform(store: StrictStore) -> Platform:
    clock = FakeClock()
    queues, scheduler = Queues(clock, store.crash_point), Scheduler(crash_point=store.crash_point)
    runtime = replace(fake_runtime(store, clock), queues=queues, scheduler=scheduler)
    return Platform(store, clock, queues, scheduler, runtime)
