"""What a person told staff: a spoken opt-out, or that they agree to be written to. Both are audited.

A consent is never made out of nothing: the words the person agreed to, when, and where they did are stored with it.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from moref.intake.model import Consent, Contact
from moref.kernel.errors import BadInput, Conflict
from moref.messaging.addresses import wish_about
from moref.messaging.model import Channel, Suppression
from moref.messaging.opt_out import UNSUBSCRIBED, consent_lifts, opt_out, staff_may_lift, suppression_of, unmarked
from moref.records import Change, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5
Scope = Literal["everything", "marketing"]


def record_opt_out(
    runtime: Runtime,
    organization_id: str,
    contact_id: str,
    channels: Iterable[Literal["sms", "email"]],
    *,
    scope: Scope,
    reason: str,
    actor: str,
) -> Contact:
    """At once, for every branch and everybody with that address. Raises NotFound, BadInput without such an address."""
    contact = get(runtime.store, Contact, organization_id, contact_id)
    for channel in sorted(set(channels)):
        address = contact.phone if channel == "sms" else contact.email
        if address is None:
            raise BadInput(f"the contact has no address for {channel}", field="channels")
        now = runtime.clock.now()
        audit = audited(now, organization_id, actor, "contact.opted_out", contact_id, channel=channel, scope=scope)
        why = UNSUBSCRIBED if scope == "marketing" else "staff"
        opt_out(runtime, organization_id, channel, address, why, note=reason, also=(audit,))
    return get(runtime.store, Contact, organization_id, contact_id)


def record_consent(
    runtime: Runtime, organization_id: str, contact_id: str, *, channel: Channel, text: str, at: datetime,
    source: str, actor: str,
) -> Contact:  # fmt: skip
    """Stores the consent and undoes a wish for less. Raises NotFound; BadInput on a time to come or without an address;
    Conflict while a STOP, a bounce, a complaint or the do-not-contact list stands against it."""
    now = runtime.clock.now()
    if at > now:
        raise BadInput("nobody agreed in the future", field="at")
    consent = Consent(channel=channel, text=text, at=at, source=f"staff: {source}")
    for _ in range(TRIES):
        contact = get(runtime.store, Contact, organization_id, contact_id)
        address = contact.email if channel == "email" else contact.phone
        if address is None:
            raise BadInput(f"the contact has no address for {channel}", field="channel")
        against = suppression_of(runtime, organization_id, channel, address)
        if against is not None and not consent_lifts(against):
            raise Conflict(f"{against.reason} stands against it: {_way_out(against)}")
        after = contact.changed(now, opted_out=unmarked(contact, channel), consents=[*contact.consents, consent][-100:])
        writes: list[Write] = [Change(contact, after)]
        if against is not None:
            writes.append(Change(against, against.changed(now, active=False, reason="consent recorded by staff")))
        audit = audited(now, organization_id, actor, "contact.opted_in", contact_id, channel=wish_about(channel))
        try:
            runtime.store.commit(*writes, audit)
        except Conflict:
            continue
        return get(runtime.store, Contact, organization_id, contact_id)
    raise Conflict("the person is being changed by others")


def _way_out(against: Suppression) -> str:
    if staff_may_lift(against):
        return "lift it on the do-not-contact list first"
    return "only the person takes it back, by texting START or on their own page"
