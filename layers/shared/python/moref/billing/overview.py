"""What an organization sees of its billing: where it stands, what it pays, what it used, and what it may do."""

from datetime import datetime, timedelta
from typing import Any

from moref.billing.follow_locations import active_locations
from moref.billing.model import Subscription
from moref.billing.plans import Plan, plan_for, plans
from moref.billing.standing import grace_ends, lapse
from moref.billing.usage import used
from moref.kernel.clock import iso
from moref.runtime import Runtime

MONTH = timedelta(days=30)  # of usage, for who has no billing period


def overview(runtime: Runtime, organization_id: str) -> dict[str, Any]:
    """JSON types. Nobody is asked: what the processor said last stands in the row."""
    now = runtime.clock.now()
    row = runtime.store.find(Subscription, organization_id, organization_id)
    count, words = active_locations(runtime.store, organization_id), lapse(row, now)
    on = row.began_at if row is not None and row.began_at is not None else now
    plan = plan_for(count, on)
    return {
        "status": _status(row, now),
        "lapsed": words is not None,
        "words": words,
        "may": {"read": True, "export": True, "pay_owed_rewards": True, "send": words is None, "enroll": words is None},
        "locations": count,
        "plan": {"name": plan.name, "words": plan.words, "monthly": _monthly(plan, count)},
        "plans": [
            {"name": each.name, "from_locations": each.least, "words": each.words, "per_location": _money(each)}
            for each in plans(on)
        ],
        "trial_ends_at": iso(row.trial_until) if row is not None and not row.agreed else None,
        "grace_ends_at": _said(grace_ends(row) if row else None),
        "period_start": _said(row.period_start if row else None),
        "period_end": _said(row.period_end if row else None),
        "cancel_at": _said(row.cancel_at if row else None),
        "quantity_billed": row.quantity if row else None,
        "usage": _usage(runtime, organization_id, row, now),
    }


def _status(row: Subscription | None, now: datetime) -> str:
    if row is None or row.agreed:
        return "not_billed"
    return "trial_ended" if row.subscription_id is None and now >= row.trial_until else row.status


def _usage(runtime: Runtime, org: str, row: Subscription | None, now: datetime) -> dict[str, Any]:
    known = row.period_start if row is not None else None
    since = known if known is not None and known <= now else now - MONTH
    counts = used(runtime.store, org, since, now)
    messages = {kind: counts[kind] for kind in ("sms", "whatsapp", "email")}
    return {"since": iso(since), "until": iso(now), "messages": messages, "referrals": counts["referrals"]}


def _monthly(plan: Plan, count: int) -> dict[str, Any]:
    return {"amount": plan.amount * max(1, count), "currency": plan.currency}


def _money(plan: Plan) -> dict[str, Any]:
    return {"amount": plan.amount, "currency": plan.currency}


def _said(at: datetime | None) -> str | None:
    return None if at is None else iso(at)
