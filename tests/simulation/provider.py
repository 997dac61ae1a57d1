"""A provider with Tremendous's semantics, in memory, whose answers can be spoilt in every way that was seen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from moref.kernel.errors import Conflict, NeedsPerson, OutcomeUnknown, Retry
from moref.kernel.money import Money
from moref.rewards.model import Payout
from moref.rewards.ports import ProviderOrder

# What the next order comes to. The first half of the table happens before anything is made there.
REFUSED: dict[str, Exception] = {
    "no_money": Retry("insufficient_funds"),
    "too_fast": Retry("rate_limited", seconds=1),
    "bad_key": Retry("credentials"),
    "unreachable": Retry("unreachable"),
    "invalid": NeedsPerson("422"),
    "lost_before": OutcomeUnknown("timeout"),
    "error_before": OutcomeUnknown("http 500"),
}
LOST: dict[str, Exception] = {
    "lost_after": OutcomeUnknown("timeout"),
    "cut": OutcomeUnknown("an answer that cannot be read"),
    "error_after": OutcomeUnknown("http 500"),
    "bug": RuntimeError("not thought of"),
}
STATUSES = {"pending": "PENDING APPROVAL", "internal": "PENDING INTERNAL PAYMENT APPROVAL", "strange": "CART"}
OTHER = ("taken", "another_amount", "undeliverable")
FAULTS = (*REFUSED, *LOST, *STATUSES, *OTHER)


@dataclass
class FakeProvider:
    """`fault` spoils the next order only; `silent` makes every question go unanswered. Crash points at each call."""

    crash_point: Callable[[], None]
    owner: str | None = None  # whose account it is: nobody else's rewards are paid from it
    fault: str | None = None
    silent: bool = False
    money: Money | None = None

    def __post_init__(self) -> None:
        self.orders: dict[str, ProviderOrder] = {}  # by external id: the provider makes one for each
        self.asked: list[Payout] = []

    def order(self, payout: Payout) -> ProviderOrder:
        assert self.owner in (None, payout.organization_id), "paid from another organization's account"
        self.crash_point()
        self.asked.append(payout)
        fault, self.fault = self.fault, None
        if fault in REFUSED:
            raise REFUSED[fault]
        before = self.orders.get(payout.id)
        if before is not None and (before.amount, before.recipient_email) != (payout.amount, payout.recipient_email):
            raise Conflict("the id is taken")
        if fault == "taken":
            self._make(payout, amount=payout.amount + 1)
            raise Conflict("the id is taken")
        self._make(payout, fault=fault)
        self.crash_point()
        if fault in LOST:
            raise LOST[fault]
        return self.orders[payout.id]

    def find(self, external_id: str) -> ProviderOrder | None:
        self._ask()
        return self.orders.get(external_id)

    def since(self, moment: datetime) -> Iterator[ProviderOrder]:
        """All of them: a provider may list more than was asked for."""
        self._ask()
        yield from self.orders.values()

    def balance(self, funding_source_id: str) -> Money | None:
        self._ask()
        return self.money

    def resend(self, reward_id: str, *, email: str | None, phone: str | None) -> None:
        """Only what could not be delivered is delivered again."""
        self.crash_point()
        order = next(order for order in self.orders.values() if order.reward_id == reward_id)
        if order.delivery_status != "FAILED":
            raise NeedsPerson("422")
        new: dict[str, Any] = {"recipient_email": email} if email else {"recipient_phone": phone} if phone else {}
        self.orders[order.external_id or ""] = replace(order, delivery_status="PENDING", **new)
        self.crash_point()

    def read(self, order_id: str) -> ProviderOrder | None:
        self._ask()
        return next((order for order in self.orders.values() if order.id == order_id), None)

    def reward(self, reward_id: str) -> tuple[str, str | None] | None:
        self._ask()
        order = next((order for order in self.orders.values() if order.reward_id == reward_id), None)
        return (order.id, order.delivery_status) if order else None

    def progress(self, external_id: str, status: str = "EXECUTED", delivery: str = "SUCCEEDED") -> None:
        """The order moves on at the provider's side."""
        order = self.orders[external_id]
        self.orders[external_id] = replace(order, status=status, delivery_status=delivery)

    def _ask(self) -> None:
        self.crash_point()
        if self.silent:
            raise OutcomeUnknown("timeout")

    def _make(self, payout: Payout, *, fault: str | None = None, amount: int | None = None) -> None:
        number = f"ORDER{len(self.orders) + 1}"
        made = ProviderOrder(
            id=number,
            external_id=payout.id,
            status=STATUSES.get(fault or "", "EXECUTED"),
            amount=amount or payout.amount + (1 if fault == "another_amount" else 0),
            currency=payout.currency,
            recipient_email=payout.recipient_email,
            recipient_phone=payout.recipient_phone,
            reward_id=f"{number}R",
            delivery_status="FAILED" if fault == "undeliverable" else "PENDING",
        )
        self.orders.setdefault(payout.id, made)
