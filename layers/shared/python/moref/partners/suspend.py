"""Staff suspend a partner, or let it go on. What it earned is held meanwhile; its link leads where it always led."""

from moref.events import Event
from moref.kernel.errors import Conflict
from moref.partners.accept import accepted
from moref.partners.model import Partner
from moref.records import Change, Emit, Write, get
from moref.referrals.model import Advocate
from moref.runtime import Runtime
from moref.tenants.audit import audited


def suspend(runtime: Runtime, organization_id: str, id: str, *, reason: str, actor: str) -> Partner:
    """A repeat changes nothing. Raises NotFound, Conflict when it is changed in this moment."""
    return _set(runtime, organization_id, id, suspended=True, reason=reason, actor=actor)


def resume(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Partner:
    """To where it was: invited, or active; what was held is judged again. Raises NotFound, Conflict."""
    return _set(runtime, organization_id, id, suspended=False, reason=None, actor=actor)


def _set(runtime: Runtime, org: str, id: str, *, suspended: bool, reason: str | None, actor: str) -> Partner:
    store, now = runtime.store, runtime.clock.now()
    before = get(store, Partner, org, id)
    if before.status == "withdrawn":
        raise Conflict("the invitation was withdrawn: invite anew")
    if (before.status == "suspended") == suspended:
        return before
    status = "suspended" if suspended else ("active" if before.accepted_at else "invited")
    action = "partner.suspended" if suspended else "partner.resumed"
    writes: list[Write] = [
        Change(before, before.changed(now, status=status, reason=reason)),
        Emit(Event("partner.changed", org, id, {"status": status}), now),
        audited(now, org, actor, action, id),
    ]
    if not suspended and before.acceptance is not None and before.accepted_at is None:
        writes.append(accepted(before, runtime))  # it had accepted, and nothing was made of it meanwhile
    if before.advocate_id is not None:
        advocate = get(store, Advocate, org, before.advocate_id)
        writes.append(Change(advocate, advocate.changed(now, suspended=suspended)))
    store.commit(*writes)
    return get(store, Partner, org, id)
