"""`records.Store` on DynamoDB. One contract suite (tests/contract) holds it and its in-memory twin alike."""

import random
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from pynamodb.exceptions import PynamoDBException, TransactWriteError

from moref.aws.clients import error_code
from moref.aws.plan import Plan, Tables
from moref.aws.values import encode
from moref.kernel import keys
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput, Conflict, Retry
from moref.kernel.names import CORE, INDEXES
from moref.records import E, Page, Write

TRIES = 5
FIRST_PAUSE = 0.05  # seconds; doubled for each further try, with full jitter

_CONDITION = {"ConditionalCheckFailed", "ConditionalCheckFailedException"}
# Nothing was written; somebody was at the same row in this instant, or the table is being asked too much.
_BUSY = {
    "TransactionConflict", "TransactionConflictException", "TransactionInProgressException",
    "ThrottlingError", "ThrottlingException", "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException", "RequestLimitExceeded",
}  # fmt: skip
_NO_ANSWER = {"", "InternalServerError", "InternalFailure", "ServiceUnavailable", "500", "502", "503", "504"}


class DynamoStore:
    """`tables` maps names.TABLES to bound rows; `pause` is how it waits between tries."""

    def __init__(self, tables: Tables, *, pause: Callable[[float], None] = time.sleep) -> None:
        self.tables = tables
        self._pause = pause

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        model = self.tables[kind.table]
        try:
            row = model.get(*keys.row_key(organization_id, kind.noun, id), consistent_read=True)
        except model.DoesNotExist:
            return None
        return kind.from_row({"pk": row.pk, "version": row.version, "data": row.data})

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        partition = keys.lookup_key(organization_id, kind, value)[0]
        found = self.tables[CORE].query(partition, consistent_read=True, attributes_to_get=["pk", "sk"])
        return [row.sk for row in found]  # a partition is in the order of its sort key

    def list(
        self,
        kind: type[E],
        organization_id: str,
        *,
        status: str | None = None,
        location_id: str | None = None,
        parent: str | None = None,
        waiting: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = True,
        limit: int = 50,
        after: dict[str, Any] | None = None,
    ) -> Page:
        index, partition = keys.index_for(organization_id, kind.noun, status, location_id, parent, waiting=waiting)
        attribute, sort = INDEXES[index]
        model = self.tables[kind.table]
        low, high = iso(since) if since else "0", iso(until) if until else "~"
        # One more than asked, so that the last page says that it is the last.
        found = list(
            getattr(model, index).query(
                partition,
                getattr(model, sort).between(low, high),
                scan_index_forward=not newest_first,
                limit=limit + 1,
                page_size=limit + 1,
                last_evaluated_key=None if after is None else start_key(after, attribute, partition, sort),
            )
        )
        items = [kind.from_row({"pk": row.pk, "version": row.version, "data": row.data}) for row in found[:limit]]
        if len(found) <= limit:
            return Page(items, None)
        last = found[limit - 1]
        return Page(items, {name: getattr(last, name) for name in ("pk", "sk", attribute, sort)})

    def commit(self, *writes: Write) -> None:
        plan = Plan(self.tables, writes)
        for attempt in range(TRIES):
            if self._tried(plan):
                return
            self._pause(random.uniform(0, FIRST_PAUSE * 2**attempt))  # noqa: S311  jitter is no secret
        raise Retry("the table is busy", seconds=5)

    @staticmethod
    def _tried(plan: Plan) -> bool:
        """False when it is worth another try. Raises Conflict; Retry when nobody knows; else PynamoDB's error."""
        try:
            plan.run()
        except PynamoDBException as error:
            codes = _codes(error)
            busy = bool(codes & _BUSY) and not codes & _CONDITION
            if busy:
                return False  # a repeat under the same operation id meets its own first try
            if not codes & (_CONDITION | _NO_ANSWER):
                raise
            if _happened(plan, error):
                return True
            if codes & _CONDITION:
                raise Conflict(f"{_culprit(plan, error)} is not as it was read") from error
            raise Retry("the table did not answer", seconds=5) from error
        return True


def start_key(after: dict[str, Any], attribute: str, partition: str, sort: str) -> dict[str, Any]:
    """Where a page goes on. Raises BadInput on a position that is not one of this very list."""
    names = {"pk", "sk", attribute, sort}
    fits = set(after) == names and all(isinstance(value, str) for value in after.values())
    if not fits or after[attribute] != partition:
        raise BadInput("this cursor belongs to another list", field="cursor")
    return {name: encode(after[name]) for name in names}


def _codes(error: PynamoDBException) -> set[str]:
    """Why: the reasons of a cancelled transaction, else the answer's code; "" stands for no answer at all.

    PynamoDB's own `cause_response_code` falls over an answer that never came.
    """
    if isinstance(error, TransactWriteError):
        reasons = {reason.code for reason in error.cancellation_reasons if reason is not None}
        if reasons:
            return reasons
    return {error_code(error.cause)}


def _happened(plan: Plan, error: PynamoDBException) -> bool:
    try:
        return plan.happened()
    except PynamoDBException:
        raise Retry("the table did not answer", seconds=5) from error


def _culprit(plan: Plan, error: PynamoDBException) -> str:
    reasons = error.cancellation_reasons if isinstance(error, TransactWriteError) else []
    for operation, reason in zip(plan.operations, reasons, strict=False):
        if reason is not None and reason.code in _CONDITION:
            return operation.label
    return plan.operations[0].label
