"""Renames, starts, pauses, archives and locks campaigns, and lets a location go back to the organization's.

What a status or a lock asks for is the same however often it is asked: asking for what is there changes nothing.
"""

from collections.abc import Callable
from typing import Any, Literal

from moref.campaigns.check_saved import refuse_faulty
from moref.campaigns.effective import Effective, Status, effective
from moref.campaigns.model import Campaign
from moref.campaigns.rows import ENDED, RESUMED, Acting, commit, read
from moref.kernel.errors import BadInput, Conflict
from moref.runtime import Runtime

Move = Literal["activate", "pause", "resume", "archive"]
# From which status to which.
_MOVES: dict[Move, tuple[tuple[Status, ...], Status]] = {
    "activate": (("draft", "archived"), "active"),
    "pause": (("active",), "paused"),
    "resume": (("paused",), "active"),
    "archive": (("draft", "active", "paused"), "archived"),
}
TRIES = 4


def rename_campaign(
    runtime: Runtime, organization_id: str, id: str, name: str, *, version: int, actor: str
) -> Campaign:
    """Raises Conflict (changed meanwhile), NotFound, BadInput."""
    before, row = read(runtime, organization_id, id)
    if row.location_id is not None:
        raise BadInput("a campaign has one name at all locations", field="name")
    current = before.version if before else 0
    if current != version:
        raise Conflict(f"the campaign is at version {current}")
    return commit(runtime, before, row.changed(runtime.clock.now(), name=name), Acting(actor, "renamed"))


def move_campaign(
    runtime: Runtime, organization_id: str, id: str, move: Move, *, actor: str, ends_running: bool = False
) -> None:
    """A location's form moves at that location alone. Paused: nobody enters, steps that come due wait. Archived: nobody
    enters, who is in it finishes, unless `ends_running`.

    Raises Faulty when what would be in force has problems, Conflict (the present status, locked, lost races), NotFound.
    """
    if ends_running and "." in id:
        raise BadInput("end the running ones for the whole campaign", field="end_running")

    def once() -> None:
        before, row = read(runtime, organization_id, id)
        found, target = effective(runtime.store, organization_id, row.base, row.location_id), _MOVES[move][1]
        if found.status == target and not ends_running:
            return
        _may(found, move)
        after = row.changed(runtime.clock.now(), status=target)
        if target == "active":
            refuse_faulty(runtime, after)
        event = ENDED if ends_running else None if target == "paused" else RESUMED
        commit(runtime, before, after, Acting(actor, move, event), was=found.status)

    _again(runtime, organization_id, id, once)


def _may(found: Effective, move: Move) -> None:
    since, target = _MOVES[move]
    if found.status not in (*since, target):
        raise Conflict(f"the campaign is {found.status}: it cannot {move}")
    if target == "active" and not found.version_id:
        raise Conflict("the campaign has no definition yet")


def lock_campaign(runtime: Runtime, organization_id: str, id: str, locked: bool, *, actor: str) -> None:
    """While it is locked no location's form counts. Raises Faulty when what then counts somewhere has problems."""

    def once() -> None:
        before, row = read(runtime, organization_id, id)
        if row.location_id is not None:
            raise BadInput("the organization locks its campaign, for all locations", field="id")
        if row.locked == locked:
            return
        fields: dict[str, Any] = {"locked": locked, "locked_by": actor if locked else None}
        after = row.changed(runtime.clock.now(), **fields)
        refuse_faulty(runtime, after)
        commit(runtime, before, after, Acting(actor, "locked" if locked else "unlocked", RESUMED))

    _again(runtime, organization_id, id, once)


def inherit_campaign(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> None:
    """The organization's counts again at the location. Its versions stay, for those who are on them."""

    def once() -> None:
        before, row = read(runtime, organization_id, id)
        if row.location_id is None:
            raise BadInput("only a location's own form is taken away: archive the campaign", field="id")
        if before is None or (before.status is None and before.version_id is None):
            return
        after = row.changed(runtime.clock.now(), status=None, version_id=None)
        refuse_faulty(runtime, after)
        commit(runtime, before, after, Acting(actor, "inherited", RESUMED))

    _again(runtime, organization_id, id, once)


def _again(runtime: Runtime, organization_id: str, id: str, once: Callable[[], None]) -> None:
    """Tries again when the row changed meanwhile; a refusal for a reason stays one."""
    for left in reversed(range(TRIES)):
        version = read(runtime, organization_id, id)[1].version
        try:
            once()
        except Conflict:
            if left == 0 or read(runtime, organization_id, id)[1].version == version:
                raise
        else:
            return
