"""Referral codes: ten random Crockford characters (50 bits) and a check character, never reused.

Read aloud without doubt: no I, L, O or U; case, hyphens and the look-alikes O/0, I/1, L/1 do not matter. The check
character (Luhn mod 32) refuses every single wrong character before the table is asked, and slows guessing 32-fold.
"""

import os

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 11
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_LOOK_ALIKES = str.maketrans("OIL", "011", "- ")


def new() -> str:
    bits = int.from_bytes(os.urandom(7), "big")
    body = "".join(ALPHABET[bits >> 5 * place & 31] for place in range(LENGTH - 1))
    return body + _check(body)


def normalise(text: str) -> str | None:
    """The code as stored, or None when it cannot be one."""
    if len(text) > 32:
        return None
    code = text.upper().translate(_LOOK_ALIKES)
    if len(code) != LENGTH or any(character not in _VALUES for character in code):
        return None
    return code if _check(code[:-1]) == code[-1] else None


def display(code: str) -> str:
    """Grouped for people and messages: `7K3M-9QX2-WDT`."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def _check(body: str) -> str:
    total = 0
    for place, character in enumerate(reversed(body)):
        value = _VALUES[character] * (2 - place % 2)
        total += value // 32 + value % 32
    return ALPHABET[-total % 32]
