"""What a person texts back: a keyword of rules.md "opt-out", or anything else. Pure."""

import re
from typing import Literal

Keyword = Literal["STOP", "START", "HELP"]

_STOP = frozenset(
    [
        "STOP", "STOPALL", "STOP ALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT", "OPT OUT",
        "ALTO", "PARAR", "DETENER", "BAJA", "CANCELAR",  # whom we write to in Spanish stops in Spanish
    ]
)  # fmt: skip
_START = frozenset(["START", "UNSTOP"])
_HELP = frozenset(["HELP", "INFO", "AYUDA"])


def word(text: str) -> str:
    """The text as a word: upper case, punctuation and quotes gone, one space between."""
    return " ".join(re.sub(r"[^\w]+|_", " ", text).upper().split())


def keyword(text: str) -> Keyword | None:
    said = word(text)
    if said in _STOP:
        return "STOP"
    if said in _START:
        return "START"
    return "HELP" if said in _HELP else None
