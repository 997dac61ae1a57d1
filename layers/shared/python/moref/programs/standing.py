"""What an advocate's approvals of a period come to: read before an approval, moved in its transaction, given back by
its reversal. The rows' versions order the approvals of one advocate; those of two advocates need no order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from moref.kernel import ids
from moref.programs.model import Standing
from moref.programs.tiers import given_back, joined
from moref.records import Change, Create, Store, Write, get
from moref.referrals.model import Advocate


@dataclass(frozen=True, slots=True)
class Row:
    """A person's standing of a period: `whole` is `stored` (version 0: not yet) with what `others` hold, the standings
    of rows of theirs that were merged. The next approval moves those here for good."""

    stored: Standing
    whole: Standing
    others: tuple[Standing, ...] = ()


def standing(store: Store, advocate: Advocate, period: str, now: datetime) -> Row:
    """Of the advocate row that counts; strongly consistent."""
    org = advocate.organization_id
    id = _id(org, advocate.id, period)
    stored = store.find(Standing, org, id) or Standing(
        organization_id=org, id=id, created_at=now, updated_at=now, advocate_id=advocate.id, period=period
    )
    found = (store.find(Standing, org, _id(org, other, period)) for other in advocate.joined)
    others = tuple(other for other in found if other is not None and other.moved_to is None)
    whole = stored
    for other in others:
        whole = _with(whole, other)
    return Row(stored, whole, others)


def _id(organization_id: str, advocate_id: str, period: str) -> str:
    return ids.derived("std", organization_id, advocate_id, period)


def _with(one: Standing, other: Standing) -> Standing:
    """What caps go by is summed; of the ladders see `tiers.joined`."""
    approved, freed = joined((one.approved, one.freed_ordinals), (other.approved, other.freed_ordinals))
    currencies = one.amounts.keys() | other.amounts.keys()
    sums = {currency: one.amounts.get(currency, 0) + other.amounts.get(currency, 0) for currency in sorted(currencies)}
    fields = {"approved": approved, "freed_ordinals": freed, "rewards": one.rewards + other.rewards, "amounts": sums}
    return one.model_copy(update=fields)


def moving(row: Row, after: Standing, now: datetime) -> list[Write]:
    """The writes of a standing that becomes `after`, with the others' counts in it."""
    empty = {"approved": 0, "freed_ordinals": [], "rewards": 0, "amounts": {}, "moved_to": row.stored.id}
    emptied = [Change(other, other.changed(now, **empty)) for other in row.others]
    return [Change(row.stored, after) if row.stored.version else Create(after), *emptied]


def taking(
    rows: Iterable[Row], amount: int, currency: str, now: datetime, *, counted: str | None, freed: list[int]
) -> list[Write]:
    """One approval more in each; in the period `counted`, which tiers go by, `freed` ordinals are left."""
    writes: list[Write] = []
    for row in rows:
        before = row.whole
        after = before.changed(
            now,
            approved=before.approved + 1,
            freed_ordinals=freed if before.period == counted else before.freed_ordinals,
            rewards=before.rewards + (amount > 0),
            amounts={**before.amounts, currency: before.amounts.get(currency, 0) + amount},
        )
        writes += moving(row, after, now)
    return writes


def current(store: Store, organization_id: str, id: str) -> Standing:
    """Where it counts now, also after merges."""
    row = get(store, Standing, organization_id, id)
    while row.moved_to is not None:
        row = get(store, Standing, organization_id, row.moved_to)
    return row


def giving_back(
    store: Store, organization_id: str, standing_ids: Iterable[str], amount: int, now: datetime,
    *, currency: str, counted: str | None, ordinal: int | None,
) -> list[Write]:  # fmt: skip
    """One approval less; its ordinal is earned by the next approval of the same period."""
    writes: list[Write] = []
    for id in standing_ids:
        before = current(store, organization_id, id)
        approved, freed = given_back(
            before.approved, before.freed_ordinals, ordinal if before.period == counted else None
        )
        after = before.changed(
            now,
            approved=approved,
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
    found = [current(store, organization_id, id) for id in standing_ids]
    return [
        Change(row, row.changed(now, amounts={**row.amounts, currency: row.amounts.get(currency, 0) - less}))
        for row in found
    ]
