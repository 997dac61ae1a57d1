"""What the advocate's n-th standing approval earns. Pure, whole minor units."""

from moref.money import share
from moref.programs.model import Terms, Tier


def tier_at(terms: Terms, ordinal: int) -> Tier | None:
    """The tier of the n-th approval of its period; None below the first band, or between milestones."""
    if terms.mode == "milestone":
        return next((tier for tier in terms.tiers if tier.at == ordinal), None)
    reached = [tier for tier in terms.tiers if tier.at <= ordinal]
    return max(reached, key=lambda tier: tier.at) if reached else None


def amount(terms: Terms, ordinal: int, job_amount: int | None = None) -> int | None:
    """Minor units, or None when this one earns nothing. A share is rounded down and cut at its maximum.

    Raises ValueError when a share is asked of a job whose amount is not known.
    """
    tier = tier_at(terms, ordinal)
    if tier is None or tier.basis_points is None:
        return tier.amount if tier else None
    if job_amount is None:
        raise ValueError("the job's amount is not known")
    return min(share(job_amount, tier.basis_points), tier.maximum or 0) or None


def joined(one: tuple[int, list[int]], two: tuple[int, list[int]]) -> tuple[int, list[int]]:
    """The ladder (approved, freed) of a person of whom two rows were counted apart.

    It stands as high as the higher of both. What either row holds is held, and earned no second time; what neither
    holds is earned by the next approvals; all above is still to come. So no milestone is skipped by a merge, and those
    that both rows had reached are reached once from then on. `approved` is the height less what is free: after a merge
    more approvals may stand than it says.
    """
    heights = [approved + len(freed) for approved, freed in (one, two)]
    held = [set(range(1, height + 1)) - set(freed) for height, (_, freed) in zip(heights, (one, two), strict=True)]
    free = sorted(set(range(1, max(heights) + 1)) - held[0] - held[1])
    return max(heights) - len(free), free


def next_ordinal(approved: int, freed: list[int]) -> tuple[int, list[int]]:
    """The ordinal an approval takes now, and what is left of the freed ones.

    Standing approvals always hold 1..n less the freed ones, so an ordinal, and with it a milestone, stands once. A
    reversal frees its ordinal; later approvals keep what they earned, and the next approval of the same period earns
    the freed one.
    """
    if freed:
        first, *rest = sorted(freed)
        return first, rest
    return approved + 1, []


def given_back(approved: int, freed: list[int], ordinal: int | None) -> tuple[int, list[int]]:
    """The ladder after a reversal of that ordinal.

    What two merged rows had both earned is given back by both and freed once: nothing is earned twice for it.
    """
    if ordinal is None:
        return max(approved - 1, 0), freed
    return (approved, freed) if ordinal in freed else (approved - 1, sorted([*freed, ordinal]))
