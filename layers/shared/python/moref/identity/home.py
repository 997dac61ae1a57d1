"""One written form of a household's address, so that its spellings are recognised as one. Pure.

House number, the name of the street without suffix and directionals, unit and ZIP5. Leaving out what people leave out
makes some neighbours look alike (123 Oak St and 123 Oak Ct of one ZIP): an address connects nobody without a name
(see match.py). The words are those of USPS Publication 28, in data/addresses.json.
"""

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

_ZIP = re.compile(r"\b(\d{5})(?:-?\d{4})?\s*(?:USA?|UNITED STATES)?\s*$")
_NUMBER = re.compile(r"\d+[A-Z]?|\d+-\d+")
_BOX = re.compile(r"\bP\.?\s*O\.?\s*BOX\b")


@cache
def _words() -> tuple[frozenset[str], frozenset[str], frozenset[str], Mapping[str, str]]:
    """Suffixes, directionals, unit designators, and the spellings that have another form."""
    data = json.loads(Path(__file__).with_name("data").joinpath("addresses.json").read_text("utf-8"))
    suffixes = {word for short, longer in data["suffixes"].items() for word in (short, *longer.split())}
    directionals = {word for short, long in data["directionals"].items() for word in (short, long)}
    ends = ["ST", "ND", "RD"] + ["TH"] * 9
    spelt = {word: f"{place}{ends[place - 1]}" for place, word in enumerate(data["ordinals"].split(), 1)}
    return frozenset(suffixes), frozenset(directionals), frozenset(data["units"].split()), {**spelt, "SAINT": "ST"}


def home(street: str | None, postal_code: str | None) -> str | None:
    """None when it is no address of a house: no number, no street, no ZIP code, a post office box.

    `street` may be a whole line with city and state after the street.
    """
    text = (street or "").upper()
    code = _ZIP.search((postal_code or "").upper().strip()) or _ZIP.search(text)
    if not text or code is None or _BOX.search(text):
        return None
    first, *more = [part.strip() for part in text.split(",")]
    words = _tokens(first)
    if not words or not _NUMBER.fullmatch(words[0]):
        return None
    name, rest = _street(words[1:])
    if not name:
        return None
    later = [_tokens(part) for part in more]
    unit = _unit(rest) or next(filter(None, map(_unit, later)), "")
    return "|".join([words[0].lstrip("0"), " ".join(name), unit, code.group(1)])


def _tokens(text: str) -> list[str]:
    spaced = re.sub(r"#\s*", " # ", text)
    return re.sub(r"[^A-Z0-9#\-/ ]", "", spaced.replace(".", " ").replace("'", "")).split()


def _street(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The name without suffix and directionals, and what stands after it."""
    suffixes, directionals, units, spelt = _words()
    name: list[str] = []
    for place, word in enumerate(words):
        following = words[place + 1] if place + 1 < len(words) else ""
        if word == "#" or (word in units and name and following):
            return name, list(words[place:])
        if word in suffixes and name and following not in suffixes:
            return name, list(words[place + 1 :])
        after = words[place + 2] if place + 2 < len(words) else ""
        if word in directionals and following and (name or following not in suffixes or after in suffixes):
            continue  # "N Main", "W Lake Dr": dropped; "North Ave": that is its name
        name.append(spelt.get(word, word))
    return name, []


def _unit(words: Sequence[str]) -> str:
    """The unit's own number or letter: of `APT 4-B`, `# 4B` and `UNIT 4B` it is 4B."""
    _, _, units, _ = _words()
    for place, word in enumerate(words[:-1]):
        if word in units or word == "#":
            value = next((each for each in words[place + 1 :] if each != "#" and each not in units), "")
            return re.sub(r"[^A-Z0-9]", "", value)
    return words[0] if len(words) == 1 and re.fullmatch(r"\d+[A-Z]?|[A-Z]\d+|[A-Z]", words[0]) else ""
