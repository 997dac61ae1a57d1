"""The desk's vendors without a network: requests go straight to the desk's pages, time stands still."""

from __future__ import annotations

import base64
import json
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from infra.local.sandbox.clock import Desk
from infra.local.sandbox.desk import DeskPages
from infra.local.sandbox.validate import VENDORS, Validator
from infra.local.sandbox.web import Answer, Request

API_KEY, SECRET = "TEST_key", "webhook secret"
SID, TOKEN, NUMBER, PERSON = "AC" + "0" * 32, "auth token", "+12025550100", "+12025550123"
NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@cache
def _validator(vendors: Path) -> Validator:
    """One for all tests: reading the descriptions takes a second."""
    return Validator(vendors)


class FixedDesk(Desk):
    def now(self) -> datetime:
        return NOW

    def mail(self) -> list[dict[str, Any]]:
        return []


class Client:
    def __init__(self, callback_url: str, vendors: Path = VENDORS) -> None:
        self.desk = FixedDesk("http://127.0.0.1:9", Path("/nonexistent"))
        self.pages = DeskPages(self.desk, _validator(vendors))
        self.callback_url = callback_url
        self.register(vendor="tremendous", api_key=API_KEY, url=f"{callback_url}/tremendous", secret=SECRET)
        inbound = f"{callback_url}/inbound"
        self.register(vendor="twilio", account_sid=SID, auth_token=TOKEN, numbers=[NUMBER], inbound_url=inbound)

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        where, _, query = path.partition("?")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        pairs = dict(pair.split("=", 1) for pair in query.split("&")) if query else {}
        return self.pages.answer(Request(method, where, pairs, named, body))

    def register(self, **settings: Any) -> Answer:
        return self.ask("POST", "/_register", json.dumps(settings).encode())

    def fault(self, vendor: str, kind: str, **more: str) -> Answer:
        return self.ask("POST", f"/_faults?{urlencode({'vendor': vendor, 'kind': kind, **more}, safe=':')}")

    def tremendous(self, method: str, path: str, payload: Any = None, key: str = API_KEY) -> Answer:
        body = b"" if payload is None else json.dumps(payload).encode()
        headers = {"authorization": f"Bearer {key}", "content_type": "application/json"}
        return self.ask(method, f"/tremendous/api/v2{path}", body, **headers)

    def text(self, token: str = TOKEN, **form: str) -> Answer:
        return self._twilio("POST", ".json", urlencode({"From": NUMBER, "To": PERSON, **form}).encode(), token)

    def texts(self, query: str = "") -> list[dict[str, Any]]:
        return list(value(self._twilio("GET", f".json{query}"))["messages"])

    def _twilio(self, method: str, rest: str, body: bytes = b"", token: str = TOKEN) -> Answer:
        basic = base64.b64encode(f"{SID}:{token}".encode()).decode()
        path = f"/twilio/2010-04-01/Accounts/{SID}/Messages{rest}"
        form = "application/x-www-form-urlencoded"
        return self.ask(method, path, body, authorization=f"Basic {basic}", content_type=form)

    def requests(self, vendor: str) -> list[dict[str, Any]]:
        return list(value(self.ask("GET", f"/_requests?vendor={vendor}")))

    def await_callbacks(self) -> list[dict[str, Any]]:
        """Every webhook sent so far, once none is pending."""
        deadline = time.monotonic() + 10
        while self.desk.callbacks.pending:
            assert time.monotonic() < deadline, "webhooks still pending"
            time.sleep(0.005)
        return self.desk.callbacks.history()


def value(answer: Answer) -> Any:
    return json.loads(answer.body)


def order(external_id: str, amount: float = 25, method: str = "EMAIL") -> dict[str, Any]:
    """The body of a create-order request."""
    return {
        "external_id": external_id,
        "payment": {"funding_source_id": "BALANCE"},
        "reward": {
            "campaign_id": "CAMPAIGN1",
            "value": {"denomination": amount, "currency_code": "USD"},
            "recipient": {"name": "Ada", "email": "ada@example.com"},
            "delivery": {"method": method},
        },
    }
