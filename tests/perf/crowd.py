"""What the measured processes share: a clock that stands still, many rows like one, and what was asked of AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.httpsession import URLLib3Session

from moref.aws.clients import client
from moref.kernel.names import CORE, LEDGER
from moref.records import Entity
from moref.runtime import Runtime

BATCH = 25  # the most that DynamoDB takes


@dataclass
class Still:
    at: datetime

    def now(self) -> datetime:
        return self.at


def crowd(runtime: Runtime, like: Entity, count: int, over: Mapping[str, Any] | None = None) -> None:
    """Rows like this one under other ids: in each of its indexes they stand where it does, but for what is `over`."""
    dynamo = client("dynamodb")
    table = {CORE: runtime.settings.core_table, LEDGER: runtime.settings.ledger_table}[like.table]
    pk, sk = like.key()
    row = dynamo.get_item(TableName=table, Key={"pk": {"S": pk}, "sk": {"S": sk}})["Item"] | (over or {})
    for start in range(0, count, BATCH):
        puts = [
            {"PutRequest": {"Item": row | {"pk": {"S": f"{pk}{place}"}}}}
            for place in range(start, min(start + BATCH, count))
        ]
        left = dynamo.batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
        if left:
            raise RuntimeError(f"the crowd is not whole: {len(left[table])} rows were refused")


def asking() -> dict[str, int]:
    """Counts calls of AWS, and bytes of their answers, from now on."""
    asked = {"calls": 0, "bytes": 0}
    whole = URLLib3Session.send

    def counted(session: URLLib3Session, request: Any) -> Any:
        answer = whole(session, request)
        asked["calls"] += 1
        asked["bytes"] += len(answer.content)
        return answer

    URLLib3Session.send = counted
    return asked
