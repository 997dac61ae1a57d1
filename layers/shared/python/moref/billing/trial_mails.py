"""The owners are written to three days before their trial ends, and when it has ended: once each, as any mail to staff.

Who has a subscription, or pays otherwise, hears nothing; nor does an organization that closes. The hourly sweep finds
what is due; a warning that would come after the end is left out.
"""

from datetime import datetime

from moref.billing.model import Subscription, TrialClock
from moref.billing.standing import day
from moref.billing.trial import running
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BILLING
from moref.messaging.plan_message import planned
from moref.records import Change, Write, every
from moref.runtime import Runtime
from moref.tenants.model import Location, Member, Organization

MAIL = "trial_mail"
MOST_OWNERS = 40  # of one commit


def sweep_trials(runtime: Runtime) -> int:
    """Sends one look for each that is due; how many."""
    due = every(runtime.store, TrialClock, GLOBAL, status="on", until=runtime.clock.now())
    for clock in due:
        runtime.queues.send(BILLING, {"command": MAIL, "organization_id": clock.id})
    return len(due)


def mail_trial(runtime: Runtime, organization_id: str) -> None:
    """Before its time, and again: nothing. Raises Conflict when another worker is at it."""
    now, org = runtime.clock.now(), organization_id
    clock = runtime.store.find(TrialClock, GLOBAL, org)
    if clock is None or clock.status == "off" or now < clock.next_at:
        return
    row = runtime.store.find(Subscription, org, org)
    ends = row.trial_until if row is not None else now
    mails = _mails(runtime, clock, row, now) if row is not None and _concerns(runtime, row) else []
    if clock.stage == "soon":
        after = clock.changed(now, stage="ended", next_at=max(now, ends))
    else:
        after = clock.changed(now, status="off")
    runtime.store.commit(Change(clock, after), *mails)


def _concerns(runtime: Runtime, row: Subscription) -> bool:
    organization = runtime.store.find(Organization, row.organization_id, row.organization_id)
    return not row.agreed and not running(row) and organization is not None and organization.status == "active"


def _mails(runtime: Runtime, clock: TrialClock, row: Subscription, now: datetime) -> list[Write]:
    org, late = row.organization_id, clock.stage == "soon" and now >= row.trial_until
    branches = every(runtime.store, Location, org, status="active")
    if late or not branches:
        return []
    branch = min(branches, key=lambda one: (one.created_at, one.id))  # whose name the mail bears
    owners = [one for one in every(runtime.store, Member, org, status="active") if one.role == "owner"]
    return [
        write
        for owner in sorted(owners, key=lambda one: (one.created_at, one.id))[:MOST_OWNERS]
        for write in planned(
            runtime, org, cause=f"trial.{clock.stage}.{owner.id}", template=f"trial_{clock.stage}", kind="staff",
            location_id=branch.id, contact=None, fields={"to": owner.email, "trial_until": day(row.trial_until)},
        )
    ]  # fmt: skip
