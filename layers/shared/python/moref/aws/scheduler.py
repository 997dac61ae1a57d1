"""One-time schedules: EventBridge Scheduler sends a message to a queue at an instant we resolved ourselves."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from moref.aws.clients import client, error_code
from moref.kernel import ids, names
from moref.ports import Clock, Queues

SOON_SECONDS = 60  # what EventBridge Scheduler may be late by: a queue's delay is sharper
RETRY_SECONDS = 3600  # a step later than this is stale; the hourly sweep finds it
_NAME = re.compile(r"[0-9A-Za-z_.-]{1,64}")


class EventBridgeScheduler:
    """`group` and `role_arn` outlast deploys (data stack), and so do the schedules."""

    def __init__(
        self, *, stage: str, group: str, role_arn: str, queue_arn_prefix: str, clock: Clock, queues: Queues
    ) -> None:
        self._stage = stage
        self._group = group
        self._role = role_arn
        self._queue_arn_prefix = queue_arn_prefix
        self._clock = clock
        self._queues = queues

    def at(self, name: str, due: datetime, queue: str, message: Mapping[str, Any]) -> None:
        wait = (due - self._clock.now()).total_seconds()
        if wait <= SOON_SECONDS:
            self._queues.send(queue, message, delay_seconds=max(0, ceil(wait)))
            return
        from botocore.exceptions import ClientError

        try:
            client("scheduler").create_schedule(
                Name=schedule_name(name),
                GroupName=self._group,
                ScheduleExpression=expression(due),
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target=self._target(queue, message),
            )
        except ClientError as error:
            # Also what the SDK's own repeat gets when the first answer was lost.
            if error_code(error) != "ConflictException":
                raise

    def cancel(self, name: str) -> None:
        from botocore.exceptions import ClientError

        try:
            client("scheduler").delete_schedule(Name=schedule_name(name), GroupName=self._group)
        except ClientError as error:
            if error_code(error) != "ResourceNotFoundException":
                raise

    def _target(self, queue: str, message: Mapping[str, Any]) -> dict[str, Any]:
        arn = self._queue_arn_prefix + names.resource(self._stage, queue)
        return {
            "Arn": arn,
            "RoleArn": self._role,
            "Input": json.dumps(dict(message), separators=(",", ":")),
            "DeadLetterConfig": {"Arn": f"{arn}-dlq"},
            "RetryPolicy": {"MaximumEventAgeInSeconds": RETRY_SECONDS, "MaximumRetryAttempts": 100},
        }


def expression(due: datetime) -> str:
    """`at(...)` takes whole seconds of UTC; a fraction is rounded up, so that nothing fires early."""
    instant = due.astimezone(UTC)
    if instant.microsecond:
        instant = instant.replace(microsecond=0) + timedelta(seconds=1)
    return f"at({instant:%Y-%m-%dT%H:%M:%S})"


def schedule_name(name: str) -> str:
    """A name AWS takes (64 of its characters); another one is replaced by its hash, always the same."""
    return name if _NAME.fullmatch(name) else ids.derived("schedule", name)
