"""What needs somebody today: how much waits for staff, of each kind, since when, and the first of it.

Each kind is one query of the sparse index of what waits (of a location: one for each location), however much there is
besides and however much waits; counts end at 100.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moref.api.operation import Call, Operation, Schema
from moref.api.schemas import object_of
from moref.campaigns.model import Feedback, StaffTask
from moref.conversions.model import PROMISE, Conversion
from moref.imports.model import Import
from moref.intake.model import InboxEvent
from moref.intake.pulled import CallBudget
from moref.kernel.clock import iso
from moref.kernel.errors import BadInput
from moref.messaging.model import Message
from moref.messaging.senders import Sender
from moref.records import Entity
from moref.referrals.model import Dispute, Lead, UnmatchedSource
from moref.rewards.funding import Funding
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Payout, Reward
from moref.tenants.model import Location

MOST = 100  # of a kind that are counted; one more says that there are more
FIRST = 5
MOST_LOCATIONS = 10  # of a member, that are looked at in one call
UNDELIVERED = timedelta(days=7)  # nobody marks such a message as seen: older ones are history


@dataclass(frozen=True, slots=True)
class Kind:
    """`what` is the word of `Entity.waits`; None: the rows that have `status`."""

    name: str
    noun: type[Entity]
    what: str | None
    words: str
    link: str
    whole: bool = False  # of the organization, not of a branch
    status: str | None = None
    due: Callable[[Any], datetime | None] = lambda one: None
    detail: Callable[[Any], str | None] = lambda one: getattr(one, "reason", None)
    recent: timedelta | None = None


def _promised(one: Conversion) -> datetime | None:
    return one.waiting_since + PROMISE if one.waiting_since else None


def _why_held(one: Conversion) -> str | None:
    return " ".join(hold.words for hold in one.open_holds()) or None


KINDS = (
    Kind("approvals", Conversion, "approval", "conversions to approve or reject, within 48 hours",
         "/v1/conversions?waiting=approval", due=_promised),
    Kind("holds", Conversion, "hold", "conversions that a rule holds, and why",
         "/v1/conversions?waiting=hold", due=_promised, detail=_why_held),
    Kind("goodwill", Goodwill, "goodwill", "rewards that need a second member", "/v1/goodwill?waiting=goodwill"),
    Kind("disputes", Dispute, "dispute", "claims of advocates, with a deadline", "/v1/disputes?waiting=dispute",
         due=lambda one: one.deadline, detail=lambda one: one.stage),
    Kind("payouts", Payout, "payout", "payouts that only a person can settle", "/v1/payouts?waiting=payout"),
    Kind("blocked_rewards", Reward, "reward", "released rewards of which no payout can be made",
         "/v1/rewards?waiting=reward"),
    Kind("refused_account", Payout, "refused", "payouts that wait because the account refuses us or is missing",
         "/v1/payouts?waiting=refused"),
    Kind("low_balance", Funding, "funding", "accounts that rewards are paid from and that run short",
         "/v1/vendor-accounts", whole=True, detail=lambda one: one.status),
    Kind("unmatched_sources", UnmatchedSource, "source", "customers said to be referred, by whom is open",
         "/v1/unmatched-sources?waiting=source", detail=lambda one: one.why),
    Kind("low_scores", Feedback, "low_score", "unhappy customers nobody has looked after yet",
         "/v1/feedback?waiting=low_score", detail=lambda one: f"score {one.score}"),
    Kind("unread_replies", Message, "reply", "replies of customers that nobody has read",
         "/v1/messages?waiting=reply"),
    Kind("tasks", StaffTask, "task", "what campaigns and rewards ask of staff", "/v1/tasks?waiting=task"),
    Kind("leads", Lead, "lead", "leads that the CRM did not take", "/v1/leads?waiting=lead"),
    Kind("undelivered", Message, "undelivered", "messages of the last seven days that did not arrive",
         "/v1/messages?waiting=undelivered", recent=UNDELIVERED),
    Kind("refused_messages", Message, "stuck", "messages that wait because the carrier's account refuses us",
         "/v1/messages?waiting=stuck"),
    Kind("senders", Sender, "sender", "senders that are blocked", "/v1/senders?waiting=sender",
         detail=lambda one: one.stopped_because),
    Kind("imports", Import, "import", "imports that were checked and are not started", "/v1/imports?waiting=import",
         whole=True, detail=lambda one: one.kind),
    Kind("crm_paused", CallBudget, "crm", "CRMs that refuse our calls, or have none left this month",
         "/v1/call-budgets", whole=True),
    Kind("inbox", InboxEvent, None, "webhooks that could not be read", "/v1/inbox?status=quarantined", whole=True,
         status="quarantined"),
)  # fmt: skip


def _today(call: Call) -> dict[str, Any]:
    now, places = call.runtime.clock.now(), _places(call)
    found = [_shown(kind, _rows(call, kind, places, now), now) for kind in KINDS if places is None or not kind.whole]
    return {"as_of": iso(now), "kinds": found}


def _places(call: Call) -> list[str] | None:
    """The locations that are asked for; None: the whole organization."""
    if "location_id" in call.query:
        return [call.get(Location, call.query["location_id"]).id]
    if call.caller.location_ids is None:
        return None
    if len(call.caller.location_ids) > MOST_LOCATIONS:
        raise BadInput(f"you see more than {MOST_LOCATIONS} locations: name one of them", field="location_id")
    return sorted(call.caller.location_ids)


def _rows(call: Call, kind: Kind, places: list[str] | None, now: datetime) -> list[tuple[datetime, Entity]]:
    """Up to MOST and one more, the oldest first, each with since when."""
    filters: dict[str, Any] = {"status": kind.status} if kind.what is None else {"waiting": _word(kind.what, now)}
    if kind.recent:
        filters["since"] = now - kind.recent
    each: list[str | None] = [None] if places is None else [*places]
    found = [
        (waits[1] if (waits := row.waits()) else row.updated_at, row)
        for place in each
        for row in call.runtime.store.list(
            kind.noun, call.organization_id, location_id=place, newest_first=False, limit=MOST + 1, **filters
        ).items
    ]
    return sorted(found, key=lambda one: (one[0], one[1].id))[: MOST + 1]


def _word(what: str, now: datetime) -> str:
    return f"crm-{now:%Y-%m}" if what == "crm" else what


def _shown(kind: Kind, rows: list[tuple[datetime, Entity]], now: datetime) -> dict[str, Any]:
    items = [_item(kind, since, row, now) for since, row in rows[:FIRST]]
    return {
        "kind": kind.name,
        "words": kind.words,
        "count": min(len(rows), MOST),
        "more": len(rows) > MOST,
        "oldest_since": items[0]["since"] if items else None,
        "oldest_age_seconds": items[0]["age_seconds"] if items else None,
        "first": items,
        "list": kind.link,
    }


def _item(kind: Kind, since: datetime, row: Entity, now: datetime) -> dict[str, Any]:
    due = kind.due(row)
    return {
        "id": row.id,
        "location_id": getattr(row, "location_id", None),
        "since": iso(since),
        "age_seconds": int((now - since).total_seconds()),
        "due_by": iso(due) if due else None,
        "detail": kind.detail(row),
    }


def _answer() -> Schema:
    text, maybe = {"type": "string"}, {"type": ["string", "null"]}
    instant = {"type": ["string", "null"], "format": "date-time"}
    item = object_of(
        id=text, location_id=maybe, since=instant, age_seconds={"type": "integer"}, due_by=instant,
        detail=maybe | {"description": "why, or how far, in plain words; never a person's data"},
    )  # fmt: skip
    kind = object_of(
        kind={"type": "string", "enum": [kind.name for kind in KINDS]}, words=text,
        count={"type": "integer", "minimum": 0, "maximum": MOST},
        more={"type": "boolean", "description": f"there are more than {MOST}"},
        oldest_since=instant, oldest_age_seconds={"type": ["integer", "null"]},
        first={"type": "array", "items": item, "maxItems": FIRST, "description": "the oldest"},
        list=text | {"description": "where all of it is listed"},
    )  # fmt: skip
    return object_of(as_of={"type": "string", "format": "date-time"}, kinds={"type": "array", "items": kind})


_PLACE: Schema = {"type": "string", "description": "only of this location"}
OPERATIONS = (
    Operation("GET", "/v1/today", _today, "member", "today",
              "What needs somebody today, by kind: how much, since when, the oldest of it, and where the list is",
              _answer, query={"location_id": _PLACE}),
)  # fmt: skip
