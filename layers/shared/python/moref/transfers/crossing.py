"""Both sides of a transfer that was accepted, as a worker holds them: reached are these two organizations, no third."""

from dataclasses import dataclass

from moref.isolation import between
from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.runtime import Runtime
from moref.transfers.model import LocationTransfer, TransferOffer


@dataclass(frozen=True, slots=True)
class Crossing:
    """`out` is the seller's row, `into` the buyer's, which says where the work goes on."""

    runtime: Runtime
    offer: TransferOffer
    out: LocationTransfer
    into: LocationTransfer

    @property
    def seller(self) -> str:
        return self.out.organization_id

    @property
    def buyer(self) -> str:
        return self.into.organization_id

    @property
    def was(self) -> str:
        """The seller's location."""
        return self.out.location_id

    @property
    def becomes(self) -> str:
        """The buyer's location."""
        return self.into.location_id


def crossing(runtime: Runtime, offer_id: str) -> Crossing | None:
    """Read anew; None when nobody accepted. Raises NotFound."""
    offer = get(runtime.store, TransferOffer, GLOBAL, offer_id)
    if offer.taken_by is None or offer.taken_as is None:
        return None
    both = between(runtime, offer.owner_id, offer.taken_by)
    out = get(both.store, LocationTransfer, offer.owner_id, offer.transfer_id)
    return Crossing(both, offer, out, get(both.store, LocationTransfer, offer.taken_by, offer.taken_as))
