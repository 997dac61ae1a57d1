"""The twin and DynamoDB asked the same, side by side: who reads is given the table's answer; a difference fails."""

from typing import Any

import boto3

from moref.aws.dynamo import DynamoStore
from moref.aws.rows import bind
from moref.aws.values import encode
from moref.kernel.errors import Conflict
from moref.kernel.names import TABLES
from moref.records import E, Write
from tests.contract.conftest import _description
from tests.simulation.store import StrictStore


class BothStores(StrictStore):
    """Rows are kept in both; crash points, borders and invariants are the twin's."""

    def __init__(self, emulator: str, name: str) -> None:
        super().__init__()
        self._client = boto3.client("dynamodb", endpoint_url=emulator)
        self._names = {table: f"{name}-{table}" for table in TABLES}
        for table in self._names.values():
            self._client.create_table(**_description(table))
        self.table = DynamoStore(bind(self._names, host=emulator), pause=lambda _: None)

    def copy_of(self, other: StrictStore) -> None:
        super().copy_of(other)
        puts = [(table, {"PutRequest": {"Item": encode(row)["M"]}}) for (table, _, _), row in self.rows.items()]
        for table, name in self._names.items():
            mine = [put for where, put in puts if where == table]
            for start in range(0, len(mine), 25):
                self._client.batch_write_item(RequestItems={name: mine[start : start + 25]})

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        here, there = super().find(kind, organization_id, id), self.table.find(kind, organization_id, id)
        assert here == there, f"the stores differ: {here} {there}"
        return there

    def lookup(self, organization_id: str, kind: str, value: str) -> list[str]:
        here, there = super().lookup(organization_id, kind, value), self.table.lookup(organization_id, kind, value)
        assert here == there, f"the stores differ: {here} {there}"
        return there

    def list(self, kind: type[E], organization_id: str, **filters: Any) -> Any:
        here, there = super().list(kind, organization_id, **filters), self.table.list(kind, organization_id, **filters)
        assert [*here.items] == [*there.items], f"the stores differ: {here} {there}"
        return there

    def _commit(self, *writes: Write) -> None:
        """Both do it, or both refuse it as a conflict."""
        try:
            super()._commit(*writes)
        except Conflict:
            try:
                self.table.commit(*writes)
            except Conflict:
                raise
            raise AssertionError("DynamoDB takes what the twin refuses") from None
        self.table.commit(*writes)

    def drop(self) -> None:
        for table in self._names.values():
            self._client.delete_table(TableName=table)
        self._client.close()
