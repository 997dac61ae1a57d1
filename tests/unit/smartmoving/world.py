"""A company on SmartMoving: webhooks as the inbox has them, and a SmartMoving that counts what it is asked."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from moref.intake.apply_notice import job_id, receive
from moref.intake.call_budget import current, spending
from moref.intake.crm import _smartmoving_record as record
from moref.intake.model import Contact, InboxEvent, Job
from moref.intake.pull import pull
from moref.intake.pulled import CallBudget, CrmRecord, record_id
from moref.intake.reader import Snapshot
from moref.kernel.errors import NotFound
from moref.records import Create, get
from moref.runtime import Runtime
from moref.tenants.model import Connection, Location
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import START, FakeClock, FakeMetrics, FakeQueues, fake_runtime

ORG, CON = "org_A", "con_sm"
OPPORTUNITY = "3f6c1c6e-52aa-4b0c-9f0e-0d5c8d7e1a01"
JOB = "8a1d0b52-6c1f-4d59-8f43-2b7b5a9c2e11"
CUSTOMER = "c55b2f7c-0a53-4f46-bb0b-7d1c0a4f9d21"


@dataclass
class FakeSmartMoving:
    """The reader port over opportunities kept as the API gives them; `during` runs while a read is on its way."""

    opportunities: dict[str, dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)
    found_leads: list[dict[str, Any]] = field(default_factory=list)
    reads: int = 0
    calls: int = 0
    fail: list[Exception] = field(default_factory=list)
    during: Callable[[], None] | None = None

    def check(self) -> None:
        self.calls += 1
        if self.fail:
            raise self.fail.pop(0)

    def read(self, external_id: str, parts: bool, config: Mapping[str, str]) -> Snapshot:
        self.reads += 1
        self.calls += 1 + parts
        if self.fail:
            raise self.fail.pop(0)
        if external_id not in self.opportunities:
            raise NotFound("not there")
        jobs = self.jobs.get(external_id, []) if parts else None
        found = record.snapshot(self.opportunities[external_id], jobs, config)
        if self.during is not None:
            self.during()
        return found

    def leads(self, page: int) -> tuple[list[dict[str, Any]], bool]:
        self.calls += 1
        return self.found_leads, True

    def push_lead(self, lead: Mapping[str, Any], config: Mapping[str, str]) -> str:
        """It arrives, whether or not its answer does."""
        self.calls += 1
        customer = lead["customer"]
        id = f"5b0e8c57-7a0f-4c0b-9df8-9a6f0a4f9d{len(self.found_leads):02}"
        at = {"phone": customer["phone"], "email": customer["email"], "created_at": START.isoformat()}
        self.found_leads.append({"id": id, **at})
        self._answer()
        return id

    def set_fields(self, external_id: str, fields: Mapping[str, str]) -> None:
        self.calls += 1
        self._answer()
        self.opportunities[external_id] |= fields

    def add_note(self, external_id: str, text: str) -> str:
        self.calls += 1
        self.notes.append((external_id, text))
        self._answer()
        return "note"

    def _answer(self) -> None:
        if self.fail:
            raise self.fail.pop(0)


class World:
    def __init__(self, **config: str) -> None:
        self.clock = FakeClock()
        self.runtime: Runtime = fake_runtime(clock=self.clock)
        self.crm = FakeSmartMoving()
        self.heard = 0
        made: dict[str, Any] = {"organization_id": ORG, "created_at": START, "updated_at": START}
        self.connection = Connection(
            **made, id=CON, crm="smartmoving", name="SmartMoving", default_location_id="loc_main",
            supplies=["completed"], hook_token="t", secret_ciphertext="sha256:", config=config,
            credentials_ciphertext=self.runtime.vault.seal(ORG, "crm", b'{"api_key": "k"}'),
        )  # fmt: skip
        place: dict[str, Any] = {
            "legal_entity_id": "le_1", "time_zone": "America/Chicago", "postal_address": "1 Main St",
            "staff_email": "staff@example.com", "review_url": "https://example.com/review",
        }  # fmt: skip
        self.store.commit(
            Create(self.connection),
            Create(Location(**made, id="loc_main", name="Bluebird Dallas", **place)),
            Create(Location(**made, id="loc_austin", name="Bluebird Austin", crm_branch="Austin Yard", **place)),
        )
        self.opportunity()

    @property
    def store(self) -> MemoryStore:
        assert isinstance(self.runtime.store, MemoryStore)
        return self.runtime.store

    @property
    def queues(self) -> FakeQueues:
        assert isinstance(self.runtime.queues, FakeQueues)
        return self.runtime.queues

    @property
    def metrics(self) -> FakeMetrics:
        assert isinstance(self.runtime.metrics, FakeMetrics)
        return self.runtime.metrics

    def opportunity(self, status: int = 4, id: str = OPPORTUNITY, **over: Any) -> None:
        """As `GET /api/opportunities/{id}` gives it."""
        self.crm.opportunities[id] = {
            "id": id, "quoteNumber": 1001, "status": status, "opportunityType": 0, "serviceDate": 20260602,
            "customer": {
                "id": CUSTOMER, "name": "Ann Lee", "emailAddress": "ann@home.test", "phoneNumber": "(512) 555-0123",
                "phoneType": 0,
            },
            "branch": {"name": "austin yard", "phoneNumber": None},
            "estimatedTotal": {"finalTotal": Decimal("1250.50")},
            "jobs": [{
                "id": JOB, "jobDate": 20260602, "confirmed": True,
                "jobAddresses": ["1 Elm St, Austin, TX 78701", "9 Oak Ave, Tulsa, OK 74101"],
            }],
            "payments": [],
        } | over  # fmt: skip

    def job_times(self, completed: datetime | None = None, closed: datetime | None = None) -> None:
        """As `GET /api/opportunities/{id}/jobs` gives them."""
        times = {"completedAtUtc": completed, "closedAtUtc": closed}
        self.crm.jobs[OPPORTUNITY] = [
            {"id": JOB, **{name: time.isoformat() if time else None for name, time in times.items()}}
        ]

    def hear(self, event: str, ids: Mapping[str, Any] | None = None, *, at: datetime | None = None) -> str | None:
        """One webhook of the connection, worked on now; `at` is when it came in."""
        self.heard += 1
        at = at or self.clock.at
        named: dict[str, Any] = {"opportunity-id": OPPORTUNITY} if event.startswith("opportunity") else {}
        named |= {"job-id": JOB} if event.startswith("job") else {}
        body = json.dumps({"event-type": event, **named, **(ids or {})}).encode()
        row = InboxEvent(
            organization_id=ORG, id=f"inb_{self.heard}", created_at=at, updated_at=at, source="crm:smartmoving",
            connection_id=CON, event_id=f"del_{self.heard}", body="-",
        )  # fmt: skip
        return receive(self.runtime, row, body)

    def take(self) -> list[dict[str, Any]]:
        """The commands that wait in the inbox queue."""
        sent, self.queues.sent = self.queues.sent, []
        return [message for _, message in sent]

    def pull(self, external_id: str = OPPORTUNITY) -> None:
        pull(self.runtime, ORG, CON, external_id, open=lambda runtime, connection: self.crm)

    def settle(self, rounds: int = 20) -> None:
        """Every wake-up in turn, ten seconds apart, until there is none."""
        for _ in range(rounds):
            waiting = self.take()
            if not waiting:
                return
            self.clock.move(seconds=10)
            for message in waiting:
                if message["command"] == "pull":
                    self.pull(message["record"])
        raise AssertionError("it never comes to rest")

    def record(self, id: str = OPPORTUNITY) -> CrmRecord:
        return get(self.store, CrmRecord, ORG, record_id(ORG, CON, id))

    def job(self, id: str = OPPORTUNITY) -> Job:
        return get(self.store, Job, ORG, job_id(ORG, CON, id))

    def contact(self) -> Contact:
        return get(self.store, Contact, ORG, self.job().contact_id)

    def budget(self) -> CallBudget:
        return current(self.runtime, self.connection)

    def use_up(self, percent: int) -> None:
        budget = self.budget()
        self.store.commit(spending(budget, budget.allowance * percent // 100 - budget.used, self.clock.at))

    def changes(self) -> list[str]:
        """The states that job.changed told of, in order."""
        return [event["data"]["state"] for event in self.store.events if event["name"] == "job.changed"]
