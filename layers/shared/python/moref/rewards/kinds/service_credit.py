"""Service credit: a balance with the payer, taken off the person's own next invoices (use_credit.py)."""

from collections.abc import Mapping

from moref.identity.current import current
from moref.kernel.errors import Conflict
from moref.kernel.money import Money
from moref.records import Change, Create, Point, Write, get
from moref.rewards import ledger
from moref.rewards.after_use import wish
from moref.rewards.benefit_model import CreditAccount, Lot
from moref.rewards.kinds.base import Taken, issued, telling
from moref.rewards.model import Reward
from moref.rewards.moves import moved
from moref.runtime import Runtime

LOOKUP = "credit"  # look-up kind: contact leads to accounts


def account_id(reward: Reward, contact_id: str) -> str:
    return f"{reward.legal_entity_id}.{contact_id}.{reward.currency}"


def grant(runtime: Runtime, reward: Reward) -> None:
    """Raises Conflict when reward or account change in this moment: then nothing was given."""
    now, org, store = runtime.clock.now(), reward.organization_id, runtime.store
    person = current(store, org, reward.contact_id)
    contact_id = person.id if person else reward.contact_id
    id, lot = account_id(reward, contact_id), Lot(reward_id=reward.id, left=reward.payable)
    before = store.find(CreditAccount, org, id)
    made = before or CreditAccount(
        organization_id=org, id=id, created_at=now, updated_at=now, legal_entity_id=reward.legal_entity_id,
        contact_id=contact_id, location_id=reward.location_id, currency=reward.currency,
    )  # fmt: skip
    after = made.changed(now, lots=[*made.lots, lot])
    account: Write = Change(before, after) if before else Create(after)
    store.commit(
        account,
        Point(org, LOOKUP, contact_id, id),
        *issued(runtime, reward, now, account_id=id),
        ledger.book(reward, "credit_granted", now),
        *telling(runtime, reward, "service_credit", _fields(reward)),
    )


def take_back(runtime: Runtime, reward: Reward, reason: str) -> Taken | None:
    """What is left of it. What was used stays used: then the reward is redeemed, and the wish stays on it (after_use).
    Raises Conflict when its last was used in this moment."""
    account = get(runtime.store, CreditAccount, reward.organization_id, reward.account_id or "")
    lot = next((lot for lot in account.lots if lot.reward_id == reward.id), None)
    if lot is None:
        raise Conflict("the credit was used in this moment")
    now, whole = runtime.clock.now(), lot.left == reward.payable
    others = [other for other in account.lots if other.reward_id != reward.id]
    change = (
        moved(reward, now, status="reversed", reason=reason, revoke_reason=None)
        if whole
        else moved(reward, now, status="redeemed", redeemed_at=now, taken_back=lot.left, **wish(reason))
    )
    taken = ledger.book(reward, "credit_taken_back", now, amount=lot.left, turn=f"rest-{reward.version}")
    return [*change, Change(account, account.changed(now, lots=others)), taken], whole


def told_by(runtime: Runtime, reward: Reward) -> tuple[str, Mapping[str, str]] | None:
    return "service_credit", _fields(reward)


def _fields(reward: Reward) -> dict[str, str]:
    return {"credit": Money(reward.payable, reward.currency).for_people()}
