"""Approves a conversion: the ordinal, the reward, its first ledger entry and the news of it are one commit."""

from moref.conversions.changes import TRIES, audit, moved, referral_to
from moref.conversions.judge import qualifying
from moref.conversions.model import Conversion
from moref.events import Event
from moref.intake.model import Job
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.programs.tiers import amount, next_ordinal
from moref.records import Change, Create, Emit, Require, Write, get
from moref.referrals.model import Advocate, Referral
from moref.rewards import ledger
from moref.rewards.model import Reward
from moref.runtime import Runtime
from moref.tenants.model import Location

POLICY = "policy"
NO_AMOUNT = "This one earns no reward under the program's tiers"


def approve(
    runtime: Runtime, organization_id: str, conversion_id: str, *, actor: str, reason: str | None = None
) -> Conversion:
    """The approved conversion; approving it again changes nothing. `actor`: a member id, or POLICY.

    A held one needs the actor's reason, which closes its holds (BadInput without; POLICY never closes a hold).
    Raises NotFound; Conflict when it was rejected or withdrawn, its job does not qualify any more, or races were lost.
    """
    for _ in range(TRIES):
        conversion = get(runtime.store, Conversion, organization_id, conversion_id)
        if conversion.status == "approved":
            return conversion
        _check(conversion, actor, reason)
        writes = _writes(runtime, conversion, actor, reason)
        try:
            runtime.store.commit(*writes)
        except Conflict:
            continue  # another approval of the advocate, or the job moved: decide again on what is there now
        return get(runtime.store, Conversion, organization_id, conversion_id)
    raise Conflict("the conversion is being changed by others")


def _check(conversion: Conversion, actor: str, reason: str | None) -> None:
    if conversion.status not in ("pending", "held"):
        raise Conflict(f"the conversion is {conversion.status}")
    if not any(hold.open for hold in conversion.holds):
        return
    if actor == POLICY:
        raise Conflict("a hold is for staff to close")
    if not (reason or "").strip():
        raise BadInput("a held conversion is approved with a reason", field="reason")


def _writes(runtime: Runtime, conversion: Conversion, actor: str, reason: str | None) -> list[Write]:
    now, org, store = runtime.clock.now(), conversion.organization_id, runtime.store
    referral = get(store, Referral, org, conversion.referral_id)
    job = get(store, Job, org, conversion.job_id)
    if qualifying(referral, job, conversion.terms.qualifying_fact) is None:
        raise Conflict("the job does not qualify any more")
    advocate = get(store, Advocate, org, conversion.advocate_id)
    ordinal, freed = next_ordinal(advocate.approved, advocate.freed_ordinals)
    reward = _reward(runtime, conversion, advocate, amount(conversion.terms, ordinal))
    more = moved(
        conversion, now, status="approved", ordinal=ordinal, reward_id=reward.id if reward else None, decided_at=now,
        decided_by=actor, reason=". ".join(filter(None, (reason, None if reward else NO_AMOUNT))) or None,
        holds=[hold.model_copy(update={"open": False}) for hold in conversion.holds],
    )  # fmt: skip
    counted = advocate.changed(now, approved=advocate.approved + 1, freed_ordinals=freed)
    shown = referral_to(referral, now, "qualified") or [Require(referral)]
    writes = [*more, Change(advocate, counted), *shown, Require(job)]
    writes.append(audit(conversion, now, actor, "conversion.approved", reason))
    if reward is not None:
        released = Event("reward.released", org, reward.id, {"conversion_id": conversion.id})
        writes += [Create(reward), ledger.book(reward, "accrued", now), Emit(released, now)]
    return writes


def _reward(runtime: Runtime, conversion: Conversion, advocate: Advocate, minor: int | None) -> Reward | None:
    if minor is None:
        return None
    now, org = runtime.clock.now(), conversion.organization_id
    location = get(runtime.store, Location, org, conversion.location_id)
    return Reward(
        organization_id=org,
        id=ids.derived("rwd", org, conversion.id, str(conversion.round)),
        created_at=now,
        updated_at=now,
        advocate_id=advocate.id,
        contact_id=advocate.contact_id,
        conversion_id=conversion.id,
        location_id=location.id,
        legal_entity_id=location.legal_entity_id,
        amount=minor,
        currency=conversion.terms.currency,
        approved_at=now,
        released_at=now,
    )
