"""On conversion.changed, and when its hold has passed: the program's policy approves what no rule holds."""

from datetime import timedelta

from moref.conversions.approve import POLICY, approve
from moref.conversions.model import Conversion
from moref.conversions.qualify import qualify
from moref.kernel.errors import Conflict
from moref.kernel.names import REFERRALS
from moref.records import get
from moref.runtime import Runtime


def auto_approve(runtime: Runtime, organization_id: str, conversion_id: str) -> None:
    """Approves a pending conversion of an automatic program once `hold_days` have passed since the qualifying fact.

    A held one is never approved by time passing. Raises NotFound; Conflict after losing races.
    """
    conversion = get(runtime.store, Conversion, organization_id, conversion_id)
    if conversion.status != "pending" or conversion.terms.approval != "automatic":
        return
    due = conversion.qualified_at + timedelta(days=conversion.terms.hold_days)
    if runtime.clock.now() < due:
        command = {"command": "auto_approve", "organization_id": organization_id, "conversion_id": conversion_id}
        # The name holds the due time: a conversion that was withdrawn and came back waits for its new fact.
        runtime.scheduler.at(f"{conversion_id}-{int(due.timestamp())}", due, REFERRALS, command)
        return
    judged = qualify(runtime, organization_id, conversion.referral_id)  # the people may have changed since
    if judged is None or judged.status != "pending":
        return
    try:
        approve(runtime, organization_id, conversion_id, actor=POLICY)
    except Conflict:
        # Undone or decided meanwhile; what undid it is on its way as an event of its own.
        if get(runtime.store, Conversion, organization_id, conversion_id).status == "pending":
            raise
