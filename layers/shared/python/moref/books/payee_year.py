"""What a payer paid a person in a year, counted in the commit that books the payment, and where that stands against the
sum from which a payer files an information return (rules.md "Money")."""

from datetime import UTC, datetime
from typing import Literal

from moref.books.model import PayeeYear
from moref.records import Change, Create, Store, Write
from moref.rewards.model import Reward
from moref.rewards.year_to_date import CURRENCY, WARN_PERCENT, threshold

Standing = Literal["under", "near", "reached"]


def standing(row: PayeeYear) -> Standing:
    """`near` from 90 % of the sum on; what is paid in another currency does not count."""
    paid, most = row.paid.get(CURRENCY, 0), threshold(row.year)
    if paid >= most:
        return "reached"
    return "near" if paid * 100 >= most * WARN_PERCENT else "under"


def counted(store: Store, reward: Reward, now: datetime) -> Write:
    """The write that counts a reward as paid; it goes into the commit of the entry that books it, made once."""
    year = now.astimezone(UTC).year
    id = f"{reward.legal_entity_id}.{year}.{reward.contact_id}"
    before = store.find(PayeeYear, reward.organization_id, id)
    if before is None:
        return Create(
            PayeeYear(
                organization_id=reward.organization_id, id=id, created_at=now, updated_at=now,
                legal_entity_id=reward.legal_entity_id, contact_id=reward.contact_id, year=year,
                paid={reward.currency: reward.payable}, rewards=1,
            )
        )  # fmt: skip
    paid = before.paid | {reward.currency: before.paid.get(reward.currency, 0) + reward.payable}
    return Change(before, before.changed(now, paid=paid, rewards=before.rewards + 1))
