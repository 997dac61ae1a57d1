"""What is wrong with something that people configure, and where."""

from typing import NamedTuple


class Problem(NamedTuple):
    place: str  # a path: "steps.ask.next"
    words: str
