"""The one PynamoDB base: a row of any table. Which noun it is, and what `data` means, the entities know.

PynamoDB waits 15 s to connect and 30 s to read by default, longer than a function lives; the base waits 2 s and 4 s and
makes three attempts in all.
"""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import UnicodeAttribute
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from moref.aws.values import Integer, JsonMap
from moref.kernel.names import INDEXES

CONNECT_SECONDS = 2
READ_SECONDS = 4
ATTEMPTS = 3


def _index(name: str) -> Any:
    """An index as kernel.names describes it; only `pending` has keys alone."""
    partition, sort = INDEXES[name]
    projection = KeysOnlyProjection() if name == "pending" else AllProjection()
    fields = {
        "Meta": type("Meta", (), {"index_name": name, "projection": projection}),
        partition: UnicodeAttribute(hash_key=True),
        sort: UnicodeAttribute(range_key=True),
    }
    return type(name, (GlobalSecondaryIndex,), fields)()


class Row(Model):
    """Attribute names are those of kernel.keys and kernel.names; `bind` gives the table."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    noun = UnicodeAttribute(null=True)
    version = Integer(null=True)
    op = UnicodeAttribute(null=True)  # the operation that wrote the row last
    data = JsonMap(null=True)
    noun_key = UnicodeAttribute(null=True)
    created = UnicodeAttribute(null=True)
    updated = UnicodeAttribute(null=True)
    status_key = UnicodeAttribute(null=True)
    location_key = UnicodeAttribute(null=True)
    parent_key = UnicodeAttribute(null=True)
    waiting_key = UnicodeAttribute(null=True)
    waiting_place_key = UnicodeAttribute(null=True)
    waiting_since = UnicodeAttribute(null=True)
    pending = UnicodeAttribute(null=True)
    pending_since = UnicodeAttribute(null=True)
    expires_at = Integer(null=True)

    by_noun = _index("by_noun")
    by_status = _index("by_status")
    by_location = _index("by_location")
    by_parent = _index("by_parent")
    by_waiting = _index("by_waiting")
    by_waiting_place = _index("by_waiting_place")
    by_pending = _index("pending")


def bind(tables: Mapping[str, str], *, host: str | None = None, attempts: int = ATTEMPTS) -> dict[str, type[Row]]:
    """The rows of each table: names.TABLES -> its name in this stage.

    All share one connection: a client of its own for each table would cost a cold start a tenth of a second each.
    `host` only where a test puts something in between; otherwise the SDK decides.
    """
    models = {table: _model(name, host, attempts) for table, name in tables.items()}
    first, *others = (model._get_connection() for model in models.values())
    for other in others:
        first.connection.add_meta_table(other.get_meta_table())
        other.connection = first.connection
    return models


def _model(table_name: str, host: str | None, attempts: int) -> type[Row]:
    meta = {
        "table_name": table_name,
        "host": host,
        "connect_timeout_seconds": CONNECT_SECONDS,
        "read_timeout_seconds": READ_SECONDS,
        "max_retry_attempts": attempts - 1,  # PynamoDB counts the repeats
    }
    return type(f"Row_{table_name}", (Row,), {"Meta": type("Meta", (), meta)})
