"""What the advocate's n-th standing approval earns. Pure."""

from moref.referrals.model import Advocate
from moref.rewards.model import Terms


def amount(terms: Terms, ordinal: int) -> int | None:
    """Minor units, or None when this one earns nothing: below the first band, or between milestones."""
    if terms.mode == "milestone":
        return next((tier.amount for tier in terms.tiers if tier.at == ordinal), None)
    reached = [tier for tier in terms.tiers if tier.at <= ordinal]
    return max(reached, key=lambda tier: tier.at).amount if reached else None


def next_ordinal(advocate: Advocate) -> tuple[int, list[int]]:
    """The ordinal an approval takes now, and what is left of the freed ones.

    Standing approvals always hold 1..n less the freed ones, so an ordinal, and with it a milestone, stands once.
    """
    if advocate.freed_ordinals:
        first, *rest = sorted(advocate.freed_ordinals)
        return first, rest
    return advocate.approved + 1, []
