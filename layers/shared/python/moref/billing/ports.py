"""What billing needs of a processor, in the product's words. One file per processor in billing/processors/."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from moref.billing.model import Status
from moref.billing.plans import Plan


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A subscription as the processor tells of it now."""

    id: str
    status: Status
    item_id: str
    price_id: str
    lookup_key: str | None
    quantity: int
    began_at: datetime
    period_start: datetime | None
    period_end: datetime | None
    cancel_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Session:
    """A page at the processor. `open`: somebody can still pay there."""

    id: str
    url: str | None
    open: bool


@dataclass(frozen=True, slots=True)
class Order:
    """What a payment page offers; `trial_end` when nothing is to be charged before."""

    organization_id: str
    customer_id: str
    price_id: str
    quantity: int
    return_url: str
    trial_end: datetime | None


class Processor(Protocol):
    """`key` is an idempotency key: the same one with the same content has its effect once. Every method may raise
    Retry        nothing happened, or repeating is harmless
    NeedsPerson  it refused, and will again; also when what it says is not what we published
    """

    def price(self, plan: Plan) -> str:
        """The id of the plan's price."""

    def customer(self, organization_id: str, name: str, email: str | None, *, key: str) -> str:
        """The id of a new customer."""

    def checkout(self, order: Order, *, key: str) -> Session: ...

    def session(self, id: str) -> Session | None:
        """None when there surely is none."""

    def expire(self, id: str) -> None:
        """Nobody can pay there any more; one that is over is fine."""

    def portal(self, customer_id: str, return_url: str) -> str:
        """The address of a page where the customer changes card and plan, and pays; good for minutes."""

    def subscription(self, organization_id: str, customer_id: str) -> Snapshot | None:
        """The organization's newest that is not over, else its newest. None when there is none.

        Raises NeedsPerson when several run.
        """

    def change(self, subscription_id: str, item_id: str, price_id: str, quantity: int, *, key: str) -> None:
        """From now on that many of that price; the running period is settled in proportion."""

    def end(self, subscription_id: str, *, with_period: bool) -> None:
        """Whether it ends when its period does; said again it changes nothing."""
