"""Counts invocations, so that the clock can wait until nothing runs before it moves.

AWS has no such need. Install after `stream_retry`: a batch under retry counts as one running piece of work.
"""

from __future__ import annotations

import threading
from typing import Any

from ministack.services import lambda_svc


class Activity:
    """How many invocations began, and how many run now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.begun = 0
        self.running = 0

    def __enter__(self) -> None:
        with self._lock:
            self.begun += 1
            self.running += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self.running -= 1


invocations = Activity()


def install() -> None:
    execute = lambda_svc._execute_function

    def counted(*arguments: Any, **options: Any) -> Any:
        with invocations:
            return execute(*arguments, **options)

    lambda_svc._execute_function = counted
