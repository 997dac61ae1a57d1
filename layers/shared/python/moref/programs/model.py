"""Programs and what belongs to them. Amounts are integer minor units of the program's currency."""

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt, model_validator

from moref.kernel import ids
from moref.money import BasisPoints, Currency, Minor, Positive, RewardAmount
from moref.records import Entity


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tier(_Part):
    """From the advocate's n-th approval on (band), or exactly at it (milestone): a flat amount or a share of the job's.

    A share has a maximum, so that no single job costs more than was meant; it is rounded down (`money.share`).
    """

    at: StrictInt = Field(ge=1, le=10_000)
    amount: RewardAmount | None = None
    basis_points: BasisPoints | None = None
    maximum: RewardAmount | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.amount is None) == (self.basis_points is None):
            raise ValueError("a tier has an amount, or basis_points with a maximum")
        if (self.basis_points is None) != (self.maximum is None):
            raise ValueError("basis_points and maximum go together")
        return self


Period = Literal["month", "year", "lifetime"]
QualifyingFact = Literal["lead_qualified", "booked", "completed", "invoiced", "paid"]
AdvocateKind = Literal["customer", "partner", "house"]
Tiers = Annotated[list[Tier], Field(min_length=1, max_length=50)]


class Cap(_Part):
    """The most that one advocate earns in a period: so many rewards, so much money, or both."""

    period: Period
    count: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    amount: Positive | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.count is None and self.amount is None:
            raise ValueError("a cap has a count, an amount, or both")
        return self


RewardType = Literal["gift_card", "service_credit", "discount_code", "custom"]


class Discount(_Part):
    """The reward's amount off, or a share of a price up to that amount. A code is a promotion that tells its end; a
    gift card may not end within five years (12 CFR 1005.20), so nothing here sets one's end."""

    basis_points: BasisPoints | None = None
    valid_days: StrictInt = Field(default=365, ge=1, le=3650)


class FriendReward(_Part):
    """What the referred person gets, too."""

    amount: RewardAmount
    reward_type: RewardType = "gift_card"
    discount: Discount | None = None
    words: Annotated[str, Field(min_length=1, max_length=200)] | None = None  # what staff hand over, when it is custom

    @model_validator(mode="after")
    def _fits(self) -> Self:
        refuse_misfit(self.reward_type, self.discount, self.words)
        return self


def refuse_misfit(reward_type: RewardType, discount: Discount | None, words: str | None) -> None:
    """Raises ValueError on what does not belong to the kind of reward: a misread form would promise something else."""
    if discount is not None and reward_type != "discount_code":
        raise ValueError("only a discount_code has a discount")
    if (words is not None) != (reward_type == "custom"):
        raise ValueError("a custom reward, and no other, says in words what staff hand over")


class Terms(_Part):
    """The rules a conversion is judged by, kept with it: a later change of the program binds later conversions only."""

    qualifying_fact: QualifyingFact
    mode: Literal["band", "milestone"]
    tiers: list[Tier]
    currency: str
    approval: Literal["manual", "automatic"]
    hold_days: StrictInt
    hold_fact: QualifyingFact | None = None
    window_days: int | None = None
    minimum_amount: int = 0
    job_types: list[str] = Field(default_factory=list)
    automatic_under: int | None = None
    second_approver_over: int | None = None
    caps: list[Cap] = Field(default_factory=list)
    tier_period: Period = "lifetime"
    reward_type: RewardType = "gift_card"
    discount: Discount | None = None
    reward_words: str | None = None
    friend_reward: FriendReward | None = None
    debt_allowed: bool = False
    terms_required: bool = False
    terms_version: int = 0
    tier_group: str | None = None  # whose tiers these are, when the advocate is in a group
    exception_id: str | None = None  # what was changed for this advocate alone

    def needs_job_amount(self) -> bool:
        return self.minimum_amount > 0 or any(tier.basis_points is not None for tier in self.tiers)


class Program(Entity):
    noun: ClassVar[str] = "program"

    name: str
    advocate_kind: AdvocateKind = "customer"
    location_id: str | None = None  # None: every location without its own
    qualifying_fact: QualifyingFact = "invoiced"
    window_days: Annotated[StrictInt, Field(ge=1, le=3650)] | None = None  # first evidence to the fact; None: for ever
    minimum_amount: Minor = 0  # of the job
    job_types: list[str] = Field(default_factory=list)  # as the CRM names them, any case; empty: all
    mode: Literal["band", "milestone"] = "band"
    tier_period: Period = "lifetime"  # the count begins again with each
    tiers: list[Tier]
    tier_groups: dict[str, list[Tier]] = Field(default_factory=dict)  # other tiers, for advocates put into a group
    caps: list[Cap] = Field(default_factory=list)
    reward_type: RewardType = "gift_card"
    discount: Discount | None = None  # of a discount code; None: the amount off, for a year
    reward_words: str | None = None  # what staff hand over, when it is custom
    friend_reward: FriendReward | None = None
    debt_allowed: bool = False  # the terms say that a paid reward is owed back after fraud or cancellation
    currency: Currency = "USD"
    approval: Literal["manual", "automatic"] = "manual"
    automatic_under: Positive | None = None  # the policy approves less than this; None: any amount
    second_approver_over: Minor | None = None  # more than this takes two members
    hold_days: StrictInt = Field(default=0, ge=0, le=90)  # the policy waits so long ...
    hold_fact: QualifyingFact | None = None  # ... after this fact; None: the qualifying one
    starts_at: AwareDatetime | None = None  # referrals first evidenced from then on
    ends_at: AwareDatetime | None = None  # and before then
    terms_required: bool = False  # nothing is approved for an advocate who has not accepted the current text
    terms_version: int = 0  # of the text; 0: there is none
    locked: list[str] = Field(default_factory=list)  # rules that a location's own program may not change
    revision: int = 1  # what a conversion keeps; raised by every change of the rules
    status: Literal["active", "archived"] = "active"

    def terms(self, **over: Any) -> Terms:
        known = Terms.model_fields.keys() & type(self).model_fields.keys()
        return Terms(**{name: getattr(self, name) for name in known} | over)


LOCKABLE = (  # against its locations' own programs
    "qualifying_fact", "window_days", "minimum_amount", "job_types", "mode", "tier_period", "tiers", "tier_groups",
    "caps", "reward_type", "discount", "reward_words", "friend_reward", "debt_allowed", "currency", "approval",
    "automatic_under", "second_approver_over", "hold_days", "hold_fact", "starts_at", "ends_at", "terms_required",
)  # fmt: skip


def program_id(organization_id: str, advocate_kind: str, location_id: str | None) -> str:
    """One program for each kind of advocate and location, or for all locations without their own."""
    return ids.derived("prg", organization_id, advocate_kind, location_id or "")


class ProgramText(Entity):
    """One version of the terms that advocates accept; never changed. id is derived from program and version."""

    noun: ClassVar[str] = "program_text"

    program_id: str
    location_id: str | None = None  # the program's
    number: int
    text: str

    def parent(self) -> str:
        return self.program_id


class ProgramException(Entity):
    """Other rules of a program for one advocate; id is derived from both. What is None stays the program's."""

    noun: ClassVar[str] = "program_exception"

    program_id: str
    advocate_id: str
    location_id: str | None = None  # the advocate's
    tiers: list[Tier] | None = None
    caps: list[Cap] | None = None
    approval: Literal["manual", "automatic"] | None = None
    ends_at: AwareDatetime | None = None
    reason: str
    status: Literal["active", "ended"] = "active"

    def parent(self) -> str:
        return self.advocate_id


class TermsAcceptance(Entity):
    """An advocate agreed to a version of a program's terms, or a partner attested what they are; append-only.

    id is derived from advocate, program, `what` and `number`, so the first time counts.
    """

    noun: ClassVar[str] = "acceptance"

    advocate_id: str
    program_id: str
    location_id: str | None = None  # the advocate's
    what: Literal["terms", "attestation"]
    number: int  # of the text; 0 for an attestation
    accepted_at: AwareDatetime
    source: str  # where: a page, a signed paper ...
    recorded_by: str  # member id, or "advocate"

    def parent(self) -> str:
        return self.advocate_id


class TariffItem(Entity):
    """The organization's tariff has an item that allows value to the shipper of an interstate move (49 USC 13702)."""

    noun: ClassVar[str] = "tariff_item"

    item: str  # as the tariff numbers it
    valid_from: AwareDatetime
    recorded_by: str
    status: Literal["active", "ended"] = "active"


class Standing(Entity):
    """What one advocate was approved for in one period; id is derived from both. Moves only inside an approval's (or
    its reversal's) transaction, which also orders them."""

    noun: ClassVar[str] = "standing"

    advocate_id: str
    period: str  # "2026-06", "2026", "lifetime"; "tax-2026" by the year of approval
    approved: int = 0
    freed_ordinals: list[int] = Field(default_factory=list)
    rewards: int = 0  # approvals that earned something
    amounts: dict[str, int] = Field(default_factory=dict)  # currency -> minor units
    moved_to: str | None = None  # the standing that counts since two rows of one person were merged

    def parent(self) -> str:
        return self.advocate_id
