"""What an advocate's approvals of a period come to: read before an approval, moved in its transaction, given back by
its reversal. The rows' versions order the approvals of one advocate; those of two advocates need no order."""

from collections.abc import Iterable
from datetime import datetime

from moref.kernel import ids
from moref.programs.model import Standing
from moref.records import Change, Create, Store, Write, get


def standing(store: Store, organization_id: str, advocate_id: str, period: str, now: datetime) -> Standing:
    """As it is stored, or one with nothing in it (version 0)."""
    id = ids.derived("std", organization_id, advocate_id, period)
    found = store.find(Standing, organization_id, id)
    return found or Standing(
        organization_id=organization_id, id=id, created_at=now, updated_at=now, advocate_id=advocate_id, period=period
    )


def taking(
    standings: Iterable[Standing], amount: int, currency: str, now: datetime, *, counted: str | None, freed: list[int]
) -> list[Write]:
    """One approval more in each; in the period `counted`, which tiers go by, `freed` ordinals are left."""
    writes: list[Write] = []
    for before in standings:
        after = before.changed(
            now,
            approved=before.approved + 1,
            freed_ordinals=freed if before.period == counted else before.freed_ordinals,
            rewards=before.rewards + (amount > 0),
            amounts={**before.amounts, currency: before.amounts.get(currency, 0) + amount},
        )
        writes.append(Change(before, after) if before.version else Create(after))
    return writes


def giving_back(
    store: Store, organization_id: str, standing_ids: Iterable[str], amount: int, now: datetime,
    *, currency: str, counted: str | None, ordinal: int | None,
) -> list[Write]:  # fmt: skip
    """One approval less; its ordinal is earned by the next approval of the same period."""
    writes: list[Write] = []
    for id in standing_ids:
        before = get(store, Standing, organization_id, id)
        freed = before.freed_ordinals
        if before.period == counted and ordinal is not None:
            freed = sorted([*freed, ordinal])
        after = before.changed(
            now,
            approved=before.approved - 1,
            freed_ordinals=freed,
            rewards=before.rewards - (amount > 0),
            amounts={**before.amounts, currency: before.amounts.get(currency, 0) - amount},
        )
        writes.append(Change(before, after))
    return writes


def lowering(
    store: Store, organization_id: str, standing_ids: Iterable[str], less: int, now: datetime, *, currency: str
) -> list[Write]:
    """An approval that stands came to so much less."""
    found = [get(store, Standing, organization_id, id) for id in standing_ids]
    return [
        Change(row, row.changed(now, amounts={**row.amounts, currency: row.amounts.get(currency, 0) - less}))
        for row in found
    ]
