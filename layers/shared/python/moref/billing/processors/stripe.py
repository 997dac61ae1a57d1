"""Stripe Billing: the platform's own account. The library is imported when Stripe is asked; the door needs none of it.

One client object a call, with its key: nothing of the library is global. Written against API version VERSION, where a
subscription's period stands in its items and no longer beside them.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moref.kernel.errors import Malformed, NeedsPerson, Retry, Unauthenticated
from moref.kernel.webhook import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moref.billing.plans import Plan
    from moref.billing.ports import Order, Session, Snapshot

KEEP_HEADERS = ("stripe-signature",)
VERSION = "2026-06-24.dahlia"
WINDOW = 300  # seconds; Stripe's own library lets events of the future in, we do not
TIMEOUT = (2, 5)  # seconds to connect, to read; a caller asks up to five times, and each is safe to repeat
MOST_LISTED = 20
OURS = "organization_id"  # the metadata that makes a subscription one of this product
_OVER = ("canceled", "incomplete_expired")
_NOT_RUNNING = (*_OVER, "incomplete")  # the first payment is still missing: within a day Stripe ends it by itself


class _Missing(NeedsPerson):
    """Stripe does not know the id."""


def webhook_secret(secret: Mapping[str, str]) -> bytes:
    return secret["webhook_secret"].encode()


def verify(request: Request, secrets: list[bytes], now: float) -> None:
    """`t=<unix>,v1=<hex>[,v1=...]`: HMAC-SHA256 over `<t>.<raw body>`; any v1 may match (a secret is being rolled)."""
    pairs = [part.strip().partition("=") for part in request.headers.get(KEEP_HEADERS[0], "").split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    given = [value for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) <= 12):
        raise Unauthenticated("no signature with its time")
    signed = stamps[0].encode() + b"." + request.body
    expected = [hmac.new(secret, signed, hashlib.sha256).hexdigest().encode() for secret in secrets if secret]
    # All are compared: how long it takes says nothing about which one was near.
    matches = [hmac.compare_digest(want, one.encode("utf-8", "replace")) for want in expected for one in given]
    if not any(matches):
        raise Unauthenticated("the signature does not match")
    if abs(now - int(stamps[0])) > WINDOW:
        raise Unauthenticated("the signature's time is too far off")


def event_id(request: Request) -> str:
    """Raises Malformed when there is none."""
    try:
        found = json.loads(request.body)["id"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Malformed("no id") from None
    if not isinstance(found, str) or not 0 < len(found) <= 100:
        raise Malformed("no id")
    return found


def client(api_key: str, base_url: str | None) -> "Stripe":
    """`base_url` overrides the address, for a sandbox."""
    return Stripe(api_key, base_url)


class Stripe:
    def __init__(self, api_key: str, base_url: str | None) -> None:
        self._key = api_key
        self._base = base_url

    def price(self, plan: "Plan") -> str:
        with self._asking() as stripe:
            params: Any = {"lookup_keys": [plan.lookup_key], "active": True}
            found = stripe.v1.prices.list(params).to_dict()["data"]
        if len(found) != 1:
            raise NeedsPerson(f"the account has no price {plan.lookup_key}")
        price = found[0]
        said = price["unit_amount"], price["currency"].upper(), (price.get("recurring") or {}).get("interval")
        if said != (plan.amount, plan.currency, "month"):
            raise NeedsPerson(f"the price {plan.lookup_key} is not what was published")
        return str(price["id"])

    def customer(self, organization_id: str, name: str, email: str | None, *, key: str) -> str:
        params: Any = {"name": name, "metadata": {OURS: organization_id}} | ({"email": email} if email else {})
        with self._asking() as stripe:
            return str(stripe.v1.customers.create(params, {"idempotency_key": key}).id)

    def checkout(self, order: "Order", *, key: str) -> "Session":
        whose = {OURS: order.organization_id}
        data: dict[str, Any] = {"metadata": whose}
        if order.trial_end is not None:
            data["trial_end"] = int(order.trial_end.timestamp())
        params: Any = {
            "mode": "subscription",
            "customer": order.customer_id,
            "client_reference_id": order.organization_id,
            "line_items": [{"price": order.price_id, "quantity": order.quantity}],
            "subscription_data": data,
            "metadata": whose,
            "success_url": order.return_url,
            "cancel_url": order.return_url,
        }
        with self._asking() as stripe:
            return _session(stripe.v1.checkout.sessions.create(params, {"idempotency_key": key}).to_dict())

    def session(self, id: str) -> "Session | None":
        try:
            with self._asking() as stripe:
                return _session(stripe.v1.checkout.sessions.retrieve(id).to_dict())
        except _Missing:
            return None

    def expire(self, id: str) -> None:
        # Refused for one that was paid or is over: the snapshot tells of what came of it.
        try:
            with self._asking() as stripe:
                stripe.v1.checkout.sessions.expire(id)
        except NeedsPerson:
            return

    def portal(self, customer_id: str, return_url: str) -> str:
        with self._asking() as stripe:
            made = stripe.v1.billing_portal.sessions.create({"customer": customer_id, "return_url": return_url})
            return str(made.url)

    def subscription(self, organization_id: str, customer_id: str) -> "Snapshot | None":
        params: Any = {"customer": customer_id, "status": "all", "limit": MOST_LISTED}
        with self._asking() as stripe:
            found = stripe.v1.subscriptions.list(params).to_dict()["data"]
        ours = [one for one in found if (one.get("metadata") or {}).get(OURS) == organization_id]
        running = [one for one in ours if one["status"] not in _NOT_RUNNING]
        if len(running) > 1:
            raise NeedsPerson(f"{len(running)} subscriptions of one organization run")
        newest = max(running or ours, key=lambda one: int(one["created"]), default=None)
        return None if newest is None else _snapshot(newest)

    def change(self, subscription_id: str, item_id: str, price_id: str, quantity: int, *, key: str) -> None:
        item = {"id": item_id, "price": price_id, "quantity": quantity}
        params: Any = {"items": [item], "proration_behavior": "create_prorations"}
        with self._asking() as stripe:
            stripe.v1.subscriptions.update(subscription_id, params, {"idempotency_key": key})

    def end(self, subscription_id: str, *, with_period: bool) -> None:
        with self._asking() as stripe:
            stripe.v1.subscriptions.update(subscription_id, {"cancel_at_period_end": with_period})

    @contextmanager
    def _asking(self) -> "Iterator[Any]":
        """A client for one call. What the library raises becomes one of our kinds of failure."""
        import stripe

        address: Any = {"base_addresses": {"api": self._base}} if self._base else {}
        try:
            yield stripe.StripeClient(
                self._key, stripe_version=VERSION, max_network_retries=0,
                http_client=stripe.RequestsClient(timeout=TIMEOUT), **address,
            )  # fmt: skip
        except stripe.StripeError as error:
            raise _failure(error.http_status, error.code) from None


def _failure(status: int | None, code: str | None) -> Exception:
    """Every POST that could count twice carries an idempotency key, so what is not known is asked again."""
    if status in (401, 403):
        return Retry("credentials")
    if status == 404 or code == "resource_missing":
        return _Missing("not there")
    if status is None or status in (408, 409, 429) or status >= 500:
        return Retry("unreachable" if status is None else f"http {status}")
    return NeedsPerson(f"{status} {code or ''}".strip())


def _session(session: dict[str, Any]) -> "Session":
    from moref.billing.ports import Session

    return Session(session["id"], session.get("url"), session.get("status") == "open")


def _snapshot(one: dict[str, Any]) -> "Snapshot":
    """Raises NeedsPerson when it is no subscription to one price: somebody changed it by hand."""
    from moref.billing.ports import Snapshot

    items = one["items"]["data"]
    if len(items) != 1:
        raise NeedsPerson("a subscription to several prices")
    item, status = items[0], one["status"]
    return Snapshot(
        id=one["id"],
        status="canceled" if status in _OVER else status,
        item_id=item["id"],
        price_id=item["price"]["id"],
        lookup_key=item["price"].get("lookup_key"),
        quantity=item["quantity"],
        began_at=_at(one["start_date"]),
        period_start=_moment(item.get("current_period_start")),
        period_end=_moment(item.get("current_period_end")),
        cancel_at=_moment(one.get("cancel_at")),
        ended_at=_moment(one.get("ended_at")),
    )


def _moment(stamp: int | None) -> datetime | None:
    return None if stamp is None else _at(stamp)


def _at(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
