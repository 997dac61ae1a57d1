"""Rows that wait for delivery: the sparse `pending` index of core and traffic."""

from datetime import datetime
from typing import Any

from pynamodb.exceptions import AttributeDeserializationError, UpdateError

from moref.aws.clients import error_code
from moref.aws.plan import Tables
from moref.aws.rows import Row
from moref.kernel.clock import iso

# What PynamoDB and our attributes raise on a stored value in no shape of ours.
_UNREADABLE = (AttributeDeserializationError, TypeError, ValueError)
PARKED = "parked"  # a shard of its own: what nobody could route must not stand in front of the others
_FIELDS = ("pk", "sk", "noun", "created", "data", "pending", "pending_since")


class Outbox:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def waiting(self, table: str, shard: str, before: datetime, limit: int) -> list[dict[str, Any]]:
        """Rows of a shard that have been pending since before then, the oldest first; each read consistently."""
        model = self._tables[table]
        found = model.by_pending.query(shard, model.pending_since < iso(before), limit=limit, page_size=limit)
        rows = (self._read(model, each.pk, each.sk) for each in found)
        return [row for row in rows if row is not None]

    def clear(self, table: str, key: tuple[str, str]) -> None:
        """Delivered. A row that is gone by now is fine."""
        model = self._tables[table]
        self._update(model, key, [model.pending.remove(), model.pending_since.remove()])

    def park(self, table: str, key: tuple[str, str]) -> None:
        """Out of the way until code that knows the event is deployed; its time of waiting is kept."""
        model = self._tables[table]
        self._update(model, key, [model.pending.set(PARKED)])

    @staticmethod
    def _update(model: type[Row], key: tuple[str, str], actions: list[Any]) -> None:
        try:
            model(*key).update(actions, model.pending.exists())
        except _UNREADABLE:
            return  # it is done; what came back is a row in no shape of ours
        except UpdateError as error:
            if error_code(error.cause) != "ConditionalCheckFailedException":
                raise

    @staticmethod
    def _read(model: type[Row], pk: str, sk: str) -> dict[str, Any] | None:
        """None when it has been delivered or has expired since the index was written."""
        try:
            row = model.get(pk, sk, consistent_read=True, attributes_to_get=list(_FIELDS))
        except model.DoesNotExist:
            return None
        except _UNREADABLE:
            # Nothing of it can be relied on but its keys: one such row must not end the round of all others.
            row = model.get(pk, sk, consistent_read=True, attributes_to_get=["pk", "sk", "pending"])
        return {name: getattr(row, name) for name in _FIELDS} if row.pending else None
