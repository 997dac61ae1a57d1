"""One organization with a branch, a customer and a completed job, and everything that happens to them by itself."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from campaign_worker.handler import work as campaign_work
from moref.campaigns.begin import enrollment_id
from moref.campaigns.definition import Definition
from moref.campaigns.give_feedback import feedback_id
from moref.campaigns.model import Campaign, CampaignVersion, Enrollment
from moref.events import ROUTES, Event
from moref.intake.model import Address, Consent, Contact, Fact, Job
from moref.kernel import names
from moref.kernel.keys import GLOBAL
from moref.messaging import model
from moref.messaging.channels.base import Account, Channel, Lane, Outgoing
from moref.messaging.model import Message
from moref.messaging.plan_message import planned
from moref.messaging.queue_up import Pacing
from moref.messaging.send_message import send_message
from moref.messaging.senders import Sender
from moref.people import person_keys
from moref.records import Change, Create, Emit, Point, every, get
from moref.runtime import Runtime
from moref.tenants.model import Hook, LegalEntity, Location, Organization, VendorAccount
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import FakeClock, FakeQueues, FakeScheduler, fake_runtime

ORG, PLACE, PERSON, JOB = "org_1", "loc_1", "con_1", "job_1"
PHONE, EMAIL, NUMBER = "+15125550123", "sam@example.test", "+15125550100"
CHICAGO = "America/Chicago"


@dataclass
class FakeChannel:
    """A provider that remembers what it took. `script` holds outcomes of the next sends: an error to raise, or
    ("lost", error): it takes the message and the answer never arrives."""

    NAME: str = "twilio"
    KIND: model.Channel = "sms"
    VENDOR_ACCOUNT: str | None = "twilio"
    CAN_FIND: bool = True
    LANE: Lane = "sender"
    sent: list[Outgoing] = field(default_factory=list)
    script: list[Any] = field(default_factory=list)
    find_fails: Exception | None = None
    made_at: datetime | None = None

    def send(self, runtime: Runtime, account: Account, outgoing: Outgoing) -> str:
        outcome = self.script.pop(0) if self.script else None
        if isinstance(outcome, Exception):
            raise outcome
        self.sent.append(outgoing)
        if outcome is not None:
            raise outcome[1]
        return f"SM{len(self.sent)}"

    def find(self, runtime: Runtime, account: Account, outgoing: Outgoing, since: datetime) -> Sequence[str]:
        if self.find_fails:
            raise self.find_fails
        return [
            f"SM{place}"
            for place, one in reversed(list(enumerate(self.sent, 1)))
            if (one.to, one.body) == (outgoing.to, outgoing.body)
        ]


@dataclass
class World:
    runtime: Runtime
    store: MemoryStore
    clock: FakeClock
    sms: FakeChannel = field(default_factory=FakeChannel)
    email: FakeChannel = field(default_factory=lambda: FakeChannel("ses", "email", None, False, "platform"))
    heard: int = 0

    @property
    def queues(self) -> FakeQueues:
        return cast(FakeQueues, self.runtime.queues)

    @property
    def scheduler(self) -> FakeScheduler:
        return cast(FakeScheduler, self.runtime.scheduler)

    def channel_of(self, runtime: Runtime, message: Message) -> Channel:
        return self.email if message.channel == "email" else self.sms

    # What the workers do

    def pump(self) -> None:
        """Delivers events, queue messages and due schedules until nothing is left."""
        while True:
            todo = [(queue, event) for event in self.store.events[self.heard :] for queue in ROUTES[event["name"]]]
            self.heard = len(self.store.events)
            todo += self.queues.sent
            self.queues.sent = []
            todo += self.scheduler.due(self.clock.now())
            if not todo:
                return
            for queue, message in todo:
                self.deliver(queue, message)

    def deliver(self, queue: str, message: dict[str, Any]) -> None:
        if queue in (names.CAMPAIGNS, names.STEPS):
            campaign_work(self.runtime, message)
        elif queue == names.MESSAGES:
            command = message.get("command") == "send_message"
            self.send(message["message_id" if command else "subject"], message.get("slot"))

    def send(self, message_id: str, slot: str | None = None) -> None:
        pacing = Pacing(datetime.fromisoformat(slot) if slot else None)
        send_message(self.runtime, ORG, message_id, channel_of=self.channel_of, pacing=pacing)

    def move(self, **delta: float) -> None:
        """Time passes in order: every schedule fires at its time."""
        end = self.clock.now() + timedelta(**delta)
        while True:
            self.pump()
            coming = [due for due, _, _ in self.scheduler.schedules.values() if due <= end]
            if not coming:
                break
            self.clock.at = max(self.clock.at, min(coming))
        self.clock.at = end
        self.pump()

    # What tests ask for

    def message(self, id: str) -> Message:
        return get(self.store, Message, ORG, id)

    def messages(self) -> list[Message]:
        return every(self.store, Message, ORG, newest_first=False)

    def plan(self, template: str = "ask", kind: model.MessageClass = "marketing", **over: Any) -> str:
        """Queues a message without sending it; its id."""
        values: dict[str, Any] = {"cause": "a cause", "location_id": PLACE, "contact": self.contact()}
        values |= {"fields": {"feedback_link": "https://go.example.test/review/abc"}} | over
        writes = planned(self.runtime, ORG, template=template, kind=kind, **values)
        self.store.commit(*writes)
        first = writes[0]
        assert isinstance(first, Create)
        return first.entity.id

    def contact(self) -> Contact:
        return get(self.store, Contact, ORG, PERSON)

    def enrollment(self) -> Enrollment:
        """Of the review collection: the question."""
        return get(self.store, Enrollment, ORG, enrollment_id(ORG, "review_collection", JOB))

    def journey(self, campaign_id: str = "referral_request", cause: str = "") -> Enrollment:
        """Of a campaign; by default what the feedback on the question led to."""
        cause = cause or feedback_id(ORG, self.enrollment().id)
        return get(self.store, Enrollment, ORG, enrollment_id(ORG, campaign_id, cause))

    def campaign(self, id: str, definition: Definition, status: str = "active", location_id: str | None = None) -> str:
        """Saves a campaign of the organization, or a location's form of it, in force at once; its version's id."""
        now, form = self.clock.now(), f"{id}.{location_id}" if location_id else id
        common: Any = {"organization_id": ORG, "created_at": now, "updated_at": now}
        found = self.store.find(Campaign, ORG, form)
        number = found.versions + 1 if found else 1
        version = CampaignVersion(
            **common, id=f"{form}.v{number}", campaign_id=form, number=number, definition=definition, made_by="mem_1"
        )
        fields: Any = {"status": status, "version_id": version.id, "versions": number}
        row = (
            found.changed(now, **fields)
            if found
            else Campaign(**common, id=form, base=id, location_id=location_id, **fields)
        )
        self.store.commit(Create(version), Change(found, row) if found else Create(row))
        return version.id

    def change(self, kind: Any, id: str, organization_id: str = ORG, **fields: Any) -> None:
        before = get(self.store, kind, organization_id, id)
        self.store.commit(Change(before, before.changed(self.clock.now(), **fields)))

    def job_facts(self, state: str, **facts: bool) -> None:
        """The CRM tells something of the job; the event is in the outbox."""
        now = self.clock.now()
        before = get(self.store, Job, ORG, JOB)
        merged = before.facts | {kind: Fact(kind=cast(Any, kind), value=value, at=now) for kind, value in facts.items()}
        event = Event("job.changed", ORG, JOB, {"state": state})
        self.store.commit(Change(before, before.changed(now, facts=merged, state=state)), Emit(event, now))


def world(**contact: Any) -> World:
    """10:00 on a Tuesday in Chicago; the customer agreed to texts; the job is booked and not completed."""
    store, clock = MemoryStore(), FakeClock()
    runtime = fake_runtime(store, clock)
    made = World(runtime, store, clock)
    common: Any = {"organization_id": ORG, "created_at": clock.now(), "updated_at": clock.now()}
    keys = person_keys(runtime.keys, ORG, PHONE, EMAIL)
    consent = Consent(channel="sms", text="Text me", at=clock.now(), source="CRM")
    person = {"first_name": "Sam", "last_name": "Lee", "phone": PHONE, "email": EMAIL, "consents": [consent]} | contact
    sealed = runtime.vault.seal(ORG, "vendor:twilio", json.dumps({"auth_token": "12345"}).encode())
    store.commit(
        Create(Organization(**common, id=ORG, name="Bluebird Moving")),
        Create(LegalEntity(**common, id="le_1", name="Bluebird Moving LLC", ein="12-3456789")),
        Create(
            Location(
                **common, id=PLACE, name="Bluebird Moving Austin", legal_entity_id="le_1", time_zone=CHICAGO,
                postal_address="1 Main St, Austin TX 78701", staff_email="staff@bluebird.test", phone="+15125550199",
                review_url="https://reviews.example.test/bluebird", sms_sender=NUMBER,
            )
        ),
        Create(
            VendorAccount(
                **common, id="twilio", vendor="twilio", secret_ciphertext=sealed,
                config={"account_sid": "AC" + "a" * 32}, hook_token="hooktoken",
            )
        ),
        Create(
            Hook(
                **common | {"organization_id": GLOBAL}, id="hooktoken", owner_id=ORG, source="twilio",
                connection_id="twilio", secret_ciphertexts=[sealed],
            )
        ),
        Create(
            Sender(
                **common, id=f"sms.{PLACE}", channel="sms", location_id=PLACE, address=NUMBER, status="active",
                states={"brand": "active", "campaign": "active"},
            )
        ),
        Create(Contact(**common, id=PERSON, location_id=PLACE, person_keys=keys, **person)),
        *(Point(ORG, "person", key, PERSON) for key in keys),
        Create(
            Job(
                **common, id=JOB, connection_id="cn_1", external_id="J-1", location_id=PLACE, contact_id=PERSON,
                received_at=clock.now(), state="booked", origin=Address(state="TX", time_zone=CHICAGO),
            )
        ),
    )  # fmt: skip
    return made
