"""What staff decide about one person's way through a campaign, and about their own tasks; each audited."""

from moref.campaigns.model import Enrollment, StaffTask
from moref.campaigns.stop import stop
from moref.kernel.errors import Conflict
from moref.records import Change, get
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 4
BY_STAFF = "staff"  # what the reason of such an end begins with


def stop_by_staff(runtime: Runtime, organization_id: str, enrollment_id: str, reason: str, *, actor: str) -> Enrollment:
    """Raises Conflict when it is over, NotFound."""
    audit = audited(
        runtime.clock.now(), organization_id, actor, "enrollment.stopped", enrollment_id, reason=reason[:500]
    )
    if not stop(runtime, organization_id, enrollment_id, f"{BY_STAFF}: {reason}", audit):
        found = get(runtime.store, Enrollment, organization_id, enrollment_id)
        raise Conflict(f"it is over: {found.reason or found.status}")
    return get(runtime.store, Enrollment, organization_id, enrollment_id)


def mark_task(runtime: Runtime, organization_id: str, task_id: str, *, done: bool, actor: str) -> StaffTask:
    """Marking it as it is changes nothing. Raises NotFound, Conflict after four lost races."""
    for _ in range(TRIES):
        before = get(runtime.store, StaffTask, organization_id, task_id)
        if (before.status == "done") == done:
            return before
        now = runtime.clock.now()
        after = before.changed(
            now, status="done" if done else "open", done_by=actor if done else None, done_at=now if done else None
        )
        action = "task.done" if done else "task.undone"
        try:
            runtime.store.commit(Change(before, after), audited(now, organization_id, actor, action, task_id))
        except Conflict:
            continue
        return get(runtime.store, StaffTask, organization_id, task_id)
    raise Conflict("the task is being changed by others")
