"""One organization's thousands do not make another one wait, and nobody's pace is broken."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from tests.simulation.dispatcher import Dispatcher

RATE = 14 * 0.8  # SES's own figure, and the part of it that we use
SECOND = timedelta(seconds=1)


def most_within(times: list[datetime], span: timedelta) -> int:
    """The most of them that fall into any `span`."""
    most, start = 0, 0
    for end, at in enumerate(times):
        while at - times[start] >= span:
            start += 1
        most = max(most, end - start + 1)
    return most


@pytest.mark.parametrize("head_start", [0, 45])
def test_with_10_000_waiting_of_one_the_first_of_another_leaves_within_a_minute(head_start: int) -> None:
    it = Dispatcher()
    it.organization("org_a")
    it.organization("org_b")
    it.queue("org_a", 10_000)
    it.run(it.clock.now() + head_start * SECOND)
    due = it.clock.now()
    (first,) = it.queue("org_b", 1)
    it.run(due + 60 * SECOND)
    assert it.left(first) - due <= 60 * SECOND
    assert head_start == 0 or it.sent("org_a", due, it.left(first)) <= 50


def test_a_lane_is_used_up_and_never_overrun() -> None:
    it = Dispatcher()
    it.organization("org_a")
    ids = it.queue("org_a", 800)
    begun = it.clock.now()
    it.run(begun + timedelta(minutes=10))
    times = [at for at, _, _ in it.vendor.took]
    assert sorted(id for _, _, id in it.vendor.took) == ids, "each once"
    assert times[-1] - begun <= 1.05 * 800 / RATE * SECOND
    for seconds in (10, 60):
        assert most_within(times, seconds * SECOND) <= RATE * (seconds + 2)
    assert it.served.total() <= 3 * len(ids), "nobody asks again and again"


def test_a_line_keeps_its_order_to_within_ten_seconds() -> None:
    it = Dispatcher()
    it.organization("org_a")
    it.queue("org_a", 500)
    it.run(it.clock.now() + timedelta(minutes=10))
    left = [id for _, _, id in it.vendor.took]
    places = {id: place for place, id in enumerate(sorted(left))}
    assert max(abs(places[id] - place) for place, id in enumerate(left)) <= RATE * 10


def test_organizations_that_all_have_much_get_equal_parts() -> None:
    it = Dispatcher()
    names = [f"org_{letter}" for letter in "abcde"]
    for name in names:
        it.organization(name)
        it.queue(name, 200)
    begun = it.clock.now()
    it.run(begun + timedelta(minutes=10))
    early = Counter(org for at, org, _ in it.vendor.took if at <= begun + 60 * SECOND)
    fair = RATE * 60 / len(names)
    assert all(0.6 * fair <= early[name] <= 1.4 * fair for name in names), early
    assert len(it.vendor.took) == 1_000
    assert it.vendor.took[-1][0] - begun <= 1.2 * 1_000 / RATE * SECOND, "nor does the lane stand idle meanwhile"
    assert it.served.total() <= 1_000 * 8


def test_a_turn_past_the_window_is_the_next_windows() -> None:
    it = Dispatcher(rate="1")
    it.organization("org_a")
    it.clock.move(hours=9, minutes=50)  # 19:50 in Chicago; the window of a known state ends at 20:00
    ids = it.queue("org_a", 700)
    evening = it.clock.now()
    it.run(evening + timedelta(hours=24))
    times = [at for at, _, _ in it.vendor.took]
    assert sorted(id for _, _, id in it.vendor.took) == ids
    overnight = [at for at in times if evening + timedelta(minutes=10) <= at < evening + timedelta(hours=13)]
    assert not overnight
    assert 300 <= sum(at < evening + timedelta(minutes=10) for at in times) <= 500
    assert max(times) <= evening + timedelta(hours=13, minutes=45)
