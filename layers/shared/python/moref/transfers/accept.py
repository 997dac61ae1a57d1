"""Whoever was given the token looks at what is offered, and an owner there accepts it. Nothing of the other
organization is read or written here: the token leads to a row of neither, and the work between them is a worker's
(move.py)."""

from moref.events import Event
from moref.kernel import ids
from moref.kernel.errors import Conflict, NotFound
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.records import Change, Create, Emit, get
from moref.runtime import Runtime
from moref.signin.sessions import digest
from moref.tenants.audit import audited
from moref.tenants.model import LegalEntity
from moref.transfers.model import LocationTransfer, TransferOffer

LONGEST = 64
MOVE = "location_transfer.move"


def look(runtime: Runtime, token: str) -> TransferOffer:
    """What is offered. Raises NotFound, always with the same words: unknown, ended, withdrawn, taken."""
    found = _offer(runtime, token)
    if found is None or found.status != "offered" or found.expires_at <= runtime.clock.now():
        raise _unknown()
    return found


def accept(
    runtime: Runtime, organization_id: str, token: str, *, legal_entity_id: str, staff_email: str, actor: str
) -> LocationTransfer:
    """Accepted here before: as it is. Raises NotFound as `look` does, and on a payer that is not there; Conflict for
    the organization that offers it, and when somebody else was faster."""
    store, now, org = runtime.store, runtime.clock.now(), organization_id
    known = _offer(runtime, token)
    if known is not None and known.taken_by == org and known.taken_as is not None:
        return get(store, LocationTransfer, org, known.taken_as)
    found = look(runtime, token)
    if found.owner_id == org:
        raise Conflict("this is your own offer: give the token to the organization that takes the branch")
    get(store, LegalEntity, org, legal_entity_id)
    row = LocationTransfer(
        organization_id=org, id=ids.derived("ltr", org, found.id), created_at=now, updated_at=now, side="in",
        location_id=ids.derived("loc", org, found.id), branch=found.branch, other=found.owner_name, note=found.note,
        consents_continue=found.consents_continue, status="accepted", offer_id=found.id, expires_at=found.expires_at,
        requested_by=actor, legal_entity_id=legal_entity_id, staff_email=staff_email, preview=found.preview,
    )  # fmt: skip
    store.commit(
        Change(found, found.changed(now, status="accepted", taken_by=org, taken_as=row.id)),
        Create(row),
        audited(now, org, actor, "location_transfer.accepted", row.id, location=row.location_id),
        Emit(Event("location_transfer.accepted", org, row.id), now),
    )
    return get(store, LocationTransfer, org, row.id)


def begin(runtime: Runtime, organization_id: str, id: str) -> None:
    """On location_transfer.accepted: asks for the work between the two, which is bound to neither alone."""
    row = get(runtime.store, LocationTransfer, organization_id, id)
    runtime.queues.send(BULK, command(row.offer_id))


def command(offer_id: str) -> dict[str, str]:
    return {"command": MOVE, "subject": offer_id}


def _offer(runtime: Runtime, token: str) -> TransferOffer | None:
    return runtime.store.find(TransferOffer, GLOBAL, digest(token)) if len(token) <= LONGEST else None


def _unknown() -> NotFound:
    return NotFound("no such offer: it may have ended, or been withdrawn")
