"""The rows behind one-time codes: there or not, they are read and written alike."""

from datetime import datetime
from typing import TypeVar

from moref.kernel.keys import PEOPLE
from moref.records import Change, Create, Entity, Write
from moref.runtime import Runtime
from moref.signin.limits import KEPT
from moref.signin.model import Challenge, keyed

E = TypeVar("E", bound=Entity)


def challenge_of(runtime: Runtime, email: str, now: datetime) -> Challenge:
    """The address's row, or a new one that is not stored yet (version 0)."""
    id = keyed(runtime.keys, "chl", email)
    found = runtime.store.find(Challenge, PEOPLE, id)
    return found or Challenge(organization_id=PEOPLE, id=id, created_at=now, updated_at=now, email=email)


def put(before: E, after: E) -> Write:
    """One conditional write, whether the row is new or not; it is forgotten when nothing has touched it for long."""
    expires_at = after.updated_at + KEPT
    return Change(before, after, expires_at=expires_at) if before.version else Create(after, expires_at=expires_at)
