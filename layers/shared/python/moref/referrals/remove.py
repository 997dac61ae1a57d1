"""An admin removes a wrong attribution: the referral earns nothing any more, and others may claim the job.

What it earned goes back by the event: a reward that was not paid is reversed (rewards.reverse); one the provider
accepted stays, a wrong attribution by the company being the company's loss (rules.md, Money).
"""

from moref.events import Event
from moref.kernel.errors import BadInput, Conflict
from moref.records import Change, Emit, get
from moref.referrals.model import Referral
from moref.runtime import Runtime
from moref.tenants.audit import audited

TRIES = 5


def remove(runtime: Runtime, organization_id: str, referral_id: str, *, actor: str, reason: str) -> Referral:
    """The removed referral; removing it again changes nothing, and no fact of the job brings it back.

    Raises NotFound; BadInput without a reason; Conflict after losing five races.
    """
    if not reason.strip():
        raise BadInput("a removal needs a reason", field="reason")
    for _ in range(TRIES):
        before = get(runtime.store, Referral, organization_id, referral_id)
        if before.status == "removed":
            return before
        now = runtime.clock.now()
        data = {
            "status": "removed", "previous_status": before.status, "job_id": before.job_id,
            "job_version": before.job_version,
        }  # fmt: skip
        try:
            runtime.store.commit(
                Change(before, before.changed(now, status="removed", reason=reason)),
                audited(now, organization_id, actor, "referral.removed", before.id, reason=reason[:500]),
                Emit(Event("referral.changed", organization_id, before.id, data), now),
            )
        except Conflict:
            continue  # its job moved, or a conversion was decided: it is removed all the same
        return get(runtime.store, Referral, organization_id, referral_id)
    raise Conflict("the referral is being changed by others")
