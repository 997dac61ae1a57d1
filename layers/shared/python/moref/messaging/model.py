"""One SMS or e-mail, out or in, and the suppression that forbids one."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from moref.records import Entity

Channel = Literal["sms", "email"]
MessageClass = Literal["marketing", "service", "keyword", "staff"]
MessageStatus = Literal[
    "queued", "sending", "sent", "delivered", "skipped", "undelivered", "failed", "unknown", "received"
]


class Message(Entity):
    """Out: id is derived from (enrollment, step) or another cause, so a step sends once. In: direction "in"."""

    noun: ClassVar[str] = "message"

    direction: Literal["out", "in"] = "out"
    channel: Channel
    template: str  # name in messaging.templates
    kind: MessageClass
    location_id: str
    contact_id: str | None = None  # None: to the location's staff
    enrollment_id: str | None = None
    step: str | None = None
    fields: dict[str, str] = Field(default_factory=dict)  # merge fields known at planning
    zones: list[str] = Field(default_factory=list)  # candidate zones at planning
    status: MessageStatus = "queued"
    reason: str | None = None  # why skipped, failed, undelivered
    subject: str | None = None  # as sent
    body: str | None = None  # as sent
    provider_id: str | None = None
    attempts: int = 0
    not_before: AwareDatetime | None = None
    sent_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None

    def parent(self) -> str | None:
        return self.contact_id


class Suppression(Entity):
    """id is the keyed hash of the address: it survives erasure and re-import, and binds every branch."""

    noun: ClassVar[str] = "suppression"

    channel: Channel
    active: bool
    reason: str  # STOP, 21610, bounce, staff ...
