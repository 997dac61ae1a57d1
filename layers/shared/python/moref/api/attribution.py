"""Operations on who referred whom: search, attribution, removal, merges, unmatched sources, disputes, explanation."""

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pydantic import Field, StrictInt

from moref.api import cursor
from moref.api.bulk import MOST, OUTCOMES, Many, bulk
from moref.api.operation import Call, Operation, Schema, visible
from moref.api.read import instant
from moref.api.resource import Resource
from moref.api.resources_attribution import DISPUTE, REFERRAL, UNMATCHED
from moref.api.schemas import object_of
from moref.intake.model import Contact, Job
from moref.kernel.errors import BadInput
from moref.referrals.model import Advocate, Dispute, Referral, UnmatchedSource
from moref.tenants.forms import Form, Identifier, Line

if TYPE_CHECKING:
    from moref.referrals.explain import Audience

AUDIENCES = ("staff", "advocate", "partner")


class PeopleSearch(Form):
    """In the body, because a URL would keep a person's name, phone or e-mail address."""

    q: Line = Field(description="beginnings of names, a whole phone number, or a whole e-mail address")
    limit: StrictInt = Field(default=20, ge=1, le=50)
    cursor: str | None = Field(default=None, max_length=4096)


class StaffAttribution(Form):
    advocate_id: Identifier
    reason: Line


class AttributionReason(Form):
    reason: Line


class SourcesAttribution(Many):
    advocate_id: Identifier
    reason: Line


class SourcesDismissal(Many):
    reason: Line


class ContactMerge(Form):
    into: Identifier = Field(description="the contact that counts from now on")
    reason: Line


class NewDispute(Form):
    advocate_id: Identifier
    job_id: Identifier
    claim: Line = Field(description="what the advocate says")
    proof: list[Line] = Field(default_factory=list, max_length=20, description="what they can show")


class DisputeAcceptance(Form):
    reason: Line
    referred_at: str = Field(json_schema_extra={"format": "date-time"}, description="when they referred, as proven")


def _search(call: Call) -> Any:
    from moref.referrals.advocates import advocate_of
    from moref.referrals.search_people import search_people

    said: PeopleSearch = call.body
    scope = f"{call.scope} {sha256(said.q.encode()).hexdigest()}"
    after = cursor.unseal(call.runtime.keys, scope, said.cursor)["id"] if said.cursor else None
    found = search_people(
        call.runtime, call.organization_id, said.q, limit=said.limit, after=after,
        shown=lambda contact: visible(call.caller, contact),
    )  # fmt: skip
    items = []
    for contact in found.contacts:
        advocate = advocate_of(call.runtime.store, call.organization_id, contact.id)
        row = contact.model_dump(mode="json", include={"location_id", "first_name", "last_name", "phone", "email"})
        items.append({"contact_id": contact.id, **row, "advocate_id": advocate.id if advocate else None})
    following = cursor.seal(call.runtime.keys, scope, {"id": found.after}) if found.after else None
    return {"items": items, "next_cursor": following}


def _attribute(call: Call) -> Any:
    from moref.referrals.attribute import attribute

    job, advocate = call.get(Job, call.params["id"]), call.get(Advocate, call.body.advocate_id)
    made = attribute(
        call.runtime, call.organization_id, job.id, advocate.id, actor=call.caller.member_id, reason=call.body.reason
    )
    return REFERRAL.view(made)


def _remove(call: Call) -> Any:
    from moref.referrals.remove import remove

    id = call.get(Referral, call.params["id"]).id
    return REFERRAL.view(
        remove(call.runtime, call.organization_id, id, actor=call.caller.member_id, reason=call.body.reason)
    )


def _explain(call: Call) -> Any:
    from moref.referrals.explain import explain

    id = call.get(Referral, call.params["id"]).id
    return explain(call.runtime, call.organization_id, id, explanation_audience(call))


def explanation_audience(call: Call) -> "Audience":
    """For whom it is redacted; staff by default. Raises BadInput."""
    audience = call.query.get("audience", "staff")
    if audience not in AUDIENCES:
        raise BadInput(f"audience is one of {', '.join(AUDIENCES)}", field="audience")
    return audience  # type: ignore[return-value]  # checked above


def _merge(call: Call) -> Any:
    from moref.referrals.merge_contacts import merge_contacts

    old, into = call.get(Contact, call.params["id"]), call.get(Contact, call.body.into)
    found = merge_contacts(
        call.runtime, call.organization_id, old.id, into.id, actor=call.caller.member_id, reason=call.body.reason
    )
    return {"id": found.id, "merged": old.id}


def _attribute_source(call: Call) -> Any:
    return UNMATCHED.view(_attributed(call, call.params["id"]))


def _dismiss_source(call: Call) -> Any:
    return UNMATCHED.view(_dismissed(call, call.params["id"]))


def _attributed(call: Call, id: str) -> UnmatchedSource:
    return _resolve(call, id, call.get(Advocate, call.body.advocate_id).id)


def _dismissed(call: Call, id: str) -> UnmatchedSource:
    return _resolve(call, id, None)


def _resolve(call: Call, id: str, advocate_id: str | None) -> UnmatchedSource:
    from moref.referrals.resolve_source import resolve_source

    id = call.get(UnmatchedSource, id).id
    return resolve_source(
        call.runtime, call.organization_id, id, advocate_id=advocate_id, actor=call.caller.member_id,
        reason=call.body.reason,
    )  # fmt: skip


def _open(call: Call) -> Any:
    from moref.referrals.dispute import open_dispute

    said: NewDispute = call.body
    advocate, job = call.get(Advocate, said.advocate_id), call.get(Job, said.job_id)
    made = open_dispute(
        call.runtime, call.organization_id, advocate.id, job.id, claim=said.claim, proof=list(said.proof),
        actor=call.caller.member_id,
    )  # fmt: skip
    return DISPUTE.view(made)


def _accept(call: Call) -> Any:
    return _decide(call, accept=True)


def _reject(call: Call) -> Any:
    return _decide(call, accept=False)


def _decide(call: Call, *, accept: bool) -> Any:
    from moref.referrals.dispute import decide_dispute

    id = call.get(Dispute, call.params["id"]).id
    found = decide_dispute(
        call.runtime, call.organization_id, id, accept=accept, actor=call.caller.member_id, reason=call.body.reason,
        referred_at=instant(call.body.referred_at, "referred_at") if accept else None,
    )  # fmt: skip
    return DISPUTE.view(found)


def _found() -> Schema:
    text, maybe = {"type": "string"}, {"type": ["string", "null"]}
    item = object_of(
        contact_id=text, location_id=text, first_name=text, last_name=text, phone=maybe, email=maybe, advocate_id=maybe
    )
    return object_of(items={"type": "array", "items": item}, next_cursor=maybe)


def _merged() -> Schema:
    return object_of(id={"type": "string"}, merged={"type": "string"})


def explained() -> Schema:
    text, maybe, rows = {"type": "string"}, {"type": ["string", "null"]}, {"type": "array", "items": {"type": "object"}}
    return object_of(
        referral_id=text, audience={"type": "string", "enum": list(AUDIENCES)}, status=text,
        credit=object_of(credited={"type": "boolean"}, advocate_id=maybe, name=maybe),
        why=object_of(words=text, kind=maybe, at=maybe), evidence=rows, others=rows, holds=rows,
        reward={"type": ["object", "null"]}, disputes=rows, next=object_of(words=text, by=maybe),
    )  # fmt: skip


def _row(resource: Resource, path: str, does: Any, words: str, body: type[Form]) -> Operation:
    status = 201 if body is NewDispute else 200
    return Operation("POST", f"/v1/{path}", does, "admin", resource.path, words, resource.schema, body=body,
                     status=status, idempotency="optional")  # fmt: skip


OPERATIONS = (
    Operation("POST", "/v1/people/search", _search, "member", "people",
              "People by name, phone or e-mail, in the order of their ids; a page may hold fewer than asked for",
              _found, body=PeopleSearch, reads=True),
    _row(REFERRAL, "jobs/{id}/attribute", _attribute,
         "Records who referred the job's customer; earlier evidence of another advocate still wins", StaffAttribution),
    _row(REFERRAL, "referrals/{id}/remove", _remove,
         "Removes a wrong attribution; what it earned and is not paid is reversed", AttributionReason),
    Operation("GET", "/v1/referrals/{id}/explanation", _explain, "member", "referrals",
              "Who gets the credit and why, what holds it, what comes next and by when", explained,
              query={"audience": {"type": "string", "enum": list(AUDIENCES), "default": "staff"}}),
    Operation("POST", "/v1/contacts/{id}/merge", _merge, "admin", "contacts",
              "Makes two rows of one person one; jobs, referrals and links follow within moments", _merged,
              body=ContactMerge, idempotency="optional"),
    _row(UNMATCHED, "unmatched-sources/{id}/attribute", _attribute_source, "Says who it was", StaffAttribution),
    _row(UNMATCHED, "unmatched-sources/{id}/dismiss", _dismiss_source, "Takes it off the list", AttributionReason),
    Operation("POST", "/v1/unmatched-sources/attribute", bulk(_attributed), "admin", "unmatched-sources",
              f"Says of up to {MOST} that it was this advocate; says what came of each", OUTCOMES.copy,
              body=SourcesAttribution, idempotency="optional"),
    Operation("POST", "/v1/unmatched-sources/dismiss", bulk(_dismissed), "admin", "unmatched-sources",
              f"Takes up to {MOST} off the list; says what came of each", OUTCOMES.copy, body=SourcesDismissal,
              idempotency="optional"),
    _row(DISPUTE, "disputes", _open, "Opens a case for an advocate who says: I referred them", NewDispute),
    _row(DISPUTE, "disputes/{id}/accept", _accept,
         "Takes the claim as evidence of the time it proves; the published rule then decides", DisputeAcceptance),
    _row(DISPUTE, "disputes/{id}/reject", _reject, "Turns the claim down, with the reason", AttributionReason),
)  # fmt: skip
