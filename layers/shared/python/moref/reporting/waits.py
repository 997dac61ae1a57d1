"""How long things took, as counts of buckets: those of many days add up, and a percentile comes out of the sum.

The percentile is by nearest rank, and what is told is the upper end of its bucket: never less than the true one, and at
most a tenth more. Up to ten seconds it is exact; what took longer than 400 days is told as that.
"""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import timedelta
from itertools import accumulate

_LONGEST = int(timedelta(days=400).total_seconds())


def _bounds() -> tuple[int, ...]:
    found = [0]
    while found[-1] < _LONGEST:
        found.append(min(max(found[-1] + 1, found[-1] * 11 // 10), _LONGEST))
    return tuple(found)


BOUNDS = _bounds()  # upper ends, seconds


def bucket(wait: timedelta) -> int:
    """Of a wait to the started second; what seems to be less than none is none."""
    seconds = -(-wait // timedelta(seconds=1))
    return min(bisect_left(BOUNDS, max(seconds, 0)), len(BOUNDS) - 1)


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """Seconds that this many of a hundred took at most; None of nothing."""
    buckets = sorted(bucket for bucket, number in counts.items() if number > 0)
    total = sum(counts[bucket] for bucket in buckets)
    rank = max(-(-percent * total // 100), 1)
    reached = accumulate(counts[bucket] for bucket in buckets)
    return next((BOUNDS[bucket] for bucket, sum_ in zip(buckets, reached, strict=True) if sum_ >= rank), None)
