"""Two organizations, and a branch of the first that is sold to the second: with people, links, referrals and credit."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from bulk_worker.handler import work as bulk_work
from moref.conversions.approve import approve
from moref.conversions.model import Conversion
from moref.events import ROUTES
from moref.intake.derive import state
from moref.intake.model import Consent, Contact, Fact, Job
from moref.intake.resolve_contact import resolve_contact
from moref.isolation import bound
from moref.kernel.names import BULK, REFERRALS
from moref.programs.model import Program
from moref.records import Change, Create, E, every, get
from moref.referrals.crew_members import create_crew_member
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Advocate, CrewMember, Link, Referral
from moref.referrals.request_quote import Quote, request_quote
from moref.rewards.model import Reward
from moref.rewards.release import release
from moref.rewards.start_payout import start_payout
from moref.runtime import Runtime
from moref.tenants.forms import NewLocation
from moref.tenants.model import LegalEntity, Location
from moref.tenants.save_location import create_location
from moref.transfers.accept import accept
from moref.transfers.model import LocationTransfer
from moref.transfers.offer import offer
from referral_worker.handler import work as referral_work
from tests.fakes.memory_store import Crash, MemoryStore
from tests.fakes.runtime import FakeClock, FakeQueues, FakeScheduler, fake_runtime
from tests.unit.tenants.world import opened

BRANCH = "loc_dallas"
WORKERS = {BULK: bulk_work, REFERRALS: referral_work}


@dataclass
class Queues(FakeQueues):
    """What is held back comes when its time has come."""

    clock: FakeClock = field(default_factory=FakeClock)
    later: list[tuple[datetime, str, dict[str, Any]]] = field(default_factory=list)

    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        super().send(queue, message, delay_seconds=delay_seconds)
        if delay_seconds:
            self.later.append((self.clock.at + timedelta(seconds=delay_seconds), *self.sent.pop()))

    def due(self, now: datetime) -> tuple[str, dict[str, Any]] | None:
        """Takes out the next message of a queue that is worked on here."""
        self.sent += [(queue, message) for at, queue, message in self.later if at <= now]
        self.later = [each for each in self.later if each[0] > now]
        found = next((each for each in self.sent if each[0] in WORKERS), None)
        if found is not None:
            self.sent.remove(found)
        return found


class Sale:
    """`a` sells the branch BRANCH to `b`. `drain` is every worker that hears of it, redelivering what fails."""

    def __init__(self, *, consents_continue: bool = True) -> None:
        clock = FakeClock()
        self.runtime: Runtime = replace(fake_runtime(clock=clock), queues=Queues(clock=clock))
        self.consents_continue = consents_continue
        self.first, self.second = opened(self.runtime, "bluebird"), opened(self.runtime, "redbird")
        self.a, self.b = self.first.organization_id, self.second.organization_id
        form = {"name": "Bluebird Dallas", "legal_entity_id": self.payer(self.a), "time_zone": "America/Chicago",
                "postal_address": "12 Elm St, Dallas, TX 75201", "staff_email": "dallas@bluebird.example.com",
                "review_url": "https://reviews.example.com/dallas", "phone": "+12145550100", "state": "TX",
                "site_url": "https://dallas.example.com/quote"}  # fmt: skip
        create_location(self.runtime, self.a, BRANCH, NewLocation.model_validate(form), actor="mem_a")
        self.heard = 0

    @property
    def store(self) -> MemoryStore:
        return cast(MemoryStore, self.runtime.store)

    @property
    def clock(self) -> FakeClock:
        return cast(FakeClock, self.runtime.clock)

    @property
    def queues(self) -> Queues:
        return cast(Queues, self.runtime.queues)

    def clone(self) -> "Sale":
        """As it is now, on a store, a clock and queues of its own."""
        store, other = MemoryStore(), copy.copy(self)
        store.rows, store.events = copy.deepcopy(self.store.rows), copy.deepcopy(self.store.events)
        clock = FakeClock(self.clock.at)
        queues = Queues(copy.deepcopy(self.queues.sent), clock, copy.deepcopy(self.queues.later))
        other.runtime = replace(
            self.runtime, store=store, clock=clock, queues=queues, scheduler=FakeScheduler(),
            files=copy.deepcopy(self.runtime.files),
        )  # fmt: skip
        return other

    def payer(self, org: str) -> str:
        return every(self.runtime.store, LegalEntity, org)[0].id

    def person(
        self, name: str, phone: str | None = None, email: str | None = None, *, org: str = "", agreed: bool = True
    ) -> Contact:
        """Somebody whom the CRM of the organization knows, at the branch that is sold unless it is another's."""
        org = org or self.a
        place = BRANCH if org == self.a else self.second.location_id
        consent = Consent(channel="sms", text="Texts are fine.", at=self.clock.at, source="booking form")
        contact, writes = resolve_contact(
            self.runtime, org, location_id=place, connection_id="crm", external_id=f"C-{name}", first_name=name,
            last_name="Test", phone=phone, email=email, consent=consent if agreed else None, source="crm",
        )  # fmt: skip
        self.store.commit(*writes)
        return get(self.store, Contact, org, contact.id)

    def link(self, contact: Contact, place: str = BRANCH) -> Link:
        return ensure_link(self.runtime, contact.organization_id, contact.id, place)

    def quote(self, code: str, name: str, phone: str) -> Referral:
        form = Quote(f"n-{name}-{phone}", name, "Friend", phone, None, "75201", None, None, "", "Texts are fine.", "1")
        lead = request_quote(self.runtime, code, form)
        return self.referral(lead.referral_id, lead.organization_id)

    def referral(self, id: str, org: str = "") -> Referral:
        return get(self.store, Referral, org or self.a, id)

    def crew(self, name: str = "Cara") -> CrewMember:
        return create_crew_member(self.runtime, self.a, "crw_1", location_id=BRANCH, name=name, actor="mem_a")

    def job(self, org: str, id: str, contact: Contact, *facts: str, amount: int = 0, **fields: Any) -> Job:
        """As this organization's CRM tells it; its news are worked on."""
        place = BRANCH if org == self.a else self.transfer(org).location_id
        told = {kind: Fact.model_validate({"kind": kind, "value": True, "at": self.clock.at}) for kind in facts}
        if amount:
            told["amount"] = Fact(kind="amount", value=amount, at=self.clock.at)
        base = {"organization_id": org, "id": id, "created_at": self.clock.at, "updated_at": self.clock.at}
        known = self.store.find(Job, org, id)
        if known is None:
            made = Job(**base, connection_id="crm", external_id=id, location_id=place, contact_id=contact.id,
                       facts=told, state=state(told), received_at=self.clock.at, interstate=False,
                       **fields)  # fmt: skip
            self.store.commit(Create(made))
        else:
            told = {**known.facts, **told}
            self.store.commit(Change(known, known.changed(self.clock.at, facts=told, state=state(told))))
        self.tell(REFERRALS, {"name": "job.changed", "organization_id": org, "subject": id, "data": {}})
        self.drain()
        return get(self.store, Job, org, id)

    def earned(self, org: str, referral: str) -> Conversion | None:
        found = [one for one in every(self.store, Conversion, org) if one.referral_id == referral]
        return found[0] if found else None

    def credit(self, advocate: Contact, friend: str, phone: str, amount: int = 4000) -> Reward:
        """A friend's job, invoiced and approved: service credit on the advocate's account."""
        program = get(self.store, Program, self.a, self.first.program_id)
        tiers = [tier.model_copy(update={"amount": amount}) for tier in program.tiers]
        self.store.commit(Change(program, program.changed(self.clock.at, reward_type="service_credit", tiers=tiers)))
        referral = self.quote(self.link(advocate).id, friend, phone)
        self.drain()
        self.job(self.a, f"job_{friend}", get(self.store, Contact, self.a, referral.contact_id), *FACTS)
        conversion = self.earned(self.a, referral.id)
        assert conversion is not None, self.referral(referral.id)
        approve(self.runtime, self.a, conversion.id, actor="mem_a", reason="known")
        self.clock.move(minutes=11)
        (reward,) = [one for one in every(self.store, Reward, self.a) if one.conversion_id == conversion.id]
        release(self.runtime, self.a, reward.id)
        start_payout(self.runtime, self.a, reward.id)
        return get(self.store, Reward, self.a, reward.id)

    def offer(self, place: str = BRANCH) -> str:
        """The token."""
        org = self.a if place == BRANCH else self.b
        _, token = offer(
            bound(self.runtime, org), org, place, note="sold", consents_continue=self.consents_continue, actor="mem_1"
        )  # fmt: skip
        return token

    def accept(self, token: str, org: str = "") -> LocationTransfer:
        org = org or self.b
        return accept(
            bound(self.runtime, org), org, token, legal_entity_id=self.payer(org),
            staff_email="dallas@redbird.example.com", actor="mem_2",
        )  # fmt: skip

    def give_back(self) -> LocationTransfer:
        """The second sells the branch to the first again; the first's row of it."""
        made = self.accept(self.offer(self.place.id), self.a)
        self.drain()
        self.clock.move(minutes=4)
        self.drain()
        return get(self.store, LocationTransfer, self.a, made.id)

    def sell(self) -> None:
        """From the offer to the end."""
        token = self.offer()
        self.drain()
        self.accept(token)
        self.finish()

    def finish(self) -> None:
        self.drain()
        self.clock.move(minutes=4)
        self.drain()
        assert self.transfer(self.b).status == "done", self.transfer(self.b)

    def transfer(self, org: str) -> LocationTransfer:
        return every(self.store, LocationTransfer, org)[0]

    @property
    def place(self) -> Location:
        """The branch as the second has it."""
        return get(self.store, Location, self.b, self.transfer(self.b).location_id)

    def all(self, kind: type[E], org: str = "") -> list[E]:
        return every(self.store, kind, org or self.b)

    def advocate(self, link: Link) -> Advocate:
        return get(self.store, Advocate, link.organization_id, link.advocate_id)

    def tell(self, queue: str, message: dict[str, Any]) -> None:
        self.queues.send(queue, message)

    def step(self, number: int) -> bool:
        """The work up to its so many-th commit, and no further; False when it has fewer."""
        self.store.crash_at = self.store.points + 2 * number + 1
        self.drain(again=False)
        died = self.store.crash_at is None
        self.store.crash_at = None
        return died

    def moments(self) -> Iterator[tuple[int, "Sale"]]:
        """The sale stopped at each of its commits, from here on."""
        number = 0
        while True:
            sale = self.clone()
            if not sale.step(number):
                return
            yield number, sale
            number += 1

    def drain(self, *, again: bool = True) -> None:
        """Until nothing is left but what waits for a later time. A worker that dies gets its message again: at once, or
        with the next drain."""
        for _ in range(10_000):
            for event in self.store.events[self.heard :]:
                for queue in sorted(set(ROUTES[event["name"]]) & WORKERS.keys()):
                    self.tell(queue, event)
            self.heard = len(self.store.events)
            found = self.queues.due(self.clock.at)
            if found is None:
                return
            try:
                self.work(*found)
            except Crash:
                self.tell(*found)
                if not again:
                    return
        raise AssertionError("it never ends")

    def work(self, queue: str, message: dict[str, Any]) -> None:
        org = message.get("organization_id")
        WORKERS[queue](bound(self.runtime, org) if org else self.runtime, message)


FACTS = ("booked", "completed", "invoiced")
