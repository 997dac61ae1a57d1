"""A closed month, a payee's year, a provider's month beside ours."""

from typing import ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

from moref.kernel import names
from moref.records import Entity


class Balance(BaseModel):
    """What stands on an account of a branch, in minor units: debits positive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    location_id: str
    currency: str
    account: str
    amount: StrictInt


class ClosedMonth(Entity):
    """A payer's month that takes no more entries; id is "<legal entity>.<month>". Append-only like the entries.

    Entries are dated when they are made, so none is ever dated into a month that has ended; `digest` is over all of
    the month's entries, and one that were changed, slipped in or lost would show (check.py).
    """

    noun: ClassVar[str] = "closed_month"
    table: ClassVar[str] = names.LEDGER

    legal_entity_id: str
    month: str  # "2026-10", in UTC
    entries: int
    digest: str
    balances: list[Balance]  # at the end of the month, of all time
    closed_by: str

    def parent(self) -> str:
        return self.legal_entity_id


class PayeeYear(Entity):
    """What a payer paid one person in a calendar year (UTC); changes only in the commit that books the payment.

    id is "<legal entity>.<year>.<contact>".
    """

    noun: ClassVar[str] = "payee_year"

    legal_entity_id: str
    contact_id: str
    year: int
    paid: dict[str, int] = Field(default_factory=dict)  # currency -> minor units
    rewards: int = 0

    def parent(self) -> str:
        return f"{self.legal_entity_id}.{self.year}"


class StatementItem(BaseModel):
    """Where the provider's orders and the books say different things. Amounts in minor units, None: not there."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["missing_in_books", "missing_at_provider", "amount_differs", "other_month"]
    payout_id: str | None = None
    order_id: str | None = None
    provider_amount: int | None = None
    booked_amount: int | None = None


class ProviderStatement(Entity):
    """A provider's executed orders of a month beside the payouts booked in it; id is "<provider>.<month>.<currency>".

    `difference` is `provider_total` less `booked_total`; the items explain it to the last unit, or `unexplained` is not
    zero. Made by a worker (it asks the provider), again whenever it is asked for.
    """

    noun: ClassVar[str] = "provider_statement"

    provider: str
    month: str
    currency: str = "USD"
    status: Literal["running", "ready", "failed"] = "running"
    reason: str | None = None
    asked_at: AwareDatetime
    orders: int = 0
    provider_total: int = 0
    fees: int = 0
    booked_total: int = 0
    difference: int = 0
    unexplained: int = 0
    items: list[StatementItem] = Field(default_factory=list)  # the first 200
    more_items: int = 0
    other_currencies: list[str] = Field(default_factory=list)  # in which there was something too: each has its own
