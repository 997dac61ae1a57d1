"""Which program a referral is judged by, and which terms its advocate has under it."""

from datetime import datetime

from moref.kernel import ids
from moref.programs.model import Program, ProgramException, Terms, program_id
from moref.records import Store
from moref.referrals.model import Advocate

AMOUNTS = (  # rules in the program's currency
    "tiers", "tier_groups", "caps", "friend_reward", "minimum_amount", "automatic_under", "second_approver_over",
)  # fmt: skip
# Whoever locks one of these in another currency than a location's own cannot mean that location's amounts.
_MONEY = frozenset((*AMOUNTS, "currency"))


def program_for(
    store: Store, organization_id: str, location_id: str, advocate_kind: str, first_evidence: datetime
) -> Program | None:
    """The location's own active program for this kind of advocate, else the organization's, if it ran at the time.

    What the organization's program locks counts in the location's, too. A referral belongs to the days when its first
    evidence was given: that is when the advocate was promised something.
    """
    own, general = (
        _active(store, organization_id, advocate_kind, place, first_evidence) for place in (location_id, None)
    )
    if own is None or general is None:
        return own or general
    if own.currency != general.currency and _MONEY.intersection(general.locked):
        return general
    locked = own.model_copy(update={name: getattr(general, name) for name in general.locked})
    return locked if _ran(locked, first_evidence) else None


def _active(
    store: Store, organization_id: str, advocate_kind: str, location_id: str | None, at: datetime
) -> Program | None:
    program = store.find(Program, organization_id, program_id(organization_id, advocate_kind, location_id))
    return program if program is not None and program.status == "active" and _ran(program, at) else None


def _ran(program: Program, at: datetime) -> bool:
    return (program.starts_at is None or program.starts_at <= at) and (program.ends_at is None or at < program.ends_at)


def exception_id(organization_id: str, program_id: str, advocate_id: str) -> str:
    """One for each advocate and program."""
    return ids.derived("pex", organization_id, program_id, advocate_id)


def terms_for(store: Store, program: Program, advocate: Advocate, now: datetime) -> Terms:
    """The program's terms with the advocate's tier group, and with what was agreed with this advocate alone."""
    terms = program.terms()
    group = advocate.tier_group
    if group is not None and group in program.tier_groups:
        terms = program.terms(tiers=program.tier_groups[group], tier_group=group)
    id = exception_id(program.organization_id, program.id, advocate.id)
    other = store.find(ProgramException, program.organization_id, id)
    if other is None or other.status != "active" or (other.ends_at is not None and now >= other.ends_at):
        return terms
    changed = {name: getattr(other, name) for name in ("tiers", "caps", "approval") if getattr(other, name) is not None}
    return terms.model_copy(update=changed | {"exception_id": other.id})
