"""A campaign goes on after a pause, or what runs of it is ended; many enrollments, a page at a time.

While a campaign is paused nobody enters it, and a step that comes due is held: it stays where it is. On resume held
steps come due again over twenty minutes of the next window, so that none is lost and they are not one burst. Whose step
was due more than two weeks before is let go: what was meant for the week of a move says nothing long after it.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal

from moref.campaigns.effective import paused
from moref.campaigns.model import Enrollment
from moref.campaigns.schedule import schedule_waiting
from moref.campaigns.stop import stop
from moref.campaigns.windows import SPREAD, next_allowed
from moref.kernel.errors import Conflict
from moref.kernel.names import CAMPAIGNS
from moref.records import Change
from moref.runtime import Runtime

PAGE = 50  # enrollments a message: well inside a worker's time
MOST_HELD = timedelta(days=14)
TOO_LONG = "paused_too_long"
Work = Literal["release_held", "end_running"]


def campaign_resumed(runtime: Runtime, organization_id: str, campaign_id: str) -> None:
    """On campaign.resumed, of a campaign or of a location's form of it; subject is the campaign. Harmless to repeat."""
    work_page(runtime, command("release_held", organization_id, campaign_id))


def campaign_ended(runtime: Runtime, organization_id: str, campaign_id: str) -> None:
    """On campaign.ended: stops everybody who is on it. Archiving alone lets them finish, and emits nothing."""
    work_page(runtime, command("end_running", organization_id, campaign_id))


def command(
    work: Work, organization_id: str, campaign_id: str, status: str = "held", after: dict[str, Any] | None = None
) -> dict[str, Any]:
    found = {"command": work, "organization_id": organization_id, "campaign_id": campaign_id}
    return {**found, "status": status, "after": after}


def work_page(runtime: Runtime, message: dict[str, Any]) -> None:
    """One page of held enrollments (to end them: of held, then of active ones); the next page is another message."""
    org, campaign_id, work, status = (message[name] for name in ("organization_id", "campaign_id", "command", "status"))
    page = runtime.store.list(Enrollment, org, status=status, limit=PAGE, after=message["after"], newest_first=False)
    for enrollment in page.items:
        if enrollment.campaign_id != campaign_id:
            continue
        if work == "end_running":
            stop(runtime, org, enrollment.id, "campaign_ended")
        else:
            release(runtime, org, enrollment.id)
    if page.after is not None:
        runtime.queues.send(CAMPAIGNS, command(work, org, campaign_id, status, page.after))
    elif work == "end_running" and status == "held":
        runtime.queues.send(CAMPAIGNS, command(work, org, campaign_id, "active"))


def release(runtime: Runtime, organization_id: str, enrollment_id: str) -> bool:
    """Puts a held enrollment back on the schedule unless its campaign is paused. A lost race is left to others."""
    before = runtime.store.find(Enrollment, organization_id, enrollment_id)
    if before is None or before.status != "held" or before.at is None or paused(runtime.store, before):
        return False
    now = runtime.clock.now()
    if now - before.steps[before.at].due_at > MOST_HELD:
        stop(runtime, organization_id, enrollment_id, TOO_LONG)
        return False
    run = before.steps[before.at].model_copy(update={"due_at": _due(before, now)})
    after = before.changed(now, status="active", reason=None, steps={**before.steps, before.at: run})
    try:
        runtime.store.commit(Change(before, after))
    except Conflict:
        return False
    schedule_waiting(runtime, after)
    return True


def _due(enrollment: Enrollment, now: datetime) -> datetime:
    """Spread also when the window is open."""
    offset = int.from_bytes(sha256(enrollment.id.encode()).digest()[:8], "big")
    spread = now + timedelta(seconds=offset % (SPREAD // timedelta(seconds=1)))
    return next_allowed(spread, enrollment.places, enrollment.id) or spread
