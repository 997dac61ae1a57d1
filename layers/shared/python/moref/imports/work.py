"""On import.asked, import.started and the command import.next: goes on with an import, for some seconds, step by step.

Each step is committed with its counts; what was in work when the machine died is done again, and meets itself. Two
workers on one import: the slower one finds the row moved on, and leaves it to the other.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any, get_args

from moref.csv_table import Cells
from moref.imports import rejected, split
from moref.imports.model import BLOCK, OPEN, STEP, WORKING, Import, Outcome
from moref.imports.noting import Noting
from moref.imports.persons import ErasedPerson
from moref.imports.rejected import Rejected
from moref.imports.table import Frame, KindOf, frame, kind_named
from moref.kernel.errors import BadInput, Conflict, Failure, MorefError
from moref.kernel.names import BULK
from moref.records import Change, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

NEXT = "import.next"
BUDGET = timedelta(seconds=8)  # after it no further step begins; a step takes some seconds, the function has thirty
TRIES = 2  # of a row that met somebody else's change


def work_import(runtime: Runtime, organization_id: str, id: str) -> None:
    """Harmless when repeated. Raises NotFound; Failure when the store does not answer (redelivery goes on)."""
    one, until = get(runtime.store, Import, organization_id, id), runtime.clock.now() + BUDGET
    while one.status in WORKING:
        if runtime.clock.now() >= until:
            runtime.queues.send(BULK, {"command": NEXT, "organization_id": organization_id, "subject": id})
            return
        try:
            one = _step(runtime, one)
        except Conflict:
            one = get(runtime.store, Import, organization_id, id)
            break  # cancelled, or another worker is at it: that one goes on
    if one.status not in OPEN:
        _forget(runtime, one)


def _step(runtime: Runtime, one: Import) -> Import:
    kind = kind_named(one.kind)
    try:
        if one.rows is None:
            return _saved(runtime, one, **split.split(runtime, one, kind))
        if one.at < one.steps:
            return _rows(runtime, one, kind)
    except BadInput as error:
        return _refused(runtime, one, error)
    return _finished(runtime, one)


def _refused(runtime: Runtime, one: Import, error: BadInput) -> Import:
    return _saved(runtime, one, status="refused", reason=error.detail, finished_at=runtime.clock.now())


def _rows(runtime: Runtime, one: Import, kind: KindOf) -> Import:
    """The next STEP rows."""
    start = one.at * STEP
    some = split.block(runtime, one, start // BLOCK)[start % BLOCK : start % BLOCK + STEP]
    around, counts, sums = _around(runtime, one, kind), Counter(_none(one) | one.counts), Counter(one.sums)
    wrong: list[Rejected] = []
    for number, cells, trouble in some:
        try:
            if trouble:
                raise BadInput(trouble)
            row = kind.read(around, cells)
            counts[_counted(around, kind, number, row)] += 1
        except Failure:
            raise
        except MorefError as error:
            wrong.append(_reject(one, number, cells, error))
            continue
        wrong += [_reject(one, number, cells, slip) for slip in kind.slips(row)]
        owes = kind.owed(row)
        if owes and one.status == "checking":
            sums[owes[0]] += owes[1]
    rejected.note(runtime, one, wrong)
    counts["rejected"] += len(wrong)
    return _saved(runtime, one, at=one.at + 1, counts=dict(counts), sums=dict(sums))


def _reject(one: Import, number: int, cells: Cells, error: MorefError) -> Rejected:
    kept = {} if isinstance(error, ErasedPerson) else cells
    return Rejected(number, one.columns.get(error.field or "", ""), error.detail, kept)


def _none(one: Import) -> dict[str, int]:
    return dict.fromkeys(("accepted",) if one.status == "checking" else get_args(Outcome), 0)


def _around(runtime: Runtime, one: Import, kind: KindOf) -> Frame:
    if one.status == "checking":
        return frame(runtime, one)
    return frame(replace(runtime, store=Noting(runtime.store, one, kind.tells, runtime.clock.now())), one)


def _counted(around: Frame, kind: KindOf, number: int, row: Any) -> Outcome | str:
    store = around.runtime.store
    if not isinstance(store, Noting):
        return "accepted"
    store.row = number
    for _ in range(TRIES - 1):
        try:
            return store.outcome(kind.bring(around, row))
        except Conflict:
            continue
    return store.outcome(kind.bring(around, row))


def _finished(runtime: Runtime, one: Import) -> Import:
    key, now = rejected.gather(runtime, one), runtime.clock.now()
    if one.status == "checking":
        return _saved(runtime, one, status="checked", checked=one.counts, rejected_file=key)
    org, actor = one.organization_id, one.started_by or one.asked_by
    detail = {name: str(count) for name, count in one.counts.items()}
    audit = audited(now, org, actor, "import.done", one.id, kind=one.kind, **detail)
    return _saved(runtime, one, audit, status="done", rejected_file=key, finished_at=now)


def _saved(runtime: Runtime, one: Import, *others: Write, **fields: Any) -> Import:
    """Raises Conflict when the row moved on meanwhile."""
    runtime.store.commit(Change(one, one.changed(runtime.clock.now(), **fields)), *others)
    return get(runtime.store, Import, one.organization_id, one.id)


def _forget(runtime: Runtime, one: Import) -> None:
    """People's data in files is kept no longer than the work needs it; of the result, what was rejected."""
    files = runtime.files
    files.delete([key for key in files.keys(one.folder()) if key != one.rejected_file])
