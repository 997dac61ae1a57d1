"""One commit as PynamoDB operations: what is written to which row, under which condition, by which operation.

Rows carry `op`, the id of the commit that wrote them last. After a failure the store reads one of them back: a lost
acknowledgement followed by the SDK's own repeat looks exactly like somebody else's conflict, and only `op` tells.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.operand import Path
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from moref.aws.rows import Row
from moref.aws.values import encode
from moref.events import envelope
from moref.kernel import ids, keys
from moref.kernel.clock import iso
from moref.kernel.names import CORE
from moref.records import Change, Create, Emit, Point, Require, Unpoint, Write
from moref.writes import checked

Tables = Mapping[str, type[Row]]
EVENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of a commit: `put` it, or `update` it, or `remove` it, or (none of these) only check it.

    The row read back after a failure is the one with the highest `witness`: the one others rewrite least. 0: none.
    """

    label: str
    model: type[Row]
    key: tuple[str, str]
    condition: Condition | None
    put: Row | None = None
    update: tuple[Action, ...] = ()
    remove: bool = False
    witness: int = 0

    @property
    def place(self) -> int:
        """Checks, removals, puts, updates."""
        return 3 if self.update else 2 if self.put is not None else int(self.remove)

    def alone(self) -> None:
        """Without a transaction; it costs twice as much."""
        if self.put is not None:
            self.put.save(self.condition)
        elif self.remove:
            self.model(*self.key).delete()
        else:
            self.model(*self.key).update(list(self.update), self.condition)

    def within(self, transaction: TransactWrite) -> None:
        if self.put is not None:
            transaction.save(self.put, self.condition)
        elif self.remove:
            transaction.delete(self.model(*self.key))
        elif self.update:
            transaction.update(self.model(*self.key), list(self.update), self.condition)
        else:
            transaction.condition_check(self.model, *self.key, condition=self.condition)


class Plan:
    """A commit, ready to be tried several times under one operation id. Raises ValueError, see `writes.checked`."""

    def __init__(self, tables: Tables, writes: Sequence[Write]) -> None:
        self.id = ids.new("op")
        operations = [_operation(tables, write, self.id) for write in checked(writes)]
        # The order in which DynamoDB reports cancellation reasons for what PynamoDB sends.
        self.operations = sorted(operations, key=lambda each: each.place)
        self._connection = tables[CORE]._get_connection().connection  # one client for every table

    def run(self) -> None:
        """Raises PynamoDB's errors."""
        if not self.operations:
            return
        if len(self.operations) == 1 and self.operations[0].place:
            self.operations[0].alone()
            return
        # The token makes the SDK's and our own repeats count once.
        with TransactWrite(connection=self._connection, client_request_token=self.id) as transaction:
            for operation in self.operations:
                operation.within(transaction)

    def happened(self) -> bool:
        """Whether this operation is what stands in the table."""
        operation = max(self.operations, key=lambda each: each.witness)
        if not operation.witness:
            return False
        try:
            row = operation.model.get(*operation.key, consistent_read=True, attributes_to_get=["pk", "sk", "op"])
        except operation.model.DoesNotExist:
            return False
        return bool(row.op == self.id)


def _operation(tables: Tables, write: Write, op: str) -> Operation:
    if isinstance(write, Create):
        return _create(tables, write, op)
    if isinstance(write, Change):
        return _change(tables, write, op)
    if isinstance(write, Require):
        entity = write.entity
        model = tables[entity.table]
        return Operation(f"{entity.noun} {entity.id}", model, entity.key(), model.version == entity.version)
    if isinstance(write, Point):
        model = tables[CORE]
        key = keys.lookup_key(write.organization_id, write.kind, write.value, write.target)
        return Operation(f"look-up {write.kind}", model, key, None, model(*key, noun="lookup", version=1, op=op))
    if isinstance(write, Unpoint):
        key = keys.lookup_key(write.organization_id, write.kind, write.value, write.target)
        return Operation(f"look-up {write.kind}", tables[CORE], key, None, remove=True)
    return _emit(tables, write, op)


def _create(tables: Tables, write: Create, op: str) -> Operation:
    entity, model = write.entity, tables[write.entity.table]
    row = model(*entity.key(), noun=entity.noun, version=1, op=op, data=entity.data())
    for name, value in entity.index_keys().items():
        setattr(row, name, value)
    if write.expires_at is not None:
        row.expires_at = _epoch(write.expires_at)
    return Operation(f"{entity.noun} {entity.id}", model, entity.key(), model.pk.does_not_exist(), row, witness=2)


def _change(tables: Tables, write: Change, op: str) -> Operation:
    """Touches what differs and nothing else: an attribute that newer code wrote survives older code."""
    before, after, model = write.before, write.after, tables[write.after.table]
    old, old_keys, new_keys = before.data(), before.index_keys(), after.index_keys()
    actions: list[Action] = [model.version.set(before.version + 1), model.op.set(op)]
    changed = {name: value for name, value in after.data().items() if name not in old or old[name] != value}
    actions += [Path(["data", name]).set(encode(value)) for name, value in changed.items()]
    actions += [Path([name]).set(encode(value)) for name, value in new_keys.items() if old_keys.get(name) != value]
    actions += [Path([name]).remove() for name in old_keys if name not in new_keys]
    if write.expires_at is not None:
        actions.append(model.expires_at.set(_epoch(write.expires_at)))
    condition = model.version == before.version
    return Operation(f"{after.noun} {after.id}", model, after.key(), condition, update=tuple(actions), witness=1)


def _emit(tables: Tables, write: Emit, op: str) -> Operation:
    """The outbox row. The router clears `pending` after the send; the row itself is kept 30 days for replays."""
    model, id = tables[CORE], ids.new("evt")
    key = keys.row_key(write.event.organization_id, "event", id)
    row = model(
        *key,
        noun="event",
        version=1,
        op=op,
        data=envelope(write.event, id, iso(write.at)),
        pending=keys.pending_shard(id),
        pending_since=iso(write.at),
        expires_at=_epoch(write.at + timedelta(days=EVENT_DAYS)),
    )
    return Operation(f"event {write.event.name}", model, key, model.pk.does_not_exist(), row, witness=3)


def _epoch(instant: datetime) -> int:
    return int(instant.timestamp())
