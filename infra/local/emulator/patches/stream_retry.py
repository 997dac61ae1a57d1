"""DynamoDB stream mappings retry, bisect, honour partial failures, and discard to the on-failure queue.

On AWS a failing batch is tried again MaximumRetryAttempts times, is halved when BisectBatchOnFunctionError
is set (halving uses up no attempt), restarts at the lowest reported `batchItemFailures` record, and at the
end is described to the on-failure destination while the shard goes on. ministack repeats a failing batch
for ever and takes a partial failure for a success. Without a limit (-1) AWS blocks the shard until the
records expire; that much ministack does itself, so such mappings are left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import lambda_svc

Record = dict[str, Any]
Result = dict[str, Any]


def records_left(batch: list[Record], result: Result, *, partial: bool) -> list[Record]:
    """The part of a batch that AWS would deliver again, given the function's result."""
    if result.get("error"):
        return batch
    body = result.get("body")
    if not partial or not isinstance(body, dict):
        return []
    failed = [failure.get("itemIdentifier") for failure in body.get("batchItemFailures") or []]
    if not failed:
        return []
    sequence_numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
    known = [sequence_numbers.index(identifier) for identifier in failed if identifier in sequence_numbers]
    # AWS takes an identifier it does not know for a failure of the whole batch.
    return batch[min(known) :] if len(known) == len(failed) else batch


def deliver(
    batch: list[Record],
    mapping: dict[str, Any],
    call: Callable[[list[Record]], Result],
    discard: Callable[[list[Record], Result], None],
) -> None:
    """Bring a batch through, or discard what cannot be: returns when the shard may go on."""
    limit = int(mapping["MaximumRetryAttempts"])
    bisect = bool(mapping.get("BisectBatchOnFunctionError"))
    partial = "ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or [])
    work = [(batch, 0)]
    while work:
        records, attempts = work.pop(0)
        result = call(records)
        left = records_left(records, result, partial=partial)
        if not left:
            continue
        if bisect and len(left) > 1:
            middle = len(left) // 2
            work[:0] = [(left[:middle], attempts), (left[middle:], attempts)]
        elif attempts < limit:
            work.insert(0, (left, attempts + 1))
        else:
            discard(left, result)


def _mapping_of(function: dict[str, Any], event: Any) -> dict[str, Any] | None:
    """The stream mapping with a retry limit that this invocation comes from, if it is one."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records or not isinstance(records[0], dict):
        return None
    if records[0].get("eventSource") != "aws:dynamodb":
        return None
    name = (function.get("config") or function).get("FunctionName")
    for mapping in list(lambda_svc._esms._data.values()):
        if mapping.get("EventSourceArn") == records[0].get("eventSourceARN") and mapping.get("FunctionName") == name:
            limit = mapping.get("MaximumRetryAttempts")
            return None if limit is None or int(limit) < 0 else mapping
    return None


def install() -> None:
    execute_once = lambda_svc._execute_function

    def execute(function: dict[str, Any], event: Any, *rest: Any, **options: Any) -> Result:
        mapping = _mapping_of(function, event)
        if mapping is None:
            return dict(execute_once(function, event, *rest, **options))
        last: Result = {}

        def call(records: list[Record]) -> Result:
            nonlocal last
            last = dict(execute_once(function, {"Records": records}, *rest, **options))
            return last

        def discard(records: list[Record], result: Result) -> None:
            lambda_svc._send_ddb_stream_failure_record(
                mapping, function, records, mapping["EventSourceArn"], result, "RetryAttemptsExhausted"
            )

        deliver(event["Records"], mapping, call, discard)
        return {**last, "error": False}

    lambda_svc._execute_function = execute
