"""Who was invited to send leads, and how far that has come."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime

from moref.partners.types import PartnerType
from moref.records import Entity

PartnerStatus = Literal["invited", "active", "suspended"]


class Partner(Entity):
    """id is derived from the location and the address, so that an invitation sent twice is one."""

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
    accepted_at: AwareDatetime | None = None
    attested_at: AwareDatetime | None = None
    advocate_id: str | None = None  # from its acceptance on
    reason: str | None = None  # why it is suspended; for staff

    def parent(self) -> str | None:
        return self.advocate_id
