"""An organization with two branches at the ends of the calendar, whose state tests move as they like and tell of."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from moref.campaigns.model import Enrollment, StepRun
from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.intake.model import Fact, Job
from moref.kernel.names import REPORTS
from moref.messaging.model import CARRIES, Message
from moref.programs.model import Terms, Tier
from moref.records import Change, Create, Entity, Point, Write, get
from moref.referrals.model import Advocate, Evidence, Lead, Link, Referral
from moref.reporting.counters import ROWS
from moref.rewards.model import Payout, Reward
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization
from report_worker.handler import work
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import FakeClock, FakeQueues, fake_runtime

ORG = "org_1"
ZONES = {"loc_1": "America/Chicago", "loc_2": "Pacific/Auckland"}
START = datetime(2026, 6, 28, 3, 0, tzinfo=UTC)  # one branch is in Saturday, the other in Sunday, near a month's end
TERMS = Terms(
    qualifying_fact="booked",
    currency="USD",
    mode="band",
    approval="manual",
    hold_days=0,
    tiers=[Tier(at=1, amount=2500)],
)


class ReportWorld:
    def __init__(self, store: MemoryStore | None = None) -> None:
        self.runtime: Runtime = fake_runtime(store, FakeClock(START))
        self.told: list[dict[str, Any]] = []  # events to be heard
        self.store.commit(Create(Organization(**self.base(ORG), name="Bluebird")))
        for id, zone in ZONES.items():
            self.store.commit(
                Create(
                    Location(
                        **self.base(id), name=f"Bluebird {id}", legal_entity_id="ent", time_zone=zone,
                        postal_address="-",
                        staff_email="desk@bluebird.example", review_url="https://review.example",
                    )
                )
            )  # fmt: skip

    @property
    def store(self) -> MemoryStore:
        return cast(MemoryStore, self.runtime.store)

    @property
    def clock(self) -> FakeClock:
        return cast(FakeClock, self.runtime.clock)

    def base(self, id: str) -> dict[str, Any]:
        return {"organization_id": ORG, "id": id, "created_at": self.clock.now(), "updated_at": self.clock.now()}

    def put(self, *writes: Write | Entity) -> None:
        self.store.commit(*(Create(each) if isinstance(each, Entity) else each for each in writes))

    def change(self, noun: type[Entity], id: str, /, **fields: Any) -> None:
        before = get(self.store, noun, ORG, id)
        self.put(Change(before, before.changed(self.clock.now(), **fields)))

    def tell(self, name: str, subject: str, **data: str | None) -> None:
        self.told.append({"name": name, "organization_id": ORG, "subject": subject, "data": data})

    def hear(self, events: list[dict[str, Any]] | None = None) -> None:
        """All that was told, or these; and what the worker sends itself."""
        todo = self.told if events is None else events
        if events is None:
            self.told = []
        queues = cast(FakeQueues, self.runtime.queues)
        for event in todo:
            work(self.runtime, event)
            while queues.sent:
                sent, queues.sent = queues.sent, []
                for queue, message in sent:
                    assert queue == REPORTS
                    work(self.runtime, message)

    # The state of the rest of the product, one step at a time.

    def advocate(self, tag: str, location_id: str = "loc_1", kind: str = "customer") -> None:
        """With a link (its code is C<tag>) and an enrollment of three steps."""
        runs = {step: StepRun(due_at=self.clock.now(), message_id=f"msg_{tag}_{step}") for step in ("a", "b")}
        self.put(
            Advocate(**self.base(f"adv_{tag}"), contact_id=f"con_{tag}", location_id=location_id, kind=cast(Any, kind)),
            Link(**self.base(f"C{tag}"), advocate_id=f"adv_{tag}", location_id=location_id),
            Enrollment(
                **self.base(f"enr_{tag}"), campaign_id="referral_request", version_id="v", trigger="feedback_given",
                cause="fb", began_at=self.clock.now(), contact_id=f"con_{tag}", location_id=location_id, places=[],
                steps=runs,
            ),
        )  # fmt: skip
        self.tell("partner.onboarded", f"adv_{tag}")  # what brings an advocate to be counted that was not asked yet

    def own_job(self, tag: str, ago: timedelta) -> None:
        """The advocate's own, completed so long ago."""
        now, id = self.clock.now(), f"own_{tag}"
        done = Fact(kind="completed", value=True, at=now - ago)
        self.put(
            Job(
                **self.base(id), connection_id="con", external_id=id, location_id="loc_1", contact_id=f"con_{tag}",
                facts={"completed": done}, received_at=now,
            )
        )  # fmt: skip

    def message(self, tag: str, step: str, channel: str = "sms", location_id: str = "loc_1") -> None:
        id = f"msg_{tag}_{step}"
        self.put(
            Message(
                **self.base(id), channel=cast(Any, channel), template=step, kind="marketing", location_id=location_id,
                contact_id=f"con_{tag}", enrollment_id=f"enr_{tag}", step=step,
                fields={"referral_link": f"https://go.example.test/r/C{tag}"}, link_code=f"C{tag}",
            ),
            Point(ORG, CARRIES, f"C{tag}", id),
        )  # fmt: skip

    def leaves(self, tag: str, step: str) -> None:
        now = self.clock.now()
        self.change(Message, f"msg_{tag}_{step}", status="sent", claimed_at=now, sent_at=now)
        self.tell("message.changed", f"msg_{tag}_{step}", status="sent")

    def clicked(self, tag: str) -> None:
        now, link = self.clock.now(), get(self.store, Link, ORG, f"C{tag}")
        self.change(Link, link.id, first_clicked_at=link.first_clicked_at or now, last_clicked_at=now)
        self.tell("link.clicked", f"C{tag}")

    def friend(self, id: str, tag: str, location_id: str = "loc_1", *, lead: bool = False) -> None:
        evidence = Evidence(kind="quote_form", at=self.clock.now(), source_id="lead", code=f"C{tag}")
        if lead:
            self.put(
                Lead(
                    **self.base(f"led_{id}"),
                    location_id=location_id,
                    contact_id="con_f",
                    referral_id=id,
                    code=f"C{tag}",
                )
            )
            self.tell("lead.created", f"led_{id}", referral_id=id)
        self.put(
            Referral(
                **self.base(id), advocate_id=f"adv_{tag}", contact_id="con_f", location_id=location_id, code=f"C{tag}",
                evidence=[evidence], lead_id=f"led_{id}" if lead else None,
            )
        )  # fmt: skip
        self.tell("referral.changed", id)

    def job(self, referral_id: str, status: str, facts: Mapping[str, bool | int], currency: str = "USD") -> None:
        """Facts of now; the referral follows."""
        id, now = f"job_{referral_id}", self.clock.now()
        known = self.store.find(Job, ORG, id)
        made = {kind: Fact(kind=cast(Any, kind), value=value, at=now) for kind, value in facts.items()}
        if known is None:
            self.put(
                Job(
                    **self.base(id), connection_id="con", external_id=id, location_id="loc_1", contact_id="con_f",
                    facts=made, currency=currency, received_at=now,
                )
            )  # fmt: skip
        else:
            self.change(Job, id, facts={**known.facts, **made})
        self.change(Referral, referral_id, status=status, job_id=id)
        self.tell("referral.changed", referral_id)

    def qualifies(self, referral_id: str) -> str:
        referral, id = get(self.store, Referral, ORG, referral_id), conversion_id(ORG, referral_id)
        self.put(
            Conversion(
                **self.base(id), referral_id=referral_id, advocate_id=referral.advocate_id, job_id=f"job_{referral_id}",
                location_id=referral.location_id, program_id="prg", program_version=1, terms=TERMS,
                qualified_at=self.clock.now(),
            )
        )  # fmt: skip
        self.tell("conversion.changed", id)
        return id

    def approve(self, referral_id: str, amount: int = 2500, kind: str = "gift_card") -> None:
        id, now = conversion_id(ORG, referral_id), self.clock.now()
        referral = get(self.store, Referral, ORG, referral_id)
        self.put(
            Reward(
                **self.base(f"rwd_{referral_id}"), advocate_id=referral.advocate_id, contact_id="con", conversion_id=id,
                location_id=referral.location_id, legal_entity_id="ent", amount=amount, currency="USD", approved_at=now,
                kind=cast(Any, kind),
            )
        )  # fmt: skip
        self.change(Conversion, id, status="approved", reward_id=f"rwd_{referral_id}")
        self.tell("conversion.changed", id)

    def pay(self, referral_id: str, **fields: Any) -> None:
        """The payout is made, or moves; accepted issues the reward."""
        id, now = f"pay_{referral_id}", self.clock.now()
        reward = get(self.store, Reward, ORG, f"rwd_{referral_id}")
        if self.store.find(Payout, ORG, id) is None:
            self.put(
                Payout(
                    **self.base(id), reward_id=reward.id, location_id=reward.location_id, provider="tremendous",
                    vendor_account_id="tremendous", amount=reward.amount, currency="USD", recipient_name="A",
                    recipient_email=None, recipient_phone=None, funding_source_id="f",
                )
            )  # fmt: skip
        if fields.get("status") == "accepted":
            fields = {"accepted_at": now} | fields
            self.change(Reward, reward.id, status="issued", issued_at=now)
        self.change(Payout, id, **fields)
        self.tell("payout.changed", id, reward_id=reward.id)

    def counters(self) -> dict[str, dict[str, int]]:
        """Every row of counters that is not empty."""
        found = {}
        for noun, kind in ROWS.items():
            for (_, pk, _), row in self.store.rows.items():
                if row["noun"] == noun:
                    entity = kind.from_row(row)
                    if entity.counts:
                        found[f"{noun}/{pk.split('#')[2]}"] = entity.counts
        return found
