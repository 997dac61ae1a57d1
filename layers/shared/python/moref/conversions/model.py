"""A referral that reached its program's qualifying fact."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.programs.model import Terms
from moref.records import Entity

ConversionStatus = Literal["pending", "held", "approved", "rejected", "withdrawn"]


class Hold(BaseModel):
    """Why it waits, in plain words; `open` until staff decide."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: Literal["self_referral", "existing_customer"]
    words: str
    open: bool = True


class Conversion(Entity):
    """id is derived from the referral: one conversion each."""

    noun: ClassVar[str] = "conversion"

    referral_id: str
    advocate_id: str
    job_id: str
    location_id: str
    program_id: str
    program_version: int
    terms: Terms  # of the program when it qualified
    round: int = 0  # raised when an approval is reversed; a later approval earns another reward
    status: ConversionStatus = "pending"
    holds: list[Hold] = Field(default_factory=list)
    qualified_at: AwareDatetime  # source time of the qualifying fact
    ordinal: int | None = None  # the advocate's n-th approval
    reward_id: str | None = None
    decided_at: AwareDatetime | None = None
    decided_by: str | None = None  # member id, or "policy"
    reason: str | None = None

    def parent(self) -> str:
        return self.referral_id
