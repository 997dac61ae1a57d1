"""Stripe Billing, as far as the product uses it: customers, prices, checkout, portal, subscriptions, signed events.

`POST /stripe/_pay?session=` is the customer who pays on the page; `POST /stripe/_set?customer=&status=` is what time
and cards do to a subscription. Each tells the product, deliberately not in the order in which it happened.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.local.sandbox.callbacks import Callback, Callbacks
from infra.local.sandbox.faults import Fault
from infra.local.sandbox.stripe_form import decode, nested
from infra.local.sandbox.web import Answer, Request, as_json

MONTH = 30 * 86400
Object = dict[str, Any]
EVENTS = {
    "active": ("invoice.paid", "customer.subscription.updated"),
    "past_due": ("customer.subscription.updated", "invoice.payment_failed"),
    "unpaid": ("customer.subscription.updated",),
    "canceled": ("customer.subscription.deleted",),
}
"""What Stripe tells when a subscription becomes so."""


def signature(secret: str, stamp: int, body: bytes) -> str:
    """Value of the header Stripe-Signature."""
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"


class Stripe:
    name = "stripe"
    prefix = "/stripe"
    fault_kinds: frozenset[str] = frozenset()

    def __init__(self, now: Callable[[], datetime], callbacks: Callbacks) -> None:
        self._clock = now
        self._callbacks = callbacks
        self._lock = threading.RLock()
        self._account: dict[str, Any] = {}
        self._made: dict[str, dict[str, Object]] = {kind: {} for kind in ("customer", "session", "subscription")}
        self._answered: dict[str, tuple[bytes, Answer]] = {}

    def register(self, settings: dict[str, Any]) -> None:
        """{"api_key", "secret" of the webhook, "url", "prices": [{"lookup_key", "amount", "currency"}]}."""
        with self._lock:
            self._account = {name: settings[name] for name in ("api_key", "secret", "url", "prices")}

    def authorised(self, request: Request) -> bool:
        return bool(self._account) and request.headers.get("authorization") == f"Bearer {self._account['api_key']}"

    def refuse(self, status: int, message: str) -> Answer:
        kind = "api_error" if status >= 500 else "invalid_request_error"
        return as_json({"error": {"type": kind, "message": message}}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        del fault
        with self._lock:
            if request.method == "GET":
                return self._read(path, nested(request.query.items()))
            return self._once(request, path)

    def _once(self, request: Request, path: str) -> Answer:
        """The same key with the same parameters has its effect once; with others it is an error."""
        key, asked = request.headers.get("idempotency-key"), path.encode() + b"?" + request.body
        if key is not None and key in self._answered:
            before, answer = self._answered[key]
            return answer if before == asked else self.refuse(400, "Keys for idempotent requests: other parameters")
        answer = self._change(path, decode(request.body.decode()))
        if key is not None:
            self._answered[key] = (asked, answer)
        return answer

    def _read(self, path: str, query: Object) -> Answer:
        match path.strip("/").split("/"):
            case ["v1", "prices"]:
                wanted = query.get("lookup_keys", [])
                return _list([self._price(row) for row in self._account["prices"] if row["lookup_key"] in wanted])
            case ["v1", "subscriptions"]:
                found = [self._due(each) for each in self._made["subscription"].values()]
                return _list([each for each in reversed(found) if each["customer"] == query.get("customer")])
            case ["v1", "checkout", "sessions", id] if id in self._made["session"]:
                return as_json(self._made["session"][id])
            case _:
                return self.refuse(404, f"No such object: GET {path}")

    def _change(self, path: str, form: Object) -> Answer:
        match path.strip("/").split("/"):
            case ["v1", "customers"]:
                return as_json(self._keep("customer", "cus", form))
            case ["v1", "checkout", "sessions"]:
                return self._checkout(form)
            case ["v1", "checkout", "sessions", id, "expire"]:
                return self._expire(self._made["session"].get(id))
            case ["v1", "billing_portal", "sessions"]:
                made = _new("bps", "billing_portal.session", form)
                return as_json(made | {"url": f"https://billing.stripe.example/p/session/{made['id']}"})
            case ["v1", "subscriptions", id] if id in self._made["subscription"]:
                return self._update(self._made["subscription"][id], form)
        return self.refuse(404, f"No such object: POST {path}")

    def _expire(self, session: Object | None) -> Answer:
        if session is None or session["status"] != "open":
            return self.refuse(400, "Only open sessions can be expired")
        session |= {"status": "expired", "url": None}
        return as_json(session)

    def _checkout(self, form: Object) -> Answer:
        session = self._keep("session", "cs_test", form)
        session |= {"object": "checkout.session", "status": "open"}
        session["url"] = f"https://checkout.stripe.example/c/pay/{session['id']}"
        return as_json(session)

    def _update(self, subscription: Object, form: Object) -> Answer:
        place = subscription["items"]["data"][0]
        for item in form.get("items", []):
            place |= {"quantity": int(item["quantity"]), "price": self._price_of(item["price"])}
        if "cancel_at_period_end" in form:
            ends = form["cancel_at_period_end"] == "true"
            subscription["cancel_at"] = place["current_period_end"] if ends else None
        self._tell("customer.subscription.updated", subscription)
        return as_json(subscription)

    def pay(self, session_id: str) -> Answer:
        """The customer pays on the page of a session."""
        with self._lock:
            session = self._made["session"].get(session_id)
            if session is None or session["status"] != "open":
                return self.refuse(400, "no open session")
            session |= {"status": "complete", "url": None}
            made = self._subscribe(session)
            self._tell("invoice.paid", {"object": "invoice", "customer": session["customer"]})
            self._tell("customer.subscription.created", made)
            self._tell("checkout.session.completed", session)
            return as_json(made)

    def set(self, customer: str, status: str) -> Answer:
        """What became of the newest subscription of a customer."""
        with self._lock:
            found = [each for each in self._made["subscription"].values() if each["customer"] == customer]
            if not found or status not in EVENTS:
                return self.refuse(400, f"no subscription, or status is none of {sorted(EVENTS)}")
            found[-1] |= {"status": status} | ({"ended_at": self._now()} if status == "canceled" else {})
            for event in EVENTS[status]:
                self._tell(event, found[-1])
            return as_json(found[-1])

    def _subscribe(self, session: Object) -> Object:
        now, data, line = self._now(), session.get("subscription_data", {}), session["line_items"][0]
        trial_end = int(data.get("trial_end", 0))
        made = self._keep(
            "subscription", "sub", {"customer": session["customer"], "metadata": data.get("metadata", {})}
        )
        item = _new("si", "subscription_item", {})
        item |= {"price": self._price_of(line["price"]), "quantity": int(line["quantity"]), "current_period_start": now}
        item["current_period_end"] = trial_end or now + MONTH
        made |= {
            "object": "subscription", "status": "trialing" if trial_end > now else "active", "start_date": now,
            "created": now, "cancel_at": None, "ended_at": None, "trial_end": trial_end or None, "livemode": False,
            "items": {"object": "list", "data": [item], "has_more": False},
        }  # fmt: skip
        return made

    def _due(self, subscription: Object) -> Object:
        """Time goes on: a trial ends, and periods follow each other."""
        item, now = subscription["items"]["data"][0], self._now()
        while subscription["status"] in ("trialing", "active") and item["current_period_end"] <= now:
            start = item["current_period_end"]
            item |= {"current_period_start": start, "current_period_end": start + MONTH}
            subscription["status"] = "active"
        return subscription

    def _keep(self, kind: str, prefix: str, form: Object) -> Object:
        made = _new(prefix, kind, form)
        self._made[kind][made["id"]] = made
        return made

    def _price(self, row: dict[str, Any]) -> Object:
        return {
            "id": f"price_{row['lookup_key']}", "object": "price", "active": True, "lookup_key": row["lookup_key"],
            "currency": row["currency"].lower(), "unit_amount": row["amount"], "recurring": {"interval": "month"},
        }  # fmt: skip

    def _price_of(self, id: str) -> Object:
        return next(price for row in self._account["prices"] if (price := self._price(row))["id"] == id)

    def _now(self) -> int:
        return int(self._clock().timestamp())

    def _tell(self, kind: str, about: Object) -> None:
        stamp = self._now()
        event = _new("evt", "event", {"type": kind, "created": stamp, "livemode": False, "data": {"object": about}})
        body = json.dumps(event).encode()
        headers = {
            "content-type": "application/json",
            "Stripe-Signature": signature(self._account["secret"], stamp, body),
        }
        self._callbacks.send(Callback(self.name, kind, self._account["url"], body, headers))


def _new(prefix: str, kind: str, fields: Object) -> Object:
    return {"id": f"{prefix}_{secrets.token_hex(8)}", "object": kind, **fields}


def _list(data: list[Object]) -> Answer:
    return as_json({"object": "list", "data": data, "has_more": False, "url": "/v1"})
