"""Who was invited to send leads, and how far that has come."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from moref.partners.types import PartnerType
from moref.records import Entity

PartnerStatus = Literal["invited", "active", "suspended", "withdrawn"]


class Acceptance(BaseModel):
    """What a partner accepted on its page: version 0 of the terms when there were none."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: AwareDatetime
    program_id: str | None
    terms_number: int
    attested: bool


class Partner(Entity):
    """id is derived from the location and the address, so that an invitation sent twice is one. One that was withdrawn
    and is made again has a page of its own."""

    noun: ClassVar[str] = "partner"

    location_id: str
    partner_type: PartnerType
    first_name: str  # or the company's name
    last_name: str = ""
    email: str | None = None  # normalised
    phone: str | None = None  # E.164
    tier_group: str | None = None
    status: PartnerStatus = "invited"
    token: str  # of its page
    invited_by: str  # member
    language: Literal["en", "es"] = "en"  # of its mail
    contact_id: str | None = None  # whom the invitation was mailed to
    mailed: int = 0  # how often
    mailed_at: AwareDatetime | None = None
    message_id: str | None = None  # the last one, which says what became of it
    acceptance: Acceptance | None = None  # what is to be, or was, made of it
    accepted_at: AwareDatetime | None = None  # all of it was made
    attested_at: AwareDatetime | None = None
    advocate_id: str | None = None  # from its acceptance on
    reason: str | None = None  # why it is suspended; for staff

    def parent(self) -> str | None:
        """Until it has accepted: the person whom the invitation was mailed to."""
        return self.advocate_id or self.contact_id
