"""`python -m tests.perf [doors|growth|load]`: the two doors beside their floors, one in a crowd, and load.

Prints a table, writes `.local/bench.json`, and ends with 1 when a bar does not hold.
"""

import sys
from collections.abc import Callable, Iterator
from functools import partial

from infra.local.cloud import Cloud, running_cloud
from infra.local.layout import REPOSITORY
from tests.integration.conftest import free_port_base
from tests.perf import measure
from tests.perf.growth import DUE_STEP, FEW, PAYOUT, REFERRALS
from tests.perf.load_clicks import click_burst
from tests.perf.load_webhooks import intake_flow, outage
from tests.perf.place import Place, prepare
from tests.perf.proxy import fault_proxy
from tests.perf.rows import Row, compared, missing, table, write

FOLDER = REPOSITORY / ".local"
FIRST_PORT = 24_000
CLICKS = 2_000
CLICKS_PER_WRITE = 100
EVENTS_A_SECOND = 50
SECONDS = 60

Asked = tuple[str, str, float | None]  # a row's name, its unit, and the most it may be
Measured = tuple[list[Asked], Callable[[], list[Row]]]


def told(asked: list[Asked], pairs: Callable[[], tuple[measure.Pair, ...]]) -> Measured:
    return asked, lambda: [compared(*each, pair) for each, pair in zip(asked, pairs(), strict=True)]


def doors(place: Place) -> Iterator[Measured]:
    """Bars are of the floor's figure."""
    for door, started, busy, tail in (("redirect", 1.15, 1.3, None), ("intake", 1.25, 1.4, 1.5)):
        start: Asked = (f"{door}: fresh interpreter to first answer", "M instructions", started)
        peak: Asked = (f"{door}: peak memory at first answer", "MB", 1.3)
        warm: Asked = (f"{door}: warm event, processor time", "us", busy)
        slow: Asked = (f"{door}: the same, 99th percentile", "us", tail)
        yield told([start], lambda door=door: (measure.instructions(place, door),))  # type: ignore[misc]
        yield told([peak], lambda door=door: (measure.memory(place, door),))  # type: ignore[misc]
        yield told([warm, slow], partial(measure.warm, place, door))


def growth() -> Iterator[Measured]:
    """The floor is the same with few waiting; that there are many may not be seen."""
    for what, grows in (
        ("a due step and its message", DUE_STEP),
        ("a reward released and paid", PAYOUT),
        ("two pages of referrals", REFERRALS),
    ):
        name = f"{what}, {grows.many:,} {'older' if grows is REFERRALS else 'waiting'} against {FEW}"
        asked: list[Asked] = [
            (f"{name}: AWS calls", "calls", 1.0),
            (f"{name}: bytes of answers", "bytes", 1.0),
            (f"{name}: warm", "M instructions", 1.1),
        ]
        yield told(asked, partial(grows.pairs, FOLDER / "bench-growth", free_port_base(FIRST_PORT)))


def counted(asked: list[Asked], values: Callable[[], tuple[float, ...]]) -> Measured:
    def rows() -> list[Row]:
        return [Row(name, unit, value, bar=bar) for (name, unit, bar), value in zip(asked, values(), strict=True)]

    return asked, rows


def load(cloud: Cloud) -> Iterator[Measured]:
    """Bars are of the figure itself."""

    def clicks() -> tuple[float, ...]:
        seen = click_burst(cloud, CLICKS)
        twice = max(0, seen.stored - CLICKS) + max(0, seen.counted - seen.stored)
        return CLICKS - min(seen.stored, seen.counted), twice, seen.writes, round(CLICKS / seen.seconds, 1)

    def webhooks() -> tuple[float, ...]:
        seen = intake_flow(cloud, EVENTS_A_SECOND, SECONDS)
        lost = EVENTS_A_SECOND * SECONDS - min(seen.accepted, seen.handled, seen.jobs)
        return lost, seen.touched_twice, seen.repeated, round(seen.seconds, 1), seen.p50_ms, seen.p99_ms

    def failing() -> tuple[float, ...]:
        with fault_proxy(cloud.layout.aws_url) as (url, rules):
            seen = outage(cloud, url, rules)
        refused = (seen.during, seen.retry_after, seen.after, seen.lost_answer) == (503, "5", 202, 202)
        return float(not refused), float((seen.rows, seen.jobs, seen.touched_twice) != (2, 2, 0))

    burst = f"{CLICKS} clicks on one link"
    yield counted(
        [
            (f"{burst}: lost", "clicks", 0),
            (f"{burst}: doubled", "clicks", 0),
            (f"{burst}: writes of the counter", "writes", CLICKS / CLICKS_PER_WRITE),
            (f"{burst}: answered", "a second", None),
        ],
        clicks,
    )
    flow = f"intake, {EVENTS_A_SECOND} events/s for {SECONDS} s"
    yield counted(
        [
            (f"{flow}: lost", "events", 0),
            (f"{flow}: with more than one effect", "events", 0),
            (f"{flow}: sent again after another answer than 202", "times", None),
            (f"{flow}: took", "s", None),
            (f"{flow}: answer after, median", "ms", None),
            (f"{flow}: answer after, 99th percentile", "ms", None),
        ],
        webhooks,
    )
    outages: list[Asked] = [
        ("intake, storage failing: not 503, or the retry not 202", "times", 0),
        ("intake, storage failing: the retry not landed once", "times", 0),
    ]
    yield counted(outages, failing)


def measured(parts: Iterator[Measured]) -> Iterator[Row]:
    """Every row that was asked for: one that could not be measured says why."""
    for asked, rows in parts:
        try:
            yield from rows()
        except Exception as error:  # noqa: BLE001  what breaks in one place must not hide the other rows
            yield from (missing(*each, error) for each in asked)
        print(".", end="", flush=True, file=sys.stderr)  # noqa: T201


def main(wanted: list[str]) -> int:
    rows: list[Row] = []
    if "doors" in wanted:
        rows += measured(doors(prepare(FOLDER / "bench-place")))
    if "growth" in wanted:
        rows += measured(growth())
    if "load" in wanted:
        # The fault proxy's host is not the one that requests are signed for.
        with running_cloud(FOLDER / "bench-cloud", free_port_base(FIRST_PORT), enforce_iam=False) as cloud:
            rows += measured(load(cloud))
    print("\n" + table(rows))  # noqa: T201
    write(rows, FOLDER / "bench.json")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["doors", "growth", "load"]))
