"""The payout path as it runs in the cloud, on fakes: the outbox feeds queues by ROUTES, workers run the real use-cases,
schedules fire when time passes, a message whose worker died comes again. Nothing is random here."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moref.events import ROUTES
from moref.intake.derive import state
from moref.intake.model import Contact, Fact, InboxEvent, Job
from moref.kernel import keys
from moref.kernel.errors import MorefError
from moref.kernel.names import PAYOUTS, REFERRALS
from moref.programs.model import Program, Tier, program_id
from moref.records import Change, Create, E, Write, get
from moref.referrals.model import Advocate, Evidence, Referral
from moref.rewards.cancel import cancel
from moref.rewards.model import Payout, Reward
from moref.rewards.receive_notice import receive_notice
from moref.rewards.reconcile import reconcile
from moref.rewards.work import work as payout_work
from moref.runtime import Runtime
from moref.tenants.model import Location, VendorAccount
from referral_worker.handler import work as referral_work
from tests.fakes.memory_store import Crash, MemoryStore
from tests.fakes.runtime import START, FakeClock, FakeScheduler, fake_runtime
from tests.simulation.provider import FakeProvider

ORG = "org_1"
WORKED = (REFERRALS, PAYOUTS)
PayoutWork = Callable[[Runtime, dict[str, Any], FakeProvider], None]


class StrictStore(MemoryStore):
    """DynamoDB refuses a transaction that names a row twice; so does this."""

    def commit(self, *writes: Write) -> None:
        entities = [getattr(write, "entity", None) or getattr(write, "before", None) for write in writes]
        named = [(entity.table, *entity.key()) for entity in entities if entity is not None]
        assert len(named) == len(set(named)), f"a row twice in one transaction: {named}"
        assert writes, "an empty transaction"
        super().commit(*writes)

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        """Without the twin's deep copy: validation copies already, and thousands of runs notice."""
        row = self.rows.get((kind.table, *keys.row_key(organization_id, kind.noun, id)))
        return None if row is None else kind.from_row(row)


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


def real_work(runtime: Runtime, message: dict[str, Any], provider: FakeProvider) -> None:
    payout_work(runtime, message, lambda *_: provider)


class World:
    def __init__(self, work: PayoutWork = real_work) -> None:
        self.store = StrictStore()
        self.clock = FakeClock()
        self.provider = FakeProvider(self.store.crash_point)
        self.queues = Queues(self.clock, self.store.crash_point)
        self.scheduler = Scheduler(crash_point=self.store.crash_point)
        base = fake_runtime(self.store, self.clock)
        self.runtime = Runtime(
            settings=base.settings, store=self.store, clock=self.clock, queues=self.queues, scheduler=self.scheduler,
            vault=base.vault, keys=base.keys, metrics=base.metrics,
        )  # fmt: skip
        self._work = work
        self._read = 0  # of the outbox
        self.handled: list[tuple[str, dict[str, Any]]] = []
        self.friends = 0
        self._tenant()

    def _tenant(self) -> None:
        self.make(
            Location, "loc_1", name="Bluebird Moving Austin", legal_entity_id="ent_1", time_zone="America/Chicago",
            postal_address="1 Main St", staff_email="staff@bluebird.test", review_url="https://reviews.test/b",
        )  # fmt: skip
        config = {"campaign_id": "CAMPAIGN1", "funding_source_id": "BALANCE"}
        self.make(
            VendorAccount, "tremendous", vendor="tremendous", secret_ciphertext="-", config=config, hook_token="hook"
        )
        tiers = [Tier(at=1, amount=2500), Tier(at=3, amount=5000), Tier(at=5, amount=10000)]
        self.make(Program, program_id(ORG, "customer", None), name="Friends", tiers=tiers)
        self.advocate()

    def make(self, kind: type[E], id: str, **fields: Any) -> E:
        now = self.clock.at
        self.store.commit(Create(kind(organization_id=ORG, id=id, created_at=now, updated_at=now, **fields)))
        return get(self.store, kind, ORG, id)

    def edit(self, entity: E, **fields: Any) -> E:
        self.store.commit(Change(entity, entity.changed(self.clock.at, **fields)))
        return get(self.store, type(entity), ORG, entity.id)

    def advocate(self, **fields: Any) -> Advocate:
        person = {"first_name": "Ann", "email": "ann@home.test", "person_keys": ["key-ann"]} | fields
        self.make(Contact, "con_ann", location_id="loc_1", **person)
        return self.make(Advocate, "adv_1", contact_id="con_ann", location_id="loc_1")

    def refer(self, *, said_at: timedelta = timedelta(0), **fields: Any) -> Referral:
        """A friend with a job that is not invoiced yet."""
        self.friends += 1
        n, now = self.friends, self.clock.at
        contact = self.make(Contact, f"con_{n}", location_id="loc_1", first_name="Bob", person_keys=[f"key-{n}"])
        self.make(
            Job, f"job_{n}", connection_id="crm_1", external_id=str(n), location_id="loc_1", contact_id=contact.id,
            received_at=now,
        )  # fmt: skip
        evidence = [Evidence(kind="quote_form", at=now + said_at, source_id=f"lead_{n}", code="7K3M9QX2WDT")]
        return self.make(
            Referral, f"ref_{n}", advocate_id="adv_1", contact_id=contact.id, location_id="loc_1", code="7K3M9QX2WDT",
            job_id=f"job_{n}", status="booked", evidence=evidence, **fields,
        )  # fmt: skip

    def fact(self, n: int, kind: Any, value: bool = True) -> None:
        """The CRM says so; the referral's own worker is left out and the next one is told directly."""
        job = get(self.store, Job, ORG, f"job_{n}")
        facts = {**job.facts, kind: Fact(kind=kind, value=value, at=self.clock.at)}
        self.edit(job, facts=facts, state=state(facts))
        self.tell("referral.changed", f"ref_{n}")

    def tell(self, name: str, subject: str) -> None:
        for queue in ROUTES[name]:
            message = {"name": name, "organization_id": ORG, "subject": subject, "data": {}}
            self.queues.waiting.append((self.clock.at, queue, message))

    # Running

    def route(self) -> None:
        """The stream router: every outbox row to each of its queues; rows outlive the process."""
        for event in self.store.events[self._read :]:
            self._read += 1
            for queue in ROUTES[event["name"]]:
                self.queues.waiting.append((self.clock.at, queue, event))

    def ready(self, queues: tuple[str, ...] = WORKED) -> list[int]:
        self.route()
        return [
            place
            for place, (due, queue, _) in enumerate(self.queues.waiting)
            if due <= self.clock.at and queue in queues
        ]

    def step(self, place: int) -> bool:
        """One message; it comes again when its worker dies or fails. False then."""
        item = self.queues.waiting.pop(place)
        try:
            self.handle(item[1], item[2])
        except (Crash, MorefError, RuntimeError) as failure:
            again = self.clock.at + (timedelta(0) if isinstance(failure, Crash) else timedelta(seconds=200))
            self.queues.waiting.append((again, item[1], item[2]))
            return False
        self.handled.append(item[1:])
        return True

    def handle(self, queue: str, message: dict[str, Any]) -> None:
        if queue == PAYOUTS:
            self._work(self.runtime, message, self.provider)
        else:
            referral_work(self.runtime, message)

    def jump(self) -> list[int]:
        """To the next message of the payouts queue, waiting or scheduled."""
        waiting = [due for due, queue, _ in self.queues.waiting if queue == PAYOUTS]
        scheduled = [due for due, queue, _ in self.scheduler.schedules.values() if queue == PAYOUTS]
        if waiting or scheduled:
            self.clock.at = max(self.clock.at, min(waiting + scheduled))
            self.pass_time()
        return self.ready((PAYOUTS,))

    def drain(self, queues: tuple[str, ...] = WORKED, limit: int = 500) -> None:
        """Everything that is due, in order."""
        for _ in range(limit):
            ready = self.ready(queues)
            if not ready:
                return
            self.step(ready[0])
        raise AssertionError("the queues never run empty")

    def pass_time(self, **delta: float) -> None:
        """Schedules that are due join their queues."""
        self.clock.move(**delta)
        for queue, message in self.scheduler.due(self.clock.at):
            self.queues.waiting.append((self.clock.at, queue, message))

    def reconcile(self) -> None:
        reconcile(self.runtime)

    def cancel(self, payout_id: str) -> Payout:
        """Staff end a payout, with a reason."""
        return cancel(
            self.runtime, ORG, payout_id, actor="mem_1", reason="wrong address", connect=lambda *_: self.provider
        )

    def notice(self, name: str, kind: str, id: str) -> str | None:
        body = json.dumps({"event": name, "uuid": "u", "payload": {"resource": {"id": id, "type": kind}, "meta": {}}})
        event = InboxEvent(
            organization_id=ORG, id="inb_1", created_at=START, updated_at=START, source="tremendous",
            connection_id="tremendous", event_id="u", body="-",
        )  # fmt: skip
        return receive_notice(self.runtime, event, body.encode(), connect=lambda *_: self.provider)

    def settle_down(self, hours: float = 60) -> None:
        """Nothing goes wrong any more: a quarter of an hour after the other, as the cloud would."""
        self.store.crash_at, self.provider.fault, self.provider.silent = None, None, False
        until = self.clock.at + timedelta(hours=hours)
        self.drain()
        while self.clock.at < until and not self.quiet():
            self.pass_time(minutes=15)
            self.reconcile()
            self.drain()

    def quiet(self) -> bool:
        waits = {"intent", "submitted", "retry_wait", "unknown"}
        started = {payout.reward_id for payout in self.all(Payout)}
        unstarted = [one for one in self.all(Reward) if one.status == "pending" and one.id not in started]
        return not self.queues_busy() and not unstarted and not any(one.status in waits for one in self.all(Payout))

    def queues_busy(self) -> bool:
        return any(queue in WORKED for _, queue, _ in self.queues.waiting)

    def all(self, kind: type[E]) -> list[E]:
        """As `every`, newest first, without the twin's deep copies: invariants look after every step."""
        rows = [
            row
            for (table, pk, _), row in self.store.rows.items()
            if table == kind.table and row["noun"] == kind.noun and pk.startswith(f"{ORG}#")
        ]
        rows.sort(key=lambda row: (row["created"], row["pk"]), reverse=True)
        return [kind.from_row(row) for row in rows]

    def job_cancelled(self, job_id: str) -> bool:
        return get(self.store, Job, ORG, job_id).state == "cancelled"
