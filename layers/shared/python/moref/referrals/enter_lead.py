"""Staff have entered a lead into the CRM by hand, which did not take it by itself."""

from moref.kernel.errors import Conflict
from moref.records import Change, get
from moref.referrals.model import Lead
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 4


def enter_lead(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Lead:
    """Who said so first stands. Raises NotFound; Conflict while it is still offered to the CRM, or was taken."""
    for _ in range(TRIES):
        before = get(runtime.store, Lead, organization_id, id)
        if before.entered_at is not None:
            return before
        if before.status != "failed":
            raise Conflict(f"it is {before.status}: only one that the CRM did not take is entered by hand")
        now = runtime.clock.now()
        after = before.changed(now, entered_at=now, entered_by=actor)
        try:
            runtime.store.commit(Change(before, after), audited(now, organization_id, actor, "lead.entered", id))
        except Conflict:
            continue
        return get(runtime.store, Lead, organization_id, id)
    raise Conflict("the lead is being changed by others")
