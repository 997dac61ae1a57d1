"""What every function behind a queue or a clock does around its use-cases."""

import json
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from moref.aws.compose import runtime
from moref.aws.log import failure, logger
from moref.aws.queues import SqsQueues
from moref.aws.yielding import Yielding, work_in_turn
from moref.events import SCHEMA
from moref.isolation import bound
from moref.kernel.env import Worker
from moref.kernel.errors import Malformed
from moref.runtime import Runtime

Event = dict[str, Any]
Handler = Callable[[Event, object], Any]
Work = Callable[[Runtime, dict[str, Any]], None]


def worker(contract: type[Worker], work: Work, *, yielding: Yielding | None = None) -> Handler:
    """A handler of SQS batches with partial failures: a message that raises comes again, up to the queue's limit.

    `work` dispatches one message (an event envelope or a command) to its use-case, and is harmless when repeated.
    `yielding`: one organization's many make room for the others when the queue is behind.
    """

    def handler(event: Event, context: object) -> dict[str, list[dict[str, str]]]:
        composed = runtime(contract)
        one = partial(attempt, composed, work)
        if yielding is not None and isinstance(composed.queues, SqsQueues):
            failed = work_in_turn(yielding, event["Records"], one, composed.queues, composed.clock.now)
        else:
            failed = [record["messageId"] for record in event["Records"] if not one(record)]
        return {"batchItemFailures": [{"itemIdentifier": id} for id in failed]}

    return handler


def attempt(composed: Runtime, work: Work, record: Mapping[str, Any]) -> bool:
    """One message; False when it failed. One log line either way, with ids only."""
    begun = time.perf_counter()
    said: dict[str, Any] = {"message_id": record["messageId"]}
    try:
        message = read(record["body"])
        said["about"] = about(message)  # nested: an event's `name` would clash with the log record's
        work(bound(composed, message["organization_id"]) if "organization_id" in message else composed, message)
    except Exception as error:  # noqa: BLE001  one message must not take the batch's others down with it
        logger().error("failed", extra=said | failure(error))
        composed.metrics.count("message_work_failed")
        return False
    logger().info("done", extra=said | {"ms": round((time.perf_counter() - begun) * 1000)})
    return True


def read(body: str) -> dict[str, Any]:
    """A queue's message. Raises Malformed; a schema newer than this code is left to the dead-letter queue."""
    try:
        message = json.loads(body)
    except ValueError:
        raise Malformed("the message is not JSON") from None
    if not isinstance(message, dict) or not ({"name", "command"} & set(message)):
        raise Malformed("neither an event nor a command")
    if message.get("schema", SCHEMA) != SCHEMA:
        raise Malformed(f"schema {message['schema']} is newer than this code")
    return message


def about(message: dict[str, Any]) -> dict[str, Any]:
    """What a log line may say of a message: it holds ids and enums only, and of these the short ones."""
    return {name: value for name, value in message.items() if name not in ("data", "schema") and _short(value)}


def _short(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, str) and len(value) <= 80)


def run_rule(contract: type[Worker], round_of: Callable[[Runtime], Any]) -> Handler:
    """A handler called by a clock. What it raises fails the invocation; the next round comes soon."""

    def handler(event: Event, context: object) -> None:
        del event, context
        begun = time.perf_counter()
        result = round_of(runtime(contract))
        logger().info("round", extra={"result": result, "ms": round((time.perf_counter() - begun) * 1000)})

    return handler
