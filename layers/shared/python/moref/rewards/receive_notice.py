"""A webhook of a provider, verified and stored before: thin, so what it names is fetched, and the order decides."""

import json
from dataclasses import replace

from moref.intake.model import InboxEvent
from moref.kernel.errors import Malformed
from moref.records import Change, every
from moref.rewards import funding, outcomes
from moref.rewards.connect import connect as connect_account
from moref.rewards.model import Payout
from moref.rewards.ports import Connect, Provider, ProviderOrder
from moref.rewards.retry import retry
from moref.rewards.settle import settle
from moref.rewards.wake import wake
from moref.runtime import Runtime

_TAKEN_BACK = frozenset({"REWARDS.CANCELED", "REWARDS.FLAGGED"})


def receive_notice(
    runtime: Runtime, event: InboxEvent, body: bytes, *, connect: Connect = connect_account
) -> str | None:
    """None when it was handled, else why it was ignored. Raises Malformed (quarantine); Retry and OutcomeUnknown when
    the provider could not be asked (redelivery)."""
    name, kind, id = _read(body)
    org = event.organization_id
    if name == "FUNDING_SOURCES.FUNDED":
        funding.went_through(runtime, org, event.source)
        _funded(runtime, org)
        return None
    if not name.startswith(("ORDERS.", "REWARDS.")):
        return f"{name} is not used"
    order = _order(connect(runtime, org, event.source), kind, id)
    if order is None:
        return "the provider does not know what it tells of"
    payout = runtime.store.find(Payout, org, order.external_id or "")
    if payout is None:
        return "not an order of ours"
    payout = settle(runtime, org, payout.id, order)
    if name in _TAKEN_BACK:
        outcomes.needs_person(runtime, payout, f"the provider says {name}")
    return None


def _read(body: bytes) -> tuple[str, str, str]:
    try:
        notice = json.loads(body)
        resource = notice["payload"]["resource"]
        found = (notice["event"], resource["type"], resource["id"])
    except (ValueError, KeyError, TypeError):
        raise Malformed("not a notice of Tremendous") from None
    if not all(isinstance(text, str) and 0 < len(text) <= 200 for text in found):
        raise Malformed("not a notice of Tremendous")
    return found


def _order(provider: Provider, kind: str, id: str) -> ProviderOrder | None:
    if kind != "rewards":
        return provider.read(id)
    reward = provider.reward(id)
    if reward is None:
        return None
    order_id, delivery_status = reward
    order = provider.read(order_id)
    return replace(order, delivery_status=delivery_status or order.delivery_status) if order else None


def _funded(runtime: Runtime, organization_id: str) -> None:
    """There is money again: what waited for it need not wait for its schedule, and what was given up for lack of it is
    tried again. One that moved meanwhile needs none."""
    now, store = runtime.clock.now(), runtime.store
    for payout in every(store, Payout, organization_id, status="retry_wait"):
        fresh = store.find(Payout, organization_id, payout.id)
        if fresh is None or fresh.status != "retry_wait" or fresh.reason != funding.NO_MONEY:
            continue
        after = fresh.changed(now, next_attempt_at=now)
        store.commit(Change(fresh, after))
        wake(runtime, after.model_copy(update={"version": fresh.version + 1}))
    for payout in every(store, Payout, organization_id, status="needs_person"):
        fresh = store.find(Payout, organization_id, payout.id)
        if fresh is not None and (fresh.status, fresh.reason) == ("needs_person", outcomes.GIVEN_UP + funding.NO_MONEY):
            retry(runtime, organization_id, fresh.id, actor="policy")
