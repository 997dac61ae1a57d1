"""A branch on its way from one organization to another: a row on either side, and what lies between them."""

from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from moref.records import Entity

MOVED_KEY = "moved_key"  # look-up kind, GLOBAL: the keyed hash of an address leads to the MovedKeys made of it
TransferStatus = Literal["offered", "accepted", "moving", "done", "withdrawn", "expired", "refused"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Sum(_Part):
    count: int
    amount: StrictInt  # minor units
    currency: str


class Preview(_Part):
    """What there is at a branch, as it was counted `at`. Rewards that are not paid and codes stay with the seller."""

    at: AwareDatetime
    links: int = 0
    advocates: int = 0
    contacts: int = 0
    contacts_with_consent: int = 0
    opted_out: int = 0
    open_referrals: int = 0
    unpaid_rewards: list[Sum] = Field(default_factory=list)
    credits: list[Sum] = Field(default_factory=list)
    discount_codes: list[Sum] = Field(default_factory=list)


class LocationTransfer(Entity):
    """One side's row: `out` of the seller, `in` of the buyer. Neither holds an id of the other's.

        offered -> accepted -> moving -> done         accepted: the buyer's row alone
                -> withdrawn | expired | refused      refused: it cannot go as things stand; nothing was moved

    `counts` and `sums` say how much has gone so far. `stage`, `after` and `tally` are where work goes on;
    `last_look_at` is set when all was gone through once.
    """

    noun: ClassVar[str] = "location_transfer"

    side: Literal["out", "in"]
    location_id: str  # own: of the branch that goes, or that comes of it
    branch: str  # its name
    other: str | None = None  # the other organization's name, once it is known
    note: str
    consents_continue: bool  # attested: its customers know it under the same name and brand
    status: TransferStatus = "offered"
    offer_id: str
    expires_at: AwareDatetime
    requested_by: str  # member who offered, or accepted
    legal_entity_id: str | None = None  # of the buyer: the payer of what is earned from now on
    staff_email: str | None = None
    preview: Preview | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    sums: dict[str, int] = Field(default_factory=dict)  # currency -> minor units of service credit that went along
    reason: str | None = None
    cut_over_at: AwareDatetime | None = None  # from then on the seller's branch starts nothing
    finished_at: AwareDatetime | None = None
    stage: str = ""
    after: dict[str, Any] | None = None
    tally: dict[str, int] = Field(default_factory=dict)
    last_look_at: AwareDatetime | None = None


class TransferOffer(Entity):
    """What the token leads to; organization_id is GLOBAL and id the token's digest. It shows the buyer what is offered:
    nothing of it is about a person."""

    noun: ClassVar[str] = "transfer_offer"

    owner_id: str  # the seller
    owner_name: str
    transfer_id: str  # the seller's row
    branch: str
    postal_address: str
    time_zone: str
    site_url: str | None
    note: str
    consents_continue: bool
    preview: Preview | None = None
    status: Literal["offered", "accepted", "done", "withdrawn", "expired", "refused"] = "offered"
    expires_at: AwareDatetime
    taken_by: str | None = None  # the buyer
    taken_as: str | None = None  # the buyer's row

    def listed_at(self) -> datetime:
        """While offered: when it ends, so that those that have ended are found alone."""
        return self.expires_at if self.status == "offered" else self.updated_at


class MovedContact(Entity):
    """Who a contact of the seller is here; id is derived from the offer and that contact."""

    noun: ClassVar[str] = "moved_contact"

    contact_id: str


class MovedKey(Entity):
    """An address of somebody who went with a branch, by its keyed hashes on both sides; organization_id is GLOBAL.

    An opt-out that the old owner hears of holds for the new one. `told` is the last that was passed on.
    """

    noun: ClassVar[str] = "moved_key"

    owner_id: str
    owner_key: str
    to_id: str
    to_key: str
    channel: Literal["sms", "email"]
    told: str | None = None
