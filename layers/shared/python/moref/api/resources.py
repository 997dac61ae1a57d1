"""What can be read: one row a noun, with exactly the fields that are shown; a field not named here stays inside.

Lists take one filter and a time range, because that is what an index can answer.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from pydantic.json_schema import GenerateJsonSchema

from moref.api.operation import Call, Schema
from moref.conversions.model import Conversion
from moref.intake.model import Contact, InboxEvent, Job
from moref.intake.pulled import CallBudget
from moref.messaging.model import Message
from moref.records import Entity
from moref.referrals.model import Advocate, Lead, Link, Referral
from moref.rewards.model import AuditRow, Entry, Payout, Program, Reward
from moref.tenants.model import Connection, LegalEntity, Location, Member, Organization, Role, Switch

Filter = Literal["status", "location_id", "parent"]
_ALWAYS = ("id", "version", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Resource:
    path: str
    kind: type[Entity]
    shown: tuple[str, ...]
    words: str
    filters: Mapping[str, Filter] = field(default_factory=dict)  # query name -> what the store calls it
    whole: bool = False  # not for callers limited to locations
    least: Role = "member"
    # Fields that depend on the caller: name -> (schema, value).
    extras: Mapping[str, tuple[Schema, Callable[[Call, Any], Any]]] = field(default_factory=dict)

    @property
    def fields(self) -> tuple[str, ...]:
        return _ALWAYS + self.shown

    def view(self, entity: Entity) -> dict[str, Any]:
        data = entity.model_dump(mode="json", include=set(self.fields))
        return {name: data[name] for name in self.fields}

    def shown_to(self, call: Call, entity: Entity) -> dict[str, Any]:
        return self.view(entity) | {name: value(call, entity) for name, (_, value) in self.extras.items()}

    def schema(self) -> dict[str, Any]:
        """JSON Schema of `shown_to`; definitions it needs stay in `$defs`."""
        full = self.kind.model_json_schema(mode="serialization", schema_generator=GenerateJsonSchema)
        properties = {name: full["properties"][name] for name in self.fields}
        properties |= {name: schema for name, (schema, _) in self.extras.items()}
        found = {"title": self.kind.__name__, "type": "object", "properties": properties, "required": list(properties)}
        return found | {"$defs": full.get("$defs", {})}

    def statuses(self) -> tuple[str, ...]:
        return get_args(self.kind.model_fields["status"].annotation)


_STATUS: dict[str, Filter] = {"status": "status"}
_PLACE: dict[str, Filter] = {"location_id": "location_id"}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ORGANIZATION = Resource("organization", Organization, _words("name status settings locked"), "your organization")
SWITCH = Resource("switches", Switch, _words("stopped reason by"), "stop switches")
LOCATION = Resource(
    "locations",
    Location,
    _words(
        "name legal_entity_id time_zone postal_address state phone staff_email review_url site_url sms_sender"
        " crm_branch status settings"
    ),
    "branches",
    _STATUS,
)
PROGRAM = Resource(
    "programs",
    Program,
    _words("name advocate_kind location_id qualifying_fact mode tiers currency approval hold_days revision status"),
    "reward rules",
    _STATUS | _PLACE,
)
CONVERSION = Resource(
    "conversions",
    Conversion,
    _words(
        "referral_id advocate_id job_id location_id program_id program_version status holds qualified_at ordinal"
        " terms reward_id decided_at decided_by reason"
    ),
    "referrals that reached the qualifying fact",
    _STATUS | _PLACE | {"referral_id": "parent"},
)
LINK = Resource(
    "links",
    Link,
    _words("advocate_id location_id clicks first_clicked_at last_clicked_at"),
    "advocates' permanent links; id is the code, clicks are approximate within the day",
    _PLACE | {"advocate_id": "parent"},
)
INBOX = Resource(
    "inbox",
    InboxEvent,
    _words("source connection_id event_id status reason handled_at replays"),
    "webhooks as they came",
    _STATUS,
    whole=True,
)
PAYOUT = Resource(
    "payouts",
    Payout,
    _words(
        "reward_id location_id provider amount currency recipient_name recipient_email recipient_phone status"
        " attempts first_submitted_at submitted_at next_attempt_at retried_at order_id provider_reward_id"
        " provider_status accepted_at delivered_at reason"
    ),
    "deliveries of rewards; amounts in minor units",
    _STATUS | _PLACE | {"reward_id": "parent"},
)


def _hook_url(call: Call, connection: Connection) -> str | None:
    """Its token lets anybody knock: for those who set up the CRM."""
    path = f"/hooks/crm/{connection.crm}/{connection.hook_token}"
    return call.runtime.settings.base_url + path if call.caller.may("admin") else None


_HOOK_URL: Schema = {
    "type": ["string", "null"],
    "description": "where the CRM posts its webhooks; null for members, who do not set it up",
}
CONNECTION = Resource(
    "connections",
    Connection,
    _words("crm name status default_location_id supplies lead_url"),
    "CRM accounts, without their secrets",
    _STATUS,
    extras={"hook_url": (_HOOK_URL, _hook_url)},
)

READABLE = (
    LOCATION,
    PROGRAM,
    CONVERSION,
    LINK,
    INBOX,
    Resource("legal-entities", LegalEntity, _words("name ein"), "payers of rewards"),
    CONNECTION,
    Resource(
        "members", Member, _words("email name role location_ids status"), "staff", _STATUS, whole=True, least="admin"
    ),
    Resource(
        "call-budgets",
        CallBudget,
        _words("connection_id month allowance used put_off status paused_until reason"),
        "calls that a CRM allows in a month, and how many are used; when low, reads about details wait",
        _STATUS | {"connection_id": "parent"},
        whole=True,
    ),
    Resource(
        "jobs",
        Job,
        _words(
            "connection_id external_id location_id contact_id facts state currency origin destination lead_id"
            " referral_code received_at"
        ),
        "pieces of work as the CRM knows them",
        _PLACE | {"contact_id": "parent"},
    ),
    Resource(
        "contacts",
        Contact,
        _words("location_id first_name last_name phone email consents opted_out marketing_paused_at source"),
        "people as the CRM knows them",
        _PLACE,
    ),
    Resource(
        "advocates",
        Advocate,
        _words("kind contact_id location_id approved status"),
        "those who refer",
        _STATUS | _PLACE | {"contact_id": "parent"},
    ),
    Resource(
        "referrals",
        Referral,
        _words("advocate_id contact_id location_id code lead_id job_id status reason evidence"),
        "referred people and the evidence",
        _STATUS | _PLACE | {"advocate_id": "parent"},
    ),
    Resource(
        "leads",
        Lead,
        _words(
            "location_id contact_id referral_id code origin destination move_date notes status attempts"
            " next_attempt_at branch_told_at reason"
        ),
        "filled-in quote forms and their hand-over to the CRM",
        _STATUS | _PLACE,
    ),
    Resource(
        "rewards",
        Reward,
        _words(
            "advocate_id contact_id conversion_id location_id legal_entity_id kind amount currency status reason"
            " approved_at released_at issued_at"
        ),
        "what advocates earned; amounts in minor units",
        _STATUS | _PLACE | {"advocate_id": "parent"},
    ),
    PAYOUT,
    Resource(
        "messages",
        Message,
        _words(
            "direction channel template kind location_id contact_id enrollment_id step status reason subject body"
            " provider_id attempts not_before sent_at delivered_at"
        ),
        "every SMS and e-mail",
        _STATUS | _PLACE | {"contact_id": "parent"},
    ),
    Resource(
        "ledger/entries",
        Entry,
        _words("reward_id step legal_entity_id location_id currency lines memo"),
        "the journal; a positive amount is a debit",
        {"reward_id": "parent"},
    ),
    Resource(
        "audit",
        AuditRow,
        _words("actor action subject detail"),
        "who decided what, and why",
        {"subject": "parent"},
        whole=True,
        least="admin",
    ),
)
