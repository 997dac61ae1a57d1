"""What every store checks before it commits: the limits of a DynamoDB transaction, the same in the in-memory twin."""

from collections.abc import Sequence

from moref.kernel import keys, names
from moref.records import Change, Create, Point, Require, Unpoint, Write

MOST_ROWS = 100


def checked(writes: Sequence[Write]) -> list[Write]:
    """The writes of one commit, without repeats that say nothing new. Raises ValueError on

    - more than 100 rows,
    - two writes of one row (a transaction cannot hold them), except that the same Point, Unpoint or Require may be
      repeated, and a Require of a row that is changed at the same version is implied by the Change,
    - a Change that would move a row to another key.
    """
    rows: dict[tuple[str, str, str], Write] = {}
    found: list[Write] = []
    for write in writes:
        key = _key(write)
        if key is None:
            found.append(write)
            continue
        first = rows.get(key)
        rows[key] = write if first is None else _one_of(first, write)
    found = [*rows.values(), *found]
    if len(found) > MOST_ROWS:
        raise ValueError(f"a commit writes at most {MOST_ROWS} rows, not {len(found)}")
    return found


def _key(write: Write) -> tuple[str, str, str] | None:
    if isinstance(write, Point | Unpoint):
        return names.CORE, *keys.lookup_key(write.organization_id, write.kind, write.value, write.target)
    if isinstance(write, Change):
        if write.before.key() != write.after.key():
            raise ValueError("a change keeps the row's key")
        return write.after.table, *write.after.key()
    if isinstance(write, Create | Require):
        return write.entity.table, *write.entity.key()
    return None  # an event has an id of its own


def _one_of(first: Write, second: Write) -> Write:
    if first == second and isinstance(first, Point | Unpoint | Require):
        return first
    for change, require in ((first, second), (second, first)):
        if (
            isinstance(change, Change)
            and isinstance(require, Require)
            and change.before.version == require.entity.version
        ):
            return change
    raise ValueError("two writes of one row in one commit")
