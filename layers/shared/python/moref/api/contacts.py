"""Operations on contacts and on what they wrote back."""

from typing import Any, Literal

from pydantic import Field

from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation, Schema
from moref.api.read import instant
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.intake.model import Contact
from moref.messaging.model import CONFIDENTIAL, Message
from moref.tenants.forms import Form, Line, Version

CONTACT = Resource(
    "contacts",
    Contact,
    words(
        "location_id first_name last_name phone email language language_by consents opted_out marketing_paused_at"
        " unread_replies source merged_into erased_at"
    ),
    "people as the CRM knows them",
    PLACE,
)


def _body(call: Call, message: Message) -> str | None:
    """A code that only the recipient is to know stays with them."""
    del call
    return None if message.template in CONFIDENTIAL else message.body


_BODY: Schema = {"type": ["string", "null"], "description": "as sent; null before, and for messages that hold a code"}
MESSAGE = Resource(
    "messages",
    Message,
    words(
        "direction channel template template_version kind location_id contact_id enrollment_id step status reason"
        " subject provider_id attempts not_before sent_at delivered_at opened_at clicked_at read_at read_by"
    ),
    "every SMS, WhatsApp message and e-mail; what people wrote back has the status received",
    STATUS | PLACE | {"contact_id": "parent"},
    ("reply", "undelivered", "stuck"),
    extras={"body": (_BODY, _body)},
)


class ContactChanges(Form):
    version: Version
    language: Literal["en", "es"] = Field(description="what the person is written to in; a CRM no longer changes it")


class OptOut(Form):
    """What the person said, by whatever way it reached staff."""

    channels: list[Literal["sms", "email"]] = Field(
        min_length=1, max_length=2, description="sms stands for the phone number: texts and WhatsApp"
    )
    scope: Literal["everything", "marketing"] = "everything"
    reason: Line


class OptIn(Form):
    """The proof that the person agreed; it is stored with the contact."""

    channel: Literal["sms", "whatsapp", "email"]
    consent_text: str = Field(min_length=20, max_length=2000, description="the words they agreed to")
    source: Line = Field(description="where they did: signed work order of 2026-06-02, call, booth ...")
    at: str = Field(json_schema_extra={"format": "date-time"}, description="when they did")


class Read(Form):
    keep_paused: bool = Field(default=False, description="automatic marketing stays paused")
    opt_out: bool = Field(default=False, description="they want to be left alone: a revocation is recorded")


class ReadMany(Many):
    keep_paused: bool = Field(default=False, description="automatic marketing stays paused")


def _change(call: Call) -> Any:
    from moref.intake.change_contact import change_language

    id, said = call.get(Contact, call.params["id"]).id, call.body
    changed = change_language(
        call.runtime, call.organization_id, id, said.language, version=said.version, actor=call.caller.member_id
    )
    return CONTACT.view(changed)


def _opt_out(call: Call) -> Any:
    from moref.messaging.staff_wishes import record_opt_out

    id, said = call.get(Contact, call.params["id"]).id, call.body
    changed = record_opt_out(
        call.runtime, call.organization_id, id, said.channels, scope=said.scope, reason=said.reason,
        actor=call.caller.member_id,
    )  # fmt: skip
    return CONTACT.view(changed)


def _opt_in(call: Call) -> Any:
    from moref.messaging.staff_wishes import record_consent

    id, said = call.get(Contact, call.params["id"]).id, call.body
    changed = record_consent(
        call.runtime, call.organization_id, id, channel=said.channel, text=said.consent_text,
        at=instant(said.at, "at"), source=said.source, actor=call.caller.member_id,
    )  # fmt: skip
    return CONTACT.view(changed)


def _read(call: Call) -> Any:
    from moref.messaging.read_reply import read_reply

    id, said = call.get(Message, call.params["id"]).id, call.body
    read = read_reply(
        call.runtime, call.organization_id, id, keep_paused=said.keep_paused, revoked=said.opt_out,
        actor=call.caller.member_id,
    )  # fmt: skip
    return MESSAGE.shown_to(call, read)


def _read_one(call: Call, id: str) -> Message:
    from moref.messaging.read_reply import read_reply

    return read_reply(
        call.runtime, call.organization_id, call.get(Message, id).id, keep_paused=call.body.keep_paused, revoked=False,
        actor=call.caller.member_id,
    )  # fmt: skip


OPERATIONS = (
    Operation("PATCH", "/v1/contacts/{id}", _change, "admin", "contacts", "Changes the language of a contact",
              CONTACT.schema, body=ContactChanges),
    Operation("POST", "/v1/contacts/{id}/opt-out", _opt_out, "admin", "contacts",
              "Records that the person wants no more messages: at once, for every branch", CONTACT.schema, body=OptOut),
    Operation("POST", "/v1/contacts/{id}/opt-in", _opt_in, "admin", "contacts",
              "Records a consent with its proof; never against a STOP, a bounce or the do-not-contact list",
              CONTACT.schema, body=OptIn),
    Operation("POST", "/v1/messages/read", bulk(_read_one), "admin", "messages",
              f"Marks up to {MOST} replies as read; says what came of each", OUTCOMES.copy, body=ReadMany),
    Operation("POST", "/v1/messages/{id}/read", _read, "admin", "messages",
              "Marks a reply as read: automatic marketing goes on once nothing is unread", MESSAGE.schema, body=Read,
              body_optional=True),
)  # fmt: skip
