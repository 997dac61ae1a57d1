"""What is to be done once an hour, or a day, by a function that is called more often: a row remembers the last time.

Not the minute on the clock: a round that failed or never came would skip the hour, and nobody would notice.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from pydantic import AwareDatetime

from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Entity
from moref.runtime import Runtime

HOUR, DAY = (
    timedelta(minutes=59),
    timedelta(hours=23, minutes=59),
)  # rounds come every two minutes: the one on the hour is not to miss it by a second


class HourlyWork(Entity):
    """organization_id is GLOBAL, id names the work."""

    noun: ClassVar[str] = "hourly_work"

    done_at: AwareDatetime


def once_an_hour(runtime: Runtime, name: str, work: Callable[[Runtime], int], *, pause: timedelta = HOUR) -> int | None:
    """What `work` counted; None when its hour (`pause`) has not passed. Also done when the clock was turned back.

    The row is written after the work: what failed or died half-way is done again in the next round.
    """
    store, now = runtime.store, runtime.clock.now()
    last = store.find(HourlyWork, GLOBAL, name)
    if last is not None and last.done_at <= now < last.done_at + pause:
        return None
    count = work(runtime)
    row = HourlyWork(organization_id=GLOBAL, id=name, created_at=now, updated_at=now, done_at=now)
    try:
        store.commit(Create(row) if last is None else Change(last, last.changed(now, done_at=now)))
    except Conflict:
        return count  # another round said so meanwhile, and that one counts
    return count
