"""One SMS or e-mail, out or in, and the suppression that forbids one."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from moref.campaigns.places import Place
from moref.records import Entity

Channel = Literal["sms", "whatsapp", "email"]
MessageClass = Literal["marketing", "service", "keyword", "staff"]
MessageStatus = Literal[
    "queued", "sending", "sent", "delivered", "skipped", "undelivered", "failed", "unknown", "received"
]


# Why a message was not sent; nothing else stands in `reason` of a skipped one.
SkipReason = Literal[
    "organization_not_active", "location_not_active", "contact_gone", "journey_stopped", "no_address", "sms_country",
    "no_sender", "sender_not_active", "no_consent", "opted_out", "suppressed", "marketing_paused", "too_late",
    "no_window", "stop_condition", "subscription_lapsed",
]  # fmt: skip


# What a provider can say of a message. "bounced" is for good: also after it seemed delivered. Opened and clicked are
# delivered, with a time.
ReportState = Literal["sent", "failed", "undelivered", "delivered", "opened", "clicked", "bounced"]


# Templates whose text holds a secret between us and the recipient: staff are not shown it.
CONFIDENTIAL = frozenset({"confirm_address", "weekly_report", "partner_invitation"})


# Look-up kind: the code of a referral link leads to the campaign messages that carry it.
CARRIES = "carries"


class Message(Entity):
    """Out: id is derived from (enrollment, step) or another cause, so a step sends once. In: direction "in"."""

    noun: ClassVar[str] = "message"

    direction: Literal["out", "in"] = "out"
    channel: Channel
    template: str  # its name
    template_version: str | None = None  # TemplateVersion it is made of, or "builtin"
    kind: MessageClass
    location_id: str
    contact_id: str | None = None  # None: to the location's staff
    enrollment_id: str | None = None
    step: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)  # merge fields known at planning
    link_code: str | None = None  # of the referral link among them: it is counted by, also once the fields are erased
    places: list[Place] = Field(default_factory=list)  # where the recipient may be, as known at planning
    status: MessageStatus = "queued"
    reason: str | None = None  # why skipped, failed, undelivered
    address: str | None = None  # as sent, and what a lost answer is looked up by
    subject: str | None = None  # as sent
    body: str | None = None  # as sent
    provider: str | None = None  # the channel plugin it was handed to
    provider_id: str | None = None
    attempts: int = 0
    resends: int = 0  # after an answer was lost and the provider surely has nothing
    prompted_at: AwareDatetime | None = None  # when the person did what this answers; see messaging.frequency
    job_id: str | None = None  # whose campaign it belongs to
    by_opinion: bool = False  # what the customer thinks of that job may have decided that it is sent
    review_link: bool = False  # leads to the public review link
    claimed_at: AwareDatetime | None = None  # when `sending` began: until then nothing can have left
    not_before: AwareDatetime | None = None
    sent_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    opened_at: AwareDatetime | None = None  # the first time
    clicked_at: AwareDatetime | None = None  # likewise
    read_at: AwareDatetime | None = None  # of a reply: when staff read it
    read_by: str | None = None  # member
    stuck_since: AwareDatetime | None = None  # it waits because its carrier refuses us, until somebody mends that

    def parent(self) -> str | None:
        return self.contact_id

    def listed_at(self) -> datetime:
        waits = self.status == "queued" and self.not_before is not None
        return max(self.updated_at, self.not_before) if waits and self.not_before else self.updated_at

    def waits(self) -> tuple[str, datetime] | None:
        """A reply that is neither a keyword nor a score is for staff to read."""
        if self.direction == "in":
            return ("reply", self.created_at) if self.reason is None and self.read_at is None else None
        if self.status == "queued" and self.stuck_since is not None:
            return "stuck", self.stuck_since
        return ("undelivered", self.updated_at) if self.status in ("undelivered", "failed") else None


class Frequency(Entity):
    """The marketing that left for one contact lately, over all campaigns and channels; id is the contact's."""

    noun: ClassVar[str] = "frequency"

    sent: dict[str, AwareDatetime] = Field(default_factory=dict)  # message id -> when its claim began
    by_opinion: dict[str, str] = Field(default_factory=dict)  # message id -> job, of those that a score decided

    def parent(self) -> str:
        return self.id


class Suppression(Entity):
    """id is the keyed hash of the address: it survives erasure and re-import, and binds every branch."""

    noun: ClassVar[str] = "suppression"

    channel: Literal["sms", "email"]  # sms: a phone number, whatever is sent to it
    active: bool
    reason: str  # STOP, 21610, bounce, staff ...; see messaging.opt_out
    said_at: AwareDatetime | None = None  # when it was last asked for
    note: str | None = None  # staff's own words
    beneath: list[str] = Field(default_factory=list)  # weaker reasons whose place it took; in force again once lifted


class Receipt(Entity):
    """The furthest delivery status a provider reported of one of its ids; id is derived from that id.

    Reports may come before our own note of the id: the sender looks here when it has written it.
    """

    noun: ClassVar[str] = "receipt"

    provider_id: str
    state: ReportState
    error_code: str | None = None
    opened_at: AwareDatetime | None = None
    clicked_at: AwareDatetime | None = None


class OpenDoor(Entity):
    """A person wrote by WhatsApp: until `until` they may be answered freely. id is the keyed hash of the number."""

    noun: ClassVar[str] = "open_door"

    until: AwareDatetime
