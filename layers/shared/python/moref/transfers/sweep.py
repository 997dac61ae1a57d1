"""Once an hour: offers that nobody took in time, and transfers whose slice was lost."""

from datetime import timedelta

from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.records import every
from moref.runtime import Runtime
from moref.transfers.accept import command
from moref.transfers.model import TransferOffer

EXPIRE = "location_transfer.expire"
LATE = timedelta(minutes=30)  # a slice that is not over by then died; at a large branch a second one does no harm


def sweep_transfers(runtime: Runtime) -> int:
    """How many were looked at again."""
    now = runtime.clock.now()
    ended = every(runtime.store, TransferOffer, GLOBAL, status="offered", until=now)
    lost = every(runtime.store, TransferOffer, GLOBAL, status="accepted", until=now - LATE)
    for offer in ended:
        expired = {"command": EXPIRE, "organization_id": offer.owner_id, "subject": offer.transfer_id}
        runtime.queues.send(BULK, expired)
    for offer in lost:
        runtime.queues.send(BULK, command(offer.id))
    return len(ended) + len(lost)
