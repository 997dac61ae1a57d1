"""Percentiles out of counted buckets: never less than the true one, at most a tenth more, and they add up over days."""

from collections import Counter
from datetime import timedelta
from fractions import Fraction

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.reporting.waits import BOUNDS, bucket, percentile

SECONDS = st.integers(0, 400 * 86_400)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@PATIENT
@given(waits=st.lists(st.lists(SECONDS, max_size=20), min_size=1, max_size=5).filter(any), percent=st.integers(1, 100))
def test_a_percentile_is_as_exact_as_it_says(waits: list[list[int]], percent: int) -> None:
    days = [Counter(bucket(timedelta(seconds=each)) for each in day) for day in waits]
    together: Counter[int] = sum(days, Counter())
    ordered = sorted(each for day in waits for each in day)
    true = next(
        each for place, each in enumerate(ordered, 1) if Fraction(place, len(ordered)) >= Fraction(percent, 100)
    )
    found = percentile(together, percent)
    assert found is not None
    assert true <= found <= true + true // 10 + (true % 10 > 0)
    if true <= 10:
        assert found == true


def test_the_ends() -> None:
    assert percentile({}, 95) is None
    assert percentile({4: 0}, 95) is None
    assert BOUNDS[bucket(timedelta(seconds=-5))] == 0
    assert BOUNDS[bucket(timedelta(days=5000))] == 400 * 86_400
    assert BOUNDS[bucket(timedelta(milliseconds=1))] == 1
    assert len(BOUNDS) < 200
