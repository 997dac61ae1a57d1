"""Rewards, payouts and the ledger's entries. Amounts are integer minor units with their currency."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from moref.kernel import ids, keys, names
from moref.programs.model import Discount, RewardType
from moref.records import Entity


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


RewardStatus = Literal["pending", "issued", "redeemed", "reversed", "expired", "failed"]


class Reward(Entity):
    """id is derived from the conversion, its round, and for whom it is. Paid from `released_at` on, which starts the 48
    hours. What a person approved is released at `release_at`; until then the approval may be undone.

    `amount` changes only while nothing is frozen (lower.py). What is paid is `payable`: an advocate's debt comes off.
    """

    noun: ClassVar[str] = "reward"

    advocate_id: str
    contact_id: str  # who gets it
    who: Literal["advocate", "friend"] = "advocate"
    conversion_id: str | None = None  # what earned it, or
    goodwill_id: str | None = None  # who gave it (goodwill.py)
    location_id: str
    legal_entity_id: str
    kind: RewardType = "gift_card"
    discount: Discount | None = None  # of a discount code
    words: str | None = None  # what staff hand over
    amount: StrictInt
    withheld: StrictInt = 0  # kept for what the advocate owes (debts.py), part of `amount`
    currency: str
    status: RewardStatus = "pending"
    reason: str | None = None
    # Its cause was undone while the provider was being asked, or after it was used: what comes back of it goes.
    revoke_reason: str | None = None
    taken_back: StrictInt = 0  # of a credit or code that was used: what went all the same, part of `payable`
    approved_at: AwareDatetime
    release_at: AwareDatetime | None = None  # None: at once
    released_at: AwareDatetime | None = None
    frozen_at: AwareDatetime | None = None  # the amount stands: a payout, a credit or a code was made of it
    issued_at: AwareDatetime | None = None
    redeemed_at: AwareDatetime | None = None
    code: str | None = None  # the discount code it is
    account_id: str | None = None  # the credit account it went to
    debt_id: str | None = None  # what `withheld` was kept for
    told: int = 0  # how often staff had it told again

    def parent(self) -> str:
        return self.advocate_id

    def waits(self) -> tuple[str, datetime] | None:
        """Released, and nothing could be frozen of it yet: `reason` says what is missing."""
        stuck = self.status == "pending" and self.frozen_at is None and self.reason is not None
        return ("reward", self.released_at) if stuck and self.released_at else None

    @property
    def payable(self) -> int:
        return self.amount - self.withheld


PayoutStatus = Literal[
    "intent", "submitted", "accepted", "delivered", "retry_wait", "unknown", "needs_person", "failed", "cancelled"
]


# Reasons of a payout that waits for its account at the provider to be mended.
ACCOUNT_REFUSED = frozenset({"credentials", "account_missing", "account_stopped"})


class Payout(Entity):
    """One attempt series for one reward; id is derived from the reward, and is the provider's idempotency key.

    Amount, currency, recipient and account are frozen before the provider is called and never change.
    """

    noun: ClassVar[str] = "payout"

    reward_id: str
    location_id: str
    provider: str
    vendor_account_id: str
    amount: StrictInt
    currency: str
    recipient_name: str
    recipient_email: str | None
    recipient_phone: str | None
    campaign_id: str | None = None  # the provider's, frozen with the rest
    funding_source_id: str
    status: PayoutStatus = "intent"
    attempts: int = 0
    first_submitted_at: AwareDatetime | None = None
    submitted_at: AwareDatetime | None = None  # of the last attempt
    next_attempt_at: AwareDatetime | None = None
    retried_at: AwareDatetime | None = None  # when staff let it be tried again; its 48 hours count from here
    order_id: str | None = None
    provider_reward_id: str | None = None
    provider_status: str | None = None  # as the provider says it, also when never seen before
    accepted_at: AwareDatetime | None = None
    delivered_at: AwareDatetime | None = None
    reason: str | None = None
    # Where the delivery went when the frozen address failed: confirmed by the advocate (new_address.py).
    redirected_email: str | None = None
    redirected_phone: str | None = None
    redirect_pending: bool = False  # the provider has not been asked to send it there yet

    def parent(self) -> str:
        return self.reward_id

    def waits(self) -> tuple[str, datetime] | None:
        if self.status == "needs_person":
            return "payout", self.updated_at
        refused = self.status == "retry_wait" and self.reason in ACCOUNT_REFUSED
        return ("refused", self.first_submitted_at or self.created_at) if refused else None


def payout_id(organization_id: str, reward_id: str) -> str:
    """One payout for a reward, for ever; the provider knows it as our idempotency key."""
    return ids.derived("pay", organization_id, reward_id)


class OpenPayout(Entity):
    """A reward whose payout is not at its end, on one list of the whole platform that the reconcile job reads.

    organization_id is GLOBAL and id is the payout's; it may stand before the payout does (nothing to freeze yet).
    """

    noun: ClassVar[str] = "open_payout"

    owner_id: str  # the organization
    reward_id: str
    status: Literal["open", "closed"] = "open"


class RateSlot(Entity):
    """When the next request may go out under a credential; id is the vendor account's."""

    noun: ClassVar[str] = "rate_slot"

    next_at: AwareDatetime


Account = Literal[
    "referral_expense", "reward_payable", "in_flight", "provider_funding", "advocate_receivable",
    "service_credit_payable", "credits_applied", "discount_code_payable", "discounts_applied", "handed_over",
    "branch_transfers",
]  # fmt: skip


class Line(_Part):
    """Positive `amount` is a debit, negative a credit."""

    account: Account
    amount: StrictInt


class Entry(Entity):
    """One balanced journal entry, never changed; id is "<reward>.<step>", so a step is booked once; for a step that may
    come again (a credit used on several jobs) "<reward>.<step>.<turn>"."""

    noun: ClassVar[str] = "entry"
    table: ClassVar[str] = names.LEDGER

    reward_id: str
    step: str  # as ledger.STEPS
    legal_entity_id: str
    location_id: str
    currency: str
    lines: list[Line]
    memo: str

    def parent(self) -> str:
        return self.reward_id


class AuditRow(Entity):
    """Who did what, append-only. Listed by subject, and by actor and action in the places of location and status."""

    noun: ClassVar[str] = "audit"
    table: ClassVar[str] = names.LEDGER

    actor: str
    action: str
    subject: str
    detail: dict[str, str] = Field(default_factory=dict)

    def parent(self) -> str:
        return self.subject

    def index_keys(self) -> dict[str, str]:
        org, noun = self.organization_id, self.noun
        listed = {"status_key": self.action, "location_key": self.actor}
        return super().index_keys() | {name: keys.filter_key(org, noun, value) for name, value in listed.items()}
