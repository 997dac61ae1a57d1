"""Raw webhooks, and the contacts, jobs and facts they become."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.kernel import keys, names
from moref.kernel.clock import iso
from moref.records import Entity

# Why an inbox row has no body any more: it held somebody who was erased. What it told of the job counts.
ERASED = "it held somebody who was erased"

# Source of a contact that came with a branch whose customers were not said to know its new owner: until a CRM here
# speaks of them they are advertised to on no channel without a consent given here.
TRANSFERRED = "transfer"


class InboxEvent(Entity):
    """A webhook as it came, stored once per (source, event id). Written by a door, worked on later."""

    noun: ClassVar[str] = "inbox"
    table: ClassVar[str] = names.TRAFFIC

    source: str  # "crm:<crm>" or a vendor's name
    connection_id: str
    event_id: str  # the sender's
    headers: dict[str, str] = Field(default_factory=dict)  # the few an adapter needs
    body: str  # base64 of zlib of the raw bytes
    status: Literal["received", "handled", "ignored", "quarantined"] = "received"
    reason: str | None = None  # why ignored or quarantined
    handled_at: AwareDatetime | None = None
    replays: int = 0

    def index_keys(self) -> dict[str, str]:
        """As long as it waits it is `pending`, too: the sweeper sends on what the router or a replay could not."""
        found = super().index_keys()
        if self.status == "received":
            found |= {"pending": keys.pending_shard(self.id), "pending_since": iso(self.updated_at)}
        return found


class ConnectionHealth(Entity):
    """What last came of a CRM connection's webhooks; id is the connection's. To the minute when all is well."""

    noun: ClassVar[str] = "connection_health"

    received_at: AwareDatetime  # the newest webhook that was let in
    became: Literal["handled", "ignored", "quarantined"]
    reason: str | None = None  # why it was not handled
    failed_at: AwareDatetime | None = None  # the newest one that could not be used
    failure: str | None = None


class HookRefusal(Entity):
    """A webhook that the door turned away, the first of an hour: its signature was wrong. Written by the door."""

    noun: ClassVar[str] = "hook_refusal"
    table: ClassVar[str] = names.TRAFFIC

    connection_id: str
    reason: str


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Consent(_Part):
    """Proof that a person agreed to marketing on a channel."""

    channel: Literal["sms", "whatsapp", "email"]
    text: str  # what they were shown
    at: AwareDatetime
    source: str  # quote form, CRM field under the organization's attestation ...
    text_version: str = "1"
    withdrawn: bool = False  # the source says that it holds no more
    note: str | None = None  # how it came here with a branch that another organization had
    history: bool = False  # proof of what was agreed with somebody else: it permits nothing here


class Address(_Part):
    street: str | None = None
    city: str | None = None
    state: str | None = None  # US state, two letters
    postal_code: str | None = None
    country: str = "US"
    time_zone: str | None = None  # IANA, when the CRM knows it


class Contact(Entity):
    """A person as the CRM knows them. Found again by CRM id, phone or e-mail (look-up kinds crm_contact, person)."""

    noun: ClassVar[str] = "contact"

    location_id: str
    first_name: str = ""
    last_name: str = ""
    language: Literal["en", "es"] = "en"  # what they are written to in
    phone: str | None = None  # E.164
    email: str | None = None  # normalised for sending; matching uses the keyed hash
    person_keys: list[str] = Field(default_factory=list)  # keyed hashes of phone and e-mail
    consents: list[Consent] = Field(default_factory=list)
    opted_out: dict[str, AwareDatetime] = Field(default_factory=dict)  # channel -> when
    marketing_paused_at: AwareDatetime | None = None  # an unread reply; staff resume it
    unread_replies: list[str] = Field(default_factory=list)  # messages that staff have not read yet
    language_by: Literal["crm", "staff", "person"] = "crm"  # who decided it; a CRM overrules neither of the others
    crm_keys: list[str] = Field(default_factory=list)  # "<connection>|<the CRM's id>"
    source: str = "crm"  # who vouches for the addresses: crm, or the form that first brought them, or TRANSFERRED
    known_at: dict[str, AwareDatetime] = Field(default_factory=dict)  # field -> time the CRM gave its value
    phone_kind: Literal["mobile", "home", "office", "other"] | None = (
        None  # as the CRM says; home and office get no SMS
    )
    household_keys: list[str] = Field(default_factory=list)  # keyed hashes of homes they moved from or to
    merged_into: str | None = None  # another row of the same person; this one is history
    imported: bool = False  # a file made the row: its day says nothing of when they became a customer
    customer_since: AwareDatetime | None = None  # then the file may say
    erased_at: AwareDatetime | None = None  # from then on nothing of the person is stored here, and nothing is sent


# The last four are stop conditions: as long as one is true nobody advertises to that customer (rules.md "last look").
FactKind = Literal[
    "lead_qualified", "quoted", "booked", "completed", "invoiced", "paid", "cancelled", "amount",
    "damage_claim", "unpaid_balance", "do_not_solicit", "corporate_relocation",
]  # fmt: skip
STOP_CONDITIONS: tuple[FactKind, ...] = ("damage_claim", "unpaid_balance", "do_not_solicit", "corporate_relocation")


class Fact(_Part):
    """`value` True or False for what happened or was undone; minor units for `amount`. `at` is the source's time."""

    kind: FactKind
    value: bool | int
    at: AwareDatetime


JobState = Literal["new", "quoted", "booked", "completed", "invoiced", "paid", "cancelled"]


class Job(Entity):
    noun: ClassVar[str] = "job"

    connection_id: str
    external_id: str
    location_id: str
    contact_id: str
    facts: dict[str, Fact] = Field(default_factory=dict)  # kind -> the newest by source time
    state: JobState = "new"
    currency: str = "USD"
    origin: Address | None = None
    destination: Address | None = None
    lead_id: str | None = None  # our lead, when the CRM hands our reference back
    referral_code: str | None = None  # a code given at intake ("referred by", notes)
    referred_by: str | None = None  # the name of who is said to have sent them
    source: str | None = None  # what the CRM says of where they come from, where it tells of a referral
    received_at: AwareDatetime  # first heard of
    known_at: dict[str, AwareDatetime] = Field(default_factory=dict)  # field -> source time of its value
    job_type: str | None = None  # as the CRM names its kinds of work
    interstate: bool | None = None  # as the CRM classifies the move; None: it does not say
    notes: list[str] = Field(default_factory=list)  # what of the notices could not be used, in words for staff

    def holds(self, kind: FactKind) -> bool:
        """Whether a yes / no fact is true, as last told."""
        return kind in self.facts and self.facts[kind].value is True

    def stop_condition(self) -> FactKind | None:
        """Why nobody may advertise to this job's customer because of it, if so."""
        return next((kind for kind in STOP_CONDITIONS if self.holds(kind)), None)

    def parent(self) -> str:
        return self.contact_id
