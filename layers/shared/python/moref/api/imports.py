"""Operations on imports: a file, a dry run with its report, the start, and what came of it."""

from datetime import timedelta
from typing import Any, get_args

from pydantic import Field

from moref.api.operation import Call, Operation, Schema
from moref.api.read import instant
from moref.api.resource import STATUS, Resource, words
from moref.api.schemas import object_of
from moref.imports.model import (
    MOST_BYTES,
    MOST_REJECTED,
    MOST_ROWS,
    REJECTED_KEPT,
    STARTED_WITHIN,
    Import,
    Kind,
    Options,
)
from moref.kernel.clock import iso
from moref.kernel.errors import NotFound
from moref.money import Currency
from moref.tenants.forms import Form, Identifier
from moref.tenants.model import Connection, Location

LINK = timedelta(minutes=15)
MOST_TEXT = 200_000  # characters of a file in the body; the body's own limit is 256 KiB


def _progress(call: Call, one: Import) -> dict[str, Any]:
    del call
    return {"done": one.done_rows, "rows": one.rows}


def _rejected_until(call: Call, one: Import) -> str | None:
    del call
    return iso(one.rejected_until) if one.rejected_until else None


_UNTIL: Schema = {
    "type": ["string", "null"],
    "format": "date-time",
    "description": "when the file of rejected rows goes; null while the import is not over, or when there is none",
}
_PROGRESS: Schema = {
    "type": "object",
    "description": "rows of the present pass; null until the file was read",
    "properties": {"done": {"type": "integer"}, "rows": {"type": ["integer", "null"]}},
    "required": ["done", "rows"],
}
IMPORT = Resource(
    "imports",
    Import,
    words(
        "kind status options asked_by started_by delimiter columns unused notes rows counts checked sums reason"
        " finished_at"
    ),
    "files that were brought: columns says which header each of ours was taken from, checked what the dry run counted,"
    " counts what the present or last pass did, sums what the accepted rows owe in minor units",
    STATUS,
    ("import",),
    whole=True,
    least="admin",
    extras={"progress": (_PROGRESS, _progress), "rejected_until": (_UNTIL, _rejected_until)},
)


class NewImport(Form):
    kind: Kind
    location_id: Identifier = Field(description="of rows that name no location")
    connection_id: Identifier | None = Field(
        default=None, description="the CRM whose ids the file holds; past jobs need it"
    )
    currency: Currency | None = Field(default=None, description="of amounts in rows without a currency")
    as_of: str | None = Field(
        default=None,
        json_schema_extra={"format": "date-time"},
        description="when the data was true (default: now): what a CRM said later stays",
    )
    consent_text: str | None = Field(
        default=None, min_length=20, max_length=2000,
        description="the words customers agreed to, which the organization attests; without it no consent of the file "
        "counts",
    )  # fmt: skip
    csv: str | None = Field(
        default=None, min_length=1, max_length=MOST_TEXT, description="a small file; else it is uploaded with the form"
    )


def _ask(call: Call) -> Any:
    from moref.imports.ask import Wish, ask_import

    body, runtime = call.body, call.runtime
    call.get(Location, body.location_id)
    if body.connection_id is not None:
        call.get(Connection, body.connection_id)
    as_of = instant(body.as_of, "as_of") if body.as_of else runtime.clock.now()
    options = Options(
        location_id=body.location_id, connection_id=body.connection_id, currency=body.currency, as_of=as_of,
        consent_text=body.consent_text,
    )  # fmt: skip
    wish = Wish(body.kind, options, body.csv)
    made = ask_import(runtime, call.organization_id, call.new_id("imp"), wish, actor=call.caller.member_id)
    return _with_form(call, made)


def _with_form(call: Call, one: Import) -> dict[str, Any]:
    from moref.imports.ask import UPLOAD, upload_of

    form = upload_of(call.runtime, one)
    upload = None
    if form is not None:
        until = iso(call.runtime.clock.now() + UPLOAD)
        upload = {"url": form.url, "fields": dict(form.fields), "expires_at": until}
    return IMPORT.shown_to(call, one) | {"upload": upload}


def _check(call: Call) -> Any:
    from moref.imports.ask import check_import

    id = call.get(Import, call.params["id"]).id
    return IMPORT.shown_to(call, check_import(call.runtime, call.organization_id, id, actor=call.caller.member_id))


def _start(call: Call) -> Any:
    from moref.imports.ask import start_import

    id = call.get(Import, call.params["id"]).id
    return IMPORT.shown_to(call, start_import(call.runtime, call.organization_id, id, actor=call.caller.member_id))


def _cancel(call: Call) -> Any:
    from moref.imports.ask import cancel_import

    id = call.get(Import, call.params["id"]).id
    return IMPORT.shown_to(call, cancel_import(call.runtime, call.organization_id, id, actor=call.caller.member_id))


def _rejected(call: Call) -> Any:
    one = call.get(Import, call.params["id"])
    if one.rejected_file is None:
        raise NotFound("no row was rejected, or the pass has not ended")
    url = call.runtime.files.download_link(one.rejected_file, filename=f"{one.id}-rejected.csv", lifetime=LINK)
    return {"url": url, "expires_at": iso(call.runtime.clock.now() + LINK)}


def _kinds(call: Call) -> Any:
    from moref.imports.table import kind_named

    del call
    items = []
    for name in get_args(Kind):
        kind = kind_named(name)
        columns = [{"name": column, "also": list(others)} for column, others in kind.columns.items()]
        required = [list(group) for group in kind.required]
        items.append({"kind": name, "words": kind.words, "columns": columns, "required": required})
    return {"items": items}


def _described() -> Schema:
    text, texts = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
    also = texts | {"description": "other headers it is found by; letter case, spaces, dashes and dots do not matter"}
    groups = {"type": "array", "items": texts, "description": "of each group the file has one column at least"}
    columns = {"type": "array", "items": object_of(name=text, also=also)}
    item = object_of(
        kind={"type": "string", "enum": list(get_args(Kind))}, words=text, columns=columns, required=groups
    )
    return object_of(items={"type": "array", "items": item})


def _asked() -> Schema:
    shown = IMPORT.schema()
    form = {
        "type": ["object", "null"],
        "description": "a form to post the file with: the fields, then the file as `file`; null when it came along",
        "properties": {
            "url": {"type": "string"},
            "fields": {"type": "object", "additionalProperties": {"type": "string"}},
            "expires_at": {"type": "string", "format": "date-time"},
        },
        "required": ["url", "fields", "expires_at"],
    }
    properties = shown["properties"] | {"upload": form}
    return shown | {"title": "ImportAsked", "properties": properties, "required": [*shown["required"], "upload"]}


_LINK: Schema = {
    "type": "object",
    "properties": {"url": {"type": "string"}, "expires_at": {"type": "string", "format": "date-time"}},
    "required": ["url", "expires_at"],
}
_LIMITS = f"up to {MOST_ROWS} rows and {MOST_BYTES // 1_000_000} MB, UTF-8, separated by comma, semicolon or tab"

OPERATIONS = (
    Operation("GET", "/v1/import-kinds", _kinds, "admin", "imports",
              "What can be imported, and which columns such a file has", _described, whole=True),
    Operation("POST", "/v1/imports", _ask, "admin", "imports",
              f"Begins an import of a CSV file, {_LIMITS}. Answers with a form to upload it, or checks it at once when "
              "it comes in the body", _asked, status=201, body=NewImport, idempotency="optional", whole=True),
    Operation("POST", "/v1/imports/{id}/check", _check, "admin", "imports",
              "The file is uploaded: the dry run begins, and changes nothing", IMPORT.schema, whole=True),
    Operation("POST", "/v1/imports/{id}/start", _start, "admin", "imports",
              "Brings in what the dry run accepted; a file that was brought in before makes nothing twice",
              IMPORT.schema, idempotency="optional", whole=True),
    Operation("POST", "/v1/imports/{id}/cancel", _cancel, "admin", "imports",
              "Ends it where it is: what was brought in stays", IMPORT.schema, whole=True),
    Operation("GET", "/v1/imports/{id}/rejected", _rejected, "admin", "imports",
              f"A link to the rows that were not taken (the first {MOST_REJECTED}) as CSV, with row, column and reason."
              f" They are kept for {REJECTED_KEPT.days} days after the import has ended; what nobody starts is ended, "
              f"files and all, after {STARTED_WITHIN.days}",
              _LINK.copy, whole=True),
)  # fmt: skip
