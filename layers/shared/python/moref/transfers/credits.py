"""Service credit goes with its branch, on whose invoices it is used: off the seller's account and onto the buyer's in
one commit, with an entry on either side, of the same amount against one clearing account."""

from collections.abc import Mapping

from moref.kernel import ids
from moref.kernel.errors import Conflict
from moref.records import Change, Create, Point, Write, get
from moref.rewards import ledger
from moref.rewards.benefit_model import CreditAccount, Lot
from moref.rewards.kinds.service_credit import LOOKUP, account_id
from moref.rewards.model import Reward
from moref.rewards.moves import moved
from moref.transfers.crossing import Crossing
from moref.transfers.links import bring_advocate
from moref.transfers.persons import bring

TRIES = 5
WENT = "its credit went with the branch to another organization"


def move_credit(one: Crossing, reward_id: str) -> Mapping[str, int]:
    """What is left of the reward. Once: what comes back to it at the seller later, from an invoice that is undone, is
    the seller's. Raises Conflict after lost races."""
    store = one.runtime.store
    id = ids.derived("rew", one.buyer, one.offer.id, reward_id)
    for _ in range(TRIES):
        known = store.find(Reward, one.buyer, id)
        if known is not None:
            return _told(known)
        reward = get(store, Reward, one.seller, reward_id)
        account = store.find(CreditAccount, one.seller, reward.account_id or "")
        lot = next((lot for lot in account.lots if lot.reward_id == reward_id), None) if account else None
        if reward.kind != "service_credit" or reward.status != "issued" or account is None or lot is None:
            return {}
        advocate, person = bring_advocate(one, reward.advocate_id), bring(one, reward.contact_id)
        if advocate is None or person.erased_at is not None:
            return {}  # nobody could use it there
        whose = {"id": id, "advocate_id": advocate.id, "contact_id": person.id}
        ours = _reward(one, reward, whose, lot)
        try:
            store.commit(*_given_up(one, reward, account, lot), *_taken_over(one, ours))
        except Conflict:
            continue
        return _told(ours)
    raise Conflict("the credit is being used by others")


def _told(ours: Reward) -> Mapping[str, int]:
    return {"credits": 1, f"credits.{ours.currency}": ours.amount}


def _given_up(one: Crossing, reward: Reward, account: CreditAccount, lot: Lot) -> list[Write]:
    now = one.runtime.clock.now()
    left = [other for other in account.lots if other.reward_id != reward.id]
    return [
        Change(account, account.changed(now, lots=left)),
        *moved(reward, now, status="redeemed", redeemed_at=now, reason=WENT),
        ledger.book(reward, "credit_transferred", now, amount=lot.left),
    ]


def _reward(one: Crossing, reward: Reward, whose: Mapping[str, str], lot: Lot) -> Reward:
    """The buyer's: no conversion earned it there, no budget of theirs was asked."""
    now = one.runtime.clock.now()
    made = Reward(
        **whose, organization_id=one.buyer, created_at=now, updated_at=now, who=reward.who,
        location_id=one.becomes, legal_entity_id=one.into.legal_entity_id or "",
        kind="service_credit", amount=lot.left, currency=reward.currency, status="issued",
        approved_at=reward.approved_at, released_at=now, frozen_at=now, issued_at=now,
    )  # fmt: skip
    return made.model_copy(update={"account_id": account_id(made, made.contact_id)})


def _taken_over(one: Crossing, ours: Reward) -> list[Write]:
    store, now, id = one.runtime.store, one.runtime.clock.now(), ours.account_id or ""
    before = store.find(CreditAccount, one.buyer, id)
    lot = Lot(reward_id=ours.id, left=ours.amount)
    account: Write = (
        Change(before, before.changed(now, lots=[*before.lots, lot]))
        if before is not None
        else Create(
            CreditAccount(
                organization_id=one.buyer, id=id, created_at=now, updated_at=now, contact_id=ours.contact_id,
                legal_entity_id=ours.legal_entity_id, location_id=one.becomes, currency=ours.currency, lots=[lot],
            )
        )
    )  # fmt: skip
    return [
        Create(ours),
        account,
        Point(one.buyer, LOOKUP, ours.contact_id, id),
        ledger.book(ours, "credit_received", now, amount=ours.amount),
    ]
