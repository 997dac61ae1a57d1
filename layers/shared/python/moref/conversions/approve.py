"""Approves a conversion: the ordinals, the reward, its first ledger entry, what it takes of budgets, and the news of it
are one commit.

Its operation row is the audit row of the decision: its id comes from conversion, round and action, so one round is
approved once. The rows it takes from (the advocate, their standings, a budget's spend) are moved only at the version
that was read; so approvals that share something happen one after the other, in the order of their commits, and those
that share nothing do not wait for each other. A queue in front would order them no better and make staff wait.
"""

import time
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from moref.budgets import room
from moref.conversions.changes import WAITS, audit, moved, referral_to
from moref.conversions.conditions import Sight, at_stake, missing, near_threshold, sight
from moref.conversions.holding import after_a_look, closed
from moref.conversions.judge import qualifying, zone_of
from moref.conversions.make_rewards import Made, friend_keeps, made, rewarding
from moref.conversions.model import CONDITIONS, Conversion, Hold, Taken, Vote
from moref.conversions.retries import Pause, attempts
from moref.conversions.second_yes import ALONE, lifts, nobody_else, too_much
from moref.intake.model import Job
from moref.kernel.errors import BadInput, Conflict
from moref.programs import standing
from moref.records import Change, Require, Write, get
from moref.referrals.model import Advocate, Referral
from moref.runtime import Runtime

POLICY = "policy"
UNDO = timedelta(minutes=10)  # what a person approved is released after it; what the policy approves, at once


@dataclass(frozen=True, slots=True)
class By:
    """Who decides, and why."""

    actor: str
    reason: str | None
    is_member: bool = True


def approve(
    runtime: Runtime,
    organization_id: str,
    conversion_id: str,
    *,
    actor: str,
    reason: str | None = None,
    is_member: bool = True,
    pause: Pause = time.sleep,
) -> Conversion:
    """The approved conversion; approving it again changes nothing. `actor`: a member id, or POLICY; not `is_member`: an
    API key.

    One that needs two members (second_yes.py) comes back held after the first. A held one needs the actor's reason,
    which closes its holds about people (BadInput without; POLICY never closes one); what is missing has to be met or
    set aside first.
    Raises NotFound; Conflict when something is missing (it is held then, and says what), when it was rejected or
    withdrawn, its job does not qualify any more, the same member approves twice, an API key would be one of two, or all
    tries were lost.
    """
    for _ in attempts(conversion_id, actor, pause=pause):
        conversion = get(runtime.store, Conversion, organization_id, conversion_id)
        if conversion.status == "approved":
            return conversion
        if conversion.status not in WAITS:
            raise Conflict(f"the conversion is {conversion.status}")
        seen, referral = _look(runtime, conversion)
        found = after_a_look(conversion.holds, [], missing(runtime, seen, conversion.holds), seen.now)
        lacking = [hold for hold in found if hold.open and hold.rule in CONDITIONS and hold.rule != "second_approver"]
        if not lacking:
            _check(found, actor, reason)
        by = By(actor, reason, is_member)
        writes = _held(seen, found) if lacking else _decision(runtime, seen, referral, found, by)
        try:
            if writes:
                runtime.store.commit(*writes)
        except Conflict:
            continue  # another approval took of the same, or the job moved: decide again on what is there now
        if lacking:
            raise Conflict("held: " + " ".join(hold.words for hold in lacking))
        return get(runtime.store, Conversion, organization_id, conversion_id)
    raise Conflict("the conversion is being changed by others")


def _look(runtime: Runtime, conversion: Conversion) -> tuple[Sight, Referral]:
    store, org = runtime.store, conversion.organization_id
    referral = get(store, Referral, org, conversion.referral_id)
    job = get(store, Job, org, conversion.job_id)
    if qualifying(referral, job, conversion.terms, zone_of(store, org, conversion.location_id)).fact is None:
        raise Conflict("the job does not qualify any more")
    return sight(runtime, conversion, get(store, Advocate, org, conversion.advocate_id), job), referral


def _check(found: list[Hold], actor: str, reason: str | None) -> None:
    if not any(hold.open for hold in found):
        return
    if actor == POLICY:
        raise Conflict("a hold is for staff to close")
    if not (reason or "").strip():
        raise BadInput("a held conversion is approved with a reason", field="reason")


def _held(seen: Sight, found: list[Hold]) -> list[Write]:
    return moved(seen.conversion, seen.now, status="held", holds=found)


def _decision(runtime: Runtime, seen: Sight, referral: Referral, found: list[Hold], by: By) -> list[Write]:
    """An approval, a first of two votes, or, from the policy, that this is for staff."""
    amount, terms = at_stake(seen), seen.conversion.terms
    much, lifted = too_much(seen), lifts(found, by.actor)
    if by.actor == POLICY and (much or (terms.automatic_under is not None and amount >= terms.automatic_under)):
        return moved(seen.conversion, seen.now, by_hand=True)
    votes = [vote for vote in seen.conversion.votes if vote.amount >= amount]  # a yes to less is none to this
    others = [vote for vote in votes if vote.by != by.actor]
    if (much or lifted) and not by.is_member:
        raise Conflict("this takes two members, and an API key is none")
    if (
        lifted
        and not others
        and nobody_else(runtime.store, seen.conversion.organization_id, seen.location.id, by.actor)
    ):
        lifted, by = None, replace(by, reason=". ".join(filter(None, (by.reason, ALONE))))
    if (much or lifted) and not others:
        if votes:
            raise Conflict("you have approved it: somebody else has to, too")
        return _first_vote(seen, found, by, " ".join(filter(None, (much, lifted))))
    return _approval(runtime, seen, referral, [_closed(hold, by, seen.now) for hold in found], by)


def _closed(hold: Hold, by: By, now: datetime) -> Hold:
    return closed(hold, by.actor, now) if hold.open else hold


def _first_vote(seen: Sight, found: list[Hold], by: By, words: str) -> list[Write]:
    one, now = seen.conversion, seen.now
    others = [hold for hold in found if hold.rule != "second_approver"]
    holds = [*others, Hold(rule="second_approver", words=words)]
    vote = Vote(by=by.actor, amount=at_stake(seen), at=now, reason=by.reason)
    return [
        *moved(one, now, status="held", holds=holds, votes=[vote]),
        audit(one, now, by.actor, "conversion.first_approval", by.reason, turn=str(one.version)),
    ]


def _approval(runtime: Runtime, seen: Sight, referral: Referral, holds: list[Hold], by: By) -> list[Write]:
    one, price, now, advocate = seen.conversion, seen.price, seen.now, seen.advocate
    amount, currency = price.amount or 0, one.terms.currency
    waits = by.actor != POLICY
    rewards = made(
        seen, referral.contact_id, release_at=now + UNDO if waits else now, released_at=None if waits else now
    )
    spends = seen.rooms if rewards.total else []
    spent = room.taken_from(spends, currency)
    taken = Taken(standings=[row.stored.id for row in price.standings], spends=spent, amount=amount, currency=currency)
    said = ". ".join(filter(None, (by.reason, price.words, near_threshold(runtime, seen))))
    counted = advocate.changed(now, approved=advocate.approved + 1, freed_ordinals=price.freed)
    return [
        *moved(
            one, now, status="approved", ordinal=price.ordinal, period=price.period,
            period_ordinal=price.period_ordinal, taken=taken, decided_at=now, decided_by=by.actor, reason=said or None,
            holds=holds, reward_id=rewards.advocates.id if rewards.advocates else None,
            **_friends(rewards, spent),
        ),
        Change(advocate, counted),
        *standing.taking(price.standings, amount, currency, now, counted=price.period, freed=price.period_freed),
        *room.taking(spends, rewards.total, currency, now),
        *(referral_to(referral, now, "qualified") or [Require(referral)]),
        Require(seen.job),
        audit(one, now, by.actor, "conversion.approved", by.reason),
        *rewarding(runtime, rewards.all()),
        *friend_keeps(runtime, one, rewards),
    ]  # fmt: skip


def _friends(rewards: Made, spent: list[str]) -> dict[str, Any]:
    """The conversion's fields of the friend's part; none when the friend gets nothing, or keeps an earlier reward."""
    one = rewards.friends
    if one is None:
        return {}
    taken = Taken(spends=spent, amount=one.amount, currency=one.currency)
    return {"friend_reward_id": one.id, "friend_taken": taken}
