"""A small memory with an age limit: what a function's environment may keep between its calls. Standard library only."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Cache:
    """Keeps up to `size` values for `seconds` each, None included; the oldest goes first.

    `now` is Unix time, given by the caller. `get` returns (found, value); `stale` also finds what is too old, for when
    the source of the value is down.
    """

    __slots__ = ("_entries", "_seconds", "_size")

    def __init__(self, *, seconds: float, size: int) -> None:
        self._seconds = seconds
        self._size = size
        self._entries: dict[Any, tuple[float, Any]] = {}

    def get(self, key: "Any", now: float) -> "tuple[bool, Any]":
        entry = self._entries.get(key)
        # An entry from the future is old, too: a clock that was set back must not keep it for ever.
        if entry is None or not 0 <= now - entry[0] < self._seconds:
            return False, None
        return True, entry[1]

    def stale(self, key: "Any") -> "tuple[bool, Any]":
        entry = self._entries.get(key)
        return (False, None) if entry is None else (True, entry[1])

    def put(self, key: "Any", value: "Any", now: float) -> None:
        self._entries.pop(key, None)
        if len(self._entries) >= self._size:
            del self._entries[next(iter(self._entries))]
        self._entries[key] = (now, value)
