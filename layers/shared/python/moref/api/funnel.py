"""The funnel of a campaign."""

from typing import Any

from moref.api import campaign_views as views
from moref.api import report_query as asked
from moref.api.operation import Call, Operation, Schema, visible
from moref.campaigns.effective import effective
from moref.campaigns.rows import parts
from moref.records import every
from moref.reporting.funnel import funnel
from moref.reporting.model import STAGES
from moref.tenants.model import Location

_COUNTS: dict[str, Schema] = {str(stage): views.NUMBER for stage in STAGES}


def _funnel(call: Call) -> Any:
    """Whoever is limited to locations sees the sum of these."""
    store, org = call.runtime.store, call.organization_id
    campaign_id, location_id = parts(call.params["id"])
    effective(store, org, campaign_id)
    location_id = call.query.get("location_id", location_id)
    places = [call.get(Location, location_id)] if location_id else every(store, Location, org)
    first, last = asked.days(call)
    found = funnel(store, org, campaign_id, [each.id for each in places if visible(call.caller, each)], (first, last))
    return {
        "campaign_id": campaign_id,
        "from": first.isoformat(),
        "to": last.isoformat(),
        "total": found.total,
        "channels": [{"channel": name, **counts} for name, counts in sorted(found.channels().items())],
        "steps": [{"step": step, "channel": name, **counts} for (step, name), counts in sorted(found.steps.items())],
    }


def _schema() -> Schema:
    day: Schema = {"type": "string", "format": "date", "description": "of sending, UTC"}
    made = views.shape(
        None, campaign_id=views.TEXT, total=views.shape("FunnelCounts", **_COUNTS),
        channels=views.rows(views.shape(None, channel=views.TEXT, **_COUNTS)),
        steps=views.rows(views.shape(None, step=views.TEXT, channel=views.TEXT, **_COUNTS)), **{"from": day, "to": day},
    )  # fmt: skip
    return {"title": "Funnel", **made}


OPERATIONS = (
    Operation("GET", "/v1/campaigns/{id}/funnel", _funnel, "member", "campaigns",
              "Of the messages sent on these days (UTC; by default the last 30): how many arrived, were opened, "
              "clicked, and brought a friend who asked for a quote and booked. A click, a quote and a booking count at "
              "the last message before them, so that sums count nothing twice; the numbers lag by seconds",
              _schema, query=asked.DAYS | {"location_id": views.TEXT}),
)  # fmt: skip
