"""A claim is decided by its deadline: staff of the branch are told before it, and once more when it has passed.

Each is told once, in the commit that says so on the case. A schedule brings it in time; the hourly sweep makes up for
one that was lost.
"""

from datetime import datetime, timedelta

from moref.events import Event
from moref.kernel.clock import iso
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.kernel.names import REFERRALS
from moref.messaging.plan_message import planned
from moref.records import Change, Emit, every, get
from moref.referrals.model import Dispute, DisputeStage
from moref.runtime import Runtime
from moref.tenants.model import Hook

BEFORE = timedelta(days=2)  # of a short deadline: its half


def soon(case: Dispute) -> datetime:
    return case.deadline - min(BEFORE, (case.deadline - case.created_at) / 2)


def stage(case: Dispute, now: datetime) -> DisputeStage:
    if now >= case.deadline:
        return "overdue"
    return "soon" if now >= soon(case) else "in_time"


def watch_dispute(runtime: Runtime, organization_id: str, id: str) -> None:
    """On dispute.changed: schedules what is still to be told. A repeat meets its first schedules. Raises NotFound."""
    case = get(runtime.store, Dispute, organization_id, id)
    if case.status != "open":
        return
    command = {"command": "dispute_due", "organization_id": organization_id, "dispute_id": id}
    for name, due in (("soon", soon(case)), ("overdue", case.deadline)):
        if runtime.clock.now() < due:
            runtime.scheduler.at(f"{id}-{name}", due, REFERRALS, command)


def dispute_due(runtime: Runtime, organization_id: str, id: str) -> bool:
    """Tells staff where the case stands; False when there is nothing (new) to tell.

    Raises NotFound; Conflict when it is decided in this moment (redelivery looks again).
    """
    case, now = get(runtime.store, Dispute, organization_id, id), runtime.clock.now()
    stands = stage(case, now)
    if case.status != "open" or stands in ("in_time", case.stage):
        return False
    fields = {"case": case.id, "job": case.job_id, "claim": case.claim, "decide_by": iso(case.deadline)}
    mail = planned(
        runtime, organization_id, cause=f"{case.id}.{stands}", template=f"dispute_{stands}", kind="staff",
        location_id=case.location_id, contact=None, fields=fields,
    )  # fmt: skip
    told = Event("dispute.changed", organization_id, case.id, {"status": case.status, "stage": stands})
    runtime.store.commit(Change(case, case.changed(now, stage=stands)), Emit(told, now), *mail)
    return True


def sweep_disputes(runtime: Runtime) -> int:
    """How many cases were told of whose schedule was lost."""
    told = 0
    for organization_id in sorted({hook.owner_id for hook in every(runtime.store, Hook, GLOBAL)}):
        for case in every(runtime.store, Dispute, organization_id, status="open"):
            if stage(case, runtime.clock.now()) in ("in_time", case.stage):
                continue
            try:
                told += dispute_due(runtime, organization_id, case.id)
            except Conflict:
                continue  # decided, or told of by its own schedule, in this moment
    return told
