"""Partners: staff invite, suspend and resume them, send a lead for them, and read what became of each."""

from typing import Any, Literal

from pydantic import Field

from moref.api import read
from moref.api.attribution import explained, explanation_audience
from moref.api.operation import Call, Operation, Schema
from moref.api.resource import PLACE, STATUS, Resource, words
from moref.api.schemas import object_of
from moref.partners.model import Partner
from moref.partners.types import PartnerType
from moref.referrals.model import Referral
from moref.tenants.forms import Form, Identifier, Line
from moref.tenants.model import Location


def _page_url(call: Call, partner: Partner) -> str | None:
    """Whoever has it can accept for the partner: for those who invite."""
    from moref.partners.mail_invitation import page_url

    return page_url(call.runtime, partner) if call.caller.may("admin") else None


_URL: Schema = {
    "type": ["string", "null"],
    "description": "the partner's page, which an e-mail of yours may hold as well as ours; null for members",
}
PARTNER = Resource(
    "partners",
    Partner,
    words(
        "location_id partner_type first_name last_name email phone tier_group status invited_by language mailed"
        " mailed_at message_id accepted_at attested_at advocate_id reason"
    ),
    "partners and how far their invitation came",
    STATUS | PLACE | {"advocate_id": "parent"},
    extras={"page_url": (_URL, _page_url)},
)


class NewPartner(Form):
    location_id: Identifier
    partner_type: PartnerType
    first_name: Line = Field(description="or the company's name")
    last_name: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    tier_group: Line | None = None
    language: Literal["en", "es"] = Field(default="en", description="of the mail")
    mail: bool = Field(
        default=True, description="have the invitation mailed where `email` is given; else hand `page_url` over"
    )


class PartnerReason(Form):
    reason: Line


class PartnerLead(Form):
    """Nobody is written to because of it: the company calls, or the person fills in the form behind the link."""

    first_name: Line
    last_name: Line | None = None
    phone: Line | None = None
    email: Line | None = None
    origin_zip: str | None = Field(default=None, pattern=r"^[0-9]{5}$")
    destination_zip: str | None = Field(default=None, pattern=r"^[0-9]{5}$")
    notes: str = Field(default="", max_length=2000)


def _invite(call: Call) -> Any:
    from moref.partners.invite import Invitation, invite

    body: NewPartner = call.body
    who = Invitation(
        location_id=call.get(Location, body.location_id).id, partner_type=body.partner_type,
        first_name=body.first_name, last_name=body.last_name or "", phone=body.phone, email=body.email,
        tier_group=body.tier_group, language=body.language, by_mail=body.mail,
    )  # fmt: skip
    return PARTNER.shown_to(call, invite(call.runtime, call.organization_id, who, actor=call.caller.member_id))


def _mail_again(call: Call) -> Any:
    from moref.partners.mail_invitation import mail_again

    id, actor = call.get(Partner, call.params["id"]).id, call.caller.member_id
    return PARTNER.shown_to(call, mail_again(call.runtime, call.organization_id, id, actor=actor))


def _withdraw(call: Call) -> Any:
    from moref.partners.invite import withdraw

    id, actor = call.get(Partner, call.params["id"]).id, call.caller.member_id
    return PARTNER.shown_to(call, withdraw(call.runtime, call.organization_id, id, actor=actor))


def _suspend(call: Call) -> Any:
    from moref.partners.suspend import suspend

    id, actor = call.get(Partner, call.params["id"]).id, call.caller.member_id
    found = suspend(call.runtime, call.organization_id, id, reason=call.body.reason, actor=actor)
    return PARTNER.shown_to(call, found)


def _resume(call: Call) -> Any:
    from moref.partners.suspend import resume

    id, actor = call.get(Partner, call.params["id"]).id, call.caller.member_id
    return PARTNER.shown_to(call, resume(call.runtime, call.organization_id, id, actor=actor))


def _lead(call: Call) -> Any:
    from moref import people
    from moref.partners.submit import NO_CONSENT, submit
    from moref.referrals.request_quote import Quote

    partner, body = call.get(Partner, call.params["id"]), call.body
    quote = Quote(
        nonce=call.new_id("form"), first_name=body.first_name, last_name=body.last_name or "",
        phone=people.phone(body.phone) if body.phone else None,
        email=people.email(body.email) if body.email else None,
        origin_zip=body.origin_zip, destination_zip=body.destination_zip, move_date=None, notes=body.notes,
        consent_text=None, consent_version=NO_CONSENT,
    )  # fmt: skip
    lead = submit(call.runtime, partner, quote, by="staff")
    return {"lead_id": lead.id, "referral_id": lead.referral_id}


def _statement(call: Call) -> Any:
    from moref.partners.statement import statement

    id, audience = call.get(Referral, call.params["id"]).id, explanation_audience(call)
    return statement(call.runtime, call.organization_id, id, audience)


def _sent() -> Schema:
    return object_of(lead_id={"type": "string"}, referral_id={"type": "string"})


def _stated() -> Schema:
    text, maybe, at = {"type": "string"}, {"type": ["string", "null"]}, {"type": "string", "format": "date-time"}
    rule = object_of(program_id=maybe, program_version={"type": ["integer", "null"]}, judged={"type": "boolean"},
                   words=text)  # fmt: skip
    return object_of(
        referral_id=text,
        lead_id=maybe,
        received_at=at,
        submitted_by={"type": "string", "enum": ["friend", "partner", "staff"]},
        person=maybe | {"description": "the name that the partner typed; null when the person came by the link"},
        rule=rule,
        stages={"type": "array", "items": object_of(stage=text, at=at)},
        not_paid_because={"type": "array", "items": text},
        explanation=explained(),
    )


OPERATIONS = (
    *read.operations(PARTNER),
    Operation("POST", "/v1/partners", _invite, "admin", "partners",
              "Invites a partner to its page, where it accepts: by e-mail where an address is given, unless you hand "
              "the page over yourselves. `message_id` tells what became of the mail; who unsubscribed gets none",
              PARTNER.schema, status=201, body=NewPartner, idempotency="optional", paid=True),
    Operation("POST", "/v1/partners/{id}/mail", _mail_again, "admin", "partners",
              "Mails the invitation once more, five times at the most", PARTNER.schema, idempotency="required",
              paid=True),
    Operation("POST", "/v1/partners/{id}/withdraw", _withdraw, "admin", "partners",
              "Takes back an invitation that nobody has accepted: its page is closed; inviting anew makes another one",
              PARTNER.schema),
    Operation("POST", "/v1/partners/{id}/suspend", _suspend, "admin", "partners",
              "Stops a partner; what it earned is held", PARTNER.schema, body=PartnerReason),
    Operation("POST", "/v1/partners/{id}/resume", _resume, "admin", "partners",
              "Lets it go on; what was held is judged again", PARTNER.schema),
    Operation("POST", "/v1/partners/{id}/leads", _lead, "admin", "partners",
              "Sends a lead for a partner, who told you of it", _sent, status=201, body=PartnerLead,
              idempotency="required"),
    Operation("GET", "/v1/referrals/{id}/statement", _statement, "member", "referrals",
              "What became of a lead, with its times: received, rule, stages, and why it is not paid", _stated,
              query={"audience": {"type": "string", "enum": ["staff", "advocate", "partner"], "default": "staff"}}),
)  # fmt: skip
