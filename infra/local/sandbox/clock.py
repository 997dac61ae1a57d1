"""The clock's public door: moves time in steps, so that a story of several days unfolds in its order.

Before each step everything that runs comes to rest: queues, streams, functions and our own webhooks. A step ends
where the next one-time schedule or delayed message is due, and after 12 hours at the latest, because stream
records are trimmed after 24. Recurring rules fire once at the end of each step, as they would after an outage;
a smaller `step` shows them finer.
"""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from infra.local.emulator.clock import read_offset
from infra.local.sandbox.callbacks import Callbacks

MAX_STEP_SECONDS = 12 * 3600
DRAIN_SECONDS = 60
LOOK_AGAIN_SECONDS = 0.01
JUST_AFTER_SECONDS = 0.01
"""A step goes this far past what is due, so that it is due when we arrive."""
SMALLEST_SECONDS = 1e-6
"""What is left below this is rounding."""


class NotAtRest(Exception):
    """Something still runs after the deadline; the clock was not moved further."""


class Desk:
    """The desk's clock."""

    def __init__(self, control_url: str, offset_file: Path) -> None:
        self._control_url = control_url
        self._offset_file = offset_file
        self._moving = threading.Lock()
        self._session = requests.Session()
        self._session.trust_env = False
        self.callbacks = Callbacks(lambda: self.now().isoformat())

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() + read_offset(self._offset_file), UTC)

    def told(self) -> dict[str, Any]:
        return {"now": self.now().isoformat(), "offset": read_offset(self._offset_file)}

    def mail(self) -> list[dict[str, Any]]:
        """ministack's records of sent e-mail, oldest first."""
        answer = requests.get(f"{self._control_url}/mail", timeout=10)
        answer.raise_for_status()
        return list(answer.json())

    def drain(self, seconds: float = DRAIN_SECONDS) -> dict[str, Any]:
        """Wait until nothing runs: seen twice in a row with nothing begun in between. Raises NotAtRest."""
        deadline = time.monotonic() + seconds
        before: tuple[Any, ...] | None = None
        while True:
            state = self._control("GET", "/state")
            pending = self.callbacks.pending
            seen = (state["begun"], len(self.callbacks.history()))
            at_rest = not state["busy"] and not pending
            if at_rest and seen == before:
                return state
            if time.monotonic() > deadline:
                raise NotAtRest("; ".join([*state["busy"], f"{pending} webhooks pending"]))
            before = seen if at_rest else None
            time.sleep(LOOK_AGAIN_SECONDS)

    def advance(self, seconds: float, step: float = MAX_STEP_SECONDS, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Move time forward by `seconds`, in steps. Raises NotAtRest, ValueError for a move backwards."""
        if seconds < 0 or step <= 0:
            raise ValueError("time moves forward only")
        with self._moving:
            state = self.drain(drain_seconds)
            target = state["offset"] + seconds
            while (left := target - state["offset"]) > SMALLEST_SECONDS:
                due = state["next_due"]
                until_due = max(due - state["now"], 0) + JUST_AFTER_SECONDS if due is not None else left
                self._control("POST", f"/shift?seconds={min(left, until_due, step, MAX_STEP_SECONDS)!r}")
                state = self.drain(drain_seconds)

    def _control(self, method: str, path: str) -> dict[str, Any]:
        answer = self._session.request(method, self._control_url + path, timeout=30)
        answer.raise_for_status()
        return dict(answer.json())
