"""Who refers, by which link, and who was referred."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.intake.model import Address
from moref.records import Entity

ReferralStatus = Literal[
    "new", "quoted", "booked", "completed", "invoiced", "qualified",
    "lost", "cancelled", "duplicate", "ineligible", "removed",
]  # fmt: skip
EvidenceKind = Literal[
    "code_at_intake", "quote_form", "lead_submitted", "person_match", "staff", "import", "name_mention"
]  # fmt: skip
Submitter = Literal["friend", "partner", "staff"]


class Advocate(Entity):
    """id is derived from the contact. `approved` counts approvals and moves only inside the approval's transaction.

    `links` holds the advocate's code at each location: a new link is a conditional change of this row, so that racing
    callers end with one.
    """

    noun: ClassVar[str] = "advocate"

    kind: Literal["customer", "partner", "house"] = "customer"
    contact_id: str
    location_id: str
    approved: int = 0
    freed_ordinals: list[int] = Field(default_factory=list)
    tier_group: str | None = None  # a program may have other tiers for it
    links: dict[str, str] = Field(default_factory=dict)  # location id -> code
    status: Literal["active", "archived"] = "active"
    partner_type: str | None = None  # see partners.types
    suspended: bool = False  # a partner whom staff stopped: what it earns is held
    merged_into: str | None = None  # another row of the same person: new referrals are credited there
    joined: list[str] = Field(default_factory=list)  # rows of the same person whose counts are this one's

    def parent(self) -> str:
        return self.contact_id


class Link(Entity):
    """id is the code; permanent, never reused."""

    noun: ClassVar[str] = "link"

    advocate_id: str
    location_id: str
    clicks: int = 0  # approximate within the day
    first_clicked_at: AwareDatetime | None = None
    last_clicked_at: AwareDatetime | None = None
    moved_at: AwareDatetime | None = None  # its branch went to another organization: from then on it leads there
    transfer_id: str | None = None  # with which it went

    def parent(self) -> str:
        return self.advocate_id


class CrewMember(Entity):
    """Somebody who works at customers' doors and hands over a QR code. What comes by it is credited to an advocate of
    kind house that stands for them: where a referral came from is known, and nobody is paid unless the organization has
    a program for its house."""

    noun: ClassVar[str] = "crew_member"

    location_id: str
    name: str
    advocate_id: str
    code: str
    status: Literal["active", "archived"] = "active"


class Door(Entity):
    """What the redirect door reads for a code; organization_id is GLOBAL and id is the code."""

    noun: ClassVar[str] = "door"

    owner_id: str  # the organization
    location_id: str
    advocate_id: str


class Lead(Entity):
    """A filled-in quote form; id is derived from the form's nonce and answers, so a double submit is one lead."""

    noun: ClassVar[str] = "lead"

    location_id: str
    contact_id: str
    referral_id: str
    code: str
    origin: Address | None = None
    destination: Address | None = None
    move_date: str | None = None  # ISO date
    notes: str = Field(default="", max_length=2000)
    submitted_by: Submitter = "friend"  # whoever else typed it: nobody writes to the person because of it
    submitted_name: str = ""  # as that other typed it, to show it to them again
    status: Literal["new", "accepted", "failed"] = "new"  # of the hand-over to the CRM
    attempts: int = 0
    next_attempt_at: AwareDatetime | None = None
    branch_told_at: AwareDatetime | None = None  # e-mail to the branch after two minutes without acceptance
    reason: str | None = None
    entered_at: AwareDatetime | None = None  # when staff had entered it into the CRM by hand
    entered_by: str | None = None  # member id

    def waits(self) -> tuple[str, datetime] | None:
        return ("lead", self.created_at) if self.status == "failed" and self.entered_at is None else None


class Evidence(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: EvidenceKind
    at: AwareDatetime
    source_id: str  # lead, job, member, or the row of an import
    code: str | None = None
    job_id: str | None = None  # the job that staff said it of


class Referral(Entity):
    """id is derived from (advocate, contact): one friend of one advocate is one referral, by however many ways.

    The referred person is `contact_id`. Found by look-up kinds "referred" (see recognise.ways) and "job_referral" (the
    job it is attached to). `status` follows the job (see progress.py) until an end is set.
    """

    noun: ClassVar[str] = "referral"

    advocate_id: str
    contact_id: str
    location_id: str
    code: str
    lead_id: str | None = None
    job_id: str | None = None
    job_version: int = 0  # of the job as last tracked; each tracked version is told by one referral.changed
    status: ReferralStatus = "new"
    reason: str | None = None
    evidence: list[Evidence] = Field(default_factory=list)

    def parent(self) -> str:
        return self.advocate_id


class UnmatchedSource(Entity):
    """A customer is said to have been referred, and we cannot tell by whom; id is derived from the job."""

    noun: ClassVar[str] = "unmatched_source"

    job_id: str
    contact_id: str
    location_id: str
    why: Literal["nobody", "several", "no_name", "doubtful"]
    said: str | None = None  # the name, or the source's own words
    advocate_ids: list[str] = Field(default_factory=list)  # whom it may be
    status: Literal["open", "attributed", "dismissed"] = "open"
    reason: str | None = None
    decided_by: str | None = None  # member id, or "moref" when the job found its referral by itself

    def parent(self) -> str:
        return self.job_id

    def waits(self) -> tuple[str, datetime] | None:
        return ("source", self.created_at) if self.status == "open" else None


DisputeStage = Literal["in_time", "soon", "overdue"]


class Dispute(Entity):
    """An advocate says "I referred them": a case with a deadline that staff decide."""

    noun: ClassVar[str] = "dispute"

    advocate_id: str
    job_id: str
    location_id: str
    referral_id: str | None = None  # the one that holds the job when it was opened
    claim: str  # what the advocate says, in words
    proof: list[str] = Field(default_factory=list)  # what they can show: a message's date, a code ...
    opened_by: str  # member id, or "advocate"
    deadline: AwareDatetime  # by when it is to be decided
    status: Literal["open", "accepted", "rejected"] = "open"
    stage: DisputeStage = "in_time"  # what staff were last told of the deadline
    reason: str | None = None
    decided_by: str | None = None
    decided_at: AwareDatetime | None = None
    result_id: str | None = None  # the referral an accepted one led to

    def parent(self) -> str:
        return self.advocate_id

    def waits(self) -> tuple[str, datetime] | None:
        return ("dispute", self.created_at) if self.status == "open" else None
