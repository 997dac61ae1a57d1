"""The subscription an organization begins with, and the one that the platform agrees on with it."""

from datetime import datetime, timedelta

from moref.billing.model import Subscription, TrialClock
from moref.billing.plans import terms
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Write, get
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Organization

WARNED = timedelta(days=3)  # before the trial's end


def trial(organization_id: str, now: datetime) -> Subscription:
    """For the commit that makes the organization: the terms of that day, whatever they are later."""
    agreed = terms(now)
    return Subscription(
        organization_id=organization_id, id=organization_id, created_at=now, updated_at=now, status="trialing",
        trial_until=now + timedelta(days=agreed.trial_days), grace_days=agreed.grace_days,
    )  # fmt: skip


def trial_clock(organization_id: str, now: datetime) -> TrialClock:
    """Likewise: when its owners are written to (trial_mails.py)."""
    ends = now + timedelta(days=terms(now).trial_days)
    return TrialClock(
        organization_id=GLOBAL, id=organization_id, created_at=now, updated_at=now, next_at=max(now, ends - WARNED)
    )  # fmt: skip


def agree(runtime: Runtime, organization_id: str, *, agreed: bool, actor: str) -> Subscription:
    """An operator notes that the organization pays in another way, or no longer does; a repeat changes nothing.

    Raises NotFound; Conflict while a subscription at the processor runs, which would go on charging, or when the row
    is changed in this moment.
    """
    store, now, org = runtime.store, runtime.clock.now(), organization_id
    get(store, Organization, org, org)
    before = store.find(Subscription, org, org)
    if before is not None and before.agreed == agreed:
        return before
    if before is not None and agreed and running(before):
        raise Conflict("a subscription at the processor runs: it is cancelled first")
    row = before or trial(org, now)
    after = row.changed(now, agreed=agreed)
    write: Write = Create(after) if before is None else Change(before, after)
    store.commit(write, audited(now, org, actor, "billing.agreed" if agreed else "billing.agreement_ended", org))
    return get(store, Subscription, org, org)


def running(row: Subscription) -> bool:
    """Whether the processor charges, or will try to."""
    return row.subscription_id is not None and row.status not in ("canceled", "incomplete")
