"""The language of templates: text, merge fields, a fallback, and `if` on a field. Nothing else of Jinja2 is let in.

Checked on the parsed tree before anything is compiled, on save and again before every rendering, so that not even a
row written past the check can call, loop or look into an object. What is left cannot run long: its output is at most
its own length and that of the values it names. Jinja2's sandbox stands behind it.

Jinja2 is brought in by grammar_tree, at the first template: whoever only plans messages may never need it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from moref.kernel.errors import BadInput
from moref.messaging.fields import FIELDS

if TYPE_CHECKING:
    from jinja2 import Template as Compiled

LONGEST_TAG = 300  # characters between the braces; keeps the parser from nesting without end
MOST_TAGS = 200
LONGEST = 51_000  # an e-mail with its subject and button


@dataclass(frozen=True, slots=True)
class Fault:
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """`fields` in order of their first use."""

    faults: tuple[Fault, ...]
    fields: tuple[str, ...] = ()


@lru_cache(maxsize=256)
def parse(source: str) -> Parsed:
    """Never raises: whatever is wrong is a fault with its line."""
    sized = _too_much(source)
    if sized is not None:
        return Parsed((sized,))
    from moref.messaging.grammar_tree import look_through

    return look_through(source)


def fill(source: str, values: Mapping[str, str]) -> str:
    """The text with its merge fields; one that is not among `values` is empty. Raises BadInput on a faulty source."""
    known = {name: values.get(name, "") for name in FIELDS}
    return _compiled(source).render(known)


@lru_cache(maxsize=256)
def _compiled(source: str) -> "Compiled":
    parsed = parse(source)
    if parsed.faults:
        first = parsed.faults[0]
        raise BadInput(f"line {first.line}: {first.words}", field="template")
    from moref.messaging.grammar_tree import PLAIN

    return PLAIN.from_string(source)


def _too_much(source: str) -> Fault | None:
    if len(source) > LONGEST:
        return Fault(1, f"is too large: {len(source)} characters, at most {LONGEST}")
    opened = 0
    for start in ("{{", "{%", "{#"):
        at = source.find(start)
        while at >= 0:
            opened += 1
            end = source.find("}", at)
            if opened > MOST_TAGS or ((end < 0 or end - at > LONGEST_TAG) and start != "{#"):
                line = source.count("\n", 0, at) + 1
                return Fault(line, f"has more than {MOST_TAGS} tags, or one longer than {LONGEST_TAG} characters")
            at = source.find(start, at + 2)
    return None
