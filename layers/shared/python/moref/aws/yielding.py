"""When a queue is behind, an organization that had plenty of a worker makes room for the others.

SQS serves message groups in turn, but promises no time; and what lies in front of a message is paid for by reading it.
So a worker that finds messages late does a few of each organization and puts the others back, ten with one call: the
queue shrinks to those that had nothing yet. They come again at the pace at which this worker gets through, in order.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

LATE = 5.0  # seconds in the queue; less is no reason for anything
PLENTY = 2  # messages of one organization ...
RECENTLY = 60.0  # ... within so many seconds
LONGEST_DELAY = 900  # SQS
FIRST_GUESS = 0.2  # seconds for one message, until it has been measured
WEIGHT = 0.2  # of the newest measurement

Record = Mapping[str, Any]


class Later(Protocol):
    def send_many(self, queue: str, messages: list[dict[str, Any]], delays: list[int]) -> set[int]:
        """Places of those that did not go."""


class Yielding:
    """One in an environment, for one queue. `now` is Unix time."""

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._worked: dict[str, deque[float]] = {}
        self._line: dict[str, float] = {}  # organization -> when this worker would be through with what it put back
        self._mean = FIRST_GUESS

    def makes_room(self, record: Record, now: float) -> bool:
        message = _message(record)
        organization = message.get("organization_id")
        if not isinstance(organization, str) or "slot" in message or now - _due(record, message) <= LATE:
            return False
        recent = self._worked.get(organization, deque())
        while recent and recent[0] < now - RECENTLY:
            recent.popleft()
        return len(recent) >= PLENTY

    def worked(self, record: Record, began: float, ended: float) -> None:
        organization = _message(record).get("organization_id")
        if isinstance(organization, str):
            self._worked.setdefault(organization, deque(maxlen=PLENTY)).append(ended)
            self._mean += WEIGHT * (max(ended - began, 0.01) - self._mean)

    def put_back(self, records: list[Record], now: float, queues: Later) -> list[Record]:
        """Those that could not be put back: they come again by themselves, as after any failure."""
        messages, delays = [], []
        for record in records:
            message = dict(_message(record))
            due = max(self._line.get(message["organization_id"], 0.0), now + LATE) + self._mean
            due = min(due, now + LONGEST_DELAY)
            self._line[message["organization_id"]] = due
            messages.append(message | {"due": int(due)})
            delays.append(min(round(due - now), LONGEST_DELAY))
        failed = queues.send_many(self._queue, messages, delays) if messages else set()
        return [record for place, record in enumerate(records) if place in failed]


def work_in_turn(
    yielding: Yielding,
    records: Sequence[Record],
    attempt: Callable[[Record], bool],
    queues: Later,
    now: Callable[[], datetime],
) -> list[str]:
    """Works through a batch; the ids of the messages that failed."""
    failed, waiting = [], []
    for record in records:
        began = now().timestamp()
        if yielding.makes_room(record, began):
            waiting.append(record)
            continue
        if not attempt(record):
            failed.append(str(record["messageId"]))
        yielding.worked(record, began, now().timestamp())
    lost = yielding.put_back(waiting, now().timestamp(), queues)
    return failed + [str(record["messageId"]) for record in lost]


def _message(record: Record) -> dict[str, Any]:
    """What cannot be read is left to the work, which says so."""
    try:
        found = json.loads(record["body"])
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _due(record: Record, message: Mapping[str, Any]) -> float:
    """When it could first be worked at: sent, or later by a delay."""
    sent = float(record.get("attributes", {}).get("SentTimestamp", 0)) / 1000
    due = message.get("due")
    return max(sent, float(due)) if isinstance(due, int) else sent
