"""Operations on message templates. Under `/v1/templates/invite` stands the organization's, under
`/v1/templates/invite.<location>` the branch's own form of it; each is there before anybody has changed it."""

from typing import Any

from moref.api import template_views as views
from moref.api.operation import Call, Operation, visible
from moref.api.problems import Invalid
from moref.api.template_forms import (
    ChangeTemplate,
    RevertTemplate,
    SaveTemplate,
    TemplateToCheck,
    ToRender,
    ToSend,
    as_model,
)
from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict, Forbidden, NotFound
from moref.messaging import builtin
from moref.messaging.template_model import Template, form_id
from moref.messaging.templates import Effective, effective
from moref.records import every
from moref.tenants.model import Location


def _list(call: Call) -> Any:
    """All there are; an organization has a few dozen."""
    location_id = call.get(Location, call.query["location_id"]).id if "location_id" in call.query else None
    rows = {row.id: row for row in every(call.runtime.store, Template, call.organization_id)}
    names = {*builtin.names(), *(row.base for row in rows.values())}
    items = []
    for name in sorted(names):
        try:
            found = effective(call.runtime.store, call.organization_id, name, location_id)
        except BadInput:  # archived
            continue
        row = rows.get(form_id(name, location_id))
        items.append(views.brief(found, row, location_id, _title(name, rows.get(name))))
    return {"items": items, "fields": views.fields_view()}


def _one(call: Call) -> Any:
    return _shown(call, *_parts(call, changing=False))


def _save(call: Call) -> Any:
    name, location_id = _parts(call)
    body = call.body
    from moref.messaging.save_template import save_template

    _do(
        save_template, call, name, location_id, as_model(body.wordings), version=body.version, title=body.name,
        kind=_kind(body.kind),
    )  # fmt: skip
    return _shown(call, name, location_id)


def _change(call: Call) -> Any:
    name, location_id = _parts(call)
    body = call.body
    from moref.messaging.save_template import change_template

    _do(change_template, call, name, location_id, version=body.version, title=body.name, locked=body.locked)
    return _shown(call, name, location_id)


def _revert(call: Call) -> Any:
    name, location_id = _parts(call)
    from moref.messaging.save_template import revert_template

    _do(revert_template, call, name, location_id, version=call.body.version, number=call.body.number)
    return _shown(call, name, location_id)


def _archive(call: Call) -> Any:
    """The version is the row's: a DELETE has no body."""
    name, location_id = _parts(call)
    _found(call, name, location_id)
    row = call.runtime.store.find(Template, call.organization_id, form_id(name, location_id))
    if row is None:
        raise Conflict("the template has not been changed: there is nothing to remove")
    from moref.messaging.save_template import archive_template

    _do(archive_template, call, name, location_id, version=row.version)
    return None


def _lint(call: Call) -> Any:
    name, location_id = _parts(call, changing=False)
    try:
        kind = effective(call.runtime.store, call.organization_id, name, location_id).kind
    except BadInput as error:
        if call.body.kind is None:
            raise NotFound(error.detail) from None
        kind = _kind(call.body.kind)
    wordings = as_model(call.body.wordings)
    from moref.messaging.check_template import findings

    found = findings(call.runtime, call.organization_id, name, kind, wordings)
    return {"findings": views.shown(found), "sms": views.costs(call, wordings)}


def _render(call: Call) -> Any:
    name, location_id = _parts(call, changing=False)
    body = call.body
    contact = call.get(Contact, body.contact_id) if body.contact_id else None
    location = _location(call, location_id or body.location_id or (contact.location_id if contact else None))
    wordings = as_model(body.wordings) if body.wordings is not None else _found(call, name, location.id).wordings
    from moref.messaging.sample import rendered
    from moref.messaging.sms_cost import sms_cost

    made = rendered(
        wordings, body.language or (contact.language if contact else "en"), location,
        base_url=call.runtime.settings.base_url, contact=contact,
    )  # fmt: skip
    mail, day = made.mail, call.runtime.clock.now().date()
    return {
        "language": made.language,
        "sms": None if made.sms is None else {"text": made.sms, "cost": views.cost_view(sms_cost(made.sms, day))},
        "email": None if mail is None else {"subject": mail.subject, "text": mail.text, "html": mail.html},
    }


def _test_send(call: Call) -> Any:
    name, location_id = _parts(call, changing=False)
    location = _location(call, location_id or call.body.location_id)
    _found(call, name, location.id)
    from moref.messaging.send_sample import send_sample

    id = send_sample(
        call.runtime, call.organization_id, name, location, member_id=call.caller.member_id,
        language=call.body.language,
    )  # fmt: skip
    return {"message_id": id}


def _parts(call: Call, *, changing: bool = True) -> tuple[str, str | None]:
    """Name and location. Whoever is limited to locations changes these locations' forms only."""
    from moref.messaging.save_template import parts

    name, location_id = parts(call.params["id"])
    if location_id is not None:
        call.get(Location, location_id)
    elif changing and call.caller.location_ids is not None:
        raise Forbidden("the organization's templates are for members who may see every location")
    return name, location_id


def _do(use_case: Any, call: Call, name: str, location_id: str | None, *args: Any, **more: Any) -> None:
    from moref.messaging.check_template import Refused

    id = form_id(name, location_id)
    try:
        use_case(call.runtime, call.organization_id, id, *args, actor=call.caller.member_id, **more)
    except Refused as error:
        raise Invalid([(views.place(each), f"line {each.line}: {each.words}") for each in error.findings]) from None


def _kind(kind: str | None) -> Any:
    if kind not in (None, "marketing", "service", "keyword", "staff"):
        raise BadInput("kind is marketing or service", field="kind")
    return kind


def _found(call: Call, name: str, location_id: str | None) -> Effective:
    """Raises NotFound: an address names it here."""
    try:
        return effective(call.runtime.store, call.organization_id, name, location_id)
    except BadInput as error:
        raise NotFound(error.detail) from None


def _shown(call: Call, name: str, location_id: str | None) -> Any:
    found = _found(call, name, location_id)
    store, org = call.runtime.store, call.organization_id
    row = store.find(Template, org, form_id(name, location_id))
    own = row if location_id is None else store.find(Template, org, name)
    return views.view(call, found, row, location_id, _title(name, own))


def _title(name: str, row: Template | None) -> str:
    made = builtin.find(name)
    return row.name if row else (made.name if made else name)


def _location(call: Call, id: str | None) -> Location:
    """The one asked for, else the first that the caller may see."""
    if id is not None:
        return call.get(Location, id)
    places = every(call.runtime.store, Location, call.organization_id, status="active", newest_first=False)
    found = next((place for place in places if visible(call.caller, place)), None)
    if found is None:
        raise BadInput("there is no location to show it for", field="location_id")
    return found


_TAG = "templates"
OPERATIONS = (
    Operation("GET", "/v1/templates", _list, "member", _TAG,
              "Every template, as it counts for the organization or at a location, and the merge fields there are",
              views.list_schema, query={"location_id": {"type": "string"}}),
    Operation("GET", "/v1/templates/{id}", _one, "member", _TAG,
              "One template: its words, where they come from, their segments and cost, what is wrong with them",
              views.template_schema),
    Operation("PUT", "/v1/templates/{id}", _save, "admin", _TAG,
              "Saves the words as a new version, or makes a template; whatever breaks a rule is named with its place",
              views.template_schema, body=SaveTemplate),
    Operation("PATCH", "/v1/templates/{id}", _change, "admin", _TAG, "Renames it, or locks it for all locations",
              views.template_schema, body=ChangeTemplate),
    Operation("DELETE", "/v1/templates/{id}", _archive, "admin", _TAG,
              "Archives an own template, or takes away a change: the built-in or the organization's counts again",
              views.template_schema, status=204),
    Operation("POST", "/v1/templates/{id}/revert", _revert, "admin", _TAG,
              "Back to an earlier version, or to the built-in", views.template_schema, body=RevertTemplate),
    Operation("POST", "/v1/templates/{id}/lint", _lint, "member", _TAG, "Checks words without saving them",
              views.lint_schema, body=TemplateToCheck, reads=True),
    Operation("POST", "/v1/templates/{id}/render", _render, "member", _TAG,
              "As it will look, with sample values or a contact's name", views.render_schema, body=ToRender,
              body_optional=True, reads=True),
    Operation("POST", "/v1/templates/{id}/test-send", _test_send, "admin", _TAG,
              "Sends it to your own e-mail address, marked TEST; ten an hour", views.sent_schema, status=202,
              body=ToSend, body_optional=True, idempotency="optional"),
)  # fmt: skip
