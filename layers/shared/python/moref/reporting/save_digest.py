"""An admin says which members get the weekly report, and where its Monday morning is."""

from datetime import datetime, time, timedelta

from moref.campaigns.zones import resolve, zone
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Entity, Write, get
from moref.reporting.digest import WEEKLY, Digest, DigestClock
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Member

HOUR = 8  # on Monday


def save_digest(
    runtime: Runtime, organization_id: str, version: int, member_ids: list[str], time_zone: str, *, actor: str
) -> Digest:
    """`version` 0 is the first time. Raises BadInput on who is no member or stopped it themselves; Conflict."""
    store, now, org = runtime.store, runtime.clock.now(), organization_id
    before = store.find(Digest, org, WEEKLY)
    if (before.version if before else 0) != version:
        raise Conflict(f"it is at version {before.version if before else 0}")
    wanted = list(dict.fromkeys(member_ids))
    for id in wanted:
        member = store.find(Member, org, id)
        if member is None or member.status != "active":
            raise BadInput("an active member is needed", field="member_ids")
        if before is not None and id in before.stopped and id not in before.member_ids:
            raise BadInput("a member who stopped the report starts it again themselves", field="member_ids")
    row = before or Digest(organization_id=org, id=WEEKLY, created_at=now, updated_at=now, time_zone=time_zone)
    after = row.changed(now, member_ids=wanted, time_zone=time_zone)
    note = audited(now, org, actor, "report_digest.changed", WEEKLY, members=str(len(wanted)))
    store.commit(_write(before, after), _clock(runtime, after, now), note)
    return get(store, Digest, org, WEEKLY)


def next_monday(now: datetime, time_zone: str) -> datetime:
    """The next Monday 08:00 there, after now."""
    local = now.astimezone(zone(time_zone))
    monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(HOUR))
    for weeks in range(3):
        due = resolve(monday + timedelta(weeks=weeks), time_zone)
        if due > now:
            return due
    raise ValueError("no Monday within three weeks")


def _clock(runtime: Runtime, digest: Digest, now: datetime) -> Write:
    org = digest.organization_id
    before = runtime.store.find(DigestClock, GLOBAL, org)
    # One that is due, and was not told of yet, stays so.
    late = before is not None and before.status == "on" and before.next_at <= now
    due = before.next_at if late and before else next_monday(now, digest.time_zone)
    fields = {"status": "on" if digest.member_ids else "off", "next_at": due}
    base = {"organization_id": GLOBAL, "id": org, "created_at": now, "updated_at": now}
    after = before.changed(now, **fields) if before else DigestClock.model_validate(base | fields)
    return _write(before, after)


def _write(before: Entity | None, after: Entity) -> Write:
    return Create(after) if before is None else Change(before, after)
