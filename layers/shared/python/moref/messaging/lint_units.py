"""What a template's check looks at: findings, and each message in every way it can come out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Literal

from moref.messaging.fields import FIELDS
from moref.messaging.grammar import fill, parse
from moref.messaging.template_model import Language, Wording


@dataclass(frozen=True, slots=True)
class Finding:
    field: str  # "en.sms", "es", "kind", or a place in a campaign
    line: int
    words: str
    severity: Literal["error", "warning"] = "error"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What of the organization a template is judged by."""

    own_hosts: frozenset[str] = frozenset()  # a link elsewhere is warned of
    review_urls: tuple[str, ...] = ()
    pages: str = ""  # where our own pages are, without a slash at the end


@dataclass(frozen=True, slots=True)
class Unit:
    """What one person gets at once: a text, or an e-mail. `outcomes` are all ways it can come out, with `mark(name)`
    where a merge field stands."""

    field: str
    channel: Literal["sms", "email"]
    source: str
    fields: frozenset[str]
    outcomes: tuple[str, ...]


def mark(name: str) -> str:
    """Stands for the value of a merge field; no text that people write looks like it."""
    return f"\u27e6{name}\u27e7"


def outcomes(source: str, values: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """All ways a faultless source can come out; each value once empty, where it may be."""
    filled = values if values is not None else {name: mark(name) for name in FIELDS}
    unsure = [name for name in parse(source).fields if FIELDS[name].may_be_empty]
    found = []
    for there in product((True, False), repeat=len(unsure)):
        empty = {name: "" for name, is_there in zip(unsure, there, strict=True) if not is_there}
        found.append(fill(source, {**filled, **empty}))
    return tuple(found)


def units(language: Language, wording: Wording) -> Iterator[Unit]:
    if wording.sms:
        source = wording.sms
        yield Unit(f"{language}.sms", "sms", source, frozenset(parse(source).fields), outcomes(source))
    if wording.subject:
        source = "\n".join((wording.body, wording.button, wording.subject))
        fields = {*parse(source).fields, *([wording.button_link] if wording.button_link else [])}
        yield Unit(f"{language}.body", "email", source, frozenset(fields), outcomes(source))
