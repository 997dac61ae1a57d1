"""On location_transfer.offered: counts what there is at the branch, for both sides to look at before they agree."""

from collections import Counter
from collections.abc import Iterable, Mapping

from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.intake.model import Contact
from moref.kernel.keys import GLOBAL
from moref.kernel.names import BULK
from moref.records import Change, get
from moref.referrals.model import Advocate, Link, Referral
from moref.rewards.benefit_model import CreditAccount, DiscountCode
from moref.rewards.model import Reward
from moref.runtime import Runtime
from moref.transfers.model import LocationTransfer, Preview, Sum, TransferOffer
from moref.transfers.referrals import is_open
from moref.transfers.walk import BUDGET, OVER, Stage, page

COUNT = "location_transfer.count"
_MONEY = ("unpaid_rewards", "credits", "discount_codes")


def count(runtime: Runtime, organization_id: str, id: str) -> None:
    """For some seconds; a command asks for the rest. Harmless when repeated. Raises NotFound, Conflict."""
    store, until = runtime.store, runtime.clock.now() + BUDGET
    row, stages = get(store, LocationTransfer, organization_id, id), _stages(runtime, organization_id)
    while row.status == "offered" and row.preview is None:
        now = runtime.clock.now()
        if now >= until:
            runtime.queues.send(BULK, {"command": COUNT, "organization_id": organization_id, "subject": id})
            return
        if row.stage != OVER:
            after = row.changed(now, **page(store, row, organization_id, row.location_id, stages))
            store.commit(Change(row, after))
        else:
            told, door = _preview(row), get(store, TransferOffer, GLOBAL, row.offer_id)
            counted = row.changed(now, preview=told, stage="", tally={})
            store.commit(Change(row, counted), Change(door, door.changed(now, preview=told)))
        row = get(store, LocationTransfer, organization_id, id)


def _stages(runtime: Runtime, org: str) -> tuple[Stage, ...]:
    store = runtime.store

    def contact(id: str) -> Mapping[str, int]:
        one = get(store, Contact, org, id)
        if one.merged_into is not None or one.erased_at is not None:
            return {}
        agreed = any(not each.withdrawn and not each.history for each in one.consents)
        return {"contacts": 1, "contacts_with_consent": int(agreed), "opted_out": int(bool(one.opted_out))}

    def referral(id: str) -> Mapping[str, int]:
        one = get(store, Referral, org, id)
        judged = store.find(Conversion, org, conversion_id(org, id))
        return {"open_referrals": int(is_open(one, judged))}

    def reward(id: str) -> Mapping[str, int]:
        one = get(store, Reward, org, id)
        if one.status == "pending":
            return _sum("unpaid_rewards", one.currency, one.payable)
        account = store.find(CreditAccount, org, one.account_id) if one.account_id and one.status == "issued" else None
        left = sum(lot.left for lot in account.lots if lot.reward_id == id) if account is not None else 0
        return _sum("credits", one.currency, left) if left else {}

    def code(id: str) -> Mapping[str, int]:
        one = get(store, DiscountCode, org, id)
        return _sum("discount_codes", one.currency, one.amount) if one.status == "active" else {}

    return (
        Stage("links", Link, lambda id: {"links": 1}),
        Stage("advocates", Advocate, lambda id: {"advocates": 1}),
        Stage("contacts", Contact, contact),
        Stage("referrals", Referral, referral),
        Stage("rewards", Reward, reward),
        Stage("discount_codes", DiscountCode, code),
    )


def _sum(of: str, currency: str, amount: int) -> dict[str, int]:
    return {f"{of}.{currency}": amount, f"{of}.{currency}.count": 1}


def _preview(row: LocationTransfer) -> Preview:
    tally = Counter(row.tally)
    plain = {name: number for name, number in tally.items() if "." not in name}
    sums = {of: list(_sums(tally, of)) for of in _MONEY}
    return Preview(at=row.updated_at, **plain, **sums)


def _sums(tally: Counter[str], of: str) -> Iterable[Sum]:
    for name in sorted(tally):
        if name.startswith(f"{of}.") and not name.endswith(".count"):
            yield Sum(count=tally[f"{name}.count"], amount=tally[name], currency=name.removeprefix(f"{of}."))
