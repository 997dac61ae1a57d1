"""Staff have read what a person wrote back: marketing goes on once nothing is unread, unless they say otherwise."""

from datetime import datetime
from typing import Any

from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.messaging.model import Message
from moref.messaging.opt_out import MOST_CONTACTS, UNSUBSCRIBED, contacts_of, opt_out
from moref.records import Change, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5
REVOKED = "revoked"


def read_reply(
    runtime: Runtime, organization_id: str, id: str, *, keep_paused: bool, revoked: bool, actor: str
) -> Message:
    """`revoked`: the reply was a wish to be left alone: no more texts or WhatsApp messages, and no marketing e-mail.

    Harmless when repeated; a later call without `keep_paused` lets marketing go on. Raises NotFound, Conflict (not a
    reply, or lost races).
    """
    if get(runtime.store, Message, organization_id, id).direction != "in":
        raise Conflict("only what a person wrote can be read")
    for _ in range(TRIES):
        message = get(runtime.store, Message, organization_id, id)
        if revoked and message.address is not None:  # before anything is resumed
            _revoke(runtime, message)
        try:
            runtime.store.commit(*_writes(runtime, message, keep_paused=keep_paused, revoked=revoked, actor=actor))
        except Conflict:
            continue
        return get(runtime.store, Message, organization_id, id)
    raise Conflict("the person is being changed by others")


def _revoke(runtime: Runtime, message: Message) -> None:
    address, org = message.address or "", message.organization_id
    emails = {one.email for one in contacts_of(runtime, org, message.channel, address) if one.email}
    opt_out(runtime, org, message.channel, address, REVOKED)
    for email in sorted(emails - {address}):
        opt_out(runtime, org, "email", email, UNSUBSCRIBED)


def _writes(runtime: Runtime, message: Message, *, keep_paused: bool, revoked: bool, actor: str) -> tuple[Write, ...]:
    now, org = runtime.clock.now(), message.organization_id
    people = contacts_of(runtime, org, message.channel, message.address or "")[:MOST_CONTACTS]
    found: list[Write] = [
        Change(one, after) for one in people if (after := _after(one, message.id, now, keep_paused)) is not one
    ]
    if message.read_at is None:
        found.append(Change(message, message.changed(now, read_at=now, read_by=actor)))
    outcome = "revoked" if revoked else "kept_paused" if keep_paused else "resumed"
    return (*found, audited(now, org, actor, "message.read", message.id, outcome=outcome))


def _after(contact: Contact, id: str, now: datetime, keep_paused: bool) -> Contact:
    """`contact` itself when nothing changes."""
    left = [one for one in contact.unread_replies if one != id]
    fields: dict[str, Any] = {"unread_replies": left}
    if not keep_paused and not left:
        fields["marketing_paused_at"] = None
    if all(getattr(contact, name) == value for name, value in fields.items()):
        return contact
    return contact.changed(now, **fields)
