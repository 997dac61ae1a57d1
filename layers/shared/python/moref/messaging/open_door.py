"""WhatsApp's customer service window: who wrote to us may be answered freely for 24 hours."""

from datetime import datetime, timedelta

from moref.kernel.errors import Conflict
from moref.messaging.model import OpenDoor
from moref.people import person_key
from moref.records import Change, Create
from moref.runtime import Runtime

HOURS = timedelta(hours=24)
ROOM = timedelta(minutes=5)  # a message that leaves this close to the end may arrive after it
TRIES = 5


def is_open(runtime: Runtime, organization_id: str, phone: str) -> bool:
    found = runtime.store.find(OpenDoor, organization_id, _id(runtime, organization_id, phone))
    return found is not None and runtime.clock.now() < found.until - ROOM


def opened(runtime: Runtime, organization_id: str, phone: str, at: datetime) -> None:
    """The person wrote at that time; an older text than the one we know of changes nothing."""
    id, until = _id(runtime, organization_id, phone), at + HOURS
    for _ in range(TRIES):
        now = runtime.clock.now()
        before = runtime.store.find(OpenDoor, organization_id, id)
        if before is not None and before.until >= until:
            return
        try:
            if before is not None:
                runtime.store.commit(Change(before, before.changed(now, until=until)))
            else:
                door = OpenDoor(organization_id=organization_id, id=id, created_at=now, updated_at=now, until=until)
                runtime.store.commit(Create(door))
        except Conflict:
            continue
        return
    raise Conflict("the window is being changed by others")


def _id(runtime: Runtime, organization_id: str, phone: str) -> str:
    return person_key(runtime.keys, organization_id, "phone", phone)
