"""The document's examples, by route: a call in a small made-up world and the answer it brings (tests/examples.py)."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("examples.json")


@dataclass(frozen=True, slots=True)
class Example:
    """`path` with a real id; `body` and `answer` are JSON types, None where there is none; a CSV answer is its text."""

    path: str
    body: Any
    answer: Any

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def examples() -> dict[str, Example]:
    return {route: Example(**kept) for route, kept in json.loads(FILE.read_text(encoding="utf-8")).items()}
