"""A campaign looked at before it is let loose: preview for one person, samples to oneself; and the link at the door."""

from typing import Any, Literal

from pydantic import Field, StrictInt

from moref.api import campaign_views as views
from moref.api.operation import Call, Operation, visible
from moref.api.problems import Invalid
from moref.api.read import instant
from moref.campaigns.definition import Definition, Send
from moref.campaigns.rows import parts
from moref.intake.model import Contact, Job
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import every
from moref.tenants.forms import Form, Identifier, Line
from moref.tenants.model import Location


class Assumptions(Form):
    """What the person is taken to do, from the beginning on."""

    score: StrictInt | None = Field(default=None, ge=1, le=5)
    sentiment: Literal["positive", "neutral", "negative"] | None = None
    clicked: bool = False
    quoted: bool = False
    booked: bool = False


class ToPreview(Form):
    contact_id: Identifier | None = None
    job_id: Identifier | None = Field(default=None, description="of the customer; or name the contact alone")
    at: str | None = Field(
        default=None, json_schema_extra={"format": "date-time"}, description="when what starts it happens; else now"
    )
    assumed: Assumptions = Assumptions()
    definition: Definition | None = Field(default=None, description="one that is not saved yet")


class ToTest(Form):
    language: Literal["en", "es"] = "en"
    location_id: Identifier | None = Field(default=None, description="else the form's own, or the first you may see")


class SendNow(Form):
    template: Identifier = Field(default="invite_without_score", description="one that hands over the link")
    consent_text: Line | None = Field(
        default=None, description="what the customer was asked and said yes to: kept as their consent to texts"
    )


def _preview(call: Call) -> Any:
    from moref.campaigns.check_saved import problems
    from moref.campaigns.effective import effective
    from moref.campaigns.preview import Assumed, preview

    campaign_id, _ = parts(call.params["id"])
    body: ToPreview = call.body
    if not effective(call.runtime.store, call.organization_id, campaign_id).version_id and body.definition is None:
        raise BadInput("the campaign has no definition yet: say one", field="definition")
    job = call.get(Job, body.job_id) if body.job_id else None
    contact = call.get(Contact, body.contact_id) if body.contact_id else None
    if job is None and contact is None:
        raise BadInput("say whose preview: contact_id or job_id", field="contact_id")
    if body.definition is not None:
        location_id = job.location_id if job else contact.location_id if contact else ""
        places = every(call.runtime.store, Location, call.organization_id)
        found = problems(call.runtime, body.definition, call.get(Location, location_id), places)
        if found:
            raise Invalid([(f"definition.{each.place}", each.words) for each in found])
    shown = preview(
        call.runtime, call.organization_id, campaign_id, contact_id=body.contact_id, job_id=body.job_id,
        at=instant(body.at, "at") if body.at else None, assumed=Assumed(**body.assumed.model_dump()),
        definition=body.definition,
    )  # fmt: skip
    return views.preview_view(shown)


def _test_send(call: Call) -> Any:
    """One e-mail for each template; what two steps share is sent once."""
    from moref.campaigns.effective import definition_of, effective
    from moref.messaging.send_sample import send_sample

    campaign_id, location_id = parts(call.params["id"])
    store, org = call.runtime.store, call.organization_id
    effective(store, org, campaign_id)
    location = _location(call, location_id or call.body.location_id)
    found = effective(store, org, campaign_id, location.id)
    if not found.version_id:
        raise Conflict("the campaign has no definition yet")
    steps: dict[str, list[str]] = {}
    for name, step in definition_of(store, org, found).steps.items():
        if isinstance(step, Send):
            steps.setdefault(step.template, []).append(name)
    messages = []
    for template, names in steps.items():
        id = send_sample(
            call.runtime, org, template, location, member_id=call.caller.member_id, language=call.body.language
        )
        messages.append({"steps": names, "template": template, "message_id": id})
    return {"messages": messages}


def _location(call: Call, id: str | None) -> Location:
    if id is not None:
        return call.get(Location, id)
    places = every(call.runtime.store, Location, call.organization_id, status="active", newest_first=False)
    found = next((place for place in places if visible(call.caller, place)), None)
    if found is None:
        raise NotFound
    return found


def _send_now(call: Call) -> Any:
    from moref.campaigns.send_now import send_now

    job = call.get(Job, call.params["id"])
    made = send_now(
        call.runtime, call.organization_id, by=call.caller.member_id, job_id=job.id, template=call.body.template,
        consent_text=call.body.consent_text,
    )  # fmt: skip
    return {"message_id": made.id, "channel": made.channel, "status": made.status}


_TAG = "campaigns"
_SENT = views.shape(message_id=views.TEXT, channel=views.TEXT, status=views.TEXT)
OPERATIONS = (
    Operation("POST", "/v1/campaigns/{id}/preview", _preview, "member", _TAG,
              "Which step would fire when for one person, on their clock and in UTC, and why not",
              views.preview_schema, body=ToPreview, reads=True),
    Operation("POST", "/v1/campaigns/{id}/test-send", _test_send, "admin", _TAG,
              "Sends every message of it to your own e-mail address, marked TEST; ten an hour", views.tested_schema,
              status=202, body=ToTest, body_optional=True, idempotency="optional", paid=True),
    Operation("POST", "/v1/jobs/{id}/send-now", _send_now, "admin", _TAG,
              "The crew at the door: texts the customer their own link, once a day", _SENT.copy, status=202,
              body=SendNow, body_optional=True, paid=True),
)  # fmt: skip
