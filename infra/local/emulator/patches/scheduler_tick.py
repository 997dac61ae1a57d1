"""EventBridge Scheduler and scheduled rules fire within a second, and once.

AWS fires within the minute; ministack sweeps every 10 s. Ours sweep every second, and at once when the
clock has been moved. Both callers may arrive together, so a sweep is made exclusive: without that a
one-time schedule could fire twice.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from ministack.services import eventbridge, scheduler

_sweeping = threading.RLock()


def _exclusive(sweep: Callable[[], None]) -> Callable[[], None]:
    def sweep_alone() -> None:
        with _sweeping:
            sweep()

    return sweep_alone


def fire_due() -> None:
    """Fire every schedule and every scheduled rule that is due now."""
    scheduler._tick_schedules()
    eventbridge._tick_scheduled_rules()


def install() -> None:
    scheduler._SCHEDULE_TICK_INTERVAL = 1
    eventbridge._SCHEDULER_TICK_INTERVAL = 1
    scheduler._tick_schedules = _exclusive(scheduler._tick_schedules)
    eventbridge._tick_scheduled_rules = _exclusive(eventbridge._tick_scheduled_rules)
