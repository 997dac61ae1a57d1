"""Whether a reply to the question for a score is one. Pure; whatever is not clearly a score is for staff to read.

A text is cut into clauses. Every number in it must be the same, from 1 to 5, with or without a unit (stars, out of 5);
its clause may hold nothing else but the small words of `fillers`; the other clauses are a comment, and must neither
deny, doubt nor ask. A comment whose tone contradicts the number (a furious 5, a delighted 1: "you are number 1!") is
for people.
"""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

from moref.campaigns.sentiment import judge

_DATA: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "reply_words.json").read_text(encoding="utf-8"))
_NUMBERS: dict[str, int] = _DATA["numbers"]
_OTHER_NUMBERS = frozenset(_DATA["other_numbers"].split())
_UNITS = frozenset(_DATA["units"].split())
_FILLERS = frozenset(_DATA["fillers"].split())  # may stand beside the number in its clause
_PEOPLE = frozenset(_DATA["people"].split())  # too, when the number names its unit or comes last
_DENIALS = frozenset(_DATA["denials"].split())
_DOUBTS = frozenset(_DATA["doubts"].split())
# Said before the words are looked at: harmless in spite of a word that denies or doubts.
_HARMLESS = re.compile(
    r"\bno (problems?|issues?|complaints?|damages?|regrets)\b|\bsin (problemas?|quejas)\b"
    r"|\bwould (highly |definitely |absolutely )*(recommend|use|hire|book)\b|\ball (the way|around|round)\b"
    r"|\b(from|for) (me|us|sure|everything)\b|\bde mi parte\b|\bof course\b|\bpor supuesto\b"
)
_SCALE = re.compile(r"\s*/\s*(5|five|cinco)\b(?![./:-]?\d)|\b(out of|of|de|sobre) (5|five|cinco)\b(?![./:-]?\d)")
_COMPOUND = re.compile(r"\d\s*[.,:/-]\s*\d|[#$%€£]|\d[a-z]|[a-z]\d")
_CLAUSE = re.compile(r"[.,;:!()\n]+|\s-+\s|\bbut\b|\bpero\b|\baunque\b")
_STARS = "\u2b50\u2605\u2606"
_LONGEST = 1600


def score_of(text: str) -> int | None:
    """1 to 5, or None for anything that is not clearly a score."""
    said = _plain(text[:_LONGEST])
    if stars := _only_stars(said):
        return stars
    said = _SCALE.sub(" stars ", _HARMLESS.sub(" ", said))
    said = re.sub(rf"[{_STARS}]+", " stars ", re.sub(r"([a-z0-9])-(stars?)\b", r"\1 \2", said))
    if "?" in said or _COMPOUND.search(said):
        return None
    clauses = [clause for part in _CLAUSE.split(said) if (clause := _words(part))]
    found = {score for clause in clauses if (score := _score_in(clause)) is not None}
    if len(found) != 1 or not all(_fits(clauses, place) for place in range(len(clauses))):
        return None
    (score,) = found
    if score not in range(1, 6) or _doubted(clauses) or _contradicted(score, text):
        return None
    return score


def _fits(clauses: list[list[str]], place: int) -> bool:
    """A clause without a number is a comment. One with it says nothing else, and stands at an end or names its unit."""
    clause = clauses[place]
    if _score_in(clause) is None:
        return True
    rest = [word for word in clause if word not in _UNITS and _number(word) is None]
    numbers = [word for word in clause if _number(word) is not None]
    if len(numbers) != 1:
        return False
    unit = any(word in _UNITS for word in clause)
    if not unit and place not in (0, len(clauses) - 1):
        return False
    people = unit or clause[-1] == numbers[0]
    return all(word in _FILLERS or (people and word in _PEOPLE) for word in rest)


def _score_in(clause: list[str]) -> int | None:
    """The number of a clause; 0 when there are different ones or one that is no score."""
    found = {number for word in clause if (number := _number(word)) is not None}
    if not found:
        return None
    return found.pop() if len(found) == 1 else 0


def _number(word: str) -> int | None:
    if word in _OTHER_NUMBERS:
        return 0
    if word.isascii() and word.isdecimal():
        return int(word) if len(word) == 1 else 0
    return _NUMBERS.get(word)


def _doubted(clauses: list[list[str]]) -> bool:
    words = {word for clause in clauses for word in clause}
    conditional = len(clauses) > 1 and not words.isdisjoint({"i'd", "we'd", "they'd"})
    return conditional or any(word in _DENIALS or word in _DOUBTS or word.endswith("n't") for word in words)


def _contradicted(score: int, text: str) -> bool:
    tone = judge(None, text).sentiment
    return (score >= 4 and tone == "negative") or (score <= 2 and tone == "positive")


def _only_stars(said: str) -> int | None:
    stars = "".join(said.split())
    return len(stars) if stars and set(stars) <= set(_STARS) and len(stars) <= 5 else None


def _words(clause: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", clause)


def _plain(text: str) -> str:
    """Small letters without accents, plain apostrophes, quotes and the frame of keycap digits taken off."""
    spread = unicodedata.normalize("NFKD", text.replace("\u2019", "'")).casefold()
    kept = "".join(each for each in spread if not unicodedata.combining(each) and each not in '\ufe0f\u20e3"*')
    return " ".join(re.sub("[\u201c\u201d\u00ab\u00bb]", " ", kept).replace("\n", " \n ").split(" ")).strip(" ")
