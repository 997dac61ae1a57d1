"""An onboarded organization in its trial, and a processor that it can pay at."""

from typing import Any, cast

from moref.billing.model import Subscription
from moref.billing.pay import start_checkout
from moref.records import Change, get
from moref.tenants.forms import NewLocation
from moref.tenants.model import Location
from moref.tenants.save_location import create_location
from tests.fakes.memory_store import MemoryStore
from tests.fakes.processor import FakeProcessor
from tests.fakes.runtime import FakeClock, FakeQueues, fake_runtime
from tests.unit.tenants.world import opened

BACK = "https://app.bluebird.example.com/billing"


class World:
    def __init__(self) -> None:
        self.runtime = fake_runtime()
        self.made = opened(self.runtime, "bluebird")
        self.org = self.made.organization_id
        self.processor = FakeProcessor(self.clock)

    @property
    def clock(self) -> FakeClock:
        return cast(FakeClock, self.runtime.clock)

    @property
    def store(self) -> MemoryStore:
        return cast(MemoryStore, self.runtime.store)

    @property
    def sent(self) -> list[tuple[str, dict[str, Any]]]:
        return cast(FakeQueues, self.runtime.queues).sent

    @property
    def row(self) -> Subscription:
        return get(self.store, Subscription, self.org, self.org)

    def connect(self, _: object) -> FakeProcessor:
        return self.processor

    def open(self) -> str:
        """Opens a payment page; the session's id."""
        url = start_checkout(self.runtime, self.org, BACK, actor=self.made.member_id, connect=self.connect)
        return url.rpartition("/")[2]

    def location(self, id: str) -> None:
        first = get(self.store, Location, self.org, self.made.location_id)
        fields = {name: getattr(first, name) for name in NewLocation.model_fields}
        form = NewLocation.model_validate(fields | {"name": f"Bluebird {id}"})
        create_location(self.runtime, self.org, id, form, actor=self.made.member_id)

    def archive(self, id: str) -> None:
        before = get(self.store, Location, self.org, id)
        self.store.commit(Change(before, before.changed(self.clock.now(), status="archived")))
