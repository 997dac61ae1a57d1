"""One line of the benchmark, the table people read and the file programs read."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.perf.measure import NotMeasured, Pair


@dataclass(frozen=True)
class Row:
    """`bar` is the most that `ratio` may be, or `value` where there is no floor; None: only reported.

    What could not be measured is not ok, and `reason` says why.
    """

    name: str
    unit: str
    value: float | None
    floor: float | None = None
    ratio: float | None = None
    bar: float | None = None
    reason: str | None = None

    @property
    def ok(self) -> bool:
        measured = self.value if self.ratio is None else self.ratio
        return measured is not None and self.reason is None and (self.bar is None or measured <= self.bar)


def compared(name: str, unit: str, bar: float | None, pair: Pair) -> Row:
    return Row(name, unit, pair.value, pair.floor, pair.ratio, bar)


def missing(name: str, unit: str, bar: float | None, reason: object) -> Row:
    kind = "" if isinstance(reason, NotMeasured) else f"{type(reason).__name__}: "
    return Row(name, unit, None, bar=bar, reason=f"{kind}{reason}"[:500])


def write(rows: Sequence[Row], path: Path) -> None:
    found = []
    for row in rows:
        told = asdict(row) | {"ok": row.ok}
        if row.reason is None:
            del told["reason"]
        found.append(told)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(found, indent=2) + "\n")


def table(rows: Sequence[Row]) -> str:
    def cell(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")

    head = ["", "unit", "value", "floor", "ratio", "bar", ""]
    lines = [head] + [
        [row.name, row.unit, *map(cell, (row.value, row.floor, row.ratio, row.bar)), "ok" if row.ok else "FAILED"]
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    told = []
    for line in lines:
        words = [line[0].ljust(widths[0]), line[1].ljust(widths[1])]
        words += [word.rjust(width) for word, width in zip(line[2:6], widths[2:6], strict=True)]
        told.append("  ".join([*words, line[6]]).rstrip())
    return "\n".join(told + [f"{row.name}: {row.reason}" for row in rows if row.reason])
