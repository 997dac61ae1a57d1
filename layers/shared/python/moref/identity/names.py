"""What two written names say about being one person's: nicknames, initials, typing errors, changed surnames. Pure."""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Literal

Agreement = Literal["same", "part", "unknown", "other"]


@cache
def _data() -> tuple[Mapping[str, frozenset[str]], frozenset[str]]:
    """First name -> the full names it may stand for, and words that are no names."""
    data = json.loads(Path(__file__).with_name("data").joinpath("nicknames.json").read_text("utf-8"))
    roots: dict[str, set[str]] = {}
    for group in data["groups"]:
        for name in group.split():
            roots.setdefault(name, set()).add(group.partition(" ")[0])
    return {name: frozenset(found) for name, found in roots.items()}, frozenset(data["not_names"])


def tokens(text: str) -> list[str]:
    """Lower-case words without accents, titles and suffixes; `O'Brien` is one word, `Smith-Jones` two."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    words = re.sub(r"[^\w\s-]", "", plain).replace("-", " ").replace("_", " ").split()
    return [word for word in words if word not in _data()[1]]


def compare(first: str, last: str, other_first: str, other_last: str) -> Agreement:
    """`same`: first and last name agree. `part`: one does. `other`: both are known and both differ."""
    one, two = _parts(first, last), _parts(other_first, other_last)
    straight = _verdict(first_agrees(one[0], two[0]), _last_agrees(one[1], two[1]))
    swapped = _verdict(_last_agrees(one[0], two[1]), _last_agrees(one[1], two[0]))
    return "same" if "same" in (straight, swapped) else straight


def first_agrees(one: Sequence[str], two: Sequence[str]) -> bool | None:
    """None when one is not known. Only the first of several given names counts."""
    if not one or not two:
        return None
    left, right = one[0], two[0]
    if len(left) == 1 or len(right) == 1:
        return left[0] == right[0]
    roots = _data()[0]
    known = roots.get(left, frozenset({left})) & roots.get(right, frozenset({right}))
    return left == right or bool(known) or near(left, right)


def full_name(first: str, last: str) -> list[str]:
    """What look-ups of people by their whole name use: one text for each full name a nickname may stand for."""
    given, family = _parts(first, last)
    if not given or not family or len(given[0]) == 1:
        return []
    return [f"{root} {family[-1]}" for root in sorted(_data()[0].get(given[0], {given[0]}))]


def near(one: str, two: str) -> bool:
    """One typing error apart (two in long words): a letter missing, added, wrong, or two swapped."""
    shorter = min(len(one), len(two))
    return shorter >= 4 and distance(one, two, 2) <= (2 if shorter >= 8 else 1)


def distance(one: str, two: str, most: int) -> int:
    """Optimal string alignment; anything above `most` is told as most + 1."""
    if abs(len(one) - len(two)) > most:
        return most + 1
    before: list[int] = []
    last = list(range(len(two) + 1))
    for i, left in enumerate(one, 1):
        now = [i]
        for j, right in enumerate(two, 1):
            cost = min(last[j] + 1, now[-1] + 1, last[j - 1] + (left != right))
            if i > 1 and j > 1 and left == two[j - 2] and one[i - 2] == right:
                cost = min(cost, before[j - 2] + 1)
            now.append(cost)
        before, last = last, now
    return min(last[-1], most + 1)


def _parts(first: str, last: str) -> tuple[list[str], list[str]]:
    """Given names and surnames; `Lee, Ann` in one field and a whole name in one field are taken apart."""
    if not last.strip() and "," in first:
        last, _, first = first.partition(",")
    given, family = tokens(first), tokens(last)
    if not family and len(given) > 1:
        given, family = given[:-1], given[-1:]
    if given and family and len(family) > 1 and len(family[0]) == 1:
        family = family[1:]  # a middle initial
    return given, family


def _last_agrees(one: Sequence[str], two: Sequence[str]) -> bool | None:
    if not one or not two:
        return None
    return any(left == right or near(left, right) for left in one for right in two)


def _verdict(first: bool | None, last: bool | None) -> Agreement:
    if first and last:
        return "same"
    if first or last:
        return "part"
    return "other" if first is False and last is False else "unknown"
