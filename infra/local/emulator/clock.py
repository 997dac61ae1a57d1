"""The movable clock: an offset in a file, followed by every process of the local cloud.

The emulator alone writes the offset. It travels with time-machine; Lambda workers follow through
`worker_clock.py`; the desk only adds the offset where it stamps something.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import time_machine


def read_offset(path: Path) -> float:
    """Seconds that the local cloud is ahead of the real clock; 0.0 when it was never moved."""
    try:
        return float(path.read_text() or 0)
    except FileNotFoundError:
        return 0.0


class EmulatorClock:
    """The clock of the emulator process. Create it before ministack is imported."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = read_offset(path)
        self._travel = time_machine.travel(time.time() + self._offset, tick=True)
        self._coordinates: Any = self._travel.start()

    @property
    def offset(self) -> float:
        return self._offset

    def shift(self, seconds: float) -> None:
        """Move time forward; workers see it at their next invocation."""
        if seconds < 0:
            raise ValueError("time moves forward only: records of the future would stay behind")
        self._offset += seconds
        partial = self._path.with_suffix(".new")
        partial.write_text(repr(self._offset))
        partial.replace(self._path)
        self._coordinates.shift(seconds)
