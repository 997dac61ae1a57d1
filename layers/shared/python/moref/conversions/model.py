"""A referral that reached its program's qualifying fact."""

from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from moref.programs.model import Terms
from moref.records import Entity

ConversionStatus = Literal["pending", "held", "approved", "rejected", "withdrawn"]
Rule = Literal[
    "self_referral", "existing_customer", "employee", "household", "velocity", "recipient_reuse", "disposable_email",
    "similar_email", "tax", "budget", "tariff", "attestation", "terms", "second_approver",
]  # fmt: skip

# Not about what people may have done, but about what is missing: met, they are lifted, whoever approves.
CONDITIONS: frozenset[Rule] = frozenset({"tax", "budget", "tariff", "attestation", "terms", "second_approver"})
# Met by somebody's recorded act and never by time: after it the policy may go on by itself. What was held for any
# other reason waits for staff, whatever happens: a hold never ends in an approval because time has passed.
ACTS: frozenset[Rule] = frozenset({"tariff", "attestation", "terms"})
# Conditions that staff may set aside with a reason; of the others the missing thing itself is asked for.
SET_ASIDE: frozenset[Rule] = frozenset({"tax", "budget", "attestation"})

PROMISE = timedelta(hours=48)  # from the moment staff are asked to their decision


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Hold(_Part):
    """Why it waits, in plain words; `open` until the condition is met or staff decide."""

    rule: Rule
    words: str
    open: bool = True
    closed_by: str | None = None  # member id, or "policy" when the condition is met
    closed_at: AwareDatetime | None = None
    appeal: str | None = None  # what the advocate, or staff for them, say against it
    appealed_by: str | None = None
    appealed_at: AwareDatetime | None = None


class Vote(_Part):
    """One member's yes where two are needed, to no more than they saw."""

    by: str
    amount: StrictInt = 0  # minor units at stake then
    at: AwareDatetime
    reason: str | None = None


class Taken(_Part):
    """What an approval took, and what its reversal gives back."""

    standings: list[str] = Field(default_factory=list)
    spends: list[str] = Field(default_factory=list)
    amount: StrictInt = 0
    currency: str


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
    waiting_since: AwareDatetime | None = None  # when it came to pending or held; its 48 hours count from here
    escalated: int = 0  # hours of waiting that staff were last told of
    by_hand: bool = False  # left to staff: the policy decides it no more
    votes: list[Vote] = Field(default_factory=list)
    ordinal: int | None = None  # the advocate's n-th approval
    period: str | None = None  # where tiers count anew: the one it counts in, by the qualifying fact ...
    period_ordinal: int | None = None  # ... and the n-th of it
    taken: Taken | None = None
    reward_id: str | None = None
    friend_reward_id: str | None = None  # stays while the friend keeps it, also when the approval is taken back
    friend_taken: Taken | None = None  # of the budgets
    decided_at: AwareDatetime | None = None
    decided_by: str | None = None  # member id, or "policy"
    reason: str | None = None

    def parent(self) -> str:
        return self.referral_id

    def waits(self) -> tuple[str, datetime] | None:
        asked = {"pending": "approval", "held": "hold"}.get(self.status)
        return (asked, self.waiting_since) if asked and self.waiting_since else None

    def open_holds(self) -> list[Hold]:
        return [hold for hold in self.holds if hold.open]
