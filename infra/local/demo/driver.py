"""Drives a running Mo-ref from outside, as CRMs, customers and staff do: real HTTP, signatures, forms.

Used by the demo and by the integration tests. Times are the cloud's (movable) clock.
"""

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import requests

T = TypeVar("T")
_URL: re.Pattern[str] = re.compile(r"https?://[^\s\"<>]+")
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
PATIENCE = 180.0  # seconds of real time; a loaded machine is slow, and only a failure waits that long


class StoryError(AssertionError):
    """The product did not do what the story says."""


def check(truth: bool, claim: str) -> None:
    if not truth:
        raise StoryError(claim)


def link_in(text: str, part: str) -> str:
    """The first link in a message whose path holds `part`."""
    found: list[str] = [url.rstrip(".,)") for url in _URL.findall(text) if part in url]
    check(bool(found), f"a link with {part} in: {text}")
    return found[0]


class Driver:
    def __init__(self, outputs: dict[str, Any]) -> None:
        self.outputs = outputs
        self.api_url: str = outputs["api_url"]
        self.desk: str = outputs["sandbox_url"]
        self.http = requests.Session()
        self._webhooks = 0

    # -- time

    def now(self) -> datetime:
        answer = self.http.get(self.outputs["clock_url"], timeout=PATIENCE).json()
        return datetime.fromisoformat(answer["now"].replace("Z", "+00:00")).astimezone(UTC)

    def move(self, seconds: float) -> None:
        """Moves time forward; everything due on the way happens, in order."""
        # A step is given long to come to rest: the first call of a function is slow on a busy machine.
        params = {"seconds": int(seconds), "deadline": 180}
        answer = self.http.post(self.outputs["clock_url"], params=params, timeout=600)
        check(answer.ok, f"moving the clock: {answer.status_code} {answer.text[:200]}")

    def move_to(self, instant: datetime) -> None:
        self.move(max(0.0, (instant - self.now()).total_seconds()))

    def wait_for(self, what: str, look: Callable[[], T | None]) -> T:
        """Polls until `look` gives something truthy. Raises StoryError after a deadline."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = look()
            if found:
                return found
            check(time.monotonic() < deadline, f"within {PATIENCE:.0f} s: {what}")
            time.sleep(0.15)

    # -- the CRM

    def webhook(self, data: dict[str, Any], *, id: str | None = None, crm: str = "generic") -> requests.Response:
        """Posts a signed job update; the same `id` again is a retry of the same event."""
        hook = self.outputs["hooks"][crm]
        self._webhooks += 1
        now = self.now()
        payload = {"type": "job.updated", "timestamp": now.isoformat(), "data": data}
        body = json.dumps(payload).encode()
        id = id or f"msg_{int(now.timestamp())}_{self._webhooks}"
        stamp = str(int(now.timestamp()))
        key = base64.b64decode(hook["secret"].removeprefix("whsec_"))
        mac = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
        headers = {
            "content-type": "application/json",
            "webhook-id": id,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(mac).decode(),
            **hook.get("headers", {}),
        }
        return self.http.post(hook["url"], data=body, headers=headers, timeout=PATIENCE)

    # -- customers

    def messages(self, to: str | None = None) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(self.outputs["messages_url"], timeout=PATIENCE).json()
        return [message for message in found if to is None or message["to"] == to]

    def message(self, to: str, holding: str) -> dict[str, Any]:
        """The newest message to an address that holds a text, waiting for it."""
        text = f"a message to {to} holding {holding!r}"
        return self.wait_for(text, lambda: next((m for m in reversed(self.messages(to)) if holding in m["body"]), None))

    def open(self, url: str, **headers: str) -> requests.Response:
        return self.http.get(url, allow_redirects=False, timeout=PATIENCE, headers=headers)

    def submit(self, url: str, **fields: str) -> requests.Response:
        """Opens a page and posts its form back with these fields, as a browser without JavaScript would."""
        page = self.open(url)
        check(page.status_code == 200, f"{url} opens: {page.status_code}")
        return self.http.post(
            url, data=dict(_HIDDEN.findall(page.text)) | fields, allow_redirects=False, timeout=PATIENCE
        )

    def reply_by_sms(self, sender: str, text: str) -> None:
        number = self.outputs["sms_number"]
        url = f"{self.desk}/twilio/_inbound"
        answer = self.http.post(url, params={"from": sender, "to": number, "body": text}, timeout=PATIENCE)
        check(answer.ok, f"inbound SMS taken: {answer.status_code} {answer.text[:200]}")

    # -- staff

    def api(self, method: str, path: str, *, key: str | None = None, **arguments: Any) -> requests.Response:
        headers = {"authorization": f"Bearer {self.outputs['owner_token']}"}
        if key:
            headers["idempotency-key"] = key
        return self.http.request(method, f"{self.api_url}/v1{path}", headers=headers, timeout=PATIENCE, **arguments)

    def items(self, path: str, **params: str) -> list[dict[str, Any]]:
        answer = self.api("GET", path, params=params)
        check(answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text[:300]}")
        found: list[dict[str, Any]] = answer.json()["items"]
        return found

    # -- the outside world's faults and memories

    def fault(self, vendor: str, kind: str, times: int = 1) -> None:
        params: dict[str, str | int] = {"vendor": vendor, "kind": kind, "times": times}
        check(self.http.post(f"{self.desk}/_faults", params=params, timeout=PATIENCE).ok, f"fault {kind} is set")

    def orders(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get(f"{self.desk}/_orders", timeout=PATIENCE).json()
        return found

    def vendor_requests(self, vendor: str) -> list[dict[str, Any]]:
        answer = self.http.get(f"{self.desk}/_requests", params={"vendor": vendor}, timeout=PATIENCE)
        found: list[dict[str, Any]] = answer.json()
        return found
