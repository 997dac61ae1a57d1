"""A small organization for tests of referrals and pages: one branch, one advocate with a link, and jobs on demand."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from moref import people
from moref.intake.derive import state as state_of
from moref.intake.model import Contact, Fact, FactKind, Job
from moref.records import Change, Create, Point, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Link
from moref.runtime import Runtime
from moref.tenants.model import Connection, LegalEntity, Location, Organization
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import FakeClock, FakeQueues, FakeScheduler, fake_runtime

ORG, LOCATION = "org_referral", "loc_1"  # not the simulation's: both may stand in the same tables
SECRET = b"0123456789abcdef0123456789abcdef"


@dataclass
class Delays(FakeQueues):
    """Remembers, too, how long each message was to be held back."""

    delays: list[int] = field(default_factory=list)

    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        super().send(queue, message, delay_seconds=delay_seconds)
        self.delays.append(delay_seconds)


@dataclass
class World:
    runtime: Runtime

    @property
    def store(self) -> MemoryStore:
        return cast(MemoryStore, self.runtime.store)

    @property
    def clock(self) -> FakeClock:
        return cast(FakeClock, self.runtime.clock)

    def delays(self) -> list[int]:
        """Takes out the delays in seconds of what was sent to queues."""
        queues = cast(Delays, self.runtime.queues)
        found, queues.delays = queues.delays, []
        return found

    @property
    def scheduler(self) -> FakeScheduler:
        return cast(FakeScheduler, self.runtime.scheduler)

    def base(self, id: str) -> dict[str, Any]:
        now = self.clock.now()
        return {"organization_id": ORG, "id": id, "created_at": now, "updated_at": now}

    def contact(self, id: str, *, phone: str | None = None, email: str | None = None, first: str = "Ann") -> Contact:
        keys = people.person_keys(self.runtime.keys, ORG, phone, email)
        made = Contact(
            **self.base(id), location_id=LOCATION, first_name=first, phone=phone, email=email, person_keys=keys
        )
        self.store.commit(Create(made), *[Point(ORG, "person", key, id) for key in keys])
        return get(self.store, Contact, ORG, id)

    def advocate(self, id: str, **address: str) -> Link:
        """A contact and their link."""
        self.contact(id, **address)
        return ensure_link(self.runtime, ORG, id, LOCATION)

    def connection(self, lead_url: str | None, id: str = "conn_1", location_id: str = LOCATION) -> Connection:
        made = Connection(
            **self.base(id), crm="generic", name="CRM", default_location_id=location_id, supplies=["completed"],
            hook_token="t", lead_url=lead_url, secret_ciphertext=self.runtime.vault.seal(ORG, "webhook", SECRET),
        )  # fmt: skip
        self.store.commit(Create(made))
        return made

    def job(self, id: str, contact_id: str, **fields: Any) -> Job:
        """Makes a job, or changes it. `facts=["booked", ...]` happened now; `undone=[...]` were taken back now."""
        now = self.clock.now()
        facts = {kind: Fact(kind=cast(FactKind, kind), value=True, at=now) for kind in fields.pop("facts", [])}
        facts |= {kind: Fact(kind=cast(FactKind, kind), value=False, at=now) for kind in fields.pop("undone", [])}
        known = self.store.find(Job, ORG, id)
        if known is None:
            fields = {"received_at": now, **fields}
            made = Job(
                **self.base(id), connection_id="conn_1", external_id=id, location_id=LOCATION, contact_id=contact_id,
                facts=facts, state=state_of(facts), **fields,
            )  # fmt: skip
            self.store.commit(Create(made))
        else:
            all_facts = {**known.facts, **facts}
            after = known.changed(now, contact_id=contact_id, facts=all_facts, state=state_of(all_facts), **fields)
            self.store.commit(Change(known, after))
        return get(self.store, Job, ORG, id)

    def events(self, name: str) -> list[dict[str, Any]]:
        return [event for event in self.store.events if event["name"] == name]


def world(store: MemoryStore | None = None, at: datetime | None = None, **settings: str) -> World:
    clock = FakeClock(at) if at else FakeClock()
    made = World(replace(fake_runtime(store, clock, **settings), queues=Delays()))
    made.store.commit(
        Create(Organization(**made.base(ORG), name="Bluebird Moving")),
        Create(LegalEntity(**made.base("le_1"), name="Bluebird Moving LLC")),
        Create(
            Location(
                **made.base(LOCATION),
                name="Bluebird Moving Austin",
                legal_entity_id="le_1",
                time_zone="America/Chicago",
                postal_address="1 Main St, Austin, TX 78701",
                phone="+15125550100",
                staff_email="austin@bluebird.example",
                review_url="https://review.example/bluebird",
            )
        ),
    )
    return made
