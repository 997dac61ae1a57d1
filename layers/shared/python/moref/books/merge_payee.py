"""On contact.merged: what a payer paid the old row counts for the person from now on. Each step harmless twice."""

from moref.books.model import PayeeYear
from moref.books.payee_year import payee_year_id
from moref.identity.current import current
from moref.intake.model import Contact
from moref.records import Change, Create, every, get
from moref.runtime import Runtime
from moref.tenants.model import LegalEntity


def merge_payee(runtime: Runtime, organization_id: str, old_id: str) -> None:
    """A payment booked in this very moment names the contact it was read with (payee_year.counted), so none goes to the
    old row after this has looked. Raises NotFound; Conflict on a race: the queue brings it again."""
    store, now = runtime.store, runtime.clock.now()
    old, into = get(store, Contact, organization_id, old_id), current(store, organization_id, old_id)
    if into is None or into.id == old_id:
        return
    for payer in every(store, LegalEntity, organization_id):
        for year in range(old.created_at.year, now.year + 1):
            before = store.find(PayeeYear, organization_id, payee_year_id(payer.id, year, old_id))
            if before is None or not before.rewards:
                continue
            id = payee_year_id(payer.id, year, into.id)
            known = store.find(PayeeYear, organization_id, id)
            other = known or before.model_copy(
                update={"id": id, "contact_id": into.id, "version": 0, "paid": {}, "rewards": 0, "created_at": now}
            )
            sums = {
                currency: before.paid.get(currency, 0) + other.paid.get(currency, 0)
                for currency in sorted(before.paid.keys() | other.paid.keys())
            }
            after = other.changed(now, paid=sums, rewards=before.rewards + other.rewards)
            store.commit(
                Change(before, before.changed(now, paid={}, rewards=0)),
                Create(after) if known is None else Change(known, after),
            )
