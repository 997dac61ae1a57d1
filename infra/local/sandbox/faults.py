"""Failures on demand: `POST /_faults?vendor=tremendous&kind=lost_answer&times=2`.

A fault waits for the next request of its vendor that has the method `on` (default POST, `*` for any) and is used
up by it. Kinds that spoil the transport are applied here; the others change what the vendor does and are named
by the vendor itself.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from dataclasses import dataclass, replace

from infra.local.sandbox.web import Answer, Flaw

STATUS_KINDS = {"http_500": 500, "http_502": 502, "http_503": 503, "http_429": 429, "http_402": 402, "http_409": 409}
"""The request is refused with this status and has no effect."""
AFTER_EFFECT = {"lost_answer": Flaw.LOST, "timeout": Flaw.HANGING, "truncated": Flaw.TRUNCATED}
"""The request has its effect, but its answer does not arrive."""
COMMON = frozenset(STATUS_KINDS) | frozenset(AFTER_EFFECT)


@dataclass(frozen=True)
class Fault:
    """One failure that waits to happen. `detail` is what follows the colon, as in `undelivered:30005`."""

    kind: str
    on: str = "POST"
    detail: str = ""


class Faults:
    """The failures that were ordered, per vendor, first come first used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)

    def order(self, vendor: str, kind: str, times: int = 1, on: str = "POST") -> None:
        name, _, detail = kind.partition(":")
        with self._lock:
            self._waiting[vendor].extend([Fault(name, on, detail)] * times)

    def take(self, vendor: str, method: str) -> Fault | None:
        with self._lock:
            waiting = self._waiting[vendor]
            for fault in waiting:
                if fault.on in ("*", method):
                    waiting.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def waiting(self) -> dict[str, list[str]]:
        with self._lock:
            return {vendor: [fault.kind for fault in faults] for vendor, faults in self._waiting.items() if faults}


def spoil(answer: Answer, fault: Fault | None) -> Answer:
    """The answer as it will (not) reach the caller."""
    flaw = AFTER_EFFECT.get(fault.kind) if fault else None
    return replace(answer, flaw=flaw) if flaw else answer
