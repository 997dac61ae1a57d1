"""What payouts need of a provider, in the product's words. One file per provider in rewards/providers/."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from moref.kernel.money import Money
from moref.rewards.model import Payout
from moref.runtime import Runtime


@dataclass(frozen=True, slots=True)
class ProviderOrder:
    """An order as the provider tells of it. `status` is its own word; only EXECUTED means that money moved.

    What a reply leaves out is None; amounts are minor units.
    """

    id: str
    external_id: str | None
    status: str
    amount: int | None
    currency: str | None
    recipient_email: str | None = None
    recipient_phone: str | None = None
    reward_id: str | None = None
    delivery_status: str | None = None  # SCHEDULED, PENDING, SUCCEEDED, FAILED
    fee: int | None = None  # what the provider took for it on top, same currency
    made_at: datetime | None = None


class Provider(Protocol):
    """Every method may raise
    Retry          nothing happened there; `detail` is the reason (insufficient_funds, credentials, rate_limited ...)
    NeedsPerson    it refused, and will again
    OutcomeUnknown it may have happened
    """

    def order(self, payout: Payout) -> ProviderOrder:
        """Asks to pay what is frozen in the payout; its id is the idempotency key: the same id never pays twice.

        Raises Conflict when the id is known there with other content.
        """

    def find(self, external_id: str) -> ProviderOrder | None:
        """The order made under our id; None when there surely is none."""

    def read(self, order_id: str) -> ProviderOrder | None:
        """The order by the provider's id; None when there surely is none."""

    def since(self, moment: datetime) -> Iterator[ProviderOrder]:
        """Every order that carries an id of ours and was made at that moment or later; one may come twice."""

    def balance(self, funding_source_id: str) -> Money | None:
        """What is left on the account that orders are paid from; None when the provider does not tell."""

    def resend(self, reward_id: str, *, email: str | None, phone: str | None) -> None:
        """Has a reward whose delivery failed delivered again, to the new address if one is given.

        Raises NeedsPerson when it cannot be: redeemed, expired, or its delivery did not fail.
        """

    def reward(self, reward_id: str) -> tuple[str, str | None] | None:
        """(the order it belongs to, its delivery status); None when there surely is none."""


Connect = Callable[[Runtime, str, str], Provider]  # runtime, organization, provider's name
