"""Tremendous, as far as the product uses it: orders by external_id, rewards, approvals, signed webhooks.

Semantics from the vendor's description (shared/vendors/tremendous): a new external_id answers 200, the same one
with the same payload 201 and the first order, with another payload 409. One webhook endpoint per account hears
every event; links raise no delivery event. Orders live per account, that is per API key.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

from infra.local.sandbox.callbacks import Callback, Callbacks
from infra.local.sandbox.faults import Fault
from infra.local.sandbox.web import Answer, Request, as_json

APPROVAL = "PENDING APPROVAL"
UNSEEN = "AWAITING COSMIC ALIGNMENT"
"""A status that the vendor's description does not list."""
Order = dict[str, Any]


def webhook_signature(secret: str, body: bytes) -> str:
    """Value of the header Tremendous-Webhook-Signature."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _identifier() -> str:
    return secrets.token_hex(6).upper()


def _balance(account: _Account) -> dict[str, Any]:
    """What is left of the 100,000 dollars of play money that a sandbox account begins with."""
    spent = sum(order["payment"]["total"] for order in account.orders.values() if "payment" in order)
    left = 100_000 - spent
    meta = {"available_amount": left, "available_cents": int(left * 100), "currency_code": "USD"}
    return {"id": "BALANCE", "method": "balance", "meta": meta}


class _Account:
    def __init__(self, settings: dict[str, Any]) -> None:
        self.url: str = settings["url"]
        self.secret: str = settings["secret"]
        self.orders: dict[str, Order] = {}
        self.payloads: dict[str, Any] = {}


class Tremendous:
    name = "tremendous"
    prefix = "/tremendous/api/v2"
    fault_kinds = frozenset({"pending_approval", "unknown_status", "delivery_failed"})

    def __init__(self, now: Callable[[], datetime], callbacks: Callbacks) -> None:
        self._now = now
        self._callbacks = callbacks
        self._lock = threading.RLock()
        self._accounts: dict[str, _Account] = {}

    def register(self, settings: dict[str, Any]) -> None:
        """{"api_key", "url", "secret"}; again for the same key changes the address and keeps the orders."""
        with self._lock:
            fresh = _Account(settings)
            account = self._accounts.setdefault(settings["api_key"], fresh)
            account.url, account.secret = fresh.url, fresh.secret

    def authorised(self, request: Request) -> bool:
        return self._account(request) is not None

    def refuse(self, status: int, message: str) -> Answer:
        return as_json({"status": status, "errors": {"message": message}}, status)

    def answer(self, request: Request, path: str, fault: Fault | None) -> Answer:
        account = self._account(request)
        if account is None:
            return self.refuse(401, "Authentication Error")
        with self._lock:
            if request.method == "POST":
                return self._change(account, path, request.json(), fault.kind if fault else "")
            return self._read(account, path, request.query)

    def _change(self, account: _Account, path: str, payload: Any, kind: str) -> Answer:
        match path.strip("/").split("/"):
            case ["orders"]:
                return self._create(account, payload, kind)
            case ["order_approvals", order_id, "approve"]:
                return self._approve(account, order_id, kind)
            case ["rewards", reward_id, "resend"]:
                return self._resend(account, reward_id, payload, kind)
            case _:
                return self.refuse(404, f"the sandbox does not know POST {path}")

    def _read(self, account: _Account, path: str, query: dict[str, str]) -> Answer:
        match path.strip("/").split("/"):
            case ["orders"]:
                return self._list(account, query)
            case ["orders", order_id]:
                order = account.orders.get(order_id)
                return as_json({"order": order}) if order else self.refuse(404, "Order not found")
            case ["rewards", reward_id]:
                return self._reward(account, reward_id)
            case ["funding_sources"]:
                return as_json({"funding_sources": [_balance(account)]})
            case _:
                return self.refuse(404, f"the sandbox does not know GET {path}")

    def orders(self) -> list[Order]:
        """Every order of every account, oldest first; for tests."""
        with self._lock:
            return [order for account in self._accounts.values() for order in account.orders.values()]

    def _account(self, request: Request) -> _Account | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return self._accounts.get(key) if scheme.lower() == "bearer" else None

    def _create(self, account: _Account, payload: Any, kind: str) -> Answer:
        external_id = payload.get("external_id")
        if external_id is not None and external_id in account.payloads:
            first = next(order for order in account.orders.values() if order["external_id"] == external_id)
            if account.payloads[external_id] == payload:
                return as_json({"order": first}, 201)
            return self.refuse(409, "An order with this external_id and other parameters exists")
        order = self._order(payload, kind)
        account.orders[order["id"]] = order
        if external_id is not None:
            account.payloads[external_id] = payload
        answer = as_json({"order": order})
        self._tell(account, "ORDERS.CREATED", "orders", order["id"])
        if order["status"] == "EXECUTED":
            self._deliver(account, order, failing=kind == "delivery_failed")
        return answer

    def _order(self, payload: dict[str, Any], kind: str) -> Order:
        asked, order_id, at = payload["reward"], _identifier(), self._now().isoformat()
        method = (asked.get("delivery") or {}).get("method", "EMAIL")
        delivery = {"method": method, "status": "PENDING"}
        if method == "LINK":
            delivery["link"] = f"https://testflight.tremendous.com/rewards/payout/{secrets.token_urlsafe(12)}"
        value = asked["value"]
        reward = {
            "id": _identifier(),
            "order_id": order_id,
            "created_at": at,
            "value": value,
            "delivery": delivery,
            "recipient": asked.get("recipient", {}),
        }
        order = {
            "id": order_id,
            "external_id": payload.get("external_id"),
            "created_at": at,
            "status": {"pending_approval": APPROVAL, "unknown_status": UNSEEN}.get(kind, "EXECUTED"),
            "channel": "API",
            "rewards": [reward],
        }
        if order["status"] == "EXECUTED":
            self._pay(order)
        return order

    @staticmethod
    def _pay(order: Order) -> None:
        """Processed orders, and only those, tell what they cost. The sandbox's account is kept in USD."""
        amount = sum(reward["value"]["denomination"] for reward in order["rewards"])
        parts = {"subtotal": amount, "total": amount, "fees": 0, "discount": 0}
        order["payment"] = {**parts, "currency_code": "USD"}

    def _deliver(self, account: _Account, order: Order, *, failing: bool) -> None:
        for reward in order["rewards"]:
            delivery = reward["delivery"]
            delivery["status"] = "FAILED" if failing else "SUCCEEDED"
            if delivery["method"] != "LINK":
                self._tell(account, f"REWARDS.DELIVERY.{delivery['status']}", "rewards", reward["id"])

    def _approve(self, account: _Account, order_id: str, kind: str) -> Answer:
        order = account.orders.get(order_id)
        if order is None or order["status"] != APPROVAL:
            return self.refuse(404, "No order awaits this approval")
        order["status"] = "EXECUTED"
        self._pay(order)
        answer = as_json({"order": order})
        self._tell(account, "ORDERS.APPROVED", "orders", order_id)
        self._deliver(account, order, failing=kind == "delivery_failed")
        return answer

    def _list(self, account: _Account, query: dict[str, str]) -> Answer:
        wanted = query.get("external_id")
        earliest = datetime.fromisoformat(query.get("created_at[gte]", "2000-01-01T00:00:00+00:00"))
        found = [
            order
            for order in reversed(account.orders.values())  # the newest first
            if wanted in (None, order["external_id"]) and datetime.fromisoformat(order["created_at"]) >= earliest
        ]
        start, limit = int(query.get("offset", 0)), int(query.get("limit", 10))
        return as_json({"orders": found[start : start + limit], "total_count": len(found)})

    def _resend(self, account: _Account, reward_id: str, payload: Any, kind: str) -> Answer:
        """Only after a failed delivery; an address given replaces the recipient's."""
        found = [(order, reward) for order in account.orders.values() for reward in order["rewards"]]
        order, reward = next((pair for pair in found if pair[1]["id"] == reward_id), (None, None))
        if order is None or reward is None:
            return self.refuse(404, "Reward not found")
        if reward["delivery"]["status"] != "FAILED":
            return self.refuse(422, "Only rewards with a previous delivery failure can be resent")
        for name in ("email", "phone"):
            if payload.get(f"updated_{name}"):
                reward["recipient"] = {**reward["recipient"], name: payload[f"updated_{name}"]}
        self._deliver(account, order, failing=kind == "delivery_failed")
        return as_json({})

    def _reward(self, account: _Account, reward_id: str) -> Answer:
        rewards = [reward for order in account.orders.values() for reward in order["rewards"]]
        reward = next((reward for reward in rewards if reward["id"] == reward_id), None)
        return as_json({"reward": reward}) if reward else self.refuse(404, "Reward not found")

    def _tell(self, account: _Account, event: str, kind: str, resource_id: str) -> None:
        body = json.dumps(
            {
                "event": event,
                "uuid": str(uuid.uuid4()),
                "created_utc": self._now().isoformat(timespec="milliseconds"),
                "payload": {"resource": {"id": resource_id, "type": kind}, "meta": {}},
            }
        ).encode()
        headers = {
            "content-type": "application/json",
            "Tremendous-Webhook-Signature": webhook_signature(account.secret, body),
        }
        self._callbacks.send(Callback(self.name, event, account.url, body, headers))
