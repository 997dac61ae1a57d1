"""A gift card that could not be delivered gets a new address: staff note it, the advocate confirms it with a code.

The code goes to another address that is on file for the advocate, never to the new one: whoever only says that they are
the advocate does not have it, and staff do not see it. Amount and order stay as they are; the provider sends again.
"""

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import ClassVar, Literal

from pydantic import AwareDatetime

from moref import people
from moref.events import Event
from moref.identity.current import current
from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.messaging.addresses import sms_phone
from moref.messaging.plan_message import planned
from moref.records import Change, Create, Emit, Entity, get
from moref.rewards.audit import audit
from moref.rewards.model import Payout, Reward
from moref.rewards.settle import UNDELIVERABLE
from moref.runtime import Runtime

VALID = timedelta(minutes=30)
TRIES = 5  # wrong codes
MOST_CODES = 5  # a payout; then it is for people who know each other
TEMPLATE = "confirm_address"


class NewAddress(Entity):
    """id is the payout's: one address at a time, the newest counts."""

    noun: ClassVar[str] = "new_address"

    email: str | None = None
    phone: str | None = None
    digest: str  # keyed, of the code
    valid_until: AwareDatetime
    wrong: int = 0
    codes: int = 1  # how many were sent for this payout
    asked_by: str
    status: Literal["waiting", "confirmed", "burnt"] = "waiting"


def ask(
    runtime: Runtime, organization_id: str, payout_id: str, *, email: str | None, phone: str | None, actor: str
) -> NewAddress:
    """Sends the advocate a code. Exactly one of `email` and `phone`, the kind that the order was sent to.

    Raises NotFound; BadInput; Conflict when the delivery did not fail, nothing else is on file, or codes ran out.
    """
    payout = get(runtime.store, Payout, organization_id, payout_id)
    _check(payout)
    email, phone = _written(payout, email, phone)
    contact = _person(runtime, payout)
    channel = _channel(payout, contact)
    before, now = runtime.store.find(NewAddress, organization_id, payout_id), runtime.clock.now()
    sent = before.codes if before else 0
    if sent >= MOST_CODES:
        raise Conflict("no more codes for this payout: mend it at the provider")
    code = f"{secrets.randbelow(10**6):06d}"
    fields = {
        "email": email, "phone": phone, "digest": _digest(runtime, payout_id, code), "valid_until": now + VALID,
        "wrong": 0, "codes": sent + 1, "asked_by": actor, "status": "waiting",
    }  # fmt: skip
    first = NewAddress(organization_id=organization_id, id=payout_id, created_at=now, updated_at=now, **fields)
    message = planned(
        runtime,
        organization_id,
        cause=f"{payout_id}.code.{sent + 1}",
        template=TEMPLATE,
        kind="service",
        location_id=payout.location_id,
        contact=contact,
        fields={"code": code, "new_address": masked(email or phone or "")},
        channel=channel,
    )
    runtime.store.commit(
        Create(first) if before is None else Change(before, before.changed(now, **fields)),
        *message,
        audit(now, organization_id, actor, "payout.new_address_asked", payout_id, turn=str(sent + 1)),
    )
    return get(runtime.store, NewAddress, organization_id, payout_id)


def confirm(runtime: Runtime, organization_id: str, payout_id: str, code: str, *, actor: str) -> Payout:
    """The payout on its way to the new address; confirming it again changes nothing.

    Raises NotFound; BadInput on a wrong code, five of which burn it; Conflict on one that is burnt or too old.
    """
    payout = get(runtime.store, Payout, organization_id, payout_id)
    asked = get(runtime.store, NewAddress, organization_id, payout_id)
    now = runtime.clock.now()
    if asked.status == "confirmed":
        return payout
    if asked.status == "burnt" or now > asked.valid_until:
        raise Conflict("this code is no longer valid: ask for another")
    _check(payout)
    if not hmac.compare_digest(_digest(runtime, payout_id, code), asked.digest):
        wrong = asked.wrong + 1
        status = "burnt" if wrong >= TRIES else "waiting"
        runtime.store.commit(Change(asked, asked.changed(now, wrong=wrong, status=status)))
        raise BadInput("this is not the code", field="code")
    after = payout.changed(
        now, status="accepted", reason="to be delivered to the confirmed address",
        redirected_email=asked.email, redirected_phone=asked.phone, redirect_pending=True,
    )  # fmt: skip
    data = {"status": "accepted", "previous_status": payout.status, "reward_id": payout.reward_id}
    runtime.store.commit(
        Change(payout, after),
        Change(asked, asked.changed(now, status="confirmed")),
        Emit(Event("payout.changed", organization_id, payout_id, data), now),
        Emit(Event("payout.redirected", organization_id, payout_id, {"reward_id": payout.reward_id}), now),
        audit(now, organization_id, actor, "payout.redirected", payout_id, turn=str(asked.codes)),
    )
    return get(runtime.store, Payout, organization_id, payout_id)


def masked(address: str) -> str:
    """`a***@example.com`, `***0123`: enough to recognise one's own."""
    name, at, domain = address.partition("@")
    return f"{name[:1]}***@{domain}" if at else f"***{address[-4:]}"


def _check(payout: Payout) -> None:
    if payout.status != "needs_person" or payout.reason != UNDELIVERABLE or payout.provider_reward_id is None:
        raise Conflict("only a reward that could not be delivered gets a new address")


def _written(payout: Payout, email: str | None, phone: str | None) -> tuple[str | None, str | None]:
    if (email is None) == (phone is None):
        raise BadInput("give an e-mail address or a phone number", field="email")
    if (email is None) != (payout.recipient_email is None):
        kind = "an e-mail address" if payout.recipient_email else "a phone number"
        raise BadInput(f"this reward is delivered to {kind}", field="phone" if phone else "email")
    return (people.email(email), None) if email else (None, people.phone(phone or ""))


def _channel(payout: Payout, contact: Contact) -> Literal["sms", "email"]:
    """What is on file besides the address that failed; not what only a form brought where the CRM gave the other."""
    known = contact.known_at.keys() & {"email", "phone"} or {"email", "phone"}
    if contact.email and contact.email != payout.recipient_email and "email" in known:
        return "email"
    if sms_phone(contact) and contact.phone != payout.recipient_phone and "phone" in known:
        return "sms"
    raise Conflict("no other address of the advocate is on file to send a code to: mend it at the provider")


def _person(runtime: Runtime, payout: Payout) -> Contact:
    reward = get(runtime.store, Reward, payout.organization_id, payout.reward_id)
    found = current(runtime.store, payout.organization_id, reward.contact_id)
    if found is None:
        raise NotFound(f"no contact {reward.contact_id}")
    return found


def _digest(runtime: Runtime, payout_id: str, code: str) -> str:
    key = runtime.keys.derive("new-address")
    return hmac.new(key, f"{payout_id}\n{code.strip()}".encode(), hashlib.sha256).hexdigest()
