"""Staff take a customer off the list of unmatched sources: they name the advocate, or dismiss it."""

from moref.kernel.errors import Conflict
from moref.records import Change, get
from moref.referrals.attribute import attribute
from moref.referrals.model import UnmatchedSource
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5


def resolve_source(
    runtime: Runtime, organization_id: str, source_id: str, *, advocate_id: str | None, actor: str, reason: str
) -> UnmatchedSource:
    """`advocate_id` None dismisses. The same again changes nothing. Raises NotFound; Conflict when it was decided
    otherwise, the attribution is not possible (see attribute), or races were lost."""
    wanted = "dismissed" if advocate_id is None else "attributed"
    source = get(runtime.store, UnmatchedSource, organization_id, source_id)
    if source.status not in ("open", wanted):
        raise Conflict(f"it is {source.status} already")
    if source.status == "open" and advocate_id is not None:
        attribute(runtime, organization_id, source.job_id, advocate_id, actor=actor, reason=reason)
    for _ in range(TRIES):
        source = get(runtime.store, UnmatchedSource, organization_id, source_id)
        if source.decided_by == actor and source.status == wanted:
            return source
        now = runtime.clock.now()
        after = source.changed(now, status=wanted, decided_by=actor, reason=reason)
        audit = audited(now, organization_id, actor, f"unmatched_source.{wanted}", source.id, reason=reason[:500])
        try:
            runtime.store.commit(Change(source, after), audit)
        except Conflict:
            continue
        return get(runtime.store, UnmatchedSource, organization_id, source_id)
    raise Conflict("it is being changed by others")
