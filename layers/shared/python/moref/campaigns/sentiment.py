"""How a customer feels, from their score and comment, by a method that people can follow. Pure.

Points, in hundredths. The score gives (score - 3) x 200. The comment gives the sum of its words' weights x 100, but at
most 300 either way: a word just before may strengthen or weaken it (very: x 1.5), and a negation among the three words
before it in the same clause turns it over at three quarters (not great: -150). 200 and more is positive, -200 and less
negative. So a 5 alone is positive, and a 5 with a furious comment is neutral: people should read it.

The words are ours (data/sentiment_words.json), English and Spanish looked up at once; accents and case do not matter.
"""

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from moref.campaigns.definition import Sentiment

_DATA = Path(__file__).parent / "data" / "sentiment_words.json"
_SCORE_POINT, _MOST, _LIMIT = 200, 300, 200
_NEGATED = -75  # per cent
_REACH = 3  # words a negation looks ahead
_LONGEST = 4  # words of a phrase
_SHOWN = 6  # words that the reason names
_END = ","  # stands for whatever ends a clause
_TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?|[.,;:!?\n()]|[\u2600-\u27bf\U0001f300-\U0001faff]")


@dataclass(frozen=True, slots=True)
class Judgement:
    """`reason` is for staff: what was found and how it adds up."""

    sentiment: Sentiment
    reason: str


@dataclass(frozen=True, slots=True)
class _Found:
    words: str
    points: int


@dataclass(frozen=True, slots=True)
class _Lexicon:
    weights: dict[tuple[str, ...], int]
    negations: frozenset[str]
    intensifiers: dict[str, int]


def judge(score: int | None, comment: str) -> Judgement:
    """`score` 1 to 5, None when the customer gave none: then the comment alone decides."""
    found = _tone(_tokens(comment))
    tone = max(-_MOST, min(_MOST, sum(each.points for each in found)))
    points = tone + (0 if score is None else (score - 3) * _SCORE_POINT)
    sentiment: Sentiment = "positive" if points >= _LIMIT else "negative" if points <= -_LIMIT else "neutral"
    said = [f"score {score} of 5 ({_signed((score - 3) * _SCORE_POINT)})" if score is not None else "no score"]
    if found:
        shown = ", ".join(f"{each.words} {_signed(each.points)}" for each in found[:_SHOWN])
        said.append(f"comment {_signed(tone)} ({shown}{', ...' if len(found) > _SHOWN else ''})")
    elif comment.strip():
        said.append("no telling words in the comment")
    return Judgement(sentiment, f"{'; '.join(said)}; together {_signed(points)}")


def _tone(tokens: list[str]) -> list[_Found]:
    lexicon, found, place = _lexicon(), [], 0
    while place < len(tokens):
        length = next(
            (size for size in range(_LONGEST, 0, -1) if tuple(tokens[place : place + size]) in lexicon.weights), 0
        )
        if length:
            found.append(_weighed(lexicon, tokens, place, length))
        place += max(length, 1)
    return found


def _weighed(lexicon: _Lexicon, tokens: list[str], place: int, length: int) -> _Found:
    words = tokens[place : place + length]
    points = lexicon.weights[tuple(words)] * 100
    before = tokens[max(0, place - _REACH) : place]
    if _END in before:
        before = before[len(before) - before[::-1].index(_END) :]
    if before and before[-1] in lexicon.intensifiers:
        points = points * lexicon.intensifiers[before[-1]] // 100
        words = [before[-1], *words]
    negation = next((word for word in before if word in lexicon.negations or word.endswith("n't")), None)
    if negation is not None:
        points = points * _NEGATED // 100
        words = [negation, *words]
    return _Found(" ".join(words), points)


def _tokens(text: str) -> list[str]:
    return [_END if token in ".,;:!?\n()" else token for token in _TOKEN.findall(_plain(text))]


def _plain(text: str) -> str:
    """Small letters without accents, one kind of apostrophe."""
    spread = unicodedata.normalize("NFD", text.replace("\u2019", "'").casefold())
    return "".join(each for each in spread if not unicodedata.combining(each))


def _signed(points: int) -> str:
    """Hundredths as people read them: +1.5, -2, 0."""
    whole, rest = divmod(abs(points), 100)
    sign = "+" if points > 0 else "-" if points < 0 else ""
    return f"{sign}{whole}" + (f".{rest:02d}".rstrip("0") if rest else "")


@cache
def _lexicon() -> _Lexicon:
    data: dict[str, Any] = json.loads(_DATA.read_text(encoding="utf-8"))
    weights = {
        tuple(_tokens(word)): int(weight)
        for rows in data["words"].values()
        for weight, words in rows.items()
        for word in words
    }
    negations = frozenset(_plain(word) for words in data["negations"].values() for word in words)
    intensifiers = {_plain(word): part for words in data["intensifiers"].values() for word, part in words.items()}
    return _Lexicon(weights, negations, intensifiers)
