"""Monday 08:00 in the organization's zone the report of the week that has ended is due, once.

The hourly sweep finds what is due. One that comes days late tells of the last week, and of none of those before it.
"""

from datetime import timedelta

from moref.campaigns.zones import zone
from moref.events import Event
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Emit, every
from moref.reporting.digest import WEEKLY, Digest, DigestClock
from moref.reporting.save_digest import next_monday
from moref.runtime import Runtime


def sweep_digests(runtime: Runtime) -> int:
    """Tells of every report that is due; how many."""
    now, told = runtime.clock.now(), 0
    for clock in every(runtime.store, DigestClock, GLOBAL, status="on", until=now):
        digest = runtime.store.find(Digest, clock.id, WEEKLY)
        if digest is None:
            continue
        due = next_monday(now, digest.time_zone)
        week = due.astimezone(zone(digest.time_zone)).date() - timedelta(weeks=2)  # the last that has ended
        event = Emit(Event("report.digest_due", clock.id, week.isoformat()), now)
        # West of where it was told of, the same Monday may come again.
        writes = [] if clock.week == week.isoformat() else [event]
        try:
            runtime.store.commit(Change(clock, clock.changed(now, next_at=due, week=week.isoformat())), *writes)
        except Conflict:
            continue  # another round told of it, or the digest was just changed: the next round looks again
        told += len(writes)
    return told
