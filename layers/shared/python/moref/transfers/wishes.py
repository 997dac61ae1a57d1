"""A wish to be left alone goes with the person: told to the new owner as it is, and again whenever the old one hears of
it. It crosses by keyed hashes: each side has its own, and nobody's address is needed once they are paired."""

from typing import Literal

from moref.isolation import between
from moref.kernel import ids
from moref.kernel.clock import iso
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.messaging.model import Suppression
from moref.messaging.opt_out import opt_out_key, suppression_id
from moref.records import Change, Point, create_once, get
from moref.runtime import Runtime
from moref.transfers.model import MOVED_KEY, MovedKey

TRIES = 5
FORWARD = "opt_out.forward"


def pair(runtime: Runtime, seller: str, buyer: str, phone: str | None, email: str | None) -> None:
    """The person's addresses are paired, and what stands against writing to them stands there, too.

    Harmless when repeated. Raises Conflict after lost races.
    """
    addresses: tuple[tuple[Literal["sms", "email"], str | None], ...] = (("sms", phone), ("email", email))
    for channel, address in addresses:
        if address is None:
            continue
        theirs, ours = (suppression_id(runtime, org, channel, address) for org in (seller, buyer))
        now, id = runtime.clock.now(), ids.derived("mvk", theirs, buyer)
        made = MovedKey(
            organization_id=GLOBAL, id=id, created_at=now, updated_at=now, owner_id=seller, owner_key=theirs,
            to_id=buyer, to_key=ours, channel=channel,
        )  # fmt: skip
        create_once(runtime.store, made, Point(GLOBAL, MOVED_KEY, theirs, id))
        _pass_on(runtime, id)


def opted_out(runtime: Runtime, organization_id: str, key: str) -> None:
    """On opt_out.recorded: asks that every organization the person went to is told."""
    del organization_id  # the key is of one organization alone
    for id in runtime.store.lookup(GLOBAL, MOVED_KEY, key):
        runtime.queues.send(BULK, {"command": FORWARD, "subject": id})


def forward(runtime: Runtime, id: str) -> None:
    """Harmless when repeated. Raises NotFound; Conflict after lost races."""
    key = get(runtime.store, MovedKey, GLOBAL, id)
    _pass_on(between(runtime, key.owner_id, key.to_id), id)


def _pass_on(runtime: Runtime, id: str) -> None:
    for _ in range(TRIES):
        key = get(runtime.store, MovedKey, GLOBAL, id)
        said = runtime.store.find(Suppression, key.owner_id, key.owner_key)
        if said is None or not said.active:
            return
        at = said.said_at or said.updated_at
        told = f"{iso(at)} {said.reason}"
        if told == key.told:
            return
        noted = Change(key, key.changed(runtime.clock.now(), told=told))
        known = runtime.store.find(Suppression, key.to_id, key.to_key)
        # What comes along wins over anything; of later wishes the last one does, here as there.
        overruled = key.told is not None and known is not None and not known.active and known.updated_at >= at
        try:
            if overruled:
                runtime.store.commit(noted)
            else:
                opt_out_key(runtime, key.to_id, key.channel, key.to_key, said.reason, at=at, also=(noted,))
        except Conflict:
            continue
        return
    raise Conflict("the wish is being changed by others")
