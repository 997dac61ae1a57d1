"""A program's own access: made once, shown once, revoked at once."""

import secrets
from base64 import b32encode
from datetime import datetime

from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Require, get
from moref.runtime import Runtime
from moref.signin.model import ApiKey, KeyDoor
from moref.signin.sessions import digest
from moref.signin.tokens import refused
from moref.tenants.audit import audited
from moref.tenants.model import Location

PREFIX = "mrk_"
_SHOWN = len(PREFIX) + 6  # of some 45 characters: enough to recognise one
LONGEST = 64


def make(
    runtime: Runtime,
    organization_id: str,
    *,
    name: str,
    scopes: list[str],
    location_ids: list[str] | None,
    expires_at: datetime | None,
    actor: str,
) -> tuple[ApiKey, str]:
    """The row and the key itself, which is nowhere kept. Raises NotFound on a location; BadInput."""
    store, now = runtime.store, runtime.clock.now()
    if expires_at is not None and expires_at <= now:
        raise BadInput("this time is over", field="expires_at")
    places = [get(store, Location, organization_id, id) for id in location_ids or ()]
    text = PREFIX + b32encode(secrets.token_bytes(25)).decode().lower()
    id = ids.new("key")
    made = {"created_at": now, "updated_at": now}
    key = ApiKey(
        **made, organization_id=organization_id, id=id, name=name, prefix=text[:_SHOWN], scopes=sorted(set(scopes)),
        location_ids=location_ids, expires_at=expires_at, made_by=actor,
    )  # fmt: skip
    door = KeyDoor(**made, organization_id=GLOBAL, id=digest(text), owner_id=organization_id, key_id=id)
    store.commit(
        Create(key),
        Create(door),
        *map(Require, places),
        audited(now, organization_id, actor, "api_key.made", id, scopes=" ".join(key.scopes)[:500]),
    )
    return get(store, ApiKey, organization_id, id), text


def revoke(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> ApiKey:
    """From this moment: the row is read at every call. Revoked already: as it is. Raises NotFound; Conflict."""
    key, now = get(runtime.store, ApiKey, organization_id, id), runtime.clock.now()
    if key.status == "revoked":
        return key
    runtime.store.commit(
        Change(key, key.changed(now, status="revoked")), audited(now, organization_id, actor, "api_key.revoked", id)
    )
    return get(runtime.store, ApiKey, organization_id, id)


def key_of(runtime: Runtime, text: str) -> ApiKey:
    """The live key of a bearer token. Raises Unauthenticated, always with the same words."""
    if len(text) > LONGEST:
        raise refused()
    door = runtime.store.find(KeyDoor, GLOBAL, digest(text))
    key = runtime.store.find(ApiKey, door.owner_id, door.key_id) if door else None
    now = runtime.clock.now()
    if key is None or key.status != "active" or (key.expires_at is not None and now >= key.expires_at):
        raise refused()
    _note_use(runtime, key, now)
    return key


def _note_use(runtime: Runtime, key: ApiKey, now: datetime) -> None:
    if key.last_used_on == now.date():
        return
    try:
        runtime.store.commit(Change(key, key.changed(now, last_used_on=now.date())))
    except Conflict:  # somebody noted it, or revoked it, this moment: the next call reads it anew
        return
