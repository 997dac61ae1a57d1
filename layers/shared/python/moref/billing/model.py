"""What an organization owes the platform for its service, and what it used."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from moref.records import Entity

# The processor's words, and Stripe's: trialing and active are paid for; the others are not, or not any more.
Status = Literal["trialing", "active", "past_due", "unpaid", "canceled", "incomplete", "paused"]
UsageKind = Literal["sms", "whatsapp", "email", "referrals"]


class Asked(BaseModel):
    """A quantity that the processor is, or is to be, asked for. `number` makes each asking one of its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    price_id: str
    quantity: int


class Checkout(BaseModel):
    """The payment page that was opened last; `number` makes each opening one of its own."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int
    session_id: str | None = None  # None: its answer is not known yet


class Subscription(Entity):
    """id is the organization's. One that has no such row is not billed: the platform agreed on something else.

    What the processor says is a snapshot, fetched as a whole; an older one never replaces a newer one.
    """

    noun: ClassVar[str] = "subscription"

    status: Status
    trial_until: AwareDatetime  # given at onboarding: it lasts, whatever else happens
    grace_days: int  # of the terms it began under
    agreed: bool = False  # paid for in another way than through the processor
    began_at: AwareDatetime | None = None  # whose day's prices count
    customer_id: str | None = None
    subscription_id: str | None = None
    item_id: str | None = None
    price_id: str | None = None
    plan: str | None = None
    quantity: int | None = None
    period_start: AwareDatetime | None = None
    period_end: AwareDatetime | None = None
    overdue_since: AwareDatetime | None = None  # when we first saw that a payment was missing
    cancel_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    ending: bool = False  # we asked for its end with the period, since the organization closes
    fetched_at: AwareDatetime | None = None  # when the fetch of the snapshot began
    checkout: Checkout | None = None
    asked: Asked | None = None  # None: the processor has what we want
    asks: int = 0


class TrialClock(Entity):
    """When the owners are next written to about their trial; organization_id is GLOBAL and id is the organization."""

    noun: ClassVar[str] = "trial_clock"

    status: Literal["on", "off"] = "on"
    stage: Literal["soon", "ended"] = "soon"
    next_at: AwareDatetime

    def listed_at(self) -> datetime:
        return self.next_at


class BillingCustomer(Entity):
    """Whose customer at the processor it is; organization_id is GLOBAL and id the processor's."""

    noun: ClassVar[str] = "billing_customer"

    owner_id: str


class PlatformAccount(Entity):
    """The platform's own account at the processor; organization_id is GLOBAL, id the processor's name."""

    noun: ClassVar[str] = "platform_account"

    # KMS over JSON, base64; context (PLATFORM, "vendor:<name>").
    secret_ciphertext: str
    live: bool  # whether it moves real money: events of the other kind are not ours


class UsageDay(Entity):
    """What an organization used on one day (UTC), which is its id."""

    noun: ClassVar[str] = "usage_day"

    counts: dict[UsageKind, int] = Field(default_factory=dict)


class UsageMark(Entity):
    """That a message or a referral was counted; id is its id."""

    noun: ClassVar[str] = "usage_mark"
