"""What is drawn is read back, by a reader that does not know the library."""

import re

import pytest

from moref import qr
from moref.kernel import codes
from tests.qr_reader import decoded, modules, text_of


@pytest.mark.parametrize("letters", [2, 10, 20, 30, 40, 44])
def test_a_picture_of_a_link_is_read_as_the_link(letters: int) -> None:
    """Of each size that a host name brings about."""
    for _ in range(4):
        url = f"https://{'go' * (letters // 2)}.co/r/{codes.new()}"
        assert text_of(qr.png(url)) == url


def test_the_drawing_has_the_pictures_modules() -> None:
    """One path of horizontal strokes: M x y, h length, m dx dy."""
    url = f"https://go.example.test/r/{codes.new()}"
    drawn = qr.svg(url)
    size = int(re.search(r'viewBox="0 0 (\d+) \1"', drawn)[1]) // 10  # type: ignore[index]
    dark = [[False] * size for _ in range(size)]
    path = re.search(r'class="qrline"[^>]* d="([^"]+)"', drawn) or re.search(r'stroke="#000"[^>]* d="([^"]+)"', drawn)
    assert path is not None, drawn[:500]
    x = y = 0.0
    for command, numbers in re.findall(r"([Mmh])([^Mmh]*)", path[1]):
        given = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if command == "h":
            for step in range(int(given[0])):
                dark[int(y)][int(x) + step] = True
            x += given[0]
        else:
            x, y = (given[0], given[1]) if command == "M" else (x + given[0], y + given[1])
    inner = [line[4:-4] for line in dark[4:-4]]
    assert inner == modules(qr.png(url))
    assert decoded(inner) == url
    assert "<script" not in drawn
