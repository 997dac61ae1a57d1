"""How often a decision is taken again that met another one, and how long it steps aside before."""

import time
from collections.abc import Callable, Iterator
from hashlib import sha256

Pause = Callable[[float], None]  # seconds

TRIES = 12
_FIRST, _LONGEST = 0.01, 0.4  # seconds


def attempts(*who: str, pause: Pause = time.sleep) -> Iterator[int]:
    """Yields 0, 1, ...; from the second retry on it waits first: doubled each time, by a share of its own.

    The share comes from who asks and the attempt: those who met once do not meet in step again.
    """
    for attempt in range(TRIES):
        if attempt > 1:
            digest = sha256("\n".join((*who, str(attempt))).encode()).digest()
            share = (1 + int.from_bytes(digest[:2], "big")) / 65_536
            pause(min(_FIRST * 2**attempt, _LONGEST) * share)
        yield attempt
