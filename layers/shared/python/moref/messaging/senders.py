"""Whether a sender may be used yet (rules.md "sender").

US carriers drop texts of a number without a registered brand and campaign (10DLC), so a text leaves only by a sender
that is active. E-mail is live at once: its own identity may still be on its way, and only what is blocked stops it.
A row speaks of one address: when the branch gets another number, that one begins anew.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal

from pydantic import AwareDatetime, Field

from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Create, Entity, Write, every, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location

State = Literal["requested", "pending", "active", "blocked"]
SenderChannel = Literal["sms", "whatsapp", "email"]

# What has to be settled with carriers and mailbox providers, each on its own.
PARTS: dict[SenderChannel, tuple[str, ...]] = {
    "sms": ("brand", "campaign"),
    "whatsapp": ("business", "number"),
    "email": ("identity", "dkim", "spf", "dmarc"),
}
EMAIL = "email"  # the one sender of e-mail an organization has
_WORST: tuple[State, ...] = ("blocked", "requested", "pending", "active")
_TRIES = 5


class Sender(Entity):
    """id is "<channel>.<location>", or "email" for the whole organization's."""

    noun: ClassVar[str] = "sender"

    channel: SenderChannel
    location_id: str | None = None
    address: str | None = None  # the number or messaging service these states speak of
    states: dict[str, State] = Field(default_factory=dict)  # part -> how far it is
    stopped_because: str | None = None  # blocked by what providers told us, until staff resume
    status: State = "requested"  # made of the two above
    resumed_at: AwareDatetime | None = None
    resumes: int = 0  # counters of bounces and complaints begin anew with each

    def waits(self) -> tuple[str, datetime] | None:
        return ("sender", self.updated_at) if self.status == "blocked" else None


def sender_id(channel: SenderChannel, location_id: str) -> str:
    return EMAIL if channel == "email" else f"{channel}.{location_id}"


def state_of(runtime: Runtime, organization_id: str, channel: SenderChannel, location: Location) -> State:
    """How far the location's sender is, strongly consistent. E-mail that nothing blocks is active."""
    found = runtime.store.find(Sender, organization_id, sender_id(channel, location.id))
    if channel == "email":
        return "blocked" if found is not None and found.status == "blocked" else "active"
    return "requested" if found is None or found.address != location.sms_sender else found.status


def save_sender(
    runtime: Runtime, organization_id: str, id: str, states: Mapping[str, State], *, version: int, actor: str
) -> Sender:
    """Staff tell how far the registration is; version 0 for one that is not there yet.

    Raises NotFound (no such location), BadInput (field "states"), Conflict on an old version.
    """
    channel, location = _place(runtime, organization_id, id)
    unknown = next((name for name in states if name not in PARTS[channel]), None)
    if unknown is not None:
        raise BadInput(f"a sender of {channel} has {', '.join(PARTS[channel])}", field="states")
    before = runtime.store.find(Sender, organization_id, id)
    if (before.version if before else 0) != version:
        raise Conflict(f"the sender is at version {before.version if before else 0}")
    now = runtime.clock.now()
    address = location.sms_sender if location else None
    known = before.states if before is not None and before.address == address else {}
    fields = {"address": address, "states": {**known, **states}}
    detail = {f"state_{name}": state for name, state in states.items()}
    audit = audited(now, organization_id, actor, "sender.changed", id, **detail)
    runtime.store.commit(_write(runtime, organization_id, id, before, fields), audit)
    return get(runtime.store, Sender, organization_id, id)


def resume(runtime: Runtime, organization_id: str, id: str, *, version: int, reason: str, actor: str) -> Sender:
    """Staff take back what providers' answers had stopped; earlier bounces and complaints count no more."""
    now, before = runtime.clock.now(), get(runtime.store, Sender, organization_id, id)
    if before.version != version:
        raise Conflict(f"the sender is at version {before.version}")
    if before.stopped_because is None:
        raise Conflict("nothing has stopped this sender")
    fields = {"stopped_because": None, "resumed_at": now, "resumes": before.resumes + 1}
    audit = audited(now, organization_id, actor, "sender.resumed", id, reason=reason)
    runtime.store.commit(_write(runtime, organization_id, id, before, fields), audit)
    return get(runtime.store, Sender, organization_id, id)


def block(runtime: Runtime, organization_id: str, channel: SenderChannel, address: str, because: str) -> None:
    """A provider says that this sender may not be used (30034, not verified ...): every branch with it stops, at once.

    `address` is the number or messaging service; e-mail has one sender whatever the address. Harmless when repeated.
    """
    ids = [EMAIL] if channel == "email" else _with(runtime, organization_id, channel, address)
    for id in ids:
        _block(runtime, organization_id, id, None if channel == "email" else address, because)


def _with(runtime: Runtime, organization_id: str, channel: SenderChannel, address: str) -> list[str]:
    found = every(runtime.store, Location, organization_id)
    return [sender_id(channel, one.id) for one in found if one.sms_sender == address]


def _block(runtime: Runtime, organization_id: str, id: str, address: str | None, because: str) -> None:
    for _ in range(_TRIES):
        before = runtime.store.find(Sender, organization_id, id)
        if before is not None and before.address == address and before.stopped_because is not None:
            return
        fields = {"address": address, "stopped_because": because[:300]}
        now = runtime.clock.now()
        audit = audited(now, organization_id, "platform", "sender.blocked", id, because=because[:300])
        try:
            runtime.store.commit(_write(runtime, organization_id, id, before, fields), audit)
        except Conflict:
            continue
        runtime.metrics.count("sender_blocked")
        return
    raise Conflict("the sender is being changed by others")


def _place(runtime: Runtime, organization_id: str, id: str) -> tuple[SenderChannel, Location | None]:
    if id == EMAIL:
        return "email", None
    name, _, location_id = id.partition(".")
    channel: SenderChannel = "whatsapp" if name == "whatsapp" else "sms"
    location = get(runtime.store, Location, organization_id, location_id)
    if id != sender_id(channel, location_id):
        raise BadInput('a sender is "email", "sms.<location>" or "whatsapp.<location>"', field="id")
    if location.sms_sender is None:
        raise BadInput("the location has no number or messaging service yet: give it one first", field="sms_sender")
    return channel, location


def _write(
    runtime: Runtime, organization_id: str, id: str, before: Sender | None, fields: Mapping[str, object]
) -> Write:
    now = runtime.clock.now()
    channel: SenderChannel = "email" if id == EMAIL else ("whatsapp" if id.startswith("whatsapp.") else "sms")
    made = before or Sender(
        organization_id=organization_id, id=id, created_at=now, updated_at=now, channel=channel,
        location_id=id.partition(".")[2] or None,
    )  # fmt: skip
    if made.address != fields.get("address", made.address):  # another number begins anew
        made = made.changed(now, states={}, stopped_because=None)
    after = made.changed(now, **fields)
    after = after.changed(now, status=_status(after))
    return Create(after) if before is None else Change(before, after)


def _status(sender: Sender) -> State:
    """The least of its parts; of e-mail, which needs none of them to be live, those that were told."""
    if sender.stopped_because is not None:
        return "blocked"
    if sender.channel == "email":
        told = [*sender.states.values(), "active"]
    else:
        told = [sender.states.get(name, "requested") for name in PARTS[sender.channel]]
    return next(state for state in _WORST if state in told)
