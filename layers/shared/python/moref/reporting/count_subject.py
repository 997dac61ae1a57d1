"""Brings the counters up to what is true of one subject now: its Share, and the difference to what it added before."""

from datetime import datetime

from moref.kernel.errors import Conflict
from moref.records import Change, Create, Write
from moref.reporting.adds import Rows
from moref.reporting.counters import ROWS, Counters, ReportMonth, Share, Standing
from moref.reporting.subjects import SUBJECTS
from moref.runtime import Runtime

TRIES = 8  # rows of a day are shared by all that happens on it


def count_subject(runtime: Runtime, organization_id: str, noun: str, id: str) -> None:
    """`noun` is one of SUBJECTS. Repeating it changes nothing; a subject that is gone keeps what it added.

    Raises Conflict after lost races.
    """
    for _ in range(TRIES):
        # The Share first: an older look at the subject would otherwise take back what a newer one counted.
        before = runtime.store.find(Share, organization_id, f"{noun}.{id}")
        adds = SUBJECTS[noun](runtime.store, organization_id, id)
        if adds is None or adds == (before.adds if before else {}):
            return
        now = runtime.clock.now()
        row = before or Share(organization_id=organization_id, id=f"{noun}.{id}", created_at=now, updated_at=now)
        after = row.changed(now, adds=adds)
        try:
            runtime.store.commit(
                Change(before, after) if before else Create(after),
                *_moved(runtime, organization_id, differences(row.adds, adds), now),
            )
        except Conflict:
            continue
        return
    raise Conflict("the counters are being changed by others")


def differences(before: Rows, after: Rows) -> Rows:
    """What to add to each row; nothing that stays as it is."""
    found: Rows = {}
    for row in {**before, **after}:
        old, new = before.get(row, {}), after.get(row, {})
        changed = {counter: new.get(counter, 0) - old.get(counter, 0) for counter in {**old, **new}}
        changed = {counter: number for counter, number in changed.items() if number}
        if changed:
            found[row] = changed
    return found


def _moved(runtime: Runtime, org: str, moves: Rows, now: datetime) -> list[Write]:
    """Standings first: by them it is counted how many advocates are active in a month."""
    writes: list[Write] = []
    standings = {key: by for key, by in moves.items() if key.startswith(Standing.noun)}
    rest = {key: {**by} for key, by in moves.items() if key not in standings}
    for key, by in standings.items():
        before, after = _row(runtime, org, key, by, now)
        writes.append(_write(before, after))
        flip = _flip(before, after)
        if flip and isinstance(after, Standing):
            month, counter = f"{ReportMonth.noun}/{after.place}.{after.period}", f"active.{after.kind}"
            counts = rest.setdefault(month, {})
            counts[counter] = counts.get(counter, 0) + flip
    return [*writes, *(_write(*_row(runtime, org, key, by, now)) for key, by in rest.items())]


def _write(before: Counters | None, after: Counters) -> Write:
    return Create(after) if before is None else Change(before, after)


def _row(runtime: Runtime, org: str, key: str, by: dict[str, int], now: datetime) -> tuple[Counters | None, Counters]:
    """As it is, and as it is to be."""
    noun, _, id = key.partition("/")
    before = runtime.store.find(ROWS[noun], org, id)
    row = before or ROWS[noun].opened(org, id, now)
    counts = {counter: row.counts.get(counter, 0) + by.get(counter, 0) for counter in {**row.counts, **by}}
    return before, row.changed(now, counts={counter: number for counter, number in counts.items() if number})


def _flip(before: Counters | None, after: Counters) -> int:
    """1: the advocate is active in that month from now on; -1: no longer. Years are not counted."""
    if not isinstance(after, Standing) or len(after.period) != len("2026-11"):
        return 0
    return after.active - (isinstance(before, Standing) and before.active)
