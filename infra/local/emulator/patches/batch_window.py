"""A queue's mapping gathers messages for its batching window, into batches of up to its own size.

On AWS a mapping with a window waits until the batch is full or the window over; ministack hands out what is there, ten
at most, so that a burst costs many small batches. Only where it differs, and on purpose: a second without a new message
ends the window early, because the local clock waits for queues.
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import lambda_svc, sqs

PAUSE_SECONDS = 1.0
AT_ONCE = 10  # what one receive gives
Message = dict[str, Any]


def is_due(messages: list[Message], now: float, size: int, window: float) -> bool:
    """Whether those of the messages that are visible make a batch."""
    visible = (float(message.get("visible_at") or 0) for message in messages)
    waiting = [at for at in visible if at <= now]
    if not waiting:
        return False
    return len(waiting) >= size or now - min(waiting) >= window or now - max(waiting) >= PAUSE_SECONDS


def _window(queue: dict[str, Any]) -> float:
    arn = queue.get("attributes", {}).get("QueueArn")
    mappings = list(lambda_svc._esms._data.values())
    found = [mapping for mapping in mappings if mapping.get("EventSourceArn") == arn]
    return max((float(mapping.get("MaximumBatchingWindowInSeconds") or 0) for mapping in found), default=0.0)


def install() -> None:
    receive = sqs._receive_messages_for_esm

    def gather(queue_url: str, size: int) -> list[Message]:
        queue = sqs._queues.get(queue_url)
        window = _window(queue) if queue else 0.0
        if not window:
            return list(receive(queue_url, size))
        if not is_due(list(queue["messages"]), time.time(), size, window):
            return []
        batch: list[Message] = []
        while len(batch) < size and (more := receive(queue_url, min(AT_ONCE, size - len(batch)))):
            batch += more
        return batch

    sqs._receive_messages_for_esm = gather
