"""What rewards that are no gift cards become: credits of a person, discount codes; and what an advocate owes."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from moref.records import Entity


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Lot(_Part):
    """What is left of one reward."""

    reward_id: str
    left: StrictInt  # minor units, above 0


class CreditAccount(Entity):
    """A person's service credit with one payer; id is "<legal entity>.<contact>.<currency>". The oldest lot is used
    first. Moves only in commits that book the same in the ledger. Look-up kind "credit" (contact) leads here, also from
    the row that the contact was merged into."""

    noun: ClassVar[str] = "credit_account"

    legal_entity_id: str
    contact_id: str
    location_id: str  # of the first reward
    currency: str
    lots: list[Lot] = Field(default_factory=list)

    def parent(self) -> str:
        return self.contact_id

    @property
    def balance(self) -> int:
        return sum(lot.left for lot in self.lots)


Note = Literal["claimed", "done", "failed", "unknown", "not_possible"]


class CreditPart(_Part):
    """What a use took of a lot."""

    account_id: str
    reward_id: str
    amount: StrictInt


class CreditUse(Entity):
    """Credit taken off the invoice of one job; id is derived from the job, so a job takes once. `turn` counts up when
    it is undone with its invoice, and taken again.

    `note`: what became of the note in the CRM; claimed before it is written, never repeated when its answer is lost.
    `undone_note`: likewise of the one that takes it back. A new turn has notes of its own.
    """

    noun: ClassVar[str] = "credit_use"

    job_id: str
    contact_id: str
    location_id: str
    connection_id: str
    external_id: str  # the job's, in the CRM
    amount: StrictInt
    currency: str
    parts: list[CreditPart]
    turn: int = 1
    status: Literal["applied", "undone"] = "applied"
    note: Note | None = None
    undone_note: Note | None = None
    applied_at: AwareDatetime
    undone_at: AwareDatetime | None = None

    def parent(self) -> str:
        return self.contact_id


class DiscountCode(Entity):
    """A code worth money off, once; id is the code as stored (kernel.codes). Never a referral code: those are links.

    Given back with the job that it was redeemed on, it is worth its whole amount again until its day; `turn` counts its
    redemptions. Look-up kind "redeemed_on" (job) leads here.
    """

    noun: ClassVar[str] = "discount_code"

    reward_id: str
    contact_id: str
    location_id: str
    legal_entity_id: str
    amount: StrictInt  # off, or the most that a share comes to
    basis_points: int | None = None
    currency: str
    valid_until: AwareDatetime  # it ends at this instant
    status: Literal["active", "redeemed", "expired", "revoked"] = "active"
    redeemed_amount: StrictInt | None = None
    redeemed_at: AwareDatetime | None = None
    redeemed_by: str | None = None  # member id, or "crm"
    job_id: str | None = None
    turn: int = 0
    given_back_at: AwareDatetime | None = None  # the last time
    given_back_words: str | None = None

    def parent(self) -> str:
        return self.reward_id

    def listed_at(self) -> datetime:
        """While active: when it ends, so that those that have ended are found alone."""
        return self.valid_until if self.status == "active" else self.updated_at


class Debt(Entity):
    """What an advocate owes for a reward that was paid and is to be owed back by the terms they accepted; id is derived
    from the reward. Later rewards are reduced by it. Look-up kind "debt" (advocate) leads here."""

    noun: ClassVar[str] = "debt"

    reward_id: str
    advocate_id: str
    contact_id: str
    location_id: str
    legal_entity_id: str
    currency: str
    due: StrictInt  # what is owed back as things stand
    amount: StrictInt  # that, or what was kept already when that is more
    settled: StrictInt = 0  # kept back from later rewards
    cause: Literal["fraud", "cancellation"]
    words: str
    turn: int = 1
    status: Literal["open", "settled", "released"] = "open"

    def parent(self) -> str:
        return self.advocate_id

    @property
    def left(self) -> int:
        return self.amount - self.settled if self.status == "open" else 0
