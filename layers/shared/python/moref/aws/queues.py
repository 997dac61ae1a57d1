"""Sending to the work queues. The organization is the message group, so SQS serves tenants in turn: one tenant's large
import does not hold up another's first message."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from moref.aws.clients import client
from moref.kernel import names

BATCH = 10  # what SendMessageBatch takes


class SqsQueues:
    """`prefix` is what stands before `moref-<stage>-<queue>` in a queue's URL."""

    def __init__(self, stage: str, prefix: str) -> None:
        self._stage = stage
        self._prefix = prefix

    def send(self, queue: str, message: Mapping[str, Any], *, delay_seconds: int = 0) -> None:
        client("sqs").send_message(
            QueueUrl=self.url(queue), DelaySeconds=delay_seconds, MessageBody=_body(message), **_group(message)
        )

    def send_many(
        self, queue: str, messages: Sequence[Mapping[str, Any]], delays: Sequence[int] | None = None
    ) -> set[int]:
        """Sends all it can; returns the places of those that did not go. Raises when SQS does not answer at all.

        `delays`: seconds for each, at most 900.
        """
        failed: set[int] = set()
        for start in range(0, len(messages), BATCH):
            entries = [
                {
                    "Id": str(start + place),
                    "MessageBody": _body(message),
                    **({"DelaySeconds": delays[start + place]} if delays else {}),
                    **_group(message),
                }
                for place, message in enumerate(messages[start : start + BATCH])
            ]
            answer = client("sqs").send_message_batch(QueueUrl=self.url(queue), Entries=entries)
            failed |= {int(entry["Id"]) for entry in answer.get("Failed", [])}
        return failed

    def url(self, queue: str) -> str:
        """Raises ValueError on a queue that does not exist."""
        if queue not in names.QUEUES:
            raise ValueError(f"no queue {queue!r}")
        return self._prefix + names.resource(self._stage, queue)


def _body(message: Mapping[str, Any]) -> str:
    return json.dumps(dict(message), separators=(",", ":"))


def _group(message: Mapping[str, Any]) -> dict[str, str]:
    organization = str(message.get("organization_id") or "")
    return {"MessageGroupId": organization} if organization else {}
