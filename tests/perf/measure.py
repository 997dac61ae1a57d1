"""How product and floor are measured: always in turns, so that a busy machine slows both alike."""

import json
import re
import shutil
import statistics
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.perf import sample
from tests.perf.place import FLOOR, PRODUCT, Place
from tests.perf.stub import Stub

PAIRS = 15
EVENTS = 300  # in a round of a warm pair
WARM_UP = 100
EXPECTED = {"redirect": 302, "intake": 202}
# What the product asks on its first call: a wrong count means that it timed out and asked again.
FIRST_CALLS = {"redirect": {"GetItem": 2, "PutItem": 1}, "intake": {"GetItem": 1, "Decrypt": 1, "PutItem": 1}}
TIMEOUT_SECONDS = 120


class NotMeasured(Exception):
    """The reason, for the row."""


@dataclass(frozen=True)
class Pair:
    """Medians of the product's and the floor's figure, and of the ratio within each pair."""

    value: float
    floor: float
    ratio: float


def _pair(values: list[float], floors: list[float]) -> Pair:
    ratios = [value / floor for value, floor in zip(values, floors, strict=True)]
    return Pair(*(round(statistics.median(each), 4) for each in (values, floors, ratios)))


def _first(
    place: Place, door: str, module: str, stub: Stub, before: tuple[str, ...] = ()
) -> tuple[dict[str, Any], str]:
    """One fresh process up to its first answer: what it told, and all of its standard error."""
    stub.counts.clear()
    done = subprocess.run(
        [*before, *place.command(module, *(["patient"] if before else []))],
        input=sample.events(door, 1) + "\n", env=place.environment(stub.url),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False, timeout=TIMEOUT_SECONDS,
    )  # fmt: skip
    told = [line for line in done.stderr.splitlines() if line.startswith("{")]
    if done.returncode or not told:
        raise NotMeasured(f"{module} ended with {done.returncode}: {done.stderr[-300:]}")
    answer: dict[str, Any] = json.loads(told[-1])
    if answer["status"] != EXPECTED[door]:
        raise NotMeasured(f"{module} answered {answer['status']}")
    if module == PRODUCT[door] and dict(stub.counts) != FIRST_CALLS[door]:
        raise NotMeasured(f"{module} asked {dict(stub.counts)}")
    return answer, done.stderr


def instructions(place: Place, door: str, pairs: int = 3) -> Pair:
    """Millions of instructions from a fresh interpreter to the first answer, over TLS."""
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        raise NotMeasured("valgrind is not installed")
    counted: dict[str, list[float]] = {PRODUCT[door]: [], FLOOR[door]: []}
    before = (valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    with Stub(place.tls) as stub:
        for _ in range(pairs):
            for module, found in counted.items():
                _, said = _first(place, door, module, stub, before)
                refs = re.search(r"I\s+refs:\s+([\d,]+)", said)
                if refs is None:
                    raise NotMeasured("valgrind told no instructions")
                found.append(int(refs[1].replace(",", "")) / 1e6)
    return _pair(counted[PRODUCT[door]], counted[FLOOR[door]])


def memory(place: Place, door: str, pairs: int = PAIRS) -> Pair:
    """Peak resident MB up to the first answer, over TLS."""
    peaks: dict[str, list[float]] = {PRODUCT[door]: [], FLOOR[door]: []}
    with Stub(place.tls) as stub:
        for _ in range(pairs):
            for module, found in peaks.items():
                found.append(_first(place, door, module, stub)[0]["peak_kb"] / 1024)
    return _pair(peaks[PRODUCT[door]], peaks[FLOOR[door]])


class _Warm:
    """A process that handles rounds of events."""

    def __init__(self, place: Place, door: str, module: str, stub: Stub, log: Path) -> None:
        self._door = door
        self._module = module
        with log.open("w") as output:
            self._process = subprocess.Popen(
                place.command(module, "warm"), env=place.environment(stub.url),
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip

    def round(self, count: int) -> list[int]:
        """Nanoseconds of processor time for each event, in order of size."""
        if self._process.stdin is None or self._process.stderr is None:
            raise NotMeasured("no pipes")
        self._process.stdin.write(sample.events(self._door, count, self._module) + "\n")
        self._process.stdin.flush()
        line = self._process.stderr.readline()
        if not line.startswith("{"):
            raise NotMeasured(f"{self._module}: {line}{self._process.stderr.read()[-300:]}")
        told = json.loads(line)
        if told["statuses"] != [EXPECTED[self._door]]:
            raise NotMeasured(f"{self._module} answered {told['statuses']}")
        return sorted(told["ns"])

    def __enter__(self) -> "_Warm":
        return self

    def __exit__(self, *_: object) -> None:
        for pipe in (self._process.stdin, self._process.stderr):
            if pipe is not None:
                pipe.close()
        self._process.wait(timeout=10)


def warm(place: Place, door: str, pairs: int = PAIRS, count: int = EVENTS) -> tuple[Pair, Pair]:
    """Microseconds of processor time for an event, over plain HTTP: the mean, and the 99th percentile."""
    means: tuple[list[float], list[float]] = ([], [])
    tails: tuple[list[float], list[float]] = ([], [])
    with ExitStack() as stack:
        stub = stack.enter_context(Stub())
        both = [
            stack.enter_context(_Warm(place, door, module, stub, place.folder / f"{module}.log"))
            for module in (PRODUCT[door], FLOOR[door])
        ]
        for one in both:
            one.round(WARM_UP)
        for turn in range(pairs):
            for side in (0, 1) if turn % 2 else (1, 0):
                took = both[side].round(count)
                means[side].append(statistics.mean(took) / 1000)
                tails[side].append(took[int(len(took) * 0.99)] / 1000)
    return _pair(*means), _pair(*tails)
