"""Who loses a race steps aside for a moment of its own, longer each time, and gives up in the end."""

from moref.conversions.retries import TRIES, attempts


def waits(*who: str) -> list[float]:
    found: list[float] = []
    assert list(attempts(*who, pause=found.append)) == list(range(TRIES))
    return found


def test_the_first_two_tries_are_at_once_and_no_wait_is_long() -> None:
    found = waits("cnv_1", "mem_1")
    assert len(found) == TRIES - 2
    assert all(0 < seconds <= 0.4 for seconds in found)
    assert sum(found) < 3, "less than a caller waits for an answer"


def test_two_who_met_do_not_meet_in_step_again_and_a_repeat_waits_the_same() -> None:
    assert waits("cnv_1", "mem_1") == waits("cnv_1", "mem_1")
    pairs = zip(waits("cnv_1", "mem_1"), waits("cnv_2", "mem_1"), strict=True)
    assert all(one != two for one, two in pairs)


def test_whoever_is_through_waits_no_more() -> None:
    found: list[float] = []
    for _ in attempts("cnv_1", pause=found.append):
        break
    assert found == []
