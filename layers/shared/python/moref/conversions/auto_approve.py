"""On conversion.changed, on news of its job, and when its hold has passed: the policy approves what no rule holds."""

from datetime import datetime

from moref.conversions.approve import POLICY, approve
from moref.conversions.holding import policy_may
from moref.conversions.judge import zone_of
from moref.conversions.model import Conversion
from moref.conversions.qualify import qualify
from moref.conversions.watch import watch
from moref.intake.model import Job
from moref.kernel.errors import Conflict
from moref.kernel.names import REFERRALS
from moref.programs.periods import days_later
from moref.records import get
from moref.runtime import Runtime


def follow(runtime: Runtime, organization_id: str, referral_id: str) -> None:
    """On referral.changed: the conversion follows its job, and what its policy waits for may have come with it."""
    conversion = qualify(runtime, organization_id, referral_id)
    if conversion is not None and conversion.status == "pending":
        auto_approve(runtime, organization_id, conversion.id)


def auto_approve(runtime: Runtime, organization_id: str, conversion_id: str) -> None:
    """Approves a pending conversion of an automatic program once `hold_days` have passed since the fact they count from
    (same wall time); as long as that fact is missing, not at all.

    A held one is never approved by time passing. Whatever waits for staff is watched. Of one that was withdrawn the
    referral is told, also when its reward could be reversed only later. Raises NotFound; Conflict after losing races.
    """
    conversion = get(runtime.store, Conversion, organization_id, conversion_id)
    if conversion.status == "withdrawn":
        conversion = qualify(runtime, organization_id, conversion.referral_id) or conversion
    if conversion.status == "pending" and conversion.terms.approval == "automatic" and policy_may(conversion):
        _by_policy(runtime, conversion)
        conversion = get(runtime.store, Conversion, organization_id, conversion_id)
    watch(runtime, conversion)


def _by_policy(runtime: Runtime, conversion: Conversion) -> None:
    org, id, due = conversion.organization_id, conversion.id, _due(runtime, conversion)
    if due is None:
        return
    if runtime.clock.now() < due:
        command = {"command": "auto_approve", "organization_id": org, "conversion_id": id}
        # The name holds the due time: a conversion that was withdrawn and came back waits for its new fact.
        runtime.scheduler.at(f"{id}-{int(due.timestamp())}", due, REFERRALS, command)
        return
    judged = qualify(runtime, org, conversion.referral_id)  # the people may have changed since
    if judged is None or judged.status != "pending" or not policy_may(judged):
        return
    try:
        approve(runtime, org, id, actor=POLICY)
    except Conflict:
        # Undone, held or decided meanwhile; what undid it is on its way as an event of its own.
        if get(runtime.store, Conversion, org, id).status == "pending":
            raise


def _due(runtime: Runtime, conversion: Conversion) -> datetime | None:
    """None while the fact that the hold counts from is missing: its news leads here again."""
    org, terms = conversion.organization_id, conversion.terms
    if terms.hold_fact in (None, terms.qualifying_fact):
        since = conversion.qualified_at
    else:
        job = get(runtime.store, Job, org, conversion.job_id)
        fact = job.facts.get(terms.hold_fact)
        if fact is None or fact.value is not True:
            return None
        since = max(fact.at, conversion.qualified_at)
    return days_later(since, terms.hold_days, zone_of(runtime.store, org, conversion.location_id))
