"""Plots as SVG: bars and lines, without script, in the colours of the page they stand in (classes, no styles).

Each has a title and says its values in words for those who do not see it; what it shows stands in a table, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from markupsafe import Markup

WIDTH, HEIGHT = 360, 200  # as wide as a phone, so that letters keep their size there
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 10, 10, 24
_NAMES, _VALUES, _BAR, _GAP = 72, 52, 22, 12
_TICKS = 4
_UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))


@dataclass(frozen=True, slots=True)
class Bar:
    name: str
    value: int
    before: int  # in the period before, as a thinner bar


def short(number: int) -> str:
    """1234567 as "1.2M", cut and not rounded: what is not reached is not said."""
    for unit, letter in _UNITS:
        if abs(number) >= unit:
            tenths = abs(number) * 10 // unit
            sign = "-" if number < 0 else ""
            return f"{sign}{tenths // 10}{'' if tenths >= 1000 or tenths % 10 == 0 else f'.{tenths % 10}'}{letter}"
    return str(number)


def scale(most: int) -> list[int]:
    """Ticks from 0 to a round number that is at least `most`."""
    if most <= _TICKS:
        return list(range(max(most, 1) + 1))
    power = 10 ** (len(str(most // _TICKS)) - 1)
    unit = next(each * power for each in (1, 2, 5, 10) if each * power * _TICKS >= most)
    return [unit * n for n in range(-(-most // unit) + 1)]


def bars(id: str, title: str, items: Sequence[Bar]) -> Markup:
    """One below the other; `id` is unique on the page."""
    most = max((max(bar.value, bar.before) for bar in items), default=0) or 1
    room, height = WIDTH - _NAMES - _VALUES, len(items) * (_BAR + _GAP) + _GAP
    parts = [_opened(id, title, "; ".join(f"{b.name} {b.value}, before {b.before}" for b in items), height)]
    for place, bar in enumerate(items):
        y = _GAP + place * (_BAR + _GAP)
        wide, before = (max(room * number // most, 2 if number else 0) for number in (bar.value, bar.before))
        shape = Markup(
            '<text class="label" x="{}" y="{}" text-anchor="end">{}</text>'
            '<rect class="bar" x="{}" y="{}" width="{}" height="{}" rx="3"/>'
            '<rect class="before" x="{}" y="{}" width="{}" height="4" rx="2"/>'
            '<text class="value" x="{}" y="{}">{}</text>'
        )
        name, value = (_NAMES - 8, y + 14, bar.name), (_NAMES + wide + 6, y + 14, short(bar.value))
        here, earlier = (_NAMES, y, wide, _BAR - 6), (_NAMES, y + _BAR - 4, before)
        parts.append(shape.format(*name, *here, *earlier, *value))
    return Markup("").join([*parts, Markup("</svg>")])


def lines(id: str, title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> Markup:
    """One line a series over the labels, left to right; the n-th has the class "line-n" and a dot at its end."""
    ticks = scale(max((number for numbers in series.values() for number in numbers), default=0))
    words = "; ".join(f"{name}: {', '.join(map(str, numbers))}" for name, numbers in series.items())
    across = (WIDTH - _LEFT - _RIGHT) / max(len(labels) - 1, 1)

    def at(place: int, number: int) -> tuple[str, str]:
        high = HEIGHT - _BOTTOM - number * (HEIGHT - _TOP - _BOTTOM) / ticks[-1]
        return f"{_LEFT + place * across:.1f}", f"{high:.1f}"

    parts = [_opened(id, title, words, HEIGHT)]
    for tick in ticks:
        y = at(0, tick)[1]
        grid = Markup('<line class="rule" x1="{}" x2="{}" y1="{}" y2="{}"/><text class="tick" x="{}" y="{}">{}</text>')
        parts.append(grid.format(_LEFT, WIDTH - _RIGHT, y, y, _LEFT - 6, y, short(tick)))
    for place in range(0, len(labels), max(ceil(len(labels) / 4), 1)):
        x = at(place, 0)[0]
        parts.append(Markup('<text class="day" x="{}" y="{}">{}</text>').format(x, HEIGHT - 8, labels[place]))
    for order, numbers in enumerate(series.values(), 1):
        points = [at(place, number) for place, number in enumerate(numbers)]
        path = " ".join(f"{x},{y}" for x, y in points)
        parts.append(Markup('<polyline class="line line-{}" points="{}"/>').format(order, path))
        if points:
            parts.append(Markup('<circle class="dot line-{}" cx="{}" cy="{}" r="4"/>').format(order, *points[-1]))
    return Markup("").join([*parts, Markup("</svg>")])


def _opened(id: str, title: str, words: str, height: int) -> Markup:
    return Markup(
        '<svg role="img" aria-labelledby="{id}-title {id}-words" viewBox="0 0 {width} {height}">'
        '<title id="{id}-title">{title}</title><desc id="{id}-words">{words}</desc>'
    ).format(id=id, title=title, words=words, width=WIDTH, height=height)
