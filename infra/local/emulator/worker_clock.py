"""Runs first inside each Lambda worker: makes its clock follow the emulator's.

Not imported but copied in front of ministack's worker script, so it defines few names and never fails
for want of the file. The offset is looked at before every invocation, at the moment the worker reads
its next event, so a handler never sees the time from before a move. While the clock has not been
moved, time-machine is not even imported.
"""

from __future__ import annotations

import os as _os
import sys as _sys
from typing import Any as _Any


class _FollowingStdin:
    """Standard input that brings the clock up to date after each line it hands out."""

    def __init__(self, stream: _Any, path: str) -> None:
        self._stream = stream
        self._path = path
        self._applied = 0.0
        self._coordinates: _Any = None

    def readline(self) -> str:
        line: str = self._stream.readline()
        self._follow()
        return line

    def _follow(self) -> None:
        try:
            with open(self._path) as file:
                offset = float(file.read() or 0)
        except FileNotFoundError:
            return
        if offset == self._applied:
            return
        if self._coordinates is None:
            self._coordinates = self._start(offset)
        else:
            self._coordinates.shift(offset - self._applied)
        self._applied = offset

    @staticmethod
    def _start(offset: float) -> _Any:
        import time

        # time-machine loads pytest when it finds it, which would add a third of a second to a cold start.
        modules: dict[str, _Any] = _sys.modules
        absent = [name for name in ("pytest", "dateutil.parser") if name not in modules]
        modules.update(dict.fromkeys(absent))
        try:
            import time_machine
        finally:
            for name in absent:
                del modules[name]
        return time_machine.travel(time.time() + offset, tick=True).start()


if _os.environ.get("EMULATOR_CLOCK_FILE"):
    _sys.stdin = _FollowingStdin(_sys.stdin, _os.environ["EMULATOR_CLOCK_FILE"])
