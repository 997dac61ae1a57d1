"""Once an hour: offers that nobody took in time, and transfers whose slice was lost."""

from datetime import timedelta

from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.records import every
from moref.runtime import Runtime
from moref.transfers.accept import command
from moref.transfers.model import LocationTransfer, TransferOffer

EXPIRE = "location_transfer.expire"
LATE = timedelta(minutes=30)  # a slice that is not over by then died


def sweep_transfers(runtime: Runtime) -> int:
    """How many were looked at again."""
    now = runtime.clock.now()
    ended = every(runtime.store, TransferOffer, GLOBAL, status="offered", until=now)
    taken = every(runtime.store, TransferOffer, GLOBAL, status="accepted", until=now - LATE)
    lost = [offer for offer in taken if _stands_still(runtime, offer)]
    for offer in ended:
        expired = {"command": EXPIRE, "organization_id": offer.owner_id, "subject": offer.transfer_id}
        runtime.queues.send(BULK, expired)
    for offer in lost:
        runtime.queues.send(BULK, command(offer.id))
    return len(ended) + len(lost)


def _stands_still(runtime: Runtime, offer: TransferOffer) -> bool:
    """A large branch is on its way for longer: its row moves with every step."""
    row = runtime.store.find(LocationTransfer, offer.taken_by or "", offer.taken_as or "")
    return row is not None and row.updated_at <= runtime.clock.now() - LATE
