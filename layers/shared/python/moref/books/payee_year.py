"""What a payer paid a person in a year, counted in the commit that books the payment, and where that stands against the
sum from which a payer files an information return (rules.md "Money")."""

from datetime import UTC, datetime
from typing import Literal

from moref.books.model import PayeeYear
from moref.identity.current import current
from moref.intake.model import Contact
from moref.records import Change, Create, Require, Store, Write
from moref.rewards.model import Reward
from moref.rewards.year_to_date import CURRENCY, WARN_PERCENT, threshold

Standing = Literal["under", "near", "reached"]


def standing(row: PayeeYear) -> Standing:
    """`near` from 90 % of the sum on; what is paid in another currency does not count."""
    paid, most = row.paid.get(CURRENCY, 0), threshold(row.year)
    if paid >= most:
        return "reached"
    return "near" if paid * 100 >= most * WARN_PERCENT else "under"


def payee_year_id(legal_entity_id: str, year: int, contact_id: str) -> str:
    return f"{legal_entity_id}.{year}.{contact_id}"


def counted(store: Store, reward: Reward, now: datetime) -> list[Write]:
    """The writes that count a reward as paid to the person, whichever of their merged rows it was made for; they go
    into the commit of the entry that books it, made once. A merge in this very moment makes that a Conflict."""
    year, org = now.astimezone(UTC).year, reward.organization_id
    own = store.find(Contact, org, reward.contact_id)
    person = current(store, org, reward.contact_id) if own is not None and own.merged_into else own
    contact_id = person.id if person else reward.contact_id
    still: list[Write] = [Require(each) for each in {each.id: each for each in (own, person) if each}.values()]
    id = payee_year_id(reward.legal_entity_id, year, contact_id)
    before = store.find(PayeeYear, org, id)
    if before is None:
        made = PayeeYear(
            organization_id=org, id=id, created_at=now, updated_at=now, legal_entity_id=reward.legal_entity_id,
            contact_id=contact_id, year=year, paid={reward.currency: reward.payable}, rewards=1,
        )  # fmt: skip
        return [Create(made), *still]
    paid = before.paid | {reward.currency: before.paid.get(reward.currency, 0) + reward.payable}
    return [Change(before, before.changed(now, paid=paid, rewards=before.rewards + 1)), *still]
