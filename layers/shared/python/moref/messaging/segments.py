"""How many parts a text is sent and billed in: GSM-7 counts septets, anything else UTF-16 units."""

from collections.abc import Iterable

GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENDED = frozenset("^{}\\[~]|€\f")  # each takes two septets
GSM_LENGTHS, UCS_LENGTHS = (160, 153), (70, 67)  # alone, and in each part of several


def segments(text: str) -> int:
    """At least 1."""
    if not outside_gsm_7(text):
        sizes, (alone, each) = [2 if letter in GSM_7_EXTENDED else 1 for letter in text], GSM_LENGTHS
    else:
        sizes, (alone, each) = [2 if ord(letter) > 0xFFFF else 1 for letter in text], UCS_LENGTHS
    return 1 if sum(sizes) <= alone else _parts(sizes, each)


def outside_gsm_7(text: str) -> list[str]:
    """The characters that force a text into UCS-2, each once, in order."""
    return list(dict.fromkeys(letter for letter in text if letter not in GSM_7 and letter not in GSM_7_EXTENDED))


def _parts(sizes: Iterable[int], each: int) -> int:
    """A character of two units is never torn between two parts."""
    count, room = 1, each
    for size in sizes:
        if size > room:
            count, room = count + 1, each
        room -= size
    return count
