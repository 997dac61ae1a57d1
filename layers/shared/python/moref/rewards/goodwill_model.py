"""A reward out of goodwill, as staff decided on it."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from moref.money import Currency, RewardAmount
from moref.programs.model import RewardType
from moref.records import Entity


class Goodwill(Entity):
    """Value for an advocate that no conversion earned: a claim that could not be proven, a mistake of ours.

    Counted in budgets, in the advocate's year and in the books; not in tiers and caps, which are for what was earned.
    What an import says was owed before is in no budget either.
    waiting (a second member is asked) -> granted -> withdrawn (its reward reversed); waiting -> withdrawn
    """

    noun: ClassVar[str] = "goodwill"

    advocate_id: str
    location_id: str  # whose budget, and whose legal entity pays
    amount: RewardAmount
    currency: Currency
    reward_type: RewardType = "gift_card"
    words: str | None = None  # what staff hand over, when it is custom
    cause: Literal["goodwill", "import"] = "goodwill"
    reason: str
    tax_confirmed: bool = False  # staff say that the tax details are on file elsewhere
    asked_by: str  # member id
    approved_by: str | None = None  # another member, where two are needed
    status: Literal["waiting", "granted", "withdrawn"] = "waiting"
    said: str | None = None  # why it was withdrawn
    granted_at: AwareDatetime | None = None
    reward_id: str | None = None
    spends: list[str] = Field(default_factory=list)  # of budgets, that it took from
    standing_id: str | None = None  # the advocate's tax year that it counts in

    def parent(self) -> str:
        return self.advocate_id

    def waits(self) -> tuple[str, datetime] | None:
        return ("goodwill", self.created_at) if self.status == "waiting" else None
