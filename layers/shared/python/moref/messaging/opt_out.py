"""Opting out of a channel, and in again: at once, for every branch, and for every contact with that address."""

from collections.abc import Callable
from datetime import datetime

from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.messaging.model import Channel, Suppression
from moref.people import person_key
from moref.records import Change, Create, Write
from moref.runtime import Runtime

TRIES = 5


def opt_out(runtime: Runtime, organization_id: str, channel: Channel, address: str, reason: str) -> None:
    """`reason` is STOP, 21610, unsubscribed, staff ... The suppression outlives the contact."""
    _repeat(lambda: _writes(runtime, organization_id, channel, address, reason), runtime)


def opt_in(runtime: Runtime, organization_id: str, channel: Channel, address: str, reason: str) -> None:
    """Undoes an opt-out; consent on file is as it was."""
    _repeat(lambda: _writes(runtime, organization_id, channel, address, reason, active=False), runtime)


def contacts_of(runtime: Runtime, organization_id: str, channel: Channel, address: str) -> list[Contact]:
    """Everybody here who has this address, whichever branch."""
    key = _key(runtime, organization_id, channel, address)
    ids = runtime.store.lookup(organization_id, "person", key)
    found = [runtime.store.find(Contact, organization_id, id) for id in ids]
    # A look-up item outlives a changed number: what counts is the address the contact has now.
    return [contact for contact in found if contact is not None and address in (contact.phone, contact.email)]


def _repeat(writes: Callable[[], tuple[Write, ...]], runtime: Runtime) -> None:
    for _ in range(TRIES):
        changes = writes()
        if not changes:
            return
        try:
            runtime.store.commit(*changes)
        except Conflict:
            continue
        return
    raise Conflict("the person is being changed by others")


def _writes(
    runtime: Runtime, organization_id: str, channel: Channel, address: str, reason: str, *, active: bool = True
) -> tuple[Write, ...]:
    now = runtime.clock.now()
    key = _key(runtime, organization_id, channel, address)
    before = runtime.store.find(Suppression, organization_id, key)
    found: list[Write] = []
    if before is None and active:
        found.append(
            Create(
                Suppression(
                    organization_id=organization_id, id=key, created_at=now, updated_at=now,
                    channel=channel, active=True, reason=reason,
                )
            )
        )  # fmt: skip
    elif before is not None and (before.active != active or _weaker(before, reason)):
        found.append(Change(before, before.changed(now, active=active, reason=reason)))
    for contact in contacts_of(runtime, organization_id, channel, address):
        if (channel in contact.opted_out) != active:
            found.append(Change(contact, contact.changed(now, opted_out=_marked(contact, channel, active, now))))
    return tuple(found)


def _weaker(before: Suppression, reason: str) -> bool:
    """An unsubscribe that is now a bounce or a STOP binds more than it did."""
    return before.active and before.reason == "unsubscribed" and reason != "unsubscribed"


def _marked(contact: Contact, channel: Channel, active: bool, now: datetime) -> dict[str, datetime]:
    rest = {name: at for name, at in contact.opted_out.items() if name != channel}
    return {**rest, channel: now} if active else rest


def _key(runtime: Runtime, organization_id: str, channel: Channel, address: str) -> str:
    return person_key(runtime.keys, organization_id, "email" if channel == "email" else "phone", address)
