"""A processor in memory, with Stripe's ideas of idempotency keys, sessions and subscriptions; it can be down."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from moref.billing.model import Status
from moref.billing.plans import Plan
from moref.billing.ports import Order, Session, Snapshot
from moref.kernel.errors import NeedsPerson, Retry
from tests.fakes.runtime import FakeClock

MONTH = timedelta(days=30)


@dataclass
class FakeProcessor:
    """`lost`: that many next calls have their effect, and their answer does not come."""

    clock: FakeClock
    orders: dict[str, Order] = field(default_factory=dict)  # session id -> what it offers
    open: set[str] = field(default_factory=set)
    told: dict[str, tuple[str, Snapshot]] = field(default_factory=dict)  # subscription id -> (customer, state)
    asked: list[str] = field(default_factory=list)
    keys: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    lost: int = 0
    down: bool = False

    def price(self, plan: Plan) -> str:
        self._called("price")
        return f"price_{plan.lookup_key}"

    def customer(self, organization_id: str, name: str, email: str | None, *, key: str) -> str:
        return str(self._once("customer", key, (name, email), lambda: f"cus_{organization_id}"))

    def checkout(self, order: Order, *, key: str) -> Session:
        def make() -> Session:
            id = f"cs_{len(self.orders) + 1}"
            self.orders[id] = order
            self.open.add(id)
            return Session(id, f"https://pay.example/{id}", True)

        found: Session = self._once("checkout", key, order, make)
        return found

    def session(self, id: str) -> Session | None:
        return Session(id, None, id in self.open) if id in self.orders else None

    def expire(self, id: str) -> None:
        self._called("expire")
        self.open.discard(id)

    def portal(self, customer_id: str, return_url: str) -> str:
        self._called("portal")
        return f"https://portal.example/{customer_id}"

    def subscription(self, organization_id: str, customer_id: str) -> Snapshot | None:
        self._called("subscription")
        found = [told for customer, told in self.told.values() if customer == customer_id]
        running = [told for told in found if told.status not in ("canceled", "incomplete")]
        if len(running) > 1:
            raise NeedsPerson("several subscriptions run")
        return next(reversed(running or found), None)

    def change(self, subscription_id: str, item_id: str, price_id: str, quantity: int, *, key: str) -> None:
        def do() -> None:
            customer, told = self.told[subscription_id]
            lookup_key = price_id.removeprefix("price_")
            changed = replace(told, price_id=price_id, quantity=quantity, lookup_key=lookup_key)
            self.told[subscription_id] = customer, changed

        self._once("change", key, (subscription_id, item_id, price_id, quantity), do)

    def end(self, subscription_id: str, *, with_period: bool) -> None:
        self._called("end")
        customer, told = self.told[subscription_id]
        cancel_at = told.period_end if with_period else None
        self.told[subscription_id] = customer, replace(told, cancel_at=cancel_at)

    def pay(self, session_id: str) -> str:
        """The customer pays on an open page; the subscription's id."""
        assert session_id in self.open, "nobody can pay on a page that is closed"
        self.open.discard(session_id)
        order, id, now = self.orders[session_id], f"sub_{len(self.told) + 1}", self.clock.now()
        self.told[id] = order.customer_id, Snapshot(
            id=id, status="trialing" if order.trial_end else "active", item_id="si_1", price_id=order.price_id,
            lookup_key=order.price_id.removeprefix("price_"), quantity=order.quantity, began_at=now,
            period_start=now, period_end=order.trial_end or now + MONTH, cancel_at=None, ended_at=None,
        )  # fmt: skip
        return id

    def set(self, subscription_id: str, status: Status) -> None:
        customer, told = self.told[subscription_id]
        ended = self.clock.now() if status == "canceled" else None
        self.told[subscription_id] = customer, replace(told, status=status, ended_at=ended)

    def _once(self, name: str, key: str, content: Any, do: Any) -> Any:
        if key not in self.keys:
            self._called(name, before=True)
            self.keys[key] = content, do()
        known, answer = self.keys[key]
        assert known == content, "one key, two contents"
        self._called(name)
        return answer

    def _called(self, name: str, *, before: bool = False) -> None:
        if self.down:
            raise Retry("unreachable")
        if before:
            return
        self.asked.append(name)
        if self.lost:
            self.lost -= 1
            raise Retry("the answer was lost")
