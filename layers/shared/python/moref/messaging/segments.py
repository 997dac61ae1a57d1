"""How many parts a text is sent and billed in: GSM-7 counts septets, anything else UTF-16 units."""

import math

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two septets
GSM_LENGTHS, UCS_LENGTHS = (160, 153), (70, 67)  # alone, and in each part of several


def segments(text: str) -> int:
    """At least 1."""
    if all(letter in GSM_7 or letter in GSM_7_EXTENDED for letter in text):
        length, (alone, each) = sum(2 if letter in GSM_7_EXTENDED else 1 for letter in text), GSM_LENGTHS
    else:
        length, (alone, each) = len(text.encode("utf-16-le")) // 2, UCS_LENGTHS
    return 1 if length <= alone else math.ceil(length / each)
