"""What still runs inside the emulator, and when something is due next.

The clock may only move when nothing runs: a stream record older than 24 hours is trimmed, a message in flight
becomes visible again, and a story told out of order proves nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from ministack.services import dynamodb, lambda_svc, scheduler, sqs

from infra.local.emulator.patches.activity import invocations

Mapping = dict[str, Any]


def _mappings(service: str) -> Iterator[tuple[str, str, Mapping]]:
    """(account, region, mapping) of every enabled event source mapping whose function exists."""
    for account, region, mapping in lambda_svc._iter_all_esms():
        source = str(mapping.get("EventSourceArn", ""))
        if mapping.get("Enabled", True) and f":{service}:" in source:
            yield account, region, mapping


def _consumed_queues() -> Iterator[dict[str, Any]]:
    sources = {mapping["EventSourceArn"] for _, _, mapping in _mappings("sqs")}
    for queue in list(sqs._queues._data.values()):
        if queue.get("attributes", {}).get("QueueArn") in sources:
            yield queue


def _visible_times(queue: dict[str, Any]) -> list[float]:
    return [float(message.get("visible_at") or 0) for message in list(queue["messages"])]


def _unread(account: str, region: str, mapping: Mapping) -> int:
    """Records of the mapping's stream that it has not brought through yet."""
    table = mapping["EventSourceArn"].split("/stream/")[0].rsplit("/", 1)[-1]
    if dynamodb._tables.get_scoped(account, region, table) is None:
        return 0
    end = dynamodb.stream_end_position(table, account_id=account, region=region)
    position = lambda_svc._dynamodb_stream_positions.get_scoped(account, region, mapping["UUID"], end)
    return max(0, int(end) - int(position))


def busy() -> list[str]:
    """One line per thing that is not finished; empty when the emulator is at rest."""
    now = time.time()
    lines = []
    if invocations.running:
        lines.append(f"{invocations.running} invocations running")
    if lambda_svc._esm_inflight:
        lines.append(f"{sum(lambda_svc._esm_inflight.values())} queue batches in flight")
    for queue in _consumed_queues():
        visible = sum(1 for at in _visible_times(queue) if at <= now)
        if visible:
            lines.append(f"{visible} messages in {queue['attributes']['QueueArn'].rsplit(':', 1)[-1]}")
    for account, region, mapping in _mappings("dynamodb"):
        unread = _unread(account, region, mapping)
        if unread:
            lines.append(f"{unread} stream records unread by {mapping['FunctionName']}")
    return lines


def next_due() -> float | None:
    """Epoch seconds of the next one-time schedule or delayed message after now; None when there is none.

    Recurring rules are left out on purpose: they fire once at the end of a step, as after an outage.
    """
    now = time.time()
    due = [at for queue in _consumed_queues() for at in _visible_times(queue)]
    for schedule in list(scheduler._schedules._data.values()):
        at = scheduler._at_time_epoch(schedule.get("ScheduleExpression", ""))
        if at is not None and schedule.get("State") == "ENABLED":
            due.append(float(at))
    return min((at for at in due if at > now), default=None)
