"""How long what is held of people stays, by dated data (data/retention.json), and the work that ends it.

What the table itself forgets has a time to live on its row; the rest is blanked a day's worth at a time, oldest first,
from where the last pass ended.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal

from moref.kernel.names import BULK
from moref.privacy.blank import blanked, under_way
from moref.privacy.inventory import INVENTORY
from moref.privacy.model import Blanked, RetentionMark
from moref.privacy.nouns import nouns
from moref.privacy.sweep import retention_command
from moref.records import Change, Create, Entity
from moref.runtime import Runtime

BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = 100  # rows of a slice
_DATA = Path(__file__).with_name("data") / "retention.json"


@dataclass(frozen=True, slots=True)
class Rule:
    kept: str
    days: int | None  # None: it does not end by age
    enforced_by: Literal["sweep", "table", "nobody"]
    valid_from: datetime
    source: str


@cache
def _rules() -> tuple[Rule, ...]:
    rows = json.loads(_DATA.read_text())
    return tuple(Rule(**row | {"valid_from": datetime.fromisoformat(row["valid_from"] + "T00:00Z")}) for row in rows)


def rule(kept: str, now: datetime) -> Rule:
    """The one in force. Raises KeyError on a kind that has none."""
    found = [each for each in _rules() if each.kept == kept and each.valid_from <= now]
    if not found:
        raise KeyError(f"no retention of {kept}")
    return max(found, key=lambda each: each.valid_from)


def forget_old(runtime: Runtime, organization_id: str, _subject: str) -> None:
    """One slice: a page of each noun that has something old. Harmless when repeated. Raises Conflict when somebody is
    at one of the rows: the queue brings it again."""
    now = runtime.clock.now()
    before = runtime.store.find(RetentionMark, organization_id, organization_id)
    row = before or RetentionMark(organization_id=organization_id, id=organization_id, created_at=now, updated_at=now)
    found = {noun: _forget(runtime, organization_id, noun, row.nouns.get(noun), now) for noun in sorted(INVENTORY)}
    moved = {noun: mark for noun, mark in found.items() if mark is not None}
    if not moved:
        return
    after = row.changed(now, nouns=row.nouns | moved)
    runtime.store.commit(Create(after) if before is None else Change(before, after))
    if any(mark.pass_until is not None for mark in moved.values()):
        runtime.queues.send(BULK, retention_command(organization_id))


def _forget(runtime: Runtime, org: str, noun: str, mark: Blanked | None, now: datetime) -> Blanked | None:
    """How far it is now; None when nothing of it is old."""
    kept = rule(INVENTORY[noun].kept, now)
    if kept.days is None or kept.enforced_by != "sweep" or not INVENTORY[noun].personal:
        return None
    mark = mark or Blanked(done_until=BEGINNING)
    until = mark.pass_until or now - timedelta(days=kept.days)
    if until - mark.done_until < DAY:
        return None
    page = runtime.store.list(
        nouns()[noun], org, since=mark.done_until, until=until, newest_first=False, limit=PAGE, after=mark.after
    )
    for row in page.items:
        _blank(runtime, row)
    if page.after is None:
        return Blanked(done_until=until)
    return Blanked(done_until=mark.done_until, pass_until=until, after=page.after)


def _blank(runtime: Runtime, listed: Entity) -> None:
    row = runtime.store.find(type(listed), listed.organization_id, listed.id)
    now = runtime.clock.now()
    if row is None or under_way(row, now):
        return
    after = blanked(row, [getattr(row, "contact_id", "")], now)
    if after is None:
        return
    runtime.store.commit(Change(row, after))
