"""The branch itself: opened at the buyer as customers know it, and archived at the seller when its links have gone."""

from typing import Any

from moref.events import Event
from moref.kernel.errors import Conflict
from moref.records import Change, Create, Emit, Require, Write, get
from moref.tenants.archive_location import refuse_or_rely
from moref.tenants.audit import audited
from moref.tenants.logo import copied
from moref.tenants.model import Location, Organization
from moref.transfers.crossing import Crossing
from moref.transfers.offer import freed

MOREF = "moref"
REFUSED = "the branch cannot go as things stand with its owner: ask there for another offer"
CLOSES = "your organization is {}: it takes no branch"


def opened(one: Crossing) -> list[Write]:
    """The first commit of the work. Raises Conflict, in words for the seller, when the branch may not go: its rules are
    asked again, as an offer may be two weeks old."""
    store, now = one.runtime.store, one.runtime.clock.now()
    location = get(store, Location, one.seller, one.was)
    owner, taker = (get(store, Organization, org, org) for org in (one.seller, one.buyer))
    if owner.status != "active":
        raise Conflict(f"your organization is {owner.status}")
    if taker.status != "active":
        raise Conflict(f"{taker.name} accepted it and is {taker.status}")
    others: list[Write] = [refuse_or_rely(store, location)] if location.status == "active" else []
    logo, published = copied(one.runtime, location, one.buyer, one.becomes)
    copy = _copy(one, location, owner.name, logo)
    return [
        *others,
        *(Require(each) for each in (owner, taker)),  # who closes marks the branches there are
        Change(location, location.changed(now, leaving=True)),
        Create(copy),
        *published,
        _told(copy),
        Change(one.out, one.out.changed(now, status="moving", other=taker.name)),
        Change(one.into, one.into.changed(now, status="moving")),
        audited(now, one.seller, MOREF, "location_transfer.accepted", one.out.id, location=one.was),
        audited(now, one.buyer, MOREF, "location.created", copy.id, transfer=one.into.id),
    ]


def refused(one: Crossing, why: str) -> list[Write]:
    """Nothing was moved; the branch may be offered again."""
    now, over = one.runtime.clock.now(), {"status": "refused", "finished_at": one.runtime.clock.now()}
    location = get(one.runtime.store, Location, one.seller, one.was)
    taker = get(one.runtime.store, Organization, one.buyer, one.buyer).status
    told = REFUSED if taker == "active" else CLOSES.format(taker)
    return [
        Change(one.out, one.out.changed(now, **over, reason=why)),
        Change(one.into, one.into.changed(now, **over, reason=told)),
        Change(one.offer, one.offer.changed(now, status="refused")),
        *freed(location, one.out.id, now),
        audited(now, one.seller, MOREF, "location_transfer.refused", one.out.id, location=one.was),
        audited(now, one.buyer, MOREF, "location_transfer.refused", one.into.id),
    ]


def cut_over(one: Crossing) -> list[Write]:
    """The seller's branch starts nothing any more: no campaign, no message. What it owes is paid."""
    now = one.runtime.clock.now()
    location = get(one.runtime.store, Location, one.seller, one.was)
    after = location.changed(now, status="archived", transferred_to=one.out.other)
    told = [_told(after)] if location.status != "archived" else []
    return [Change(location, after), *told, audited(now, one.seller, MOREF, "location.transferred", one.was)]


def _copy(one: Crossing, location: Location, owner: str, logo: str | None) -> Location:
    """Texts, mailboxes and settings are the new owner's own."""
    kept = ("name", "time_zone", "postal_address", "state", "phone", "review_url", "site_url")
    fields: dict[str, Any] = {name: getattr(location, name) for name in kept}
    now = one.runtime.clock.now()
    return Location(
        organization_id=one.buyer, id=one.becomes, created_at=now, updated_at=now, **fields,
        branding=location.branding.model_copy(update={"logo_url": logo, "reply_to": None}),
        legal_entity_id=one.into.legal_entity_id or "", staff_email=one.into.staff_email or "",
        transfer_id=one.into.id, came_from=owner,
    )  # fmt: skip


def _told(location: Location) -> Emit:
    event = Event("location.changed", location.organization_id, location.id, {"status": location.status})
    return Emit(event, location.updated_at)
