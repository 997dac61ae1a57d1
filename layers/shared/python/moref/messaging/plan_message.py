"""Planning a message: the writes that queue it, for the commit of whatever causes it.

Whether it may leave is decided at the moment of sending (send_message), never here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from moref.campaigns.places import Place, candidates
from moref.events import Event
from moref.intake.model import Contact
from moref.kernel import ids
from moref.kernel.errors import BadInput
from moref.messaging.addresses import may_text, sms_country_allowed, sms_phone
from moref.messaging.model import Channel, Message, MessageClass
from moref.messaging.opt_out import UNSUBSCRIBED, suppression_of
from moref.messaging.review_links import holds_review_link
from moref.messaging.senders import state_of
from moref.messaging.templates import Effective, effective
from moref.records import Create, Emit, Store, Write, create_once
from moref.runtime import Runtime
from moref.tenants.model import Location


def message_id(organization_id: str, cause: str) -> str:
    """The id of the message a cause leads to; `cause` is unique in the organization, e.g. "<enrollment>.<step>"."""
    return ids.derived("msg", organization_id, cause)


def planned(
    runtime: Runtime,
    organization_id: str,
    *,
    cause: str,
    template: str,
    kind: MessageClass | None = None,
    location_id: str,
    contact: Contact | None,
    fields: Mapping[str, str] | None = None,
    enrollment_id: str | None = None,
    step: str | None = None,
    places: Sequence[Place] = (),
    channel: Channel | None = None,
    prompted_at: datetime | None = None,
    job_id: str | None = None,
    by_opinion: bool = False,
) -> tuple[Write, ...]:
    """The Create of the queued Message and its Emit; `contact` None is the location's staff, by e-mail.

    The id comes from the cause: committing the same cause again is a Conflict, so the caller's own condition (or
    create_once) makes a repeat harmless. `kind` is what the template must be, when that matters. `fields` are merge
    fields besides those compose_message knows: all that `fields_needed` names; a staff template prints further ones as
    they come ("move_date" as "Move date"). `places` are the candidate places of the recipient, by default the branch
    and the phone's area code. `prompted_at` is when the person did what the message answers (gave a score, asked for a
    link): on that day the daily cap does not hold it back. Raises BadInput on an unknown template, one of another
    class, or a link that it needs and `fields` lack.
    """
    form = effective(runtime.store, organization_id, template, location_id)
    if kind not in (None, form.kind):
        raise BadInput(f"template {template} is {form.kind}, not {kind}", field="template")
    if missing := sorted(name for name in form.needs() if not (fields or {}).get(name)):
        raise BadInput(f"template {template} needs {', '.join(missing)}", field="template")
    now = runtime.clock.now()
    location = runtime.store.find(Location, organization_id, location_id)
    message = Message(
        organization_id=organization_id,
        id=message_id(organization_id, cause),
        created_at=now,
        updated_at=now,
        channel=channel or choose_channel(form, contact, texts=_texts(runtime, location, contact, form.kind)),
        template=template,
        template_version=form.version_id,
        kind=form.kind,
        location_id=location_id,
        contact_id=contact.id if contact else None,
        enrollment_id=enrollment_id,
        step=step,
        prompted_at=prompted_at,
        job_id=job_id,
        by_opinion=by_opinion,
        review_link=holds_review_link(form.wordings, [location.review_url] if location else []),
        fields=dict(fields or {}),
        link_code=_code((fields or {}).get("referral_link")),
        places=list(places) or _places(location, contact),
    )
    event = Event("message.queued", organization_id, message.id, {"kind": form.kind, "channel": message.channel})
    return Create(message), Emit(event, now)


def fields_needed(store: Store, organization_id: str, template: str, location_id: str) -> frozenset[str]:
    """The links that `planned` must be given: of "feedback_link", "referral_link". Raises BadInput as it does."""
    return effective(store, organization_id, template, location_id).needs()


def _texts(runtime: Runtime, location: Location | None, contact: Contact | None, kind: MessageClass) -> bool:
    """Whether the branch can text by now, and the number takes it: until then, and after a STOP that came before the
    customer did, messages are e-mails."""
    if location is None or location.sms_sender is None:
        return False
    if state_of(runtime, location.organization_id, "sms", location) != "active":
        return False
    phone = contact.phone if contact is not None else None
    against = suppression_of(runtime, location.organization_id, "sms", phone) if phone else None
    return against is None or (against.reason == UNSUBSCRIBED and kind != "marketing")


def _code(referral_link: str | None) -> str | None:
    return referral_link.rsplit("/", 1)[-1] if referral_link else None


def _places(location: Location | None, contact: Contact | None) -> list[Place]:
    return candidates(None, None, location, contact.phone if contact else None) if location else []


def choose_channel(form: Effective, contact: Contact | None, *, texts: bool) -> Channel:
    """SMS when the branch can text (`texts`) and the person may be texted, else e-mail; who only has a phone stays SMS.

    The last look then skips what is not allowed with its reason.
    """
    if contact is None or not form.has_sms:
        return "email"
    if not form.has_email:
        return "sms"
    phone = sms_phone(contact)
    can_text = bool(texts and phone and sms_country_allowed(phone))
    if can_text and may_text(contact, form.kind):
        return "sms"
    return "email" if contact.email or not contact.phone else "sms"


def queue_once(store: Store, writes: tuple[Write, ...]) -> bool:
    """Commits what `planned` returned on its own; False when the same cause was queued before."""
    first = writes[0]
    if not isinstance(first, Create):
        raise TypeError("queue_once takes what planned returned")
    return create_once(store, first.entity, *writes[1:])
