"""May this message leave, now? Everything is read again at the moment of sending; what planning thought is nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from moref.billing.standing import lapsed
from moref.campaigns.blocked import blocked
from moref.campaigns.effective import paused
from moref.campaigns.model import Enrollment
from moref.campaigns.places import Place, candidates
from moref.campaigns.windows import LEAST_ROOM, closes_at, next_allowed
from moref.identity.current import current
from moref.intake.model import TRANSFERRED, Contact, Job
from moref.messaging.addresses import has_consent, opted_out, sms_country_allowed, sms_phone
from moref.messaging.frequency import Most, allowance
from moref.messaging.model import Channel, Message, MessageClass, SkipReason, Suppression
from moref.messaging.opt_out import UNSUBSCRIBED
from moref.messaging.senders import state_of
from moref.people import person_key
from moref.records import Require, Write
from moref.runtime import Runtime
from moref.tenants.model import Location, Organization, VendorAccount
from moref.tenants.settings import setting
from moref.tenants.switches import stopped

TOO_LATE = timedelta(hours=72)  # a question about last week's move helps nobody
STOPPED_WAIT = timedelta(minutes=15)  # until a stop switch is looked at again


@dataclass(frozen=True, slots=True)
class Skip:
    reason: SkipReason


@dataclass(frozen=True, slots=True)
class Wait:
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Go:
    to: str
    location: Location
    contact: Contact | None
    valid_until: datetime | None  # the window's end; None: any time will do
    claims: tuple[Write, ...] = ()  # belongs into the commit that claims the message


Verdict = Skip | Wait | Go


def last_look(runtime: Runtime, message: Message) -> Verdict:
    """Skip reasons come before waiting, so that people see at once what will never go."""
    store, org = runtime.store, message.organization_id
    organization = store.find(Organization, org, org)
    location = store.find(Location, org, message.location_id)
    # Of a person whose rows were merged since: what they want stands in the row that counts.
    contact = current(store, org, message.contact_id) if message.contact_id else None
    enrollment = store.find(Enrollment, org, message.enrollment_id) if message.enrollment_id else None
    job = _job(runtime, message, enrollment)
    journey = _journey(runtime, message, (enrollment, job), contact)
    reason = _tenant(organization, location) or _unpaid(runtime, message) or journey
    if reason is None and location is not None:
        reason = _person(runtime, message, location, contact)
    if reason is None and runtime.clock.now() - message.created_at > TOO_LATE:
        reason = "too_late"
    if reason is not None or location is None or organization is None:
        return Skip(reason or "location_not_active")
    if (held := _held(runtime, message, location, enrollment)) is not None:
        return held
    go = Go(_address(message, location, contact) or "", location, contact, None)
    if message.kind in ("staff", "keyword"):
        return go
    places = _places(message, location, contact, job)
    # A STOP of this very moment marks the contact: then the claim is refused, and everything is looked at again.
    claims = (Require(contact),) if contact is not None else ()
    return _timely(runtime, message, organization, places, replace(go, claims=claims))


def _held(runtime: Runtime, message: Message, location: Location, enrollment: Enrollment | None) -> Wait | None:
    """What ends when somebody lets it go on."""
    store, org, later = runtime.store, message.organization_id, runtime.clock.now() + STOPPED_WAIT
    if (switch := stopped(store, org, "sends")) is not None:
        return Wait(later, f"stopped: {switch}")
    if message.kind == "staff":
        return None
    if enrollment is not None and paused(store, enrollment):
        return Wait(later, "campaign_paused")
    blocked_mail = message.channel == "email" and state_of(runtime, org, "email", location) == "blocked"
    return Wait(later, "sender_blocked") if blocked_mail else None


def _tenant(organization: Organization | None, location: Location | None) -> SkipReason | None:
    if organization is None or organization.status != "active":
        return "organization_not_active"
    if location is None or location.status != "active":
        return "location_not_active"
    return None


def _unpaid(runtime: Runtime, message: Message) -> SkipReason | None:
    """Who has not paid for the service advertises no more, and its campaigns stand still. What is owed to people goes
    on: service messages about a reward or a payout, answers to keywords, and what staff are told."""
    begins = message.kind == "marketing" or (message.kind == "service" and message.enrollment_id is not None)
    if not begins or lapsed(runtime.store, message.organization_id, runtime.clock.now()) is None:
        return None
    return "subscription_lapsed"


def _job(runtime: Runtime, message: Message, enrollment: Enrollment | None) -> Job | None:
    id = message.job_id or (enrollment.job_id if enrollment is not None else None)
    return runtime.store.find(Job, message.organization_id, id) if id and message.kind != "staff" else None


def _journey(
    runtime: Runtime, message: Message, about: tuple[Enrollment | None, Job | None], contact: Contact | None
) -> SkipReason | None:
    """A job cancelled, or a claim opened, between planning and sending stops what was queued."""
    enrollment, job = about
    if message.kind == "staff":
        return None
    if message.enrollment_id is not None and (enrollment is None or enrollment.status == "stopped"):
        return "journey_stopped"
    if message.kind != "marketing" or contact is None:
        return None
    return "stop_condition" if blocked(runtime.store, message.organization_id, contact.id, job) else None


def _person(runtime: Runtime, message: Message, location: Location, contact: Contact | None) -> SkipReason | None:
    if message.kind == "staff":
        return None
    if message.kind == "keyword":  # the answer to a text that just came: to whoever sent it, known to us or not
        return _sms(runtime, message, location, _address(message, location, contact))
    if contact is None or contact.erased_at is not None:
        return "contact_gone"
    address = _address(message, location, contact)
    reason = _sms(runtime, message, location, address) if message.channel != "email" else None
    if address is None or reason is not None:
        return reason or "no_address"
    return "suppressed" if _suppressed(runtime, message, address) else _wishes(message.channel, message.kind, contact)


def _wishes(channel: Channel, kind: MessageClass, contact: Contact) -> SkipReason | None:
    if opted_out(contact, channel, kind):
        return "opted_out"
    if kind != "marketing":
        return None
    if contact.marketing_paused_at is not None:
        return "marketing_paused"
    asks = channel != "email" or contact.source == TRANSFERRED
    return "no_consent" if asks and not has_consent(contact, channel) else None


def _sms(runtime: Runtime, message: Message, location: Location, phone: str | None) -> SkipReason | None:
    if phone is None:
        return "no_address"
    if not sms_country_allowed(phone):
        return "sms_country"
    account = runtime.store.find(VendorAccount, message.organization_id, "twilio")
    if not location.sms_sender or account is None or account.status != "active":
        return "no_sender"
    active = state_of(runtime, message.organization_id, message.channel, location) == "active"
    return None if active else "sender_not_active"


def _suppressed(runtime: Runtime, message: Message, address: str) -> bool:
    """By the keyed hash of the address: it also binds a contact that was erased and imported again."""
    key = person_key(runtime.keys, message.organization_id, "email" if message.channel == "email" else "phone", address)
    found = runtime.store.find(Suppression, message.organization_id, key)
    if found is None or not found.active:
        return False
    return message.kind == "marketing" or found.reason != UNSUBSCRIBED


def _address(message: Message, location: Location, contact: Contact | None) -> str | None:
    if message.kind == "staff":
        return message.fields.get("to") or location.staff_email  # a sample goes to the member who asked for it
    if message.kind == "keyword":
        return message.fields.get("to")
    if contact is None:
        return None
    return contact.email if message.channel == "email" else sms_phone(contact)


def _timely(runtime: Runtime, message: Message, organization: Organization, places: Sequence[Place], go: Go) -> Verdict:
    """Inside everybody's hours, and not one message too many for the person."""
    now = runtime.clock.now()
    holidays = setting(organization, go.location, "observe_state_holidays")
    end = closes_at(now, places, holidays=holidays)
    if end is None or end - now < LEAST_ROOM:
        return _wait(message, places, max(now, end or now), "outside the window", holidays)
    if message.kind != "marketing" or go.contact is None:
        return replace(go, valid_until=end)
    most = Most(*(setting(organization, go.location, name) for name in ("most_per_day", "most_per_week")))
    room = allowance(runtime.store, message, go.contact.id, now, zone_name=places[0].zone, most=most)
    if room.free_at > now:
        return _wait(message, places, room.free_at, "enough messages for now", holidays)
    return replace(go, valid_until=end, claims=(*go.claims, *room.writes))


def _places(message: Message, location: Location, contact: Contact | None, job: Job | None) -> Sequence[Place]:
    """Those known at planning, and what was heard since: addresses of the job, another phone."""
    ends = (job.origin, job.destination) if job is not None else (None, None)
    phone = contact.phone if contact is not None else None
    return list(dict.fromkeys([*message.places, *candidates(*ends, location, phone)]))


def _wait(message: Message, places: Sequence[Place], start: datetime, reason: str, holidays: bool) -> Verdict:
    allowed = next_allowed(start, places, message.id, holidays=holidays)
    return Skip("no_window") if allowed is None else Wait(allowed, reason)
