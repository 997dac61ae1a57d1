"""The tenant and what belongs to it."""

from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.records import Entity

Role = Literal["owner", "admin", "member"]
DEFAULT_CALLS = 3000  # of the API, by an organization in a minute


class Organization(Entity):
    noun: ClassVar[str] = "organization"  # organization_id == id

    name: str
    status: Literal["active", "suspended", "closing", "closed"] = "active"
    closes_at: AwareDatetime | None = None  # while closing: until then an owner may take it back
    settings: dict[str, Any] = Field(default_factory=dict)  # name -> value; see tenants.settings
    locked: list[str] = Field(default_factory=list)  # names a location may not override
    calls_per_minute: int = Field(default=DEFAULT_CALLS, ge=1)  # of the API; the platform may allow more


class LegalEntity(Entity):
    """The payer of a location's rewards."""

    noun: ClassVar[str] = "legal_entity"

    name: str
    ein: str | None = None


class Branding(BaseModel):
    """How a branch looks and signs in its messages."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    company: str | None = None  # instead of the location's name
    colour: str = "#0b5cad"  # the bar at the top and the button; its letters are dark or light, whichever is legible
    logo_url: str | None = None  # https
    signature: list[str] = Field(default_factory=list)  # lines under an e-mail
    reply_to: str | None = None  # instead of staff_email


class Location(Entity):
    noun: ClassVar[str] = "location"

    name: str  # as customers know it: it signs every message
    legal_entity_id: str
    time_zone: str  # IANA
    postal_address: str  # one line, shown in e-mails
    state: str | None = None  # US state of the branch, two letters
    phone: str | None = None  # E.164
    staff_email: str  # who is told of low scores and leads the CRM did not take
    review_url: str  # the public review link, the same for every customer
    links_credit: bool = True  # False while the organization closes: links lead on, and earn nothing
    site_url: str | None = None  # https; where links lead; without one they lead to /q/{code}
    sms_sender: str | None = None  # E.164 number or messaging service; without one, e-mail only
    crm_branch: str | None = None  # how the CRM names this branch
    branding: Branding = Branding()
    status: Literal["active", "archived"] = "active"
    settings: dict[str, Any] = Field(default_factory=dict)
    transfer_id: str | None = None  # on offer to another organization, or gone there
    leaving: bool = False  # an organization took it, and its links are going there: nothing new relies on it
    transferred_to: str | None = None  # its name: this row is history
    came_from: str | None = None  # the name of the organization that had the branch before


class Logo(Entity):
    """What the public address of a branch's logo leads to; organization_id is GLOBAL. The address stays for ever:
    mails that were sent with it show the present one."""

    noun: ClassVar[str] = "logo"

    owner_id: str  # the organization
    location_id: str
    file: str | None  # its key; None when it was taken away
    content_type: str = ""
    number: int = 1  # goes up with each, so that caches ask again


class Member(Entity):
    noun: ClassVar[str] = "member"

    email: str
    name: str
    role: Role
    location_ids: list[str] | None = None  # None: all
    status: Literal["active", "removed"] = "active"
    tokens_since: AwareDatetime | None = None  # tokens of earlier sign-ins are refused


class Attestation(BaseModel):
    """What a consent field of a CRM means: the words customers agreed to, when that was attested, and by whom."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    text: str
    at: AwareDatetime
    by: str
    active: bool = True  # False: a yes counts no more; a no still does


class Connection(Entity):
    """A CRM account of the organization."""

    noun: ClassVar[str] = "connection"

    crm: str
    name: str
    status: Literal["active", "stopped"] = "active"
    default_location_id: str
    supplies: list[str]  # kinds of fact this CRM can tell: completed, booked, invoiced ...
    hook_token: str
    lead_url: str | None = None  # where leads are posted (generic); validated, https outside the local stage
    # KMS, base64; context (organization, "webhook"); signs what we post to lead_url too. A secret that a CRM sends as a
    # header is never stored: here stands "sha256:" and its digest.
    secret_ciphertext: str
    credentials_ciphertext: str | None = None  # KMS over JSON, base64; context (organization, "crm"); to call the CRM
    config: dict[str, str] = Field(default_factory=dict)  # not secret; names are the CRM plugin's
    takes_leads: bool = False  # leads are pushed through the CRM's own API
    consent_attestation: Attestation | None = None


class VendorAccount(Entity):
    """Credentials of an outside system; they belong to the organization. id is the vendor's name for now: one each."""

    noun: ClassVar[str] = "vendor_account"

    vendor: Literal["tremendous", "twilio", "sendgrid"]
    status: Literal["active", "stopped"] = "active"
    secret_ciphertext: str  # KMS over JSON, base64; context (organization, "vendor:<vendor>")
    config: dict[str, str] = Field(default_factory=dict)  # not secret: campaign_id, funding_source_id, account_sid ...
    hook_token: str


class Hook(Entity):
    """What a webhook's token leads to; organization_id is GLOBAL and id is the token. Read by the doors."""

    noun: ClassVar[str] = "hook"

    owner_id: str  # the organization
    source: str  # "crm:<crm>" or a vendor's name
    connection_id: str  # the connection, or the vendor account
    # Or "sha256:" digests. The newest first; a rotation keeps the old one until `previous_until`.
    secret_ciphertexts: list[str]
    previous_until: str | None = None  # clock.iso
    status: Literal["active", "stopped"] = "active"


class Switch(Entity):
    """A stop switch, read at the moment of effect. organization_id is GLOBAL for the whole platform."""

    noun: ClassVar[str] = "switch"  # id: payouts, sends, connectors

    stopped: bool
    reason: str
    by: str
