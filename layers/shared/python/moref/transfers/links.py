"""Links go for ever where the branch goes: a door is re-pointed in one commit, so none is shut for a moment."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from moref.intake.model import Contact
from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Write, create_once, every, get
from moref.referrals.advocates import advocate_id, advocate_of, credited
from moref.referrals.crew_members import SOURCE as CREW
from moref.referrals.model import Advocate, CrewMember, Door, Link
from moref.transfers.crossing import Crossing
from moref.transfers.persons import bring, mark

TRIES = 5


def move_link(one: Crossing, code: str) -> Mapping[str, int]:
    """To the advocate that its owner is there. Raises Conflict after lost races."""
    store = one.runtime.store
    for _ in range(TRIES):
        link = get(store, Link, one.seller, code)
        if link.moved_at is not None:
            if link.transfer_id != one.out.id:
                return {}
            bring_advocate(one, link.advocate_id)  # who is of another branch is met here alone
            return {"links": 1}
        member = _whose_qr_code(one, link)
        if member is not None:
            move_crew_member(one, member)
            return {"links": 1}
        owner = bring_advocate(one, link.advocate_id)
        if owner is None:
            return {}
        # Who has two links of the branch keeps both; new messages carry the first.
        after = owner.changed(one.runtime.clock.now(), links={one.becomes: code} | owner.links)
        try:
            store.commit(Change(owner, after), *_re_pointed(one, link, owner.id))
        except Conflict:
            continue
        return {"links": 1}
    raise Conflict("the link is being changed by others")


def move_crew_member(one: Crossing, id: str) -> Mapping[str, int]:
    """With the link of the QR code, as `create_crew_member` makes them. Raises Conflict when they are being changed."""
    store, now = one.runtime.store, one.runtime.clock.now()
    member = get(store, CrewMember, one.seller, id)
    link = store.find(Link, one.seller, member.code)
    if link is None or link.moved_at is not None:
        return {"crew_members": int(link is not None and link.transfer_id == one.out.id)}
    whose = get(store, Advocate, one.seller, member.advocate_id)
    theirs = get(store, Contact, one.seller, whose.contact_id)
    made: dict[str, Any] = {
        "organization_id": one.buyer, "created_at": now, "updated_at": now, "location_id": one.becomes,
    }  # fmt: skip
    ours = ids.derived("crw", one.buyer, one.offer.id, member.id)
    contact_id = ids.derived("con", one.buyer, CREW, ours)
    advocate = advocate_id(one.buyer, contact_id)
    store.commit(
        Create(CrewMember(**made, id=ours, name=member.name, advocate_id=advocate, code=link.id, status=member.status)),
        Create(Contact(**made, id=contact_id, first_name=member.name, source=CREW)),
        Create(Advocate(**made, id=advocate, kind="house", contact_id=contact_id, links={one.becomes: link.id})),
        Change(member, member.changed(now, status="archived")),
        *mark(one, theirs, contact_id, now),
        *_re_pointed(one, link, advocate),
    )
    return {"crew_members": 1}


def _whose_qr_code(one: Crossing, link: Link) -> str | None:
    """A crew member who began when the others had gone."""
    whose = one.runtime.store.find(Advocate, one.seller, link.advocate_id)
    if whose is None or whose.kind != "house":
        return None
    crew = every(one.runtime.store, CrewMember, one.seller, location_id=one.was)
    return next((member.id for member in crew if member.code == link.id), None)


def bring_advocate(one: Crossing, id: str) -> Advocate | None:
    """The buyer's row of that person, with or without a link; None when there is no such advocate."""
    store, theirs = one.runtime.store, credited(one.runtime.store, one.seller, id)
    if theirs is None:
        return None
    person = bring(one, theirs.contact_id)
    found = advocate_of(store, one.buyer, person.id)
    if found is not None:
        return found
    now = one.runtime.clock.now()
    made = Advocate(
        organization_id=one.buyer, id=advocate_id(one.buyer, person.id), created_at=now, updated_at=now,
        kind=theirs.kind, contact_id=person.id, location_id=one.becomes, status=theirs.status,
        partner_type=theirs.partner_type, suspended=theirs.suspended,
    )  # fmt: skip
    create_once(store, made)
    return get(store, Advocate, one.buyer, made.id)


def _re_pointed(one: Crossing, link: Link, advocate: str) -> list[Write]:
    """The seller's row is history from now on; the code is the buyer's. A branch that comes back finds its old row."""
    now: datetime = one.runtime.clock.now()
    door = get(one.runtime.store, Door, GLOBAL, link.id)
    place = {"location_id": one.becomes, "advocate_id": advocate}
    before = one.runtime.store.find(Link, one.buyer, link.id)
    if before is None:
        ours: Write = Create(Link(organization_id=one.buyer, id=link.id, created_at=now, updated_at=now, **place))
    else:
        ours = Change(before, before.changed(now, **place, moved_at=None, transfer_id=None))
    return [
        Change(link, link.changed(now, moved_at=now, transfer_id=one.out.id)),
        Change(door, door.changed(now, owner_id=one.buyer, **place)),
        ours,
    ]
