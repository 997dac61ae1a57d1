"""Opting out of a channel, and in again: at once, for every branch, and for every contact with that address.

A wish about a phone number binds texts and WhatsApp alike. The suppression is kept by the keyed hash of the address: it
outlives the contact, and binds one that comes back by erasure and import. Where a branch with such a person went to
another organization, a later wish is told there, too (transfers.wishes).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from moref.events import Event
from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.messaging.addresses import MARKETING_TEXTS, wish_about
from moref.messaging.model import Channel, Suppression
from moref.people import person_key
from moref.records import Change, Create, Emit, Write
from moref.runtime import Runtime
from moref.transfers.model import MOVED_KEY

TRIES = 5
MOST_CONTACTS = 90  # marked in one commit; the suppression itself binds any number
UNSUBSCRIBED = "unsubscribed"  # the one suppression that binds marketing only
DO_NOT_CONTACT = "do_not_contact"  # from the organization's own list

# How much a reason binds: a weaker one never takes the place of a stronger one, and what staff may lift depends on it.
_OWN_WORD = 3  # only the person takes it back, by the channel they said it on
_STRENGTH = {UNSUBSCRIBED: 0, "staff": 1, "preferences page": 1, DO_NOT_CONTACT: 2, "bounce": 2, "complaint": 2}


@dataclass(frozen=True, slots=True)
class _Wish:
    """About the address with that keyed hash. `at`: when it was said; `note`: staff's own words."""

    organization_id: str
    channel: Channel
    key: str
    reason: str
    at: datetime
    note: str | None = None


def opt_out(
    runtime: Runtime,
    organization_id: str,
    channel: Channel,
    address: str,
    reason: str,
    *,
    note: str | None = None,
    at: datetime | None = None,
    also: Sequence[Write] = (),
) -> None:
    """`reason` is STOP, 21610, revoked, unsubscribed, staff, bounce, complaint, do_not_contact ...

    `unsubscribed` binds marketing only, whatever else binds every message but the answer to a keyword. `at` is when it
    was said, by default now. `also` is written in the same commit.
    """
    key = suppression_id(runtime, organization_id, channel, address)
    opt_out_key(runtime, organization_id, channel, key, reason, note=note, at=at, also=also)


def opt_out_key(
    runtime: Runtime,
    organization_id: str,
    channel: Channel,
    key: str,
    reason: str,
    *,
    note: str | None = None,
    at: datetime | None = None,
    also: Sequence[Write] = (),
) -> None:
    """As `opt_out`, of an address that is known by its keyed hash alone."""
    wish = _Wish(organization_id, channel, key, reason, at or runtime.clock.now(), note)
    _repeat(lambda: _stopped(runtime, wish), also, runtime)


def opt_in(
    runtime: Runtime, organization_id: str, channel: Channel, address: str, reason: str, *, at: datetime | None = None
) -> None:
    """Undoes an opt-out because the person says so (START, preferences page); consent on file is as it was.

    One that was asked for after `at` stays: a START that is worked on late, or again, does not undo a later STOP.
    """
    key = suppression_id(runtime, organization_id, channel, address)
    wish = _Wish(organization_id, channel, key, reason, at or runtime.clock.now())
    _repeat(lambda: _started(runtime, wish), (), runtime)


def contacts_of(runtime: Runtime, organization_id: str, channel: Channel, address: str) -> list[Contact]:
    """Everybody here who has this address, whichever branch."""
    key = suppression_id(runtime, organization_id, channel, address)
    # A look-up item outlives a changed number: what counts is the address the contact has now.
    return [one for one in contacts_behind(runtime, organization_id, key) if address in (one.phone, one.email)]


def contacts_behind(runtime: Runtime, organization_id: str, key: str) -> list[Contact]:
    """Everybody the keyed hash of an address leads to, also those who have another address by now."""
    ids = runtime.store.lookup(organization_id, "person", key)
    found = [runtime.store.find(Contact, organization_id, id) for id in ids]
    return [contact for contact in found if contact is not None and contact.merged_into is None]


def suppression_of(runtime: Runtime, organization_id: str, channel: Channel, address: str) -> Suppression | None:
    """The one in force, if any."""
    found = runtime.store.find(Suppression, organization_id, suppression_id(runtime, organization_id, channel, address))
    return found if found is not None and found.active else None


def staff_may_lift(suppression: Suppression) -> bool:
    """Only what others said of the address: an opt-out by the person's own word is theirs to take back."""
    return suppression.reason in ("staff", "bounce", DO_NOT_CONTACT)


def consent_lifts(suppression: Suppression) -> bool:
    """A new consent that staff record undoes a wish to get less, not what a list or a provider says."""
    return _strength(suppression.reason) < _STRENGTH[DO_NOT_CONTACT]


def has_key(runtime: Runtime, contact: Contact, key: str) -> bool:
    """Whether the contact has by now an address with this keyed hash."""
    addresses: list[tuple[Channel, str | None]] = [("sms", contact.phone), ("email", contact.email)]
    return any(
        address is not None and suppression_id(runtime, contact.organization_id, channel, address) == key
        for channel, address in addresses
    )


def suppression_id(runtime: Runtime, organization_id: str, channel: Channel, address: str) -> str:
    return person_key(runtime.keys, organization_id, "email" if channel == "email" else "phone", address)


def unmarked(contact: Contact, channel: Channel) -> dict[str, datetime]:
    """The contact's opt-outs without those of the channel's address."""
    gone = {"email"} if channel == "email" else {"sms", MARKETING_TEXTS}
    return {name: at for name, at in contact.opted_out.items() if name not in gone}


def _repeat(writes: Callable[[], tuple[Write, ...]], also: Sequence[Write], runtime: Runtime) -> None:
    for _ in range(TRIES):
        changes = (*writes(), *also)
        if not changes:
            return
        try:
            runtime.store.commit(*changes)
        except Conflict:
            continue
        return
    raise Conflict("the person is being changed by others")


def _stopped(runtime: Runtime, wish: _Wish) -> tuple[Write, ...]:
    now, org, reason = runtime.clock.now(), wish.organization_id, wish.reason
    before = runtime.store.find(Suppression, org, wish.key)
    found: list[Write] = []
    if before is None:
        found.append(
            Create(
                Suppression(
                    organization_id=org, id=wish.key, created_at=now, updated_at=now,
                    channel=wish_about(wish.channel), active=True, reason=reason, note=wish.note, said_at=wish.at,
                )
            )
        )  # fmt: skip
    elif not before.active or _strength(before.reason) < _strength(reason):
        # What the person asked for is still so when staff lift what others said of the address.
        beneath = [*before.beneath, before.reason] if before.active else []
        said = max(wish.at, before.said_at or wish.at)
        fields = {"active": True, "reason": reason, "note": wish.note, "beneath": beneath, "said_at": said}
        found.append(Change(before, before.changed(now, **fields)))
    elif before.said_at is None or before.said_at < wish.at:
        found.append(Change(before, before.changed(now, said_at=wish.at)))
    if found and runtime.store.lookup(GLOBAL, MOVED_KEY, wish.key):
        found.append(Emit(Event("opt_out.recorded", org, wish.key), now))
    mark = MARKETING_TEXTS if reason == UNSUBSCRIBED and wish.channel != "email" else wish_about(wish.channel)
    for contact in _contacts_with(runtime, org, wish.key)[:MOST_CONTACTS]:
        if mark not in contact.opted_out:
            found.append(Change(contact, contact.changed(now, opted_out=contact.opted_out | {mark: now})))
    return tuple(found)


def _started(runtime: Runtime, wish: _Wish) -> tuple[Write, ...]:
    now, org = runtime.clock.now(), wish.organization_id
    known = runtime.store.find(Suppression, org, wish.key)
    before = known if known is not None and known.active else None
    if before is not None and before.said_at is not None and before.said_at > wish.at:
        return ()
    found: list[Write] = []
    if before is not None:
        found.append(Change(before, before.changed(now, active=False, reason=wish.reason)))
    for contact in _contacts_with(runtime, org, wish.key)[:MOST_CONTACTS]:
        rest = unmarked(contact, wish.channel)
        if rest != contact.opted_out:
            found.append(Change(contact, contact.changed(now, opted_out=rest)))
    return tuple(found)


def _contacts_with(runtime: Runtime, organization_id: str, key: str) -> list[Contact]:
    """Those who have the address by now."""
    return [one for one in contacts_behind(runtime, organization_id, key) if has_key(runtime, one, key)]


def _strength(reason: str) -> int:
    return _STRENGTH.get(reason, _OWN_WORD)
