"""What Twilio posts: delivery reports (receive_reports), and texts that people send, by SMS or WhatsApp."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moref import people
from moref.campaigns.model import Enrollment
from moref.intake.model import Contact, InboxEvent
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.messaging import receive_reports
from moref.messaging.answers import answer_writes
from moref.messaging.channels.twilio import ANSWERED_BY_TWILIO, read_form
from moref.messaging.channels.whatsapp import PREFIX
from moref.messaging.keywords import Keyword, keyword, word
from moref.messaging.model import Channel, Message
from moref.messaging.open_door import opened
from moref.messaging.opt_out import MOST_CONTACTS, contacts_of, opt_in, opt_out, suppression_of
from moref.messaging.plan_message import planned
from moref.records import Change, Create, Write, every
from moref.runtime import Runtime
from moref.tenants.model import Location, VendorAccount

TRIES = 5
_MOST = 50  # unread replies that a contact remembers
_ANSWERS: dict[Keyword, str] = {"STOP": "stop_confirmed", "START": "start_confirmed", "HELP": "help"}


def receive(runtime: Runtime, event: InboxEvent, body: bytes) -> str | None:
    """A text: ignored, with that reason. Raises Malformed on what is no form of Twilio's."""
    form = read_form(body)
    if form.get("MessageStatus"):
        return receive_reports.receive(runtime, event, body)
    reason = _inbound(runtime, event, form)
    if reason is None and form["From"].startswith(PREFIX):
        opened(runtime, event.organization_id, people.phone(form["From"].removeprefix(PREFIX)), event.created_at)
    return reason


@dataclass(frozen=True, slots=True)
class _Text:
    """A text that a person sent. `sender` is E.164; `id` is that of the row it becomes; `at` when it came."""

    organization_id: str
    id: str
    sid: str
    channel: Channel
    sender: str
    to: frozenset[str]  # the number, and the messaging service when there is one
    number: str
    body: str
    at: datetime
    said: Keyword | None
    answered: bool  # by Twilio, as the account words it


def _inbound(runtime: Runtime, event: InboxEvent, form: dict[str, str]) -> str | None:
    organization_id, sid = event.organization_id, form.get("MessageSid") or form["SmsSid"]
    try:
        sender = people.phone(form.get("From", "").removeprefix(PREFIX))
    except BadInput:
        return "the sender is not a phone number"
    body, number = form.get("Body", ""), form.get("To", "").removeprefix(PREFIX)
    text = _Text(
        organization_id=organization_id,
        id=ids.derived("msg", organization_id, "in", sid),
        sid=sid,
        channel="whatsapp" if form["From"].startswith(PREFIX) else "sms",
        sender=sender,
        to=frozenset(filter(None, (number, form.get("MessagingServiceSid")))),
        number=number,
        body=body[:1600],
        at=event.created_at,
        said=_said(form),
        answered="OptOutType" in form,
    )
    for _ in range(TRIES):
        if runtime.store.find(Message, organization_id, text.id) is not None:
            return None  # handled before: a replay of an old STOP must not undo a later START
        # The wish counts before and whatever else goes wrong.
        if text.said == "STOP":
            opt_out(runtime, organization_id, text.channel, sender, "STOP", at=text.at)
        elif text.said == "START":
            opt_in(runtime, organization_id, text.channel, sender, "START", at=text.at)
        try:
            return _keep(runtime, text)
        except Conflict:
            continue
    raise Conflict("the person is being changed by others")


def _said(form: dict[str, str]) -> Keyword | None:
    """A stop word is one whatever Twilio makes of it; words that an account added (Advanced Opt-Out) Twilio tells."""
    said, told = keyword(form.get("Body", "")), form.get("OptOutType", "").upper()
    if said == "STOP" or told not in _ANSWERS:
        return said
    return told


def _keep(runtime: Runtime, text: _Text) -> str | None:
    contacts = contacts_of(runtime, text.organization_id, text.channel, text.sender)
    location = _location(runtime, text, contacts)
    if location is None:
        return "no location has this number"
    contact = next((one for one in contacts if one.location_id == location.id), contacts[0] if contacts else None)
    if text.said:
        runtime.store.commit(Create(_row(runtime, text, location, contact)), *_answer(runtime, text, location, contact))
        return None
    answer = answer_writes(runtime, contacts, text.body, text.channel)
    if answer is not None:
        enrollment, feedback = answer
        scored = _row(runtime, text, location, contact, reason="score", enrollment_id=enrollment.id)
        runtime.store.commit(Create(scored), *feedback, *_thanks(runtime, text, scored, enrollment))
    else:
        unread = _unread(runtime, text, location, contacts, contact)
        runtime.store.commit(Create(_row(runtime, text, location, contact)), *unread)
    return None


def _location(runtime: Runtime, text: _Text, contacts: list[Contact]) -> Location | None:
    """The branch that was texted; a number several branches share leads to the person's own."""
    branches = [one for one in every(runtime.store, Location, text.organization_id) if one.sms_sender in text.to]
    own = {contact.location_id for contact in contacts}
    branches.sort(key=lambda one: (one.id not in own, one.created_at))
    if branches:
        return branches[0]
    return runtime.store.find(Location, text.organization_id, contacts[0].location_id) if contacts else None


def _row(runtime: Runtime, text: _Text, location: Location, contact: Contact | None, **fields: Any) -> Message:
    now = runtime.clock.now()
    made = Message(
        organization_id=text.organization_id,
        id=text.id,
        created_at=now,
        updated_at=now,
        direction="in",
        channel=text.channel,
        template="inbound",
        kind="keyword" if text.said else "service",
        location_id=location.id,
        contact_id=contact.id if contact else None,
        status="received",
        reason=text.said,
        address=text.sender,
        body=text.body,
        provider_id=text.sid,
    )
    return made.model_copy(update=fields)


def _thanks(runtime: Runtime, text: _Text, scored: Message, enrollment: Enrollment) -> tuple[Write, ...]:
    """Who answers by text never sees the page with the public review link: everybody is told of it in the same words,
    at once, whatever the score (rules.md "Reviews")."""
    contact = runtime.store.find(Contact, text.organization_id, enrollment.contact_id)
    if contact is None:
        return ()
    return planned(
        runtime,
        text.organization_id,
        cause=f"{text.id}.thanks",
        template="score_received",
        kind="marketing",  # it asks for a review; prompted, so it does not wait for tomorrow
        prompted_at=runtime.clock.now(),
        location_id=scored.location_id,
        contact=contact,
        job_id=enrollment.job_id,
        places=enrollment.places,
        fields={"feedback_link": f"{runtime.settings.base_url}/review/{enrollment.token}"},
        channel=text.channel,
    )


def _answer(runtime: Runtime, text: _Text, location: Location, contact: Contact | None) -> tuple[Write, ...]:
    """One confirmation: ours, unless Twilio gives it (it would refuse ours after a STOP)."""
    account = runtime.store.find(VendorAccount, text.organization_id, "twilio")
    ours = account is not None and account.config.get("keyword_replies") == "ours"
    if text.said is None or text.answered or (word(text.body) in ANSWERED_BY_TWILIO and not ours):
        return ()
    if text.said == "START" and suppression_of(runtime, text.organization_id, text.channel, text.sender) is not None:
        return ()  # a STOP came after it
    return planned(
        runtime,
        text.organization_id,
        cause=f"{text.id}.answer",
        template=_ANSWERS[text.said],
        kind="keyword",
        location_id=location.id,
        contact=contact,
        fields={"to": text.sender, "sender": text.number},
        channel=text.channel,
    )


def _unread(
    runtime: Runtime, text: _Text, location: Location, contacts: list[Contact], contact: Contact | None
) -> tuple[Write, ...]:
    """Anything else may be "please leave me alone": no marketing until staff have read it."""
    now = runtime.clock.now()
    paused = [
        Change(one, one.changed(now, marketing_paused_at=now, unread_replies=[*one.unread_replies, text.id][-_MOST:]))
        for one in contacts[:MOST_CONTACTS]
    ]
    name = f"{contact.first_name} {contact.last_name}".strip() if contact else ""
    fields = {"customer": name, "phone": text.sender, "text": text.body}
    told = planned(
        runtime,
        text.organization_id,
        cause=f"{text.id}.staff",
        template="reply_received",
        kind="staff",
        location_id=location.id,
        contact=None,
        fields={field: value for field, value in fields.items() if value},
    )
    return (*paused, *told)
