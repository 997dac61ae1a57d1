"""Idempotency-Key: the same key and body get the same answer, kept for 48 hours; scoped to tenant, caller and route.

Another body is refused (422), a call still under way too (409). The effects behind it are idempotent by themselves: a
call that died half-way may therefore be taken over and repeated.
"""

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from moref.api.problems import Reply
from moref.api.tokens import Caller, SignedIn
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Entity
from moref.runtime import Runtime

KEPT = timedelta(hours=48)
ABANDONED = timedelta(seconds=60)  # longer than the function may run: whoever held the key is dead
HEADER = "idempotency-key"
REPLAYED = {"idempotent-replayed": "true"}


class IdempotencyKey(Entity):
    noun: ClassVar[str] = "idempotency_key"

    route: str
    fingerprint: str  # of path and body
    state: Literal["in_flight", "released", "done"] = "in_flight"
    taken_at: AwareDatetime
    answer_status: int = 0
    answer_body: str = ""
    answer_type: str = ""


def once(
    runtime: Runtime, who: Caller | SignedIn, route: str, key: str, *, asked: bytes, do: Callable[[], Reply]
) -> Reply:
    """`asked` is everything that makes two calls the same; `do` is run at most once at a time for a key."""
    now = runtime.clock.now()
    fresh = IdempotencyKey(
        organization_id=who.home, id=ids.derived("idk", who.actor, route, key), created_at=now,
        updated_at=now, route=route, fingerprint=sha256(asked).hexdigest(), taken_at=now,
    )  # fmt: skip
    row, answered = _claim(runtime, fresh)
    if answered is not None:
        return answered
    try:
        reply = do()
    except BaseException:
        _finish(runtime, row, state="released")
        raise
    # A state conflict or a broken service is not an answer to keep: asked again, it may go through.
    if reply.status == Conflict.status or reply.status >= 500:
        _finish(runtime, row, state="released")
    else:
        _finish(
            runtime, row, state="done",
            answer_status=reply.status, answer_body=reply.body, answer_type=reply.content_type,
        )  # fmt: skip
    return reply


def _claim(runtime: Runtime, fresh: IdempotencyKey) -> tuple[IdempotencyKey, Reply | None]:
    store, now = runtime.store, fresh.taken_at
    try:
        store.commit(Create(fresh, expires_at=now + KEPT))
        return _reread(runtime, fresh), None
    except Conflict:
        row = _reread(runtime, fresh)
    if row.fingerprint != fresh.fingerprint:
        raise BadInput("this Idempotency-Key was used for another request", field="Idempotency-Key")
    if row.state == "done":
        return row, Reply(row.answer_status, row.answer_body, row.answer_type, dict(REPLAYED))
    if row.state == "in_flight" and now - row.taken_at < ABANDONED:
        raise Conflict("a request with this Idempotency-Key is under way", field="Idempotency-Key")
    store.commit(Change(row, row.changed(now, state="in_flight", taken_at=now)))  # Conflict: another took it over
    return _reread(runtime, row), None


def _reread(runtime: Runtime, row: IdempotencyKey) -> IdempotencyKey:
    found = runtime.store.find(IdempotencyKey, row.organization_id, row.id)
    if found is None:
        raise Conflict("this Idempotency-Key expired this moment; send the request again", field="Idempotency-Key")
    return found


def _finish(runtime: Runtime, row: IdempotencyKey, **fields: object) -> None:
    # The organization's row is written by the holder only, unless it was thought dead and taken over: then that one's
    # answer counts.
    try:
        runtime.store.commit(Change(row, row.changed(runtime.clock.now(), **fields)))
    except Conflict:
        return
