"""Plots: well-formed, inside their frame, with their values in words, and nothing of a name is markup."""

import xml.etree.ElementTree as ET
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moref.pages.plots import HEIGHT, WIDTH, Bar, bars, lines, scale, short

NUMBERS = st.integers(0, 10**15)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NAMES = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=30)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text


def numbers(element: ET.Element, *names: str) -> list[float]:
    return [float(each.get(name, "0")) for each in element.iter() for name in names if name in each.attrib]


@PATIENT
@given(st.lists(st.builds(Bar, NAMES, NUMBERS, NUMBERS), max_size=8))
def test_bars_stay_inside_and_their_names_are_text(items: list[Bar]) -> None:
    svg = parsed(bars("b", "Title <&>", items))
    assert svg.get("role") == "img"
    assert {child.tag for child in svg} <= {"title", "desc", "text", "rect"}
    assert [each.text or "" for each in svg if each.get("class") == "label"] == [item.name for item in items]
    for rect in svg.iter("rect"):
        assert 0 <= float(rect.get("x", "0")) + float(rect.get("width", "0")) <= WIDTH
    longest: Any = max(items, key=lambda item: item.value, default=None)
    if longest is not None:
        assert str(longest.value) in (svg.findtext("desc") or "")


@PATIENT
@given(st.dictionaries(NAMES, st.lists(NUMBERS, min_size=5, max_size=5), max_size=3))
def test_lines_stay_inside(series: dict[str, list[int]]) -> None:
    svg = parsed(lines("t", "Title", ["1 Jun"] * 5, series))
    for line in svg.iter("polyline"):
        for point in line.get("points", "").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
    assert len(list(svg.iter("polyline"))) == len(series)


@PATIENT
@given(NUMBERS)
def test_an_axis_ends_in_a_round_number_that_is_reached_by_few_steps(most: int) -> None:
    ticks = scale(most)
    assert ticks[0] == 0
    assert ticks[-1] >= most
    assert 2 <= len(ticks) <= 6
    assert len({after - before for before, after in pairwise(ticks)}) == 1


def test_numbers_are_short_and_never_say_more_than_there_is() -> None:
    told = {
        0: "0",
        999: "999",
        1000: "1k",
        1999: "1.9k",
        99_999: "99.9k",
        123_456: "123k",
        2_000_000: "2M",
        -1500: "-1.5k",
    }
    assert {number: short(number) for number in told} == told
    assert short(10**18) == "1000000T"
