"""An owner offers a branch to whoever is given the token, and may take that back until somebody has accepted."""

import secrets
from base64 import b32encode
from datetime import datetime, timedelta
from typing import Literal

from moref.events import Event
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Emit, Write, get
from moref.runtime import Runtime
from moref.signin.sessions import digest
from moref.tenants.archive_location import refuse_archived, refuse_or_rely
from moref.tenants.audit import audited
from moref.tenants.model import Location, Organization
from moref.transfers.model import LocationTransfer, TransferOffer

PREFIX = "mrt_"
LIFETIME = timedelta(days=14)
OPEN = ("offered", "accepted", "moving")


def offer(
    runtime: Runtime, organization_id: str, location_id: str, *, note: str, consents_continue: bool, actor: str
) -> tuple[LocationTransfer, str]:
    """The row and the token, which is nowhere kept.

    Raises NotFound; BadInput (location_id) on an archived branch; Conflict on one that is on offer already, that is the
    last open one, or that a connection sends its jobs to by default.
    """
    store, now, org = runtime.store, runtime.clock.now(), organization_id
    location = get(store, Location, org, location_id)
    refuse_archived(location, "location_id")
    _refuse_second(runtime, location)
    other = refuse_or_rely(store, location)
    token = PREFIX + b32encode(secrets.token_bytes(25)).decode().lower()
    made = {"created_at": now, "updated_at": now}
    fields = {"branch": location.name, "note": note, "consents_continue": consents_continue,
              "expires_at": now + LIFETIME}  # fmt: skip
    row = LocationTransfer(
        **made, **fields, organization_id=org, id=ids.new("ltr"), side="out", location_id=location.id,
        offer_id=digest(token), requested_by=actor,
    )  # fmt: skip
    door = TransferOffer(
        **made, **fields, organization_id=GLOBAL, id=row.offer_id, owner_id=org, transfer_id=row.id,
        owner_name=get(store, Organization, org, org).name, postal_address=location.postal_address,
        time_zone=location.time_zone, site_url=location.site_url,
    )  # fmt: skip
    store.commit(
        Create(row),
        Create(door),
        other,
        Change(location, location.changed(now, transfer_id=row.id)),
        audited(now, org, actor, "location_transfer.offered", row.id, location=location.id,
                consents_continue=str(consents_continue).lower()),
        Emit(Event("location_transfer.offered", org, row.id), now),
    )  # fmt: skip
    return get(store, LocationTransfer, org, row.id), token


def withdraw(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> LocationTransfer:
    """Withdrawn already: as it is. Raises NotFound; Conflict when it was accepted, or is over."""
    row = _mine(runtime, organization_id, id)
    if row.status == "withdrawn":
        return row
    if row.status == "expired":
        raise Conflict("the offer has ended by itself")
    return _end(runtime, row, "withdrawn", actor)


def expire(runtime: Runtime, organization_id: str, id: str) -> None:
    """An offer that nobody took in time. Harmless when repeated. Raises NotFound, Conflict."""
    row = _mine(runtime, organization_id, id)
    if row.status == "offered" and row.expires_at <= runtime.clock.now():
        _end(runtime, row, "expired", "moref")


def freed(location: Location, transfer_id: str, now: datetime) -> list[Write]:
    """The branch may be offered again."""
    mine = location.transfer_id == transfer_id and location.transferred_to is None
    return [Change(location, location.changed(now, transfer_id=None))] if mine else []


def _refuse_second(runtime: Runtime, location: Location) -> None:
    before = location.transfer_id
    row = runtime.store.find(LocationTransfer, location.organization_id, before) if before else None
    if row is not None and row.status in OPEN:
        raise Conflict("the branch is on offer already: withdraw that one first")


def _mine(runtime: Runtime, organization_id: str, id: str) -> LocationTransfer:
    row = get(runtime.store, LocationTransfer, organization_id, id)
    if row.side != "out":
        raise Conflict("it was accepted here: only who offers withdraws")
    return row


def _end(
    runtime: Runtime, row: LocationTransfer, status: Literal["withdrawn", "expired"], actor: str
) -> LocationTransfer:
    store, org, now = runtime.store, row.organization_id, runtime.clock.now()
    door = get(store, TransferOffer, GLOBAL, row.offer_id)
    if row.status != "offered" or door.status != "offered":
        raise Conflict("it was accepted: nothing takes that back")
    store.commit(
        Change(row, row.changed(now, status=status, finished_at=now)),
        Change(door, door.changed(now, status=status)),
        *freed(get(store, Location, org, row.location_id), row.id, now),
        audited(now, org, actor, f"location_transfer.{status}", row.id, location=row.location_id),
    )
    return get(store, LocationTransfer, org, row.id)
