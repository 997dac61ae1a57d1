"""Webhooks that the sandboxes send to the product: in order, from one thread, repeated when refused.

Vendors repeat on hours-long schedules; here a refused webhook is tried three times at once and then given up,
visible at `GET /_callbacks`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

ATTEMPTS = 3
TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Callback:
    """One webhook, already signed."""

    vendor: str
    what: str
    url: str
    body: bytes
    headers: dict[str, str]


class Callbacks:
    """The queue of webhooks. `pending` is what the clock waits for before it moves."""

    def __init__(self, now: Callable[[], str]) -> None:
        self._now = now
        self._queue: queue.Queue[Callback] = queue.Queue()
        self._lock = threading.Lock()
        self._pending = 0
        self._done: list[dict[str, Any]] = []
        threading.Thread(target=self._run, daemon=True).start()

    def send(self, callback: Callback) -> None:
        with self._lock:
            self._pending += 1
        self._queue.put(callback)

    @property
    def pending(self) -> int:
        with self._lock:
            return self._pending

    def history(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._done)

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while True:
                callback = self._queue.get()
                outcome = self._deliver(session, callback)
                with self._lock:
                    self._pending -= 1
                    self._done.append(outcome)

    def _deliver(self, session: requests.Session, callback: Callback) -> dict[str, Any]:
        outcome: dict[str, Any] = {"vendor": callback.vendor, "what": callback.what, "url": callback.url}
        for attempt in range(1, ATTEMPTS + 1):
            outcome |= {"attempts": attempt, "at": self._now()}
            try:
                answer = session.post(
                    callback.url,
                    data=callback.body,
                    headers=callback.headers,
                    timeout=TIMEOUT_SECONDS,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                outcome |= {"status": None, "error": type(error).__name__}
                continue
            outcome |= {"status": answer.status_code, "error": None}
            if answer.ok:
                break
        return outcome
