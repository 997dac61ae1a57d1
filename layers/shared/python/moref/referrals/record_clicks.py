"""Counts a batch of stored clicks on their link.

The count is approximate within the day: a batch that is delivered twice counts twice. The click rows are what is
exact, and a recount from them is always possible. First and last click are exact either way.

A link whose branch went to another organization counts there from that moment: the redirect keeps for a minute whose
it was.
"""

from collections.abc import Sequence
from datetime import datetime

from moref.events import Event
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Emit, Write
from moref.referrals.model import Door, Link
from moref.runtime import Runtime

TRIES = 5


def record_clicks(runtime: Runtime, organization_id: str, code: str, clicks: Sequence[datetime]) -> None:
    """One change of the link for all of them. A link that is not there is let be. Raises Conflict after five races."""
    if not clicks:
        return
    for _ in range(TRIES):
        link = runtime.store.find(Link, organization_id, code)
        if link is None:
            return
        if link.moved_at is not None:
            clicks = _passed_on(runtime, link, clicks)
            if not clicks:
                return
        try:
            runtime.store.commit(*_writes(link, clicks, runtime.clock.now()))
        except Conflict:
            continue  # another batch, or another change of the link
        return
    raise Conflict("the link is being changed by others")


def _passed_on(runtime: Runtime, link: Link, clicks: Sequence[datetime]) -> Sequence[datetime]:
    """Those that are of before it went."""
    moved, door = link.moved_at, runtime.store.find(Door, GLOBAL, link.id)
    later = [click for click in clicks if moved is not None and click >= moved]
    if door is None or door.owner_id == link.organization_id or not later:
        return clicks
    record_clicks(runtime, door.owner_id, link.id, later)
    return [click for click in clicks if click not in later]


def _writes(link: Link, clicks: Sequence[datetime], now: datetime) -> list[Write]:
    """Campaigns hear of the first click of a day (UTC): a viral link is not an event each time. Reports count the day
    of the very first one, which a batch that comes late may bring."""
    after = _counted(link, clicks, now)
    writes: list[Write] = [Change(link, after)]
    before, last = link.last_clicked_at, after.last_clicked_at
    earlier = link.first_clicked_at != after.first_clicked_at
    if last is not None and (before is None or before.date() < last.date() or earlier):
        writes.append(Emit(Event("link.clicked", link.organization_id, link.id, {"first": before is None}), now))
    return writes


def _counted(link: Link, clicks: Sequence[datetime], now: datetime) -> Link:
    first, last = min(clicks), max(clicks)
    return link.changed(
        now,
        clicks=link.clicks + len(clicks),
        first_clicked_at=min(first, link.first_clicked_at or first),
        last_clicked_at=max(last, link.last_clicked_at or last),
    )
