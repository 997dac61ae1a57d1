"""Operations on the organization's do-not-contact list: every address that is not to be written to, as a keyed hash."""

from typing import Any

from pydantic import Field

from moref import csv_text
from moref.api.operation import Call, Operation, Schema
from moref.api.read import instant
from moref.api.resource import Resource, words
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput
from moref.messaging.model import Suppression
from moref.tenants.forms import Form, Line

MOST_EXPORTED = 500
MOST_TEXT = 200_000  # characters of a file; the body's own limit is 256 KiB


def _contact_ids(call: Call, suppression: Suppression) -> list[str]:
    from moref.messaging.do_not_contact import contacts_with

    return [contact.id for contact in contacts_with(call.runtime, suppression)]


_CONTACT_IDS: Schema = {
    "type": "array",
    "items": {"type": "string"},
    "description": "contacts who have this address by now",
}
SUPPRESSION = Resource(
    "do-not-contact",
    Suppression,
    words("channel active reason note"),
    "addresses that are not written to; id is a keyed hash, the address itself is not kept",
    whole=True,
    extras={"contact_ids": (_CONTACT_IDS, _contact_ids)},
)


class ListFile(Form):
    csv: str = Field(
        min_length=1,
        max_length=MOST_TEXT,
        description="a header line with phone, email or both, and optionally reason; at most 500 rows",
    )
    dry_run: bool = Field(description="true: only report what would happen")


class Lift(Form):
    reason: Line


def _import(call: Call) -> Any:
    from moref.messaging.do_not_contact import MOST_REJECTED, import_list

    report = import_list(
        call.runtime, call.organization_id, call.body.csv, dry_run=call.body.dry_run, actor=call.caller.member_id
    )
    return {
        "dry_run": call.body.dry_run,
        "rows": report.rows,
        "added": report.added,
        "already": report.already,
        "duplicates": report.duplicates,
        "rejected": len(report.rejected),
        "errors": [{"line": line, "detail": detail} for line, detail in report.rejected[:MOST_REJECTED]],
    }


def _export(call: Call) -> str:
    """What is in force, oldest first; a longer time than fits is refused, so that no file is silently cut."""
    range_: dict[str, Any] = {
        end: instant(call.query[name], name)
        for end, name in (("since", "created_since"), ("until", "created_until"))
        if name in call.query
    }
    page = call.runtime.store.list(Suppression, call.organization_id, newest_first=False, limit=MOST_EXPORTED, **range_)
    if page.after is not None:
        raise BadInput(f"more than {MOST_EXPORTED}: ask for a shorter time", field="created_until")
    rows = [
        {
            "id": each.id, "channel": each.channel, "reason": each.reason, "note": each.note,
            "since": iso(each.updated_at), "contact_ids": " ".join(_contact_ids(call, each)),
        }
        for each in page.items if each.active
    ]  # fmt: skip
    return csv_text.write(("id", "channel", "reason", "note", "since", "contact_ids"), rows)


def _lift(call: Call) -> Any:
    from moref.messaging.do_not_contact import lift

    id = call.get(Suppression, call.params["id"]).id
    lifted = lift(call.runtime, call.organization_id, id, reason=call.body.reason, actor=call.caller.member_id)
    return SUPPRESSION.shown_to(call, lifted)


_REPORT: Schema = {
    "type": "object",
    "properties": {
        "dry_run": {"type": "boolean"},
        "rows": {"type": "integer"},
        "added": {"type": "integer", "description": "addresses that are suppressed from now"},
        "already": {"type": "integer", "description": "addresses that were suppressed before"},
        "duplicates": {"type": "integer", "description": "addresses that stand in the file more than once"},
        "rejected": {"type": "integer", "description": "rows that could not be read"},
        "errors": {
            "type": "array",
            "description": "the first 100 rejected rows",
            "items": {
                "type": "object",
                "properties": {"line": {"type": "integer"}, "detail": {"type": "string"}},
                "required": ["line", "detail"],
            },
        },
    },
    "required": ["dry_run", "rows", "added", "already", "duplicates", "rejected", "errors"],
}
_FILE: Schema = {"type": "string", "description": "a header line, then one line an address"}
_TIMES: dict[str, Schema] = {
    name: {"type": "string", "format": "date-time"} for name in ("created_since", "created_until")
}

OPERATIONS = (
    Operation("POST", "/v1/do-not-contact/import", _import, "admin", "do-not-contact",
              "Suppresses the addresses of a CSV file; a dry run only reports", _REPORT.copy, body=ListFile,
              whole=True),
    Operation("GET", "/v1/do-not-contact/export", _export, "admin", "do-not-contact",
              f"What is in force as a CSV file, at most {MOST_EXPORTED} rows of a time range", _FILE.copy,
              query=_TIMES, produces="text/csv", whole=True),
    Operation("POST", "/v1/do-not-contact/{id}/lift", _lift, "admin", "do-not-contact",
              "Lets an address be written to again; not one whose owner said so themselves", SUPPRESSION.schema,
              body=Lift, whole=True, fresh=True),
)  # fmt: skip
