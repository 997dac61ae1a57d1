"""What the pages say, in each language a contact may have. `{company}` and the like are filled in when shown."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

Page = Literal["preferences", "review"]
LANGUAGES = ("en", "es")


def words(page: Page, language: str, **values: str) -> dict[str, Any]:
    """The page's texts by name, with `values` in their places; plain text, which templates escape."""
    found: dict[str, Any] = {}
    for name, text in _all()[language if language in LANGUAGES else "en"][page].items():
        found[name] = text if isinstance(text, list) else _filled(text, values)
    return found


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@cache
def _all() -> dict[str, dict[str, dict[str, Any]]]:
    here = Path(__file__).parent
    return {each: json.loads((here / f"{each}.json").read_text(encoding="utf-8")) for each in LANGUAGES}
