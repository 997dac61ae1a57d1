"""What has to be there before a conversion is approved, whoever approves it. Words are for staff."""

from dataclasses import dataclass
from datetime import datetime

from moref.budgets.room import Room, rooms
from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion, Hold
from moref.conversions.price import Price, priced
from moref.intake.model import Job
from moref.kernel.money import Money
from moref.partners.types import always_attests
from moref.programs.accepted import has_accepted, has_attested, tariff_allows
from moref.records import Store, get
from moref.referrals.advocates import credited
from moref.referrals.model import Advocate
from moref.rewards.year_to_date import CURRENCY, WARN_PERCENT, threshold, year_to_date
from moref.runtime import Runtime
from moref.tenants.model import Location


@dataclass(frozen=True, slots=True)
class Sight:
    """A conversion with everything that its approval looks at and moves, read at one time."""

    conversion: Conversion
    advocate: Advocate
    job: Job
    location: Location
    price: Price
    rooms: list[Room]
    now: datetime
    friend_has: bool = False  # the friend keeps a reward for this very job, of this conversion or another one


def sight(runtime: Runtime, conversion: Conversion, advocate: Advocate, job: Job) -> Sight:
    """`advocate` may have been merged into another row of the person: what is counted is theirs."""
    store, now = runtime.store, runtime.clock.now()
    advocate = credited(store, advocate.organization_id, advocate.id) or advocate
    location = get(store, Location, conversion.organization_id, conversion.location_id)
    price = priced(store, conversion.terms, advocate, job, location, qualified_at=conversion.qualified_at, now=now)
    return Sight(
        conversion,
        advocate,
        job,
        location,
        price,
        rooms(store, location, now),
        now,
        _friend_has(store, conversion, job),
    )


def _friend_has(store: Store, conversion: Conversion, job: Job) -> bool:
    """Whoever is credited in the end: a friend is rewarded once for a job."""
    if conversion.terms.friend_reward is None or conversion.friend_reward_id is not None:
        return conversion.friend_reward_id is not None
    org = conversion.organization_id
    before = (conversion_id(org, referral_id) for referral_id in store.lookup(org, "job_referral", job.id))
    found = (store.find(Conversion, org, id) for id in before if id != conversion.id)
    return any(one.job_id == job.id and one.friend_reward_id is not None for one in found if one is not None)


def interstate(job: Job) -> bool:
    """What is not known counts as interstate (rules.md, Money)."""
    if job.interstate is not None:
        return job.interstate
    places = [place.state for place in (job.origin, job.destination) if place is not None and place.state]
    return len(places) < 2 or places[0] != places[1]


def missing(runtime: Runtime, seen: Sight, people: list[Hold]) -> list[Hold]:
    """Every condition that is not met; `people` are the holds about persons, which some conditions go by."""
    store = runtime.store
    found = [_terms(store, seen), _tariff(store, seen, people), _attestation(store, seen)]
    if seen.price.amount is not None:
        found.append(_tax(runtime, seen, seen.price.amount))
    if total := at_stake(seen):
        found.append(_budget(seen, total))
    return [hold for hold in found if hold is not None]


def friends_share(seen: Sight) -> int:
    """What the friend gets by the next approval: nothing when they keep what an earlier one gave them."""
    friend = seen.conversion.terms.friend_reward
    return friend.amount if friend is not None and not seen.friend_has else 0


def at_stake(seen: Sight) -> int:
    """What budgets and limits of approval count: both rewards together."""
    return (seen.price.amount or 0) + friends_share(seen)


def _rows(seen: Sight) -> list[str]:
    """The person's: whichever of them agreed, it was they."""
    return [*dict.fromkeys((seen.conversion.advocate_id, seen.advocate.id, *seen.advocate.joined))]


def _terms(store: Store, seen: Sight) -> Hold | None:
    one = seen.conversion
    if not one.terms.terms_required:
        return None
    if any(has_accepted(store, one.organization_id, one.program_id, id, one.terms.terms_version) for id in _rows(seen)):
        return None
    words = f"The advocate has not accepted version {one.terms.terms_version} of the program's terms."
    return Hold(rule="terms", words=words)


def _tariff(store: Store, seen: Sight, people: list[Hold]) -> Hold | None:
    """No value to the shipper or their household of an interstate move without a tariff item (49 USC 13702).

    The friend's reward is such value, and so is the advocate's when the rules take them for one household and nobody
    has said otherwise.
    """
    household = any(hold.open and hold.rule in ("household", "self_referral") for hold in people)
    gives = seen.conversion.terms.friend_reward is not None or household
    if not gives or not interstate(seen.job) or tariff_allows(store, seen.conversion.organization_id, seen.now):
        return None
    known = "is" if seen.job.interstate else "may be"
    words = f"The move {known} interstate, and no tariff item is recorded that lets its shipper or household get value."
    return Hold(rule="tariff", words=words)


def _attestation(store: Store, seen: Sight) -> Hold | None:
    """A partner who is paid a share of an interstate move may have to be a licensed broker, or may be barred; of some
    types everyone may be, whatever they are paid. Whom staff have suspended is paid nothing meanwhile."""
    one, advocate = seen.conversion, seen.advocate
    if advocate.kind != "partner":
        return None
    if advocate.suspended:
        return Hold(rule="attestation", words="The partner is suspended.")
    always = always_attests(advocate.partner_type)
    paid_a_share = any(tier.basis_points is not None for tier in one.terms.tiers)
    if not always and not (paid_a_share and interstate(seen.job)):
        return None
    if any(has_attested(store, one.organization_id, one.program_id, id) for id in _rows(seen)):
        return None
    words = "The partner is paid a share of a move that may be interstate, and has not attested to be allowed that."
    if always:
        words = "The partner is of a type that may be barred from rewards, and has not attested to be allowed them."
    return Hold(rule="attestation", words=words)


def _tax(runtime: Runtime, seen: Sight, amount: int) -> Hold | None:
    before, most = _earned(runtime, seen), threshold(_year(seen))
    if seen.conversion.terms.currency != CURRENCY or before + amount < most:
        return None
    words = (
        f"With this reward the advocate has earned {Money(before + amount, CURRENCY).for_people()} this year; from "
        f"{Money(most, CURRENCY).for_people()} on their tax details have to be on file first."
    )
    return Hold(rule="tax", words=words)


def near_threshold(runtime: Runtime, seen: Sight) -> str | None:
    """In words, when the approval brings the advocate's year to nine tenths of the threshold or more."""
    if seen.price.amount is None or seen.conversion.terms.currency != CURRENCY:
        return None
    total, most = _earned(runtime, seen) + seen.price.amount, threshold(_year(seen))
    if total * 100 < most * WARN_PERCENT:
        return None
    return f"The advocate's year is at {Money(total, CURRENCY).for_people()} of {Money(most, CURRENCY).for_people()}"


def _year(seen: Sight) -> int:
    return int(seen.price.tax.period.removeprefix("tax-"))


def _earned(runtime: Runtime, seen: Sight) -> int:
    """The greater of what lists know, which lag, and of what this advocate's approvals count, which do not."""
    listed = year_to_date(runtime, seen.conversion.organization_id, seen.advocate.contact_id, _year(seen))
    return max(listed, seen.price.tax.amounts.get(CURRENCY, 0))


def _budget(seen: Sight, amount: int) -> Hold | None:
    refused = [room.refusal(amount, seen.conversion.terms.currency) for room in seen.rooms]
    words = " ".join(filter(None, refused))
    return Hold(rule="budget", words=words) if words else None
