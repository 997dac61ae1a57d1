"""Operations of privacy: a person is erased, or handed a copy of what is held; an organization takes all it owns."""

from typing import Any

from moref.api.operation import Call, Operation
from moref.api.resource import STATUS, Resource, words
from moref.api.schemas import items_of
from moref.intake.model import Contact
from moref.privacy.model import Erasure, Export
from moref.tenants.forms import Form, Line

ERASURE = Resource(
    "erasures",
    Erasure,
    words("contact_id contact_ids status requested_by reason blanked waits_for finished_at"),
    "people whose data is erased; one that waits is done but for what is under way at a provider",
    STATUS,
    whole=True,
    least="admin",
)
EXPORT = Resource(
    "exports",
    Export,
    words("of contact_id requested_by status rows files ready_at gone_at"),
    "copies that were asked for: of what is held of a person, or of everything the organization owns",
    STATUS | {"contact_id": "parent"},
    whole=True,
    least="admin",
)
_LINKS = items_of(name={"type": "string"}, url={"type": "string"})


class Erase(Form):
    reason: Line


def _erase(call: Call) -> Any:
    from moref.privacy.ask_erasure import ask_erasure

    id = call.get(Contact, call.params["id"]).id
    asked = ask_erasure(
        call.runtime, call.organization_id, id, reason=call.body.reason, actor=call.caller.member_id
    )  # fmt: skip
    return ERASURE.view(asked)


def _export_person(call: Call) -> Any:
    return _asked(call, call.get(Contact, call.params["id"]).id)


def _export_all(call: Call) -> Any:
    return _asked(call, None)


def _asked(call: Call, contact_id: str | None) -> Any:
    from moref.privacy.ask_export import ask_export

    made = ask_export(
        call.runtime, call.organization_id, call.new_id("exp"), contact_id=contact_id, actor=call.caller.member_id
    )
    return EXPORT.view(made)


def _links(call: Call) -> Any:
    from moref.privacy.ask_export import links

    id = call.get(Export, call.params["id"]).id
    found = links(
        call.runtime, call.organization_id, id, may_have_all=lambda: call.caller.may("owner"),
        actor=call.caller.member_id,
    )  # fmt: skip
    return {"items": [{"name": name, "url": url} for name, url in found]}


OPERATIONS = (
    Operation("POST", "/v1/contacts/{id}/erase", _erase, "admin", "privacy",
              "Erases a person: nothing is sent to them from now on, what is held of them goes within minutes, and no "
              "webhook or import brings it back. Links, the ledger and opt-outs stay, without a name",
              ERASURE.schema, status=202, body=Erase, idempotency="required", whole=True, fresh=True),
    Operation("POST", "/v1/contacts/{id}/export", _export_person, "admin", "privacy",
              "Asks for a copy of everything that is held of a person, as JSON; webhooks in which no address of others "
              "stands come with their text", EXPORT.schema, status=202,
              idempotency="required", whole=True, fresh=True),
    Operation("POST", "/v1/organization/export", _export_all, "owner", "privacy",
              "Asks for a copy of everything the organization owns: JSON lines and CSV for each noun", EXPORT.schema,
              status=202, idempotency="required", whole=True, fresh=True),
    Operation("POST", "/v1/exports/{id}/links", _links, "admin", "privacy",
              "Links to the files of a copy, good for four hours; an organization's are for its owners", _LINKS.copy,
              whole=True, fresh=True, reads=True),
)  # fmt: skip
