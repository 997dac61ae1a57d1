"""Many rewards released in one instant, and the workers of the payouts queue as a model: a clock that moves by the work
they do, delays that are kept, the real use-cases, and every call of AWS counted."""

import heapq
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from moref.events import ROUTES
from moref.intake.model import Contact
from moref.kernel.names import PAYOUTS
from moref.records import Create, E, Emit, Write
from moref.rewards import ledger
from moref.rewards.model import Payout, Reward
from moref.rewards.release import release
from moref.rewards.start_payout import listed
from tests.simulation.store import StrictStore
from tests.simulation.world import ORG, World, real_work

WORKERS = 5  # as many messages are in work at once
LOOK, CALL = timedelta(milliseconds=60), timedelta(milliseconds=400)  # what a look takes, and an answer of the provider


class CountingStore(StrictStore):
    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        self.calls["find"] += 1
        return super().find(kind, organization_id, id)

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        self.calls["lookup"] += 1
        return super().lookup(organization_id, kind, value)

    def list(self, kind: type[E], organization_id: str, **filters: Any) -> Any:
        self.calls["list"] += 1
        return super().list(kind, organization_id, **filters)

    def commit(self, *writes: Write) -> None:
        self.calls["commit"] += 1
        self.calls["rows written"] += sum(not isinstance(write, Emit) for write in writes)
        super().commit(*writes)


class Burst:
    """`many` rewards of as many advocates, approved and due at the same time."""

    def __init__(self, many: int) -> None:
        self.store = CountingStore()
        self.world = World(store=self.store)
        self.clock, self.provider = self.world.clock, self.world.provider
        self.runtime = replace(self.world.runtime, queues=self, scheduler=self)
        self._waiting: list[tuple[datetime, int, dict[str, Any]]] = []
        self._free = [self.clock.at] * WORKERS
        self._read, self._sent = 0, 0
        self.released = self.clock.at
        for n in range(many):
            self._owed(f"{n:05}")
        self.store.calls.clear()

    def _owed(self, name: str) -> None:
        common: Any = {"organization_id": ORG, "created_at": self.clock.at, "updated_at": self.clock.at}
        person = Contact(**common, id=f"con_{name}", location_id="loc_1", first_name="Ann", email=f"{name}@home.test")
        reward = Reward(
            **common, id=f"rwd_{name}", advocate_id=f"adv_{name}", contact_id=person.id, conversion_id=f"cnv_{name}",
            location_id="loc_1", legal_entity_id="ent_1", amount=2500, currency="USD", approved_at=self.clock.at,
            release_at=self.clock.at,
        )  # fmt: skip
        self.store.commit(
            Create(person), Create(reward), ledger.book(reward, "accrued", self.clock.at), listed(self.runtime, reward)
        )

    # Ports

    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        assert 0 <= delay_seconds <= 900
        self.store.calls["sent"] += 1
        self._push(self.clock.at + timedelta(seconds=delay_seconds), queue, message)

    def at(self, name: str, due: datetime, queue: str, message: Mapping[str, Any]) -> None:
        del name
        self.store.calls["scheduled"] += 1
        self._push(due, queue, message)

    def cancel(self, name: str) -> None:
        raise NotImplementedError(name)

    def _push(self, due: datetime, queue: str, message: Mapping[str, Any]) -> None:
        if queue == PAYOUTS:
            self._sent += 1
            heapq.heappush(self._waiting, (due, self._sent, dict(message)))

    # Running

    def run(self) -> None:
        """All are released at once; then whoever of the workers is free takes what is visible."""
        for reward in self.world.all(Reward):
            release(self.runtime, ORG, reward.id)
        self._route()
        while self._waiting:
            due, _, message = heapq.heappop(self._waiting)
            free = heapq.heappop(self._free)
            self.clock.at = max(due, free)
            took = self._handle(message)
            heapq.heappush(self._free, self.clock.at + took)
            self._route()

    def _handle(self, message: dict[str, Any]) -> timedelta:
        asked = len(self.provider.asked)
        real_work(self.runtime, message, self.provider)
        return CALL if len(self.provider.asked) > asked else LOOK

    def _route(self) -> None:
        for event in self.store.events[self._read :]:
            self._read += 1
            for queue in ROUTES[event["name"]]:
                self._push(self.clock.at, queue, event)

    # What tests ask

    def waited(self) -> list[float]:
        """Seconds from release to acceptance, shortest first."""
        taken = [one.accepted_at for one in self.world.all(Payout) if one.accepted_at is not None]
        return sorted((at - self.released).total_seconds() for at in taken)

    def calls_per_payout(self) -> dict[str, float]:
        return {name: count / len(self.provider.orders) for name, count in sorted(self.store.calls.items())}
