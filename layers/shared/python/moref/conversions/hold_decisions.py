"""What staff do with one hold: set it aside, open it again, write down what is said against it. All audited."""

from collections.abc import Callable

from moref.conversions.changes import TRIES, WAITS, moved, referral_to
from moref.conversions.holding import closed, reopened
from moref.conversions.model import CONDITIONS, SET_ASIDE, Conversion, Hold
from moref.conversions.second_yes import APART
from moref.intake.model import Job
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import get
from moref.referrals.model import Referral
from moref.referrals.progress import progress
from moref.runtime import Runtime
from moref.tenants.audit import audited

Changes = Callable[[Conversion, Hold], Hold]


def close_hold(
    runtime: Runtime, org: str, conversion_id: str, rule: str, *, actor: str, reason: str, is_member: bool = True
) -> Conversion:
    """The conversion without that hold; it waits for its decision. Raises as `_change`, and Conflict on a hold that
    only what it asks for can lift (terms, tariff item, second member), or that no API key lifts (second_yes.py)."""

    def change(_: Conversion, hold: Hold) -> Hold:
        if hold.rule in APART and not is_member:
            raise Conflict(f"{hold.rule} is set aside by a member, not by an API key")
        if hold.rule in CONDITIONS - SET_ASIDE:
            raise Conflict(f"{hold.rule} is not set aside: what it asks for has to be there")
        return closed(hold, actor, runtime.clock.now()) if hold.open else hold

    return _change(runtime, org, conversion_id, rule, change, actor=actor, action="hold.closed", reason=reason)


def reopen_hold(runtime: Runtime, org: str, conversion_id: str, rule: str, *, actor: str, reason: str) -> Conversion:
    """The conversion is held again. Raises as `_change`."""

    def change(_: Conversion, hold: Hold) -> Hold:
        return hold if hold.open else reopened(hold)

    return _change(runtime, org, conversion_id, rule, change, actor=actor, action="hold.reopened", reason=reason)


def appeal_hold(runtime: Runtime, org: str, conversion_id: str, rule: str, *, actor: str, note: str) -> Conversion:
    """Keeps the newest word against a hold beside it; it decides nothing. Raises as `_change`."""

    def change(_: Conversion, hold: Hold) -> Hold:
        if hold.appeal == note:
            return hold
        return hold.model_copy(update={"appeal": note, "appealed_by": actor, "appealed_at": runtime.clock.now()})

    return _change(runtime, org, conversion_id, rule, change, actor=actor, action="hold.appealed", reason=note)


def _change(
    runtime: Runtime, org: str, conversion_id: str, rule: str, change: Changes, *, actor: str, action: str, reason: str
) -> Conversion:
    """Raises NotFound, also when there is no such hold; BadInput without a reason; Conflict when the conversion is
    decided already, or races were lost. A repeat changes nothing."""
    if not reason.strip():
        raise BadInput("a reason is needed", field="reason")
    for _ in range(TRIES):
        one = get(runtime.store, Conversion, org, conversion_id)
        hold = next((hold for hold in one.holds if hold.rule == rule), None)
        if hold is None:
            raise NotFound(f"no hold {rule}")
        if one.status not in WAITS:
            raise Conflict(f"the conversion is {one.status}")
        after = change(one, hold)
        if after == hold:
            return one
        try:
            holds = [after if each is hold else each for each in one.holds]
            _commit(runtime, one, holds, actor=actor, action=action, rule=rule, reason=reason)
        except Conflict:
            continue
        return get(runtime.store, Conversion, org, conversion_id)
    raise Conflict("the conversion is being changed by others")


def _commit(
    runtime: Runtime, one: Conversion, holds: list[Hold], *, actor: str, action: str, rule: str, reason: str
) -> None:
    now, org = runtime.clock.now(), one.organization_id
    held = [hold for hold in holds if hold.open]
    referral, job = get(runtime.store, Referral, org, one.referral_id), get(runtime.store, Job, org, one.job_id)
    shown = (
        referral_to(referral, now, progress(job), "held: " + " ".join(hold.words for hold in held))
        if held
        else referral_to(referral, now, "qualified")
    )
    runtime.store.commit(
        *moved(one, now, status="held" if held else "pending", holds=holds),
        *shown,
        audited(now, org, actor, action, one.id, rule=rule, reason=reason[:500]),
    )
