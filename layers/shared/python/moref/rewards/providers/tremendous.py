"""Tremendous: gift cards. Their contract as we rely on it: external_id makes an order idempotent (200 new, 201 the
same again, 409 other content); any answer but a clear refusal leaves the outcome open. Valid against their OpenAPI."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from moref.kernel.clock import iso
from moref.kernel.errors import Malformed, NeedsPerson, NotFound, OutcomeUnknown, Retry, Unauthenticated
from moref.kernel.money import DECIMALS, Money
from moref.kernel.webhook import Request
from moref.rewards.model import Payout
from moref.rewards.ports import ProviderOrder
from moref.rewards.providers.base import call

KEEP_HEADERS = ("tremendous-webhook-signature",)
MOST_LISTED = 500  # orders in one answer
OURS = "pay_"  # how our external ids begin: a payout's id
BASES = {"TEST_": "https://testflight.tremendous.com/api/v2", "PROD_": "https://api.tremendous.com/api/v2"}


def webhook_secret(secret: Mapping[str, str]) -> bytes:
    return secret["webhook_secret"].encode()


def verify(request: Request, secrets: list[bytes], now: float) -> None:
    """`sha256=<hex>` of HMAC-SHA256 over the raw body. No time is signed: the uuid guards against replays."""
    scheme, _, given = request.headers.get(KEEP_HEADERS[0], "").partition("=")
    expected = [hmac.new(secret, request.body, hashlib.sha256).hexdigest() for secret in secrets if secret]
    matches = [hmac.compare_digest(digest.encode(), given.strip().lower().encode()) for digest in expected]
    if scheme != "sha256" or not any(matches):
        raise Unauthenticated("the signature does not match")


def event_id(request: Request) -> str:
    """Raises Malformed when there is none."""
    try:
        found = json.loads(request.body)["uuid"]
    except (ValueError, KeyError, TypeError):
        raise Malformed("no uuid") from None
    if not isinstance(found, str) or not 0 < len(found) <= 100:
        raise Malformed("no uuid")
    return found


def client(secret: Mapping[str, str], base_url: str | None) -> "Tremendous":
    """`base_url` overrides the address, which otherwise follows from the key. Raises Retry("credentials")."""
    key = secret.get("api_key", "")
    base = base_url or BASES.get(key[:5])
    if base is None:
        raise Retry("credentials")
    return Tremendous(base.rstrip("/"), key)


class Tremendous:
    def __init__(self, base: str, key: str) -> None:
        self._base = base
        self._key = key

    def order(self, payout: Payout) -> ProviderOrder:
        return _order(_part(self._call("POST", "/orders", data=order_body(payout)), "order"))

    def find(self, external_id: str) -> ProviderOrder | None:
        try:
            orders = self._call("GET", "/orders", params={"external_id": external_id}).get("orders")
        except NotFound:
            orders = None
        if not isinstance(orders, list) or not all(isinstance(order, dict) for order in orders):
            raise OutcomeUnknown("an answer that is no list of orders")
        # The filter is checked: a list that ignored it would otherwise hide our order, or show another's as ours.
        if any(order.get("external_id") != external_id for order in orders):
            raise OutcomeUnknown("a list of other orders")
        if len(orders) > 1:
            raise NeedsPerson("two orders under one id")
        return _order(orders[0]) if orders else None

    def read(self, order_id: str) -> ProviderOrder | None:
        try:
            return _order(_part(self._call("GET", f"/orders/{_segment(order_id)}"), "order"))
        except NotFound:
            return None

    def since(self, moment: datetime) -> Iterator[ProviderOrder]:
        """The newest first; one made meanwhile pushes others down a place, so they may come twice, never not at all."""
        offset = 0
        while True:
            params = {"created_at[gte]": iso(moment), "limit": str(MOST_LISTED), "offset": str(offset)}
            orders = self._call("GET", "/orders", params=params).get("orders")
            if not isinstance(orders, list) or not all(isinstance(order, dict) for order in orders):
                raise OutcomeUnknown("an answer that is no list of orders")
            # Orders that people made in the account by hand carry no id of ours.
            yield from (_order(order) for order in orders if str(order.get("external_id")).startswith(OURS))
            if not orders:
                return
            offset += len(orders)

    def balance(self, funding_source_id: str) -> Money | None:
        """Only prefunded balances and credit lines tell; the amount is a decimal number of the account's currency."""
        sources = self._call("GET", "/funding_sources").get("funding_sources")
        for source in sources if isinstance(sources, list) else []:
            if funding_source_id in (source.get("id"), str(source.get("method")).upper()):
                meta = source.get("meta") or {}
                amount = _minor(meta.get("available_amount"), meta.get("currency_code"))
                return None if amount is None else Money(max(0, amount), meta["currency_code"])
        return None

    def resend(self, reward_id: str, *, email: str | None, phone: str | None) -> None:
        new = {"updated_email": email} if email else {"updated_phone": phone} if phone else {}
        try:
            self._call("POST", f"/rewards/{_segment(reward_id)}/resend", data=json.dumps(new).encode())
        except NotFound:
            raise NeedsPerson("the provider does not know the reward") from None

    def reward(self, reward_id: str) -> tuple[str, str | None] | None:
        try:
            reward = _part(self._call("GET", f"/rewards/{_segment(reward_id)}"), "reward")
        except NotFound:
            return None
        delivery = reward.get("delivery") or {}
        return str(reward.get("order_id")), delivery.get("status")

    def _call(
        self, method: str, path: str, *, data: bytes | None = None, params: dict[str, str] | None = None
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        if data is not None:
            headers["Content-Type"] = "application/json"
        return call(method, self._base + path, headers, data=data, params=params)


def order_body(payout: Payout) -> bytes:
    """The request for what is frozen in the payout, byte for byte the same each time.

    The amount is written as a decimal number (25.00), which json.dumps could only do through a float.
    """
    name = {"name": payout.recipient_name} if payout.recipient_name else {}
    if payout.recipient_email:
        recipient, method = {**name, "email": payout.recipient_email}, "EMAIL"
    else:
        recipient, method = {**name, "phone": payout.recipient_phone or ""}, "PHONE"
    reward: dict[str, Any] = {"recipient": recipient, "delivery": {"method": method}}
    if payout.campaign_id:
        reward["campaign_id"] = payout.campaign_id
    amount = Money(payout.amount, payout.currency)
    value = f'{{"denomination": {amount.decimal()}, "currency_code": {json.dumps(amount.currency)}}}'
    whole = {"external_id": payout.id, "payment": {"funding_source_id": payout.funding_source_id}}
    return f'{json.dumps(whole)[:-1]}, "reward": {json.dumps(reward)[:-1]}, "value": {value}}}}}'.encode()


def _part(reply: dict[str, Any], name: str) -> dict[str, Any]:
    found = reply.get(name)
    if not isinstance(found, dict):
        raise OutcomeUnknown(f"an answer without {name}")
    return found


def _order(order: dict[str, Any]) -> ProviderOrder:
    """Raises OutcomeUnknown when it is no order of one reward: something stands there, and we cannot say what."""
    rewards = order.get("rewards") or []
    if not isinstance(order.get("id"), str) or not isinstance(rewards, list) or len(rewards) > 1:
        raise OutcomeUnknown("an answer that is no order of one reward")
    reward = rewards[0] if rewards and isinstance(rewards[0], dict) else {}
    value, recipient, delivery = (reward.get(name) or {} for name in ("value", "recipient", "delivery"))
    currency = value.get("currency_code")
    return ProviderOrder(
        id=order["id"],
        external_id=order.get("external_id"),
        status=str(order.get("status")),
        amount=_minor(value.get("denomination"), currency),
        currency=currency,
        recipient_email=recipient.get("email"),
        recipient_phone=recipient.get("phone"),
        reward_id=reward.get("id"),
        delivery_status=delivery.get("status"),
        fee=_minor((order.get("payment") or {}).get("fees"), currency),
        made_at=_instant(order.get("created_at")),
    )


def _instant(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo else None


def _minor(amount: Any, currency: Any) -> int | None:
    """Minor units of a JSON number; None when it is none, or has more decimals than the currency."""
    if isinstance(amount, bool) or not isinstance(amount, int | Decimal) or currency not in DECIMALS:
        return None
    scaled = Decimal(amount).scaleb(DECIMALS[currency])
    return int(scaled) if scaled == scaled.to_integral_value() else None


def _segment(id: str) -> str:
    """Ids come from webhooks too: one that is not plain is at nobody's address."""
    if not id.replace("-", "").replace("_", "").isalnum() or not id.isascii():
        raise NotFound("not an id")
    return id
