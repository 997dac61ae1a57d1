"""The message queue and its workers as a model: a fake clock, a vendor that notes what it took, and the real use-case.

Delayed messages come after their delay. Those that wait are served in the order of their arrival, as the worst of
queues would: a fair one serves a quiet organization sooner. `capacity` is how many the workers serve a second.
"""

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from moref.campaigns.places import Place
from moref.intake.model import Contact
from moref.messaging.channels.base import Account, Lane, Outgoing
from moref.messaging.later import send_command
from moref.messaging.line import Turns
from moref.messaging.model import Channel, Message
from moref.messaging.queue_up import Pacing
from moref.messaging.send_message import send_message
from moref.records import Create
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from tests.fakes.runtime import FakeClock, fake_runtime
from tests.simulation.store import StrictStore

ZONE = "America/Chicago"


@dataclass
class Vendor:
    """Takes everything, and says how much a second it wants."""

    clock: FakeClock
    rate: Decimal
    NAME: str = "ses"
    KIND: Channel = "email"
    VENDOR_ACCOUNT: str | None = None
    CAN_FIND: bool = False
    LANE: Lane = "platform"
    took: list[tuple[datetime, str, str]] = field(default_factory=list)  # when, organization, message

    def quota(self, runtime: Runtime, account: Account) -> Decimal:
        del runtime, account
        return self.rate

    def send(self, runtime: Runtime, account: Account, outgoing: Outgoing) -> str:
        del runtime, account
        self.took.append((self.clock.now(), outgoing.organization_id, outgoing.message_id))
        return f"id-{len(self.took)}"

    def find(self, runtime: Runtime, account: Account, outgoing: Outgoing, since: datetime) -> Sequence[str]:
        del runtime, account, outgoing, since
        return ()


class Dispatcher:
    def __init__(self, rate: str = "14", capacity: int = 300, workers: int = 10) -> None:
        self.store, self.clock = StrictStore(), FakeClock()
        self.runtime = fake_runtime(self.store, self.clock)
        object.__setattr__(self.runtime, "queues", self)
        object.__setattr__(self.runtime, "scheduler", self)
        self.vendor = Vendor(self.clock, Decimal(rate))
        self.served: Counter[str] = Counter()  # message -> how often a worker looked at it
        self._tick = timedelta(seconds=1) / capacity
        self._waiting: list[tuple[datetime, int, dict[str, Any]]] = []
        self._arrived: list[tuple[int, dict[str, Any]]] = []
        self._turns = [Turns(10) for _ in range(workers)]
        self._count = 0

    # Ports

    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        assert 0 <= delay_seconds <= 900
        self.at("", self.clock.now() + timedelta(seconds=delay_seconds), queue, message)

    def at(self, name: str, due: datetime, queue: str, message: Mapping[str, Any]) -> None:
        del name, queue
        self._count += 1
        heapq.heappush(self._waiting, (due, self._count, dict(message)))

    def cancel(self, name: str) -> None:
        raise NotImplementedError(name)

    # State

    def organization(self, id: str) -> None:
        common: Any = {"organization_id": id, "created_at": self.clock.now(), "updated_at": self.clock.now()}
        self.store.commit(
            Create(Organization(**common, id=id, name=id)),
            Create(
                Location(
                    **common, id="loc", name=f"{id} Movers", legal_entity_id="le", time_zone=ZONE, state="TX",
                    postal_address="1 Main St, Austin TX 78701", staff_email="staff@example.test", review_url="https://reviews.example.test/x",
                )
            ),
        )  # fmt: skip

    def queue(self, organization_id: str, count: int) -> list[str]:
        """So many messages, each to a person of its own, due now; their ids."""
        now, made = self.clock.now(), []
        for _ in range(count):
            self._count += 1
            id = f"msg_{self._count:06}"
            common: Any = {"organization_id": organization_id, "created_at": now, "updated_at": now}
            contact = Contact(
                **common, id=f"con_{id}", location_id="loc", first_name="Sam", last_name="Lee",
                email=f"{id}@example.test", person_keys=[],
            )  # fmt: skip
            message = Message(
                **common, id=id, channel="email", template="ask", kind="marketing", location_id="loc",
                contact_id=contact.id, fields={"feedback_link": "https://go.example.test/review/abc"},
                places=[Place(zone=ZONE, state="TX")],
            )  # fmt: skip
            self.store.commit(Create(contact), Create(message))
            self.send("messages", send_command(message))
            made.append(id)
        return made

    # Time

    def run(self, until: datetime) -> None:
        """Serves what comes until then; time passes by the work, or to the next message when there is none."""
        while True:
            while self._waiting and self._waiting[0][0] <= self.clock.now():
                _, place, message = heapq.heappop(self._waiting)
                heapq.heappush(self._arrived, (place, message))
            if not self._arrived:
                if not self._waiting or self._waiting[0][0] > until:
                    self.clock.at = max(self.clock.at, until)
                    return
                self.clock.at = self._waiting[0][0]
            elif self.clock.now() > until:
                return
            else:
                self._serve(heapq.heappop(self._arrived)[1])
                self.clock.at += self._tick

    def _serve(self, command: dict[str, Any]) -> None:
        self.served[command["message_id"]] += 1
        slot = datetime.fromisoformat(command["slot"]) if "slot" in command else None
        turns = self._turns[self.served.total() % len(self._turns)]
        send_message(
            self.runtime, command["organization_id"], command["message_id"],
            channel_of=lambda *_: self.vendor, pacing=Pacing(slot, turns),
        )  # fmt: skip

    # What tests ask

    def left(self, message_id: str) -> datetime:
        return next(at for at, _, id in self.vendor.took if id == message_id)

    def sent(self, organization_id: str, since: datetime, until: datetime) -> int:
        return sum(org == organization_id and since <= at <= until for at, org, _ in self.vendor.took)
