"""What staff may say about programs and what belongs to them: strict, nothing extra, never a float."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, Field, StrictBool, StrictInt, model_validator

from moref.money import Currency, Minor, Positive
from moref.programs.model import (
    LOCKABLE,
    AdvocateKind,
    Cap,
    Discount,
    FriendReward,
    Period,
    QualifyingFact,
    RewardType,
    Tier,
)
from moref.tenants.forms import Changes, Form, Identifier, Line, Name


def _rising(tiers: list[Tier]) -> list[Tier]:
    if [tier.at for tier in tiers] != sorted({tier.at for tier in tiers}):
        raise ValueError("every tier begins at a higher count than the one before")
    return tiers


def _one_each(caps: list[Cap]) -> list[Cap]:
    if len({cap.period for cap in caps}) != len(caps):
        raise ValueError("one cap for each period")
    return caps


def _lockable(names: list[str]) -> list[str]:
    unknown = sorted(set(names) - set(LOCKABLE))
    if unknown:
        raise ValueError(f"a program locks {', '.join(LOCKABLE)}")
    return sorted(set(names))


def _text(text: str) -> str:
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in text):
        raise ValueError("control characters are not allowed")
    return text


Tiers = Annotated[list[Tier], Field(min_length=1, max_length=50), AfterValidator(_rising)]
Caps = Annotated[list[Cap], Field(max_length=3), AfterValidator(_one_each)]
Groups = Annotated[dict[Name, Tiers], Field(max_length=20)]
Instant = Annotated[AwareDatetime, Field(strict=False)]
Days = Annotated[StrictInt, Field(ge=1, le=3650)]
TermsText = Annotated[str, Field(min_length=1, max_length=20_000), AfterValidator(_text)]


class _Rules(Form):
    qualifying_fact: QualifyingFact = "invoiced"
    window_days: Days | None = Field(default=None, description="from the first evidence to the fact; null: for ever")
    minimum_amount: Minor = Field(default=0, description="of the job")
    job_types: list[Name] = Field(default_factory=list, max_length=20, description="as the CRM names them; none: all")
    mode: Literal["band", "milestone"] = "band"
    tier_period: Period = Field(default="lifetime", description="the count begins again with each")
    tier_groups: Groups = Field(default_factory=dict, description="other tiers for advocates who are put into a group")
    caps: Caps = Field(default_factory=list, description="the most that one advocate earns in a period")
    reward_type: RewardType = "gift_card"
    discount: Discount | None = Field(default=None, description="of a discount code; null: the amount off, for a year")
    reward_words: Line | None = Field(default=None, description="what staff hand over, when reward_type is custom")
    friend_reward: FriendReward | None = None
    debt_allowed: StrictBool = Field(
        default=False, description="the accepted terms say that a paid reward is owed back after fraud or cancellation"
    )
    currency: Currency = "USD"
    approval: Literal["manual", "automatic"] = "manual"
    automatic_under: Positive | None = Field(default=None, description="the policy approves less than this; null: any")
    second_approver_over: Minor | None = Field(default=None, description="more than this takes two members")
    hold_days: StrictInt = Field(default=0, ge=0, le=90, description="the policy waits so long after hold_fact")
    hold_fact: QualifyingFact | None = Field(default=None, description="null: the qualifying fact")
    starts_at: Instant | None = Field(default=None, description="referrals first evidenced from then on")
    ends_at: Instant | None = Field(default=None, description="and before then")
    terms_required: StrictBool = Field(default=False, description="nothing is approved before the text is accepted")
    terms_text: TermsText | None = Field(default=None, description="a new text is a new version; null changes nothing")
    locked: Annotated[list[str], AfterValidator(_lockable)] = Field(
        default_factory=list, max_length=30, description="rules that a location's own program may not change"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.starts_at is not None and self.ends_at is not None and self.ends_at <= self.starts_at:
            raise ValueError("ends_at is after starts_at")
        return self


class NewProgram(_Rules):
    name: Name
    tiers: Tiers
    location_id: Identifier | None = None
    advocate_kind: AdvocateKind = "customer"


class ProgramChanges(_Rules, Changes):
    name: Name = ""
    tiers: Tiers = Field(default_factory=list)
    status: Literal["active", "archived"] = "active"


class ExceptionForm(Form):
    """Other rules for one advocate; what is left out stays the program's."""

    advocate_id: Identifier
    reason: Line
    tiers: Tiers | None = None
    caps: Caps | None = None
    approval: Literal["manual", "automatic"] | None = None
    ends_at: Instant | None = None
    status: Literal["active", "ended"] = "active"


class AcceptanceForm(Form):
    advocate_id: Identifier
    what: Literal["terms", "attestation"] = "terms"
    number: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = Field(
        default=None, description="of the text that was accepted; left out for an attestation"
    )
    accepted_at: Instant
    source: Line = Field(description="where it was accepted: a signed paper, an e-mail, a page")


class TariffItemForm(Form):
    item: Name = Field(description="as the tariff numbers it")
    valid_from: Instant


class AdvocateChanges(Changes):
    kind: AdvocateKind = "customer"
    tier_group: Name | None = None
    status: Literal["active", "archived"] = "active"


class NewBudget(Form):
    location_id: Identifier | None = Field(default=None, description="null: all locations together")
    period: Literal["month", "quarter", "year"] = "month"
    amount: Positive
    currency: Currency = "USD"


class BudgetChanges(Changes):
    amount: Positive = 1
    status: Literal["active", "paused", "archived"] = "active"
    reason: Line | None = Field(default=None, description="needed to pause: staff read it on what waits")
