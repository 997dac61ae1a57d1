"""The built-in templates: one file a template in wordings/, English and, for what customers get, Spanish.

Marketing texts say who sends and how to stop; whatever invites to refer says that the advocate gets a reward
(rules.md "disclosure"). The public review link stands in no message: it is on the page behind the question, the same
for every score.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from moref.messaging.model import MessageClass
from moref.messaging.template_model import Language, Wording

_FOLDER = Path(__file__).with_name("wordings")
LANGUAGES: tuple[Language, ...] = ("en", "es")


@dataclass(frozen=True, slots=True)
class BuiltIn:
    kind: MessageClass
    name: str
    wordings: dict[Language, Wording]


@cache
def names() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))


@cache
def find(name: str) -> BuiltIn | None:
    """None: not built in. Only a name from the folder is ever made into a path."""
    if name not in names():
        return None
    data = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    wordings = {language: Wording(**data[language]) for language in LANGUAGES if language in data}
    return BuiltIn(data["kind"], data["name"], wordings)
