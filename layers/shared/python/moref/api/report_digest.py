"""The weekly report: as a file to print, and to whom it is sent."""

from datetime import date, timedelta
from typing import Any

from pydantic import Field, StrictInt

from moref.api import report_query as asked
from moref.api.operation import Call, Operation, Schema
from moref.kernel.errors import BadInput
from moref.tenants.forms import Form, Identifier, Zone

MOST_RECIPIENTS = 50


class Recipients(Form):
    version: StrictInt = Field(ge=0, description="0 the first time; else of the copy you read")
    member_ids: list[Identifier] = Field(max_length=MOST_RECIPIENTS, description="empty: nobody gets it any more")
    time_zone: Zone = Field(description="where it is due on Monday at 08:00")


def _weekly(call: Call) -> Any:
    from moref.pages.report import page
    from moref.reporting.weekly import weekly

    place, seen = call.query.get("location_id"), call.caller.location_ids
    asked.places(call)  # refuses a location that the caller does not see
    reach = [place] if place else None if seen is None else sorted(seen)
    money = call.caller.may("admin")
    return page(weekly(call.runtime.store, call.organization_id, reach, _week(call), money=money)).body


def _week(call: Call) -> date:
    """By default the last week that has ended."""
    today = asked.today(call)
    week = asked.day(call, "week") or today - timedelta(days=today.weekday() + 7)
    if week.weekday() != 0:
        raise BadInput("week is named by its Monday", field="week")
    return week


def _digest(call: Call) -> Any:
    from moref.reporting.digest import WEEKLY, Digest

    return _view(call.runtime.store.find(Digest, call.organization_id, WEEKLY))


def _name(call: Call) -> Any:
    from moref.reporting.save_digest import save_digest

    body = call.body
    return _view(
        save_digest(
            call.runtime, call.organization_id, body.version, body.member_ids, body.time_zone,
            actor=call.caller.member_id,
        )
    )  # fmt: skip


def _view(found: Any) -> dict[str, Any]:
    """Before anybody is named there is no row."""
    if found is None:
        return {"version": 0, "member_ids": [], "stopped": [], "time_zone": None}
    return {name: getattr(found, name) for name in ("version", "member_ids", "stopped", "time_zone")}


def _schema() -> Schema:
    members: Schema = {"type": "array", "items": {"type": "string"}}
    properties: Schema = {
        "version": {"type": "integer"},
        "member_ids": members,
        "stopped": members | {"description": "who stopped it themselves; only they start it again"},
        "time_zone": {"type": ["string", "null"]},
    }
    return {"title": "ReportDigest", "type": "object", "properties": properties, "required": [*properties]}


OPERATIONS = (
    Operation("GET", "/v1/reports/weekly", _weekly, "member", "reports",
              "A week beside the one before and the twelve it ends, as a page to print; with money for admins",
              lambda: {"type": "string"}, query=asked.PLACE | {"week": asked.DAY | {"description": "its Monday"}},
              produces="text/html"),
    Operation("GET", "/v1/reports/digest", _digest, "admin", "reports",
              "Who gets the weekly report by e-mail", _schema, whole=True),
    Operation("PUT", "/v1/reports/digest", _name, "admin", "reports",
              "Names who gets the weekly report by e-mail; each may stop it with a click, and only they start it again",
              _schema, body=Recipients, whole=True),
)  # fmt: skip
