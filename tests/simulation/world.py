"""The payout path as it runs in the cloud, on fakes: the outbox feeds queues by ROUTES, workers run the real use-cases,
schedules fire when time passes, a message whose worker died comes again. Nothing is random here."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from campaign_worker.handler import work as campaign_work
from moref.events import ROUTES
from moref.intake.derive import state
from moref.intake.model import Contact, Fact, InboxEvent, Job
from moref.kernel.errors import MorefError
from moref.kernel.names import CAMPAIGNS, PAYOUTS, REFERRALS
from moref.programs.model import Program, Tier, program_id
from moref.records import Change, Create, E, get
from moref.referrals.model import Advocate, Evidence, Referral
from moref.rewards.cancel import cancel
from moref.rewards.model import Payout, Reward
from moref.rewards.receive_notice import receive_notice
from moref.rewards.reconcile import reconcile
from moref.rewards.work import work as payout_work
from moref.runtime import Runtime
from moref.tenants.model import Location, VendorAccount
from referral_worker.handler import work as referral_work
from tests.fakes.memory_store import Crash
from tests.fakes.runtime import START
from tests.simulation.platform import Platform, platform
from tests.simulation.provider import FakeProvider
from tests.simulation.store import StrictStore

ORG, OTHER = "org_1", "org_2"
WORKED = (REFERRALS, PAYOUTS)
PayoutWork = Callable[[Runtime, dict[str, Any], FakeProvider], None]


def real_work(runtime: Runtime, message: dict[str, Any], provider: FakeProvider) -> None:
    payout_work(runtime, message, lambda *_: provider)


class World:
    """One organization. `beside`: another one on the same platform: same tables, queues, clock and workers, its own
    provider account; its rows have the same ids, so that nothing but the organization tells them apart."""

    worked: tuple[str, ...] = WORKED

    def __init__(
        self,
        work: PayoutWork = real_work,
        *,
        org: str = ORG,
        beside: "World | None" = None,
        store: StrictStore | None = None,
        furnished: bool = True,
    ) -> None:
        self.org = org
        self._work = work
        self.friends = 0
        self.shared: Platform = beside.shared if beside else platform(store or StrictStore())
        self.store, self.clock, self.runtime = self.shared.store, self.shared.clock, self.shared.runtime
        self.queues, self.scheduler, self.handled = self.shared.queues, self.shared.scheduler, self.shared.handled
        self.provider = self.shared.providers[org] = FakeProvider(self.store.ask_point, org)
        if furnished:
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
        self.make(Program, program_id(self.org, "customer", None), name="Friends", tiers=tiers)
        self.advocate()

    def make(self, kind: type[E], id: str, **fields: Any) -> E:
        now = self.clock.at
        self.store.commit(Create(kind(organization_id=self.org, id=id, created_at=now, updated_at=now, **fields)))
        return get(self.store, kind, self.org, id)

    def edit(self, entity: E, **fields: Any) -> E:
        self.store.commit(Change(entity, entity.changed(self.clock.at, **fields)))
        return get(self.store, type(entity), self.org, entity.id)

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
        job = get(self.store, Job, self.org, f"job_{n}")
        facts = {**job.facts, kind: Fact(kind=kind, value=value, at=self.clock.at)}
        self.edit(job, facts=facts, state=state(facts))
        self.tell("referral.changed", f"ref_{n}")

    def tell(self, name: str, subject: str) -> None:
        for queue in self._heard(name):
            message = {"name": name, "organization_id": self.org, "subject": subject, "data": {}}
            self.queues.waiting.append((self.clock.at, queue, message))

    # Running

    def route(self) -> None:
        """The stream router: every outbox row to each of its queues; rows outlive the process."""
        for event in self.store.events[self.shared.read :]:
            self.shared.read += 1
            for queue in self._heard(event["name"]):
                self.queues.waiting.append((self.clock.at, queue, event))

    def _heard(self, name: str) -> list[str]:
        """Campaigns hear of payouts only: the other journeys are another story."""
        return [queue for queue in ROUTES[name] if queue in self.worked and (queue != CAMPAIGNS or "payout" in name)]

    def ready(self, queues: tuple[str, ...] | None = None) -> list[int]:
        self.route()
        return [
            place
            for place, (due, queue, _) in enumerate(self.queues.waiting)
            if due <= self.clock.at and queue in (queues or self.worked)
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
        with self.store.acts(message["organization_id"]):
            if queue == PAYOUTS:
                self._work(self.runtime, message, self.shared.providers[message["organization_id"]])
            elif queue == CAMPAIGNS:
                campaign_work(self.runtime, message)
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

    def drain(self, queues: tuple[str, ...] | None = None, limit: int = 500) -> None:
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
            self.runtime, self.org, payout_id, actor="mem_1", reason="wrong address", connect=lambda *_: self.provider
        )

    def notice(self, name: str, kind: str, id: str) -> str | None:
        body = json.dumps({"event": name, "uuid": "u", "payload": {"resource": {"id": id, "type": kind}, "meta": {}}})
        event = InboxEvent(
            organization_id=self.org, id="inb_1", created_at=START, updated_at=START, source="tremendous",
            connection_id="tremendous", event_id="u", body="-",
        )  # fmt: skip
        return receive_notice(self.runtime, event, body.encode(), connect=lambda *_: self.provider)

    def settle_down(self, hours: float = 60, *, others: "tuple[World, ...]" = ()) -> None:
        """Nothing goes wrong any more: a quarter of an hour after the other, as the cloud would."""
        self.store.crash_at = None
        for provider in self.shared.providers.values():
            provider.fault, provider.silent = None, False
        until = self.clock.at + timedelta(hours=hours)
        self.drain()
        while self.clock.at < until and not self.quiet(*others):
            self.pass_time(minutes=15)
            self.reconcile()
            self.drain()

    def quiet(self, *others: "World") -> bool:
        return not self.queues_busy() and all(world.at_rest() for world in (self, *others))

    def at_rest(self) -> bool:
        waits = {"intent", "submitted", "retry_wait", "unknown"}
        started = {payout.reward_id for payout in self.all(Payout)}
        unstarted = [one for one in self.all(Reward) if one.status == "pending" and one.id not in started]
        return not unstarted and not any(one.status in waits for one in self.all(Payout))

    def queues_busy(self) -> bool:
        return any(queue in self.worked for _, queue, _ in self.queues.waiting)

    def all(self, kind: type[E]) -> list[E]:
        """For invariants, which look after every step."""
        return [*self.store.all(kind, self.org)]

    def job_cancelled(self, job_id: str) -> bool:
        return get(self.store, Job, self.org, job_id).state == "cancelled"
