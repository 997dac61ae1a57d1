"""On referral.changed: a referral whose job reached the program's qualifying fact becomes a conversion, and follows its
job from then on.

    none -> pending | held -> withdrawn (job undone) -> pending | held (true again)
    approved, then undone: reversed while nothing was asked of the provider; paid, it stays, with the reason for staff

The referral is `qualified` when its conversion is pending or approved; a held one keeps the job's status and says why.
"""

from datetime import datetime
from typing import Any

from moref.conversions import fraud
from moref.conversions.changes import TRIES, WAITS, moved, referral_to, told, waiting
from moref.conversions.conditions import missing, sight
from moref.conversions.holding import after_a_look
from moref.conversions.judge import OUT, case, conversion_id, job_amount, qualifying, zone_of
from moref.conversions.model import Conversion, Hold
from moref.conversions.take_back import ASKED, stands_again, take_back
from moref.intake.model import Job
from moref.kernel.errors import Conflict
from moref.programs.in_force import program_for, terms_for
from moref.programs.model import Program
from moref.records import Create, Write, get
from moref.referrals.model import Advocate, Referral, ReferralStatus
from moref.referrals.progress import progress
from moref.runtime import Runtime

NO_PROGRAM = "no active reward program for this location"
UNDONE = "the job was cancelled, or the fact that earned the reward was taken back"
GONE = {  # why it is over, when it is not the job but the referral that ended
    "removed": "the attribution was removed: it was a mistake",
    "duplicate": "another referral of the same person was documented first",
    "ineligible": "the referral does not count under the program's rules",
    "lost": "the referred person did not become a customer",
}
STAYS = f"{UNDONE}{ASKED}"


def qualify(runtime: Runtime, organization_id: str, referral_id: str) -> Conversion | None:
    """The referral's conversion as it stands now; None when there is none. A repeat changes nothing.

    Raises NotFound; Conflict after losing five races.
    """
    id = conversion_id(organization_id, referral_id)
    for _ in range(TRIES):
        referral = get(runtime.store, Referral, organization_id, referral_id)
        conversion = runtime.store.find(Conversion, organization_id, id)
        job = runtime.store.find(Job, organization_id, referral.job_id) if referral.job_id else None
        try:
            if conversion is None:
                _first(runtime, referral, job)
            else:
                _follow(runtime, conversion, referral, job)
        except Conflict:
            continue
        return runtime.store.find(Conversion, organization_id, id)
    raise Conflict("the referral is being changed by others")


def _first(runtime: Runtime, referral: Referral, job: Job | None) -> None:
    if job is None or referral.status in OUT:
        return
    store, org, now = runtime.store, referral.organization_id, runtime.clock.now()
    advocate = get(store, Advocate, org, referral.advocate_id)
    promised = min((evidence.at for evidence in referral.evidence), default=referral.created_at)
    program = program_for(store, org, referral.location_id, advocate.kind, promised)
    if program is None:
        _commit(runtime, referral_to(referral, now, referral.status, NO_PROGRAM))
        return
    terms = terms_for(store, program, advocate, now)
    verdict = qualifying(referral, job, terms, zone_of(store, org, referral.location_id))
    if verdict.fact is None:
        _commit(runtime, referral_to(referral, now, referral.status, verdict.words) if verdict.words else [])
        return
    draft = _draft(referral, job, program, now, terms=terms, qualified_at=verdict.fact.at)
    found = _looked(runtime, draft, referral, advocate, job)
    conversion = draft.changed(now, status="held" if found else "pending", holds=found)
    conversion = conversion.changed(now, **waiting(conversion, None, now))
    _commit(runtime, [Create(conversion), told(conversion, None, now), *_shown(runtime, referral, job, found)])


def _draft(referral: Referral, job: Job, program: Program, now: datetime, **judged: Any) -> Conversion:
    return Conversion(
        organization_id=referral.organization_id,
        id=conversion_id(referral.organization_id, referral.id),
        created_at=now,
        updated_at=now,
        referral_id=referral.id,
        advocate_id=referral.advocate_id,
        job_id=job.id,
        location_id=referral.location_id,
        program_id=program.id,
        program_version=program.revision,
        **judged,
    )


def _looked(runtime: Runtime, conversion: Conversion, referral: Referral, advocate: Advocate, job: Job) -> list[Hold]:
    """Its holds after a look at the people, and at what has to be there."""
    people = fraud.found(case(runtime, referral, advocate, job))
    lacking = missing(runtime, sight(runtime, conversion, advocate, job), [*conversion.holds, *people])
    return after_a_look(conversion.holds, people, lacking, runtime.clock.now())


def _follow(runtime: Runtime, conversion: Conversion, referral: Referral, job: Job | None) -> None:
    zone = zone_of(runtime.store, conversion.organization_id, conversion.location_id)
    verdict = qualifying(referral, job, conversion.terms, zone)
    if verdict.fact is None or job is None:
        _undone(runtime, conversion, referral, job, verdict.words or GONE.get(referral.status, UNDONE))
    elif conversion.status == "withdrawn":
        found = conversion.open_holds()
        status = "held" if found else "pending"
        again = moved(
            conversion, runtime.clock.now(), status=status, reason=None, qualified_at=verdict.fact.at, job_id=job.id,
            decided_at=None, decided_by=None,
        )  # fmt: skip
        _commit(runtime, [*again, *_shown(runtime, referral, job, found)])
    elif conversion.status in WAITS:
        _judge_again(runtime, conversion, referral, job)
    elif conversion.status == "approved":
        stands_again(runtime, conversion, job_amount(job))


def _judge_again(runtime: Runtime, conversion: Conversion, referral: Referral, job: Job) -> None:
    """What is learnt before the decision counts; a hold that staff closed stays closed."""
    advocate = get(runtime.store, Advocate, referral.organization_id, referral.advocate_id)
    found = _looked(runtime, conversion, referral, advocate, job)
    still = [hold for hold in found if hold.open]
    writes = moved(conversion, runtime.clock.now(), status="held" if still else "pending", holds=found)
    _commit(runtime, [*writes, *_shown(runtime, referral, job, still)])


def _undone(runtime: Runtime, conversion: Conversion, referral: Referral, job: Job | None, words: str) -> None:
    now = runtime.clock.now()
    after: ReferralStatus = progress(job) if job is not None and referral.job_id == job.id else "new"
    shown = referral_to(referral, now, after, words) if referral.status == "qualified" else []
    if conversion.status in WAITS:
        _commit(runtime, [*moved(conversion, now, status="withdrawn", reason=words, votes=[]), *shown])
    elif conversion.status == "approved":
        take_back(runtime, conversion, referral, words, shown)
    elif conversion.status == "withdrawn":
        _commit(runtime, shown)


def _shown(runtime: Runtime, referral: Referral, job: Job, found: list[Hold]) -> list[Write]:
    now = runtime.clock.now()
    if not found:
        return referral_to(referral, now, "qualified")
    status = progress(job) if referral.status == "qualified" else referral.status
    return referral_to(referral, now, status, "held: " + " ".join(hold.words for hold in found))


def _commit(runtime: Runtime, writes: list[Write]) -> None:
    if writes:
        runtime.store.commit(*writes)
