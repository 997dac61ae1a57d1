"""What axe does not measure: the edges of fields and the ring of the focus stand out by 3 : 1 (WCAG 2.2, 1.4.11)."""

import re

import pytest

from moref.pages.base import style

Colours = dict[str, str]


def _schemes() -> tuple[Colours, Colours]:
    light, dark = (
        dict(re.findall(r"--([a-z]+): (#[0-9a-f]+)", rules)) for rules in re.findall(r":root {(.*)}", style())
    )
    return light, light | dark


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_measure_itself() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", _schemes(), ids=["light", "dark"])
@pytest.mark.parametrize(
    ("mark", "ground", "ratio"),
    [
        ("line", "paper", 3), ("line", "field", 3), ("link", "paper", 3), ("link", "back", 3), ("bad", "paper", 3),
        ("accent", "paper", 3), ("ink", "tint", 4.5), ("ink", "blush", 4.5), ("soft", "field", 4.5),
        ("bad", "paper", 4.5), ("bad", "blush", 4.5), ("link", "blush", 4.5),
    ],
)  # fmt: skip
def test_edges_and_words_stand_out(scheme: Colours, mark: str, ground: str, ratio: float) -> None:
    assert contrast(scheme[mark], scheme[ground]) >= ratio


@pytest.mark.parametrize("scheme", _schemes(), ids=["light", "dark"])
def test_white_words_on_buttons_can_be_read(scheme: Colours) -> None:
    assert min(contrast("#ffffff", scheme["accent"]), contrast("#ffffff", scheme["deep"])) >= 4.5
