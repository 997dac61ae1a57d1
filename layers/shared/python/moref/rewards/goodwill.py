"""Staff give an advocate a reward out of goodwill: decided by one member, above a sum by two; paid like any other."""

from datetime import datetime, timedelta

from moref.budgets import room
from moref.events import Event
from moref.identity.current import current
from moref.identity.mailbox import mailbox
from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict
from moref.kernel.money import Money
from moref.kernel.names import REFERRALS
from moref.programs import standing
from moref.programs.in_force import program_for
from moref.programs.model import Standing, refuse_misfit
from moref.programs.periods import period_key
from moref.records import Change, Create, Emit, Write, create_once, every, get
from moref.referrals.advocates import credited
from moref.referrals.model import Advocate
from moref.rewards import ledger
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import Reward
from moref.rewards.reverse import reverse
from moref.rewards.start_payout import listed
from moref.rewards.year_to_date import CURRENCY, threshold, year_to_date
from moref.runtime import Runtime
from moref.tenants.audit import audited
from moref.tenants.model import Location, Member, Organization
from moref.tenants.settings import setting

TRIES = 5
PIECES = timedelta(days=30)
UNDO = timedelta(minutes=10)  # like any reward that a person approved
MEMOS = {"goodwill": "goodwill: no conversion earned it", "import": "owed before the import"}


def give(runtime: Runtime, wish: Goodwill, *, together: int = 0) -> Goodwill:
    """`wish` is granted, or waits for a second member. A repeat of the same id changes nothing.

    `together`: what the member gives in one go with others, when it is one of many: they are decided by the whole sum.

    Raises NotFound; BadInput on what does not fit together; Conflict when a budget or the tax year refuses it.
    """
    store, org, now = runtime.store, wish.organization_id, runtime.clock.now()
    known = store.find(Goodwill, org, wish.id)
    if known is not None:
        return known
    location, advocate = get(store, Location, org, wish.location_id), _advocate(runtime, wish)
    try:
        refuse_misfit(wish.reward_type, None, wish.words)
    except ValueError as error:
        raise BadInput(str(error), field="words") from None
    _not_oneself(runtime, advocate, wish.asked_by)
    asked = audited(now, org, wish.asked_by, "goodwill.asked", wish.id, advocate=advocate.id, reason=wish.reason[:500])
    given = _given_alone(runtime, wish, advocate)
    if max(wish.amount + given, together) > most_alone(runtime, location, advocate, wish.currency):
        create_once(store, wish, asked)
    else:
        granted, writes = _granting(runtime, wish, location, advocate)
        create_once(store, granted, asked, *writes)
    return get(store, Goodwill, org, wish.id)


def approve_goodwill(runtime: Runtime, organization_id: str, id: str, *, actor: str) -> Goodwill:
    """The second member's yes; repeating it changes nothing. Raises as `give`, and Conflict for the one who asked."""
    for _ in range(TRIES):
        one = get(runtime.store, Goodwill, organization_id, id)
        if one.status == "granted":
            return one
        if one.status != "waiting":
            raise Conflict(f"it is {one.status}")
        if one.asked_by == actor:
            raise Conflict("you have asked for it: somebody else has to approve it")
        location, advocate = get(runtime.store, Location, organization_id, one.location_id), _advocate(runtime, one)
        _not_oneself(runtime, advocate, actor)
        granted, writes = _granting(runtime, one, location, advocate)
        now = runtime.clock.now()
        audit = audited(now, organization_id, actor, "goodwill.approved", id)
        try:
            runtime.store.commit(Change(one, granted.changed(now, approved_by=actor)), audit, *writes)
        except Conflict:
            continue  # its budget, or the advocate's year, was moved by others: look at what is left
        return get(runtime.store, Goodwill, organization_id, id)
    raise Conflict("it is being changed by others")


def withdraw_goodwill(runtime: Runtime, organization_id: str, id: str, *, actor: str, reason: str) -> Goodwill:
    """Refused, or taken back as far as rewards are (reverse.py); repeating it changes nothing.

    Raises NotFound; Conflict when it is paid, or may be: then it stays.
    """
    one, now = get(runtime.store, Goodwill, organization_id, id), runtime.clock.now()
    record = audited(now, organization_id, actor, "goodwill.withdrawn", id, reason=reason[:500])
    if one.status == "waiting":
        runtime.store.commit(Change(one, one.changed(now, status="withdrawn", said=reason[:300])), record)
    elif one.status == "granted" and one.reward_id is not None:
        if not reverse(runtime, organization_id, one.reward_id, reason):
            raise Conflict("it is paid, or the provider was asked to: it stays")
        runtime.store.commit(record)
    return get(runtime.store, Goodwill, organization_id, id)


def _given_alone(runtime: Runtime, wish: Goodwill, advocate: Advocate) -> int:
    """What this member gave this person alone of late: a sum is not made small by cutting it into pieces."""
    since = runtime.clock.now() - PIECES
    rows = dict.fromkeys((wish.advocate_id, advocate.id, *advocate.joined))
    found = (one for id in rows for one in every(runtime.store, Goodwill, wish.organization_id, parent=id, since=since))
    alone = (one for one in found if one.status == "granted" and one.approved_by is None)
    return sum(one.amount for one in alone if (one.asked_by, one.currency) == (wish.asked_by, wish.currency))


def most_alone(runtime: Runtime, location: Location, advocate: Advocate, currency: str) -> int:
    """What one member may give: the setting, or what the advocate's program lets one member approve when that is
    less. In another currency than the program's, nothing: nobody has said how much that would be."""
    store, org = runtime.store, location.organization_id
    most = int(setting(get(store, Organization, org, org), location, "goodwill_most"))
    program = program_for(store, org, location.id, advocate.kind, runtime.clock.now())
    if program is None or program.currency != currency:
        return 0
    return most if program.second_approver_over is None else min(most, program.second_approver_over)


def follow_goodwill(runtime: Runtime, organization_id: str, id: str) -> None:
    """On goodwill.granted: lets it be paid in time. When that is lost, the reconcile job's list does."""
    one = get(runtime.store, Goodwill, organization_id, id)
    reward = get(runtime.store, Reward, organization_id, one.reward_id) if one.reward_id else None
    if reward is not None and reward.release_at is not None and reward.released_at is None:
        command = {"command": "release", "organization_id": organization_id, "reward_id": reward.id}
        runtime.scheduler.at(f"{reward.id}-release", reward.release_at, REFERRALS, command)


def _not_oneself(runtime: Runtime, advocate: Advocate, actor: str) -> None:
    """Raises Conflict when the member is the advocate, as far as their e-mail addresses tell."""
    member = runtime.store.find(Member, advocate.organization_id, actor)
    person = current(runtime.store, advocate.organization_id, advocate.contact_id)
    if member is None or person is None or person.email is None:
        return
    if mailbox(person.email.lower()) == mailbox(member.email.lower()):
        raise Conflict("nobody gives a reward to themselves: another member has to ask for it")


def _advocate(runtime: Runtime, one: Goodwill) -> Advocate:
    return credited(runtime.store, one.organization_id, one.advocate_id) or get(
        runtime.store, Advocate, one.organization_id, one.advocate_id
    )


def _granting(
    runtime: Runtime, one: Goodwill, location: Location, advocate: Advocate
) -> tuple[Goodwill, list[Write]]:  # fmt: skip
    """The row as granted, and what goes with it. Raises Conflict when a budget or the tax year refuses it."""
    now, store, org = runtime.clock.now(), runtime.store, one.organization_id
    rooms = [] if one.cause == "import" else room.rooms(store, location, now)
    refused = [words for each in rooms if (words := each.refusal(one.amount, one.currency))]
    row = standing.standing(store, advocate, f"tax-{period_key('year', now, location.time_zone)}", now)
    year = row.whole
    refused += _tax(runtime, one, advocate, year)
    if refused:
        raise Conflict(" ".join(refused))
    reward = _reward(one, location, advocate, now)
    granted = one.changed(
        now, status="granted", granted_at=now, reward_id=reward.id, standing_id=year.id,
        spends=room.taken_from(rooms, one.currency),
    )  # fmt: skip
    counted = year.changed(now, amounts={**year.amounts, one.currency: year.amounts.get(one.currency, 0) + one.amount})
    return granted, [
        Create(reward),
        ledger.book(reward, "accrued", now, memo=MEMOS[one.cause]),
        listed(runtime, reward),
        *standing.moving(row, counted, now),
        *room.taking(rooms, one.amount, one.currency, now),
        Emit(Event("goodwill.granted", org, one.id, {"reward_id": reward.id}), now),
    ]


def _tax(runtime: Runtime, one: Goodwill, advocate: Advocate, year: Standing) -> list[str]:
    number = int(year.period.removeprefix("tax-"))
    listed_so_far = year_to_date(runtime, one.organization_id, advocate.contact_id, number)
    total, most = max(listed_so_far, year.amounts.get(CURRENCY, 0)) + one.amount, threshold(number)
    if one.currency != CURRENCY or one.tax_confirmed or total < most:
        return []
    words = f"With it the advocate has earned {Money(total, CURRENCY).for_people()} this year: their tax details have"
    return [f"{words} to be on file first (tax_confirmed)."]


def _reward(one: Goodwill, location: Location, advocate: Advocate, now: datetime) -> Reward:
    return Reward(
        organization_id=one.organization_id,
        id=ids.derived("rwd", one.organization_id, one.id),
        created_at=now,
        updated_at=now,
        advocate_id=advocate.id,
        contact_id=advocate.contact_id,
        goodwill_id=one.id,
        location_id=location.id,
        legal_entity_id=location.legal_entity_id,
        kind=one.reward_type,
        words=one.words,
        amount=one.amount,
        currency=one.currency,
        approved_at=now,
        release_at=now + UNDO,
    )
