"""A standard queue whose messages carry a group serves the groups in turn, as SQS's fair queues do.

On AWS the messages of a group that holds a large part of what is in flight stand back for those of quieter groups, so
that one tenant's backlog does not delay another's first message; ministack hands everything out in order of arrival.
Here the group with the fewest messages in flight is served next, and within a group the order stays.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import Any

from ministack.services import sqs

Message = dict[str, Any]


def in_turn(messages: list[Message], now: float, most: int) -> list[Message]:
    """Up to `most` of the visible messages, each from the group with the fewest in flight, the oldest first."""
    waiting: dict[Any, deque[Message]] = {}
    in_flight: Counter[Any] = Counter()
    for place, message in enumerate(messages):
        group = message.get("group_id") or ("alone", place)  # who names no group stands in nobody's way
        if message["visible_at"] <= now:
            waiting.setdefault(group, deque()).append(message)
        elif message["receive_count"]:
            in_flight[group] += 1
    taken: list[Message] = []
    while waiting and len(taken) < most:
        group = min(waiting, key=lambda one: in_flight[one])
        taken.append(waiting[group].popleft())
        in_flight[group] += 1
        if not waiting[group]:
            del waiting[group]
    return taken


def install() -> None:
    collect = sqs._collect_msgs

    def fairly(queue: dict[str, Any], most: int, visibility: int) -> list[Message]:
        if queue["is_fifo"] or not any(message.get("group_id") for message in queue["messages"]):
            return list(collect(queue, most, visibility))
        for message in queue["messages"]:
            sqs._ensure_msg_fields(message)
        chosen = in_turn(queue["messages"], time.time(), most)
        return list(collect({"is_fifo": False, "messages": chosen}, most, visibility))

    sqs._collect_msgs = fairly
