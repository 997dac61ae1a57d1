"""Rejects a conversion before it is approved: the referral earns nothing, and says why."""

from moref.conversions.changes import TRIES, audit, moved, referral_to
from moref.conversions.model import Conversion
from moref.kernel.errors import BadInput, Conflict
from moref.records import get
from moref.referrals.model import Referral
from moref.runtime import Runtime


def reject(runtime: Runtime, organization_id: str, conversion_id: str, *, actor: str, reason: str) -> Conversion:
    """The rejected conversion; rejecting it again changes nothing, and no fact of the job brings it back.

    Raises NotFound; BadInput without a reason; Conflict when it is approved or withdrawn, or after five lost races.
    """
    if not reason.strip():
        raise BadInput("a rejection needs a reason", field="reason")
    for _ in range(TRIES):
        before = get(runtime.store, Conversion, organization_id, conversion_id)
        if before.status == "rejected":
            return before
        if before.status not in ("pending", "held"):
            raise Conflict(f"the conversion is {before.status}")
        now = runtime.clock.now()
        referral = get(runtime.store, Referral, organization_id, before.referral_id)
        try:
            runtime.store.commit(
                *moved(before, now, status="rejected", decided_at=now, decided_by=actor, reason=reason),
                *referral_to(referral, now, "ineligible", reason),
                audit(before, now, actor, "conversion.rejected", reason),
            )
        except Conflict:
            continue
        return get(runtime.store, Conversion, organization_id, conversion_id)
    raise Conflict("the conversion is being changed by others")
