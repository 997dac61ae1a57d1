"""The API as its callers meet it: HTTP API events through the real handler, over fakes, with two organizations."""

import base64
import json
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from api.handler import handler
from moref.aws.compose import composed
from moref.books.model import ClosedMonth, PayeeYear, ProviderStatement
from moref.budgets.model import Budget, Spend
from moref.campaigns.model import Campaign, Enrollment, Feedback, StaffTask, StepRun
from moref.conversions.model import Conversion
from moref.imports.model import Import, Options
from moref.intake.model import Contact, InboxEvent, Job
from moref.intake.pulled import CallBudget
from moref.kernel.env import Api
from moref.kernel.keys import GLOBAL, PEOPLE
from moref.messaging.model import Message, Suppression
from moref.messaging.senders import Sender
from moref.messaging.template_model import Template, TemplateVersion, Wording
from moref.partners.model import Partner
from moref.privacy.model import Erasure, Export
from moref.programs.model import Program, ProgramException, ProgramText, TariffItem, TermsAcceptance
from moref.records import Create, Entity, get
from moref.referrals.model import Advocate, CrewMember, Dispute, Lead, Link, Referral, UnmatchedSource
from moref.reporting.ad_spend import AdSpend
from moref.reporting.display_name import DisplayName
from moref.rewards.benefit_model import CreditAccount, CreditUse, Debt, DiscountCode, Lot
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.ledger import book
from moref.rewards.model import Payout, Reward
from moref.runtime import Runtime
from moref.signin.model import ApiKey, Invitation, Person, person_id
from moref.signin.tokens import issue, issue_to_person
from moref.tenants.model import Member, Role, VendorAccount
from moref.tenants.onboard import Onboarded
from moref.transfers.model import LocationTransfer, TransferOffer
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import FakeClock, fake_runtime
from tests.unit.tenants.world import opened

REQUEST_ID = "req-1"
CANARY = "canary-value-that-no-answer-may-echo"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


class World:
    """`a` and `b` are two onboarded organizations; `fill` gives one a row of every noun."""

    def __init__(self, runtime: Runtime | None = None) -> None:
        self.runtime: Runtime = runtime or fake_runtime()
        composed[Api] = self.runtime
        self.a, self.b = opened(self.runtime, "bluebird"), opened(self.runtime, "redbird")

    @property
    def store(self) -> MemoryStore:
        return cast(MemoryStore, self.runtime.store)

    @property
    def clock(self) -> FakeClock:
        return cast(FakeClock, self.runtime.clock)

    def token(self, of: Onboarded | None = None, role: Role = "owner", locations: list[str] | None = None) -> str:
        """A member's token; another role or a limit to locations makes another member."""
        of = of or self.a
        owner = get(self.store, Member, of.organization_id, of.member_id)
        if role == "owner" and locations is None:
            return self.token_of(owner)
        id = f"mem_{role}_{len(locations or [])}"
        fields = dict(owner) | {"id": id, "role": role, "location_ids": locations, "version": 0}
        member = self.store.find(Member, of.organization_id, id)
        if member is None:
            member = Member(**fields)
            self.store.commit(Create(member))
        return self.token_of(member)

    def token_of(self, member: Member, signed_in_at: datetime | None = None) -> str:
        """An hour's; unless said otherwise its sign-in is of now."""
        signed_in_at = signed_in_at or self.clock.now()
        return issue(self.runtime, member, signed_in_at=signed_in_at, lifetime=timedelta(hours=1))

    def person_token(self, email: str) -> str:
        """Of somebody who has proved the address and belongs to no organization."""
        now, id = self.clock.now(), person_id(self.runtime.keys, email)
        if self.store.find(Person, PEOPLE, id) is None:
            row = Person(organization_id=PEOPLE, id=id, created_at=now, updated_at=now, email=email)
            self.store.commit(Create(row))
        return issue_to_person(self.runtime, id, signed_in_at=now)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        key: str | None = None,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
        source: str = "127.0.0.1",
    ) -> Answer:
        """`path` without /v1 and with its query; `token` "" sends none."""
        sent = dict(headers or {})
        if token != "":
            sent.setdefault("authorization", f"Bearer {token or self.token()}")
        if key is not None:
            sent["idempotency-key"] = key
        content = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        answer = handler(event(method, "/v1" + path, content, sent, source), object())
        return Answer(answer["statusCode"], _headers(answer), answer.get("body") or "")

    def fill(self, of: Onboarded, location_id: str | None = None, tag: str = "1") -> dict[str, str]:
        """Path of a resource -> the id of a row of it."""
        location_id = location_id or of.location_id
        made: dict[str, Any] = {
            "organization_id": of.organization_id, "created_at": self.clock.now(), "updated_at": self.clock.now(),
        }  # fmt: skip
        place, now = made | {"location_id": location_id}, self.clock.now()
        program = get(self.store, Program, of.organization_id, of.program_id)
        reward = Reward(
            **place, id=f"rew_{tag}", advocate_id=f"adv_{tag}", contact_id=f"ctc_{tag}", conversion_id=f"cnv_{tag}",
            legal_entity_id="ent", amount=2500, currency="USD", approved_at=now,
        )  # fmt: skip
        wording = Wording(sms="{{ company }} {{ opt_out }}")
        rows: dict[str, Entity] = {
            "contacts": Contact(**place, id=f"ctc_{tag}", first_name="Ann", phone="+15125550123", person_keys=["k"]),
            "jobs": Job(**place, id=f"job_{tag}", connection_id=of.connection_id, external_id="J", contact_id="ctc",
                        received_at=now),
            "advocates": Advocate(**place, id=f"adv_{tag}", contact_id=f"ctc_{tag}"),
            "links": Link(**place, id=f"CODE{tag}", advocate_id=f"adv_{tag}"),
            "crew-members": CrewMember(**place, id=f"crw_{tag}", name="Cara", code=f"CODE{tag}",
                                       advocate_id=f"adv_{tag}"),
            "referrals": Referral(**place, id=f"ref_{tag}", advocate_id=f"adv_{tag}", contact_id="ctc_2", code="CODE"),
            "unmatched-sources": UnmatchedSource(**place, id=f"src_{tag}", job_id=f"job_{tag}", contact_id="ctc_2",
                                                 why="nobody", said="Jane Doe"),
            "disputes": Dispute(**place, id=f"dsp_{tag}", advocate_id=f"adv_{tag}", job_id=f"job_{tag}",
                                claim="I referred them", opened_by=of.member_id, deadline=now),
            "conversions": Conversion(**place, id=f"cnv_{tag}", referral_id=f"ref_{tag}", advocate_id=f"adv_{tag}",
                                      job_id=f"job_{tag}", program_id=program.id, program_version=1,
                                      terms=program.terms(), qualified_at=now),
            "rewards": reward,
            "discount-codes": DiscountCode(**place, id=f"DSC{tag}", reward_id=f"rew_{tag}", contact_id=f"ctc_{tag}",
                                           legal_entity_id="ent", amount=2500, currency="USD",
                                           valid_until=now + timedelta(days=30)),
            "debts": Debt(**place, id=f"dbt_{tag}", reward_id=f"rew_{tag}", advocate_id=f"adv_{tag}", words="cancelled",
                          contact_id=f"ctc_{tag}", legal_entity_id="ent", currency="USD", due=2500, amount=2500,
                          cause="cancellation"),
            "credit-accounts": CreditAccount(**place, id=f"ent.ctc_{tag}.USD", legal_entity_id="ent", currency="USD",
                                             contact_id=f"ctc_{tag}", lots=[Lot(reward_id=f"rew_{tag}", left=5)]),
            "credit-uses": CreditUse(**place, id=f"cru_{tag}", job_id=f"job_{tag}", contact_id=f"ctc_{tag}", parts=[],
                                     connection_id=of.connection_id, external_id="J", amount=5, currency="USD",
                                     applied_at=now),
            "payouts": Payout(**place, id=f"pay_{tag}", reward_id=f"rew_{tag}", provider="tremendous",
                              vendor_account_id="tremendous", amount=2500, currency="USD", recipient_name="Ann",
                              recipient_email="ann@example.com", recipient_phone=None, funding_source_id="BALANCE"),
            "partners": Partner(**place, id=f"ptn_{tag}", partner_type="business", first_name="Homes Inc.",
                                email="p@example.com", token=f"page_{tag}", invited_by="mem"),
            "messages": Message(**place, id=f"msg_{tag}", channel="sms", template="ask", kind="marketing",
                                contact_id=f"ctc_{tag}", fields={"secret": CANARY}),
            "feedback": Feedback(**place, id=f"fb_{tag}", enrollment_id="enr", contact_id=f"ctc_{tag}", job_id="job",
                                 score=2, comment="slow"),
            "do-not-contact": Suppression(**made, id=f"sup_{tag}", channel="sms", active=True, reason="bounce"),
            "senders": Sender(**place, id=f"sms.{location_id}.{tag}", channel="sms", address="+15125550100"),
            "inbox": InboxEvent(**made, id=f"inb_{tag}", source="crm:generic", connection_id=of.connection_id,
                                event_id="e", headers={"x": CANARY}, status="quarantined", reason="unreadable",
                                body=base64.b64encode(zlib.compress(b'{"hello": "world"}')).decode()),
            "vendor-accounts": VendorAccount(**made, id=f"sendgrid_{tag}", vendor="sendgrid", config={"region": "eu"},
                                             secret_ciphertext="sealed", hook_token=f"knock_{tag}"),
            "program-texts": ProgramText(**made, id=f"ptx_{tag}", program_id=program.id, number=1, text="Be kind."),
            "program-exceptions": ProgramException(**place, id=f"pex_{tag}", program_id=program.id,
                                                   advocate_id=f"adv_{tag}", reason="a friend of the house"),
            "acceptances": TermsAcceptance(**place, id=f"acc_{tag}", program_id=program.id, advocate_id=f"adv_{tag}",
                                      what="terms", number=1, accepted_at=now, source="paper", recorded_by="mem"),
            "tariff-items": TariffItem(**made, id=f"trf_{tag}", item="130", valid_from=now, recorded_by="mem"),
            "goodwill": Goodwill(**place, id=f"gdw_{tag}", advocate_id=f"adv_{tag}", amount=900, currency="USD",
                                 reason="our mistake", asked_by="mem"),
            "budgets": Budget(**place, id=f"bdg_{tag}", amount=50_000),
            "budget-periods": Spend(**place, id=f"spd_{tag}", budget_id=f"bdg_{tag}", period="2026-06", currency="USD"),
            "erasures": Erasure(**made, id=f"ers_{tag}", contact_id=f"ctc_{tag}", contact_ids=[f"ctc_{tag}"],
                                listed_keys=[], requested_by="mem", reason="asked", inbox_until=now),
            "exports": Export(**made, id=f"exp_{tag}", of="person", contact_id=f"ctc_{tag}", requested_by="mem",
                              status="ready"),
            "imports": Import(**made, id=f"imp_{tag}", kind="contacts", asked_by="mem",
                              rejected_file=f"{of.organization_id}/imports/imp_{tag}/run-rejected.csv",
                              options=Options(location_id=location_id, as_of=now)),
            "location-transfers": LocationTransfer(**place, id=f"ltr_{tag}", side="out", branch="Austin", note="sold",
                                                   consents_continue=True, offer_id=f"{of.organization_id}_{tag}",
                                                   expires_at=now + timedelta(days=14), requested_by="mem"),
            "leads": Lead(**place, id=f"lead_{tag}", contact_id="ctc_2", referral_id=f"ref_{tag}", code="CODE"),
            "call-budgets": CallBudget(**made, id=f"bud_{tag}", connection_id=of.connection_id, month="2026-06",
                                       allowance=20_000, used=7),
            "invitations": Invitation(**made, id=f"inv_{tag}", email="new@example.com", name="New", role="member",
                                      expires_at=now + timedelta(days=7), invited_by="mem"),
            "api-keys": ApiKey(**made, id=f"key_{tag}", name="Sync", prefix="mrk_abcdef", scopes=["jobs:read"],
                               made_by="mem"),
            "templates": Template(**made, id=f"own_{tag}", base=f"own_{tag}", kind="marketing", name="Own",
                                  wordings={"en": wording}, version_id=f"own_{tag}.v1", versions=1),
            "template-versions": TemplateVersion(**made, id=f"own_{tag}.v1", template_id=f"own_{tag}", number=1,
                                                 wordings={"en": wording}, made_by="mem"),
            "campaigns": Campaign(**made, id=f"cmp_{tag}", base=f"cmp_{tag}", name="Own", status="draft"),
            "enrollments": Enrollment(**place, id=f"enr_{tag}", campaign_id="review_collection", version_id="v",
                                      trigger="job_completed", cause=f"job_{tag}", began_at=now, places=[],
                                      contact_id=f"ctc_{tag}", token=CANARY, at="ask",
                                      steps={"ask": StepRun(due_at=now)}),
            "tasks": StaffTask(**place, id=f"task_{tag}", words="Call them", contact_id=f"ctc_{tag}",
                               source=f"enr_{tag}"),
            "ledger/entries": book(reward, "accrued", now).entity,
            "ledger/closed-months": ClosedMonth(**made, id=f"ent_{tag}.2026-05", legal_entity_id="ent", month="2026-05",
                                                entries=0, digest="", balances=[], closed_by="mem"),
            "ledger/payee-years": PayeeYear(**made, id=f"ent_{tag}.2026.ctc", legal_entity_id="ent", contact_id="ctc",
                                            year=2026, paid={"USD": 190_000}, rewards=2),
            "ledger/statements": ProviderStatement(**made, id=f"tremendous_{tag}.2026-05", provider="tremendous",
                                                   month="2026-05", asked_at=now),
            "ad-spend": AdSpend(**place, id=f"2026-05.ads-{tag}", month="2026-05", source=f"ads-{tag}", amount=50_000,
                                currency="USD", bookings=4),
            "display-names": DisplayName(**made, id=f"adv_{tag}", name="Ann of Austin", agreed_at=now, source="phone"),
        }  # fmt: skip
        offered = TransferOffer(
            **made | {"organization_id": GLOBAL}, id=f"{of.organization_id}_{tag}", owner_id=of.organization_id,
            owner_name="Bluebird", transfer_id=f"ltr_{tag}", branch="Austin", postal_address="1 Main Street",
            time_zone="America/Chicago", site_url=None, note="sold", consents_continue=True,
            expires_at=now + timedelta(days=14),
        )  # fmt: skip
        self.store.commit(*map(Create, rows.values()), Create(offered))
        return {path: row.id for path, row in rows.items()} | {
            "locations": location_id, "programs": of.program_id, "connections": of.connection_id,
            "legal-entities": self.legal_entity(of), "members": of.member_id, "audit": self.audit(of),
        }  # fmt: skip

    def audit(self, of: Onboarded) -> str:
        return str(self.call("GET", "/audit", token=self.token(of)).json()["items"][-1]["id"])

    def legal_entity(self, of: Onboarded) -> str:
        return str(self.call("GET", "/legal-entities", token=self.token(of)).json()["items"][0]["id"])


def event(method: str, target: str, body: bytes, headers: dict[str, str], source: str = "127.0.0.1") -> dict[str, Any]:
    """An HTTP API event, payload format 2.0."""
    path, _, query = target.partition("?")
    return {
        "version": "2.0",
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "requestId": REQUEST_ID,
            "stage": "$default",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": source},
        },
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def _headers(answer: dict[str, Any]) -> dict[str, str]:
    found = {name.lower(): value for name, value in answer.get("headers", {}).items()}
    for name, values in answer.get("multiValueHeaders", {}).items():
        found[name.lower()] = ", ".join(values)
    return found
