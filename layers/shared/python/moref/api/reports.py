"""The reports: a table each, as JSON and as CSV. Counts are for every member, money is for admins.

What members limited to locations get is of their locations.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moref import csv_text
from moref.api import report_query as asked
from moref.api.campaign_views import NUMBER, TEXT, TEXT_OR_NULL, rows, shape
from moref.api.operation import Call, Operation, Schema
from moref.kernel.errors import BadInput
from moref.reporting import tables
from moref.reporting.campaigns import by_campaign
from moref.reporting.cost import cost
from moref.reporting.counters import FIRST_JOB
from moref.reporting.leaderboard import leaderboard
from moref.reporting.model import STAGES
from moref.reporting.periods import BEGIN, By, by_period, of_months
from moref.tenants.model import Role

Answer = tuple[dict[str, Any], Iterable[tables.Line]]  # what stands above, and the lines
NUMBER_OR_NULL: Schema = {"type": ["integer", "null"]}
_BY: tuple[By, ...] = ("day", "week", "month")
_MOST_PLACES = 50


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    does: Callable[[Call], Answer]
    words: str
    columns: Mapping[str, Schema]
    query: Mapping[str, Schema]
    head: Mapping[str, Schema] = field(default_factory=dict)
    least: Role = "member"


def _periods(call: Call) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    by = next((each for each in _BY if each == call.query.get("by", "day")), None)
    if by is None:
        raise BadInput(f"by is one of {', '.join(_BY)}", field="by")
    days = asked.days(call, asked.MOST_DAYS if by == "day" else asked.MOST_DAYS_OF_PERIODS)
    found = by_period(call.runtime.store, call.organization_id, asked.places(call), days, by)
    return asked.head(call, **{"from": days[0].isoformat(), "to": days[1].isoformat(), "by": by}), found


def _funnel(call: Call) -> Answer:
    channel, split = call.query.get("channel"), call.query.get("split", "none")
    if channel is not None and channel not in tables.CHANNELS:
        raise BadInput(f"channel is one of {', '.join(tables.CHANNELS)}", field="channel")
    if split not in ("none", "channel"):
        raise BadInput("split is none or channel", field="split")
    head, periods = _periods(call)
    wanted = [channel] if channel else list(tables.CHANNELS) if split == "channel" else [tables.EVERY_CHANNEL]
    return head, tables.funnel(periods, wanted)


def _conversions(call: Call) -> Answer:
    head, periods = _periods(call)
    return head, tables.conversions(periods)


def _payouts(call: Call) -> Answer:
    head, periods = _periods(call)
    return head, tables.payouts(periods)


def _campaigns(call: Call) -> Answer:
    days = asked.days(call)
    found = by_campaign(call.runtime.store, call.organization_id, asked.places(call), days)
    head = asked.head(call, **{"from": days[0].isoformat(), "to": days[1].isoformat(), "time_zone": "UTC"})
    return head, [{"campaign_id": id, **funnel.total} for id, funnel in found.items()]


def _cohorts(call: Call) -> Answer:
    by = call.query.get("by", "joined")
    if by not in ("joined", FIRST_JOB):
        raise BadInput(f"by is joined or {FIRST_JOB}", field="by")
    first, last = (day.isoformat()[:7] for day in asked.months(call))
    found = of_months(call.runtime.store, call.organization_id, asked.places(call), (first, last))
    return asked.head(call, from_month=first, to_month=last), tables.cohorts(found, first_job=by == FIRST_JOB)


def _partners(call: Call) -> Answer:
    first, last = (day.isoformat()[:7] for day in asked.months(call))
    begin = min(first, BEGIN)
    found = of_months(call.runtime.store, call.organization_id, asked.places(call), (begin, last))
    return asked.head(call, from_month=first, to_month=last), tables.partners(found, first)


def _cost(call: Call) -> Answer:
    months = asked.months(call, 12)
    first, last = (day.isoformat()[:7] for day in months)
    found = cost(call.runtime.store, call.organization_id, asked.places(call), months)
    return asked.head(call, from_month=first, to_month=last), found


def _leaderboard(call: Call) -> Answer:
    places, kind = asked.places(call), call.query.get("kind", "customer")
    if len(places) != 1:
        raise BadInput("you see several locations: say which leaderboard", field="location_id")
    if kind not in ("customer", "partner", "house"):
        raise BadInput("kind is customer, partner or house", field="kind")
    period = asked.month_or_year(call, "period")
    limit = asked.number(call, "limit", 10, _MOST_PLACES)
    found = leaderboard(call.runtime.store, call.organization_id, places[0], period, kind, limit=limit)
    lines = [
        {"rank": one.rank, "advocate_id": one.advocate_id, "name": one.name, "booked": one.booked, "quoted": one.quoted}
        for one in found
    ]
    return asked.head(call, period=period, kind=kind), lines


_BY_QUERY: dict[str, Schema] = {"by": {"type": "string", "enum": list(_BY), "default": "day"}}
_PERIODS = asked.PLACE | asked.DAYS | _BY_QUERY
_DAYS_HEAD: dict[str, Schema] = {"from": asked.DAY, "to": asked.DAY}
_PERIODS_HEAD = _DAYS_HEAD | {"by": TEXT}
_MONTHS_HEAD: dict[str, Schema] = {"from_month": asked.MONTH, "to_month": asked.MONTH}
_PERIOD: Schema = TEXT | {"description": "a day, the Monday of a week, or a month, on the calendar of each branch"}
_MINOR: Schema = NUMBER | {"description": "minor units of the line's currency"}
_MINOR_OR_NULL: Schema = NUMBER_OR_NULL | {"description": "minor units of the line's currency"}
_WAIT: Schema = NUMBER_OR_NULL | {"description": "seconds; never less than the true value, at most a tenth more"}
_CHANNEL: Schema = {"type": "string", "enum": [*tables.CHANNELS]}
REPORTS = (
    Report(
        "funnel", _funnel,
        "How many people were asked, links clicked, friends quoted, booked and invoiced, advocates paid: each on the "
        "day it happened, at the channel of the message that brought it (direct: the link came another way)",
        {"period": _PERIOD, "channel": {"type": "string", "enum": [*tables.CHANNELS, tables.EVERY_CHANNEL]},
         **dict.fromkeys(tables.STAGES, NUMBER)},
        _PERIODS | {"channel": _CHANNEL, "split": {"type": "string", "enum": ["none", "channel"], "default": "none"}},
        _PERIODS_HEAD,
    ),
    Report(
        "conversions", _conversions, "Conversions by the status they have now, on the day they qualified",
        {"period": _PERIOD, **dict.fromkeys(tables.CONVERSIONS, NUMBER)}, _PERIODS, _PERIODS_HEAD,
    ),
    Report(
        "payouts", _payouts,
        "Payouts by the status they have now, on the day they were made; and how long those that the provider accepted "
        "in the period had taken, from approval and from release",
        {"period": _PERIOD, **dict.fromkeys(tables.PAYOUTS, NUMBER), "accepted_in_period": NUMBER,
         **{f"seconds_from_{since}_p{percent}": _WAIT for since in tables.WAITS for percent in (50, 95)}},
        _PERIODS, _PERIODS_HEAD,
    ),
    Report(
        "campaigns", _campaigns, "What each campaign's messages achieved, by the day of sending (UTC)",
        {"campaign_id": TEXT, **{str(stage): NUMBER for stage in STAGES}}, asked.PLACE | asked.DAYS, _DAYS_HEAD,
    ),
    Report(
        "cohorts", _cohorts,
        "Advocates by the month in which they joined, or of their own first job, and what their friends did by how "
        "many months later",
        {"cohort": TEXT, "advocates": NUMBER, "age_months": NUMBER, "quoted": NUMBER, "booked": NUMBER},
        asked.PLACE | asked.MONTHS | {"by": {"type": "string", "enum": ["joined", FIRST_JOB], "default": "joined"}},
        _MONTHS_HEAD,
    ),
    Report(
        "partners", _partners, "How many of the partners there were brought a friend in the month",
        {"month": TEXT, "partners": NUMBER, "active": NUMBER, "active_percent": NUMBER_OR_NULL},
        asked.PLACE | asked.MONTHS, _MONTHS_HEAD,
    ),
    Report(
        "leaderboard", _leaderboard,
        "Who brought the most friends who booked in a month or a year; by their display name where they agreed to one, "
        "else by an initial",
        {"rank": NUMBER, "advocate_id": TEXT, "name": TEXT, "booked": NUMBER, "quoted": NUMBER},
        asked.PLACE | {"period": TEXT | {"examples": ["2026-11", "2026"]},
                       "kind": {"type": "string", "enum": ["customer", "partner", "house"], "default": "customer"},
                       "limit": {"type": "integer", "minimum": 1, "maximum": _MOST_PLACES, "default": 10}},
        {"period": TEXT, "kind": TEXT},
    ),
    Report(
        "cost", _cost,
        "What a referred customer cost in rewards and fees, and what it brought, beside the advertising that you "
        "entered under /v1/ad-spend; at most twelve months",
        {"month": TEXT, "currency": TEXT, "booked": NUMBER, "revenue": _MINOR, "rewards": _MINOR,
         "fees": _MINOR_OR_NULL | {"description": "of provider statements; null: none was asked for, or of a branch"},
         "cost": _MINOR, "cost_per_booking": _MINOR_OR_NULL, "return_percent": NUMBER_OR_NULL, "ad_spend": _MINOR,
         "ad_bookings": NUMBER_OR_NULL, "ad_cost_per_booking": _MINOR_OR_NULL},
        asked.PLACE | asked.MONTHS, _MONTHS_HEAD, "admin",
    ),
)  # fmt: skip


def _operations(report: Report) -> tuple[Operation, Operation]:
    """GET /v1/reports/<name>, and the same with .csv."""

    def as_json(call: Call) -> Any:
        head, lines = report.does(call)
        return head | {"items": list(lines)}

    def as_csv(call: Call) -> Any:
        return csv_text.write(list(report.columns), report.does(call)[1])

    def document() -> Schema:
        title = f"{report.name.capitalize()}Report"
        zone = TEXT_OR_NULL | {"description": "of the days; null: each branch counts by its own"}
        above = {"location_id": TEXT_OR_NULL, "time_zone": zone, **report.head}
        return {"title": title, **shape(None, **above, items=rows(shape(None, **report.columns)))}

    path, least = f"/v1/reports/{report.name}", report.least
    return (
        Operation("GET", path, as_json, least, "reports", report.words, document, query=report.query),
        Operation("GET", f"{path}.csv", as_csv, least, "reports", f"The same as a CSV file: {report.name}",
                  lambda: {"type": "string"}, query=report.query, produces="text/csv"),
    )  # fmt: skip


OPERATIONS = tuple(operation for report in REPORTS for operation in _operations(report))
