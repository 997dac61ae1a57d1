"""After the tables were restored to a moment T: who was let go since T stays out, and everybody signs in anew."""

from moref.kernel.errors import Conflict
from moref.kernel.keys import PEOPLE
from moref.records import Change, Create, Store, Write, every
from moref.runtime import Runtime
from moref.signin.model import ApiKey, Invitation, Session, membership
from moref.tenants.model import Member

TRIES = 4


def carry_people(live: Store, runtime: Runtime, organization_id: str) -> int:
    """Members as they are by now, and keys and invitations that ended since T, from the tables that are being replaced;
    how many. `runtime` is over the restored ones. Keys and invitations of after T are made again by people."""
    found: list[Member | ApiKey | Invitation] = [
        *every(live, Member, organization_id), *every(live, ApiKey, organization_id),
        *every(live, Invitation, organization_id),
    ]  # fmt: skip
    return sum(_carry(runtime, each) for each in found)


def end_sessions(runtime: Runtime) -> int:
    """Some were ended since T, and nobody can tell all of them: a refresh token that was copied would be good again."""
    ended = 0
    for session in every(runtime.store, Session, PEOPLE):
        if session.status == "active":
            runtime.store.commit(Change(session, session.changed(runtime.clock.now(), status="ended")))
            ended += 1
    return ended


def _carry(runtime: Runtime, found: Member | ApiKey | Invitation) -> bool:
    for _ in range(TRIES):
        before = runtime.store.find(type(found), found.organization_id, found.id)
        if before is not None and not _news(before, found):
            return False
        writes: tuple[Write, ...]
        if before is not None:
            writes = (Change(before, found.model_copy(update={"version": before.version})),)
        elif isinstance(found, Member):
            writes = (Create(found), membership(runtime.keys, found))
        else:
            return False
        try:
            runtime.store.commit(*writes)
        except Conflict:
            continue
        return True
    raise Conflict("this row is being changed by others")


def _news(before: Member | ApiKey | Invitation, found: Member | ApiKey | Invitation) -> bool:
    """Of a key or an invitation only its end; a mere use changes its row, too."""
    if isinstance(before, Member):
        return before.updated_at < found.updated_at
    return before.status in ("active", "open") and found.status not in ("active", "open")
