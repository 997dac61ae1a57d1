"""Staff and a payout that needs a person, as the API lets them decide."""

import json

import pytest

from moref.records import Change, Create, get
from moref.rewards.model import Payout, Reward
from moref.rewards.providers import tremendous
from moref.tenants.connect_vendor import connect_vendor
from moref.tenants.vendor_forms import TremendousAccount
from tests.simulation.provider import FakeProvider
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World


@pytest.fixture
def provider(world: World, monkeypatch: pytest.MonkeyPatch) -> FakeProvider:
    """What the API's own composition connects to; the account and its secret are the tenant's."""
    made = FakeProvider(lambda: None)
    monkeypatch.setattr(tremendous, "client", lambda secret, base: made)
    form = TremendousAccount(api_key="TEST_key_one", webhook_secret="hook-secret", funding_source_id="BALANCE")
    connect_vendor(world.runtime, world.a.organization_id, form, actor="mem_1")
    return made


def refused(world: World) -> str:
    """A payout of an approved reward that the provider refused."""
    assert world.call("POST", f"/conversions/{approvable(world)}/approve", {}, key="k").status == 200
    (reward,) = world.store.list(Reward, world.a.organization_id).items
    now = world.clock.now()
    world.store.commit(
        Create(
            Payout(
                organization_id=world.a.organization_id, id="pay_1", created_at=now, updated_at=now,
                reward_id=reward.id, location_id=reward.location_id, provider="tremendous",
                vendor_account_id="tremendous", amount=reward.amount, currency="USD", recipient_name="Ann",
                recipient_email="ann@example.com", recipient_phone=None, funding_source_id="BALANCE",
                status="needs_person", reason="the provider refused: 422",
            )
        )
    )  # fmt: skip
    return "pay_1"


def test_a_retry_needs_a_key_and_wakes_the_worker_once(world: World) -> None:
    id = refused(world)
    assert world.call("POST", f"/payouts/{id}/retry").status == 422
    first, again = (world.call("POST", f"/payouts/{id}/retry", key="r1") for _ in range(2))
    assert (first.status, first.json()["status"], again.text) == (200, "retry_wait", first.text)
    woken = [event for event in world.store.events if event["name"] == "payout.retried"]
    assert [event["data"] for event in woken] == [{"reward_id": first.json()["reward_id"]}]


def test_a_cancellation_needs_a_reason_and_asks_the_provider(world: World, provider: FakeProvider) -> None:
    id = refused(world)
    assert world.call("POST", f"/payouts/{id}/cancel", {}, key="c1").status == 422
    assert world.call("POST", f"/payouts/{id}/cancel", {"reason": "x"}).status == 422
    provider.silent = True
    unsaid = world.call("POST", f"/payouts/{id}/cancel", {"reason": "wrong address"}, key="c2")
    assert (unsaid.status, "did not say" in unsaid.json()["detail"]) == (409, True)
    provider.silent = False
    done = world.call("POST", f"/payouts/{id}/cancel", {"reason": "wrong address"}, key="c2")
    assert (done.status, done.json()["status"], done.json()["reason"]) == (200, "cancelled", "wrong address")
    balances = world.call("GET", "/ledger/balances").json()["items"]
    assert {row["amount"] for row in balances} == {0}


def test_a_payout_in_another_state_is_a_conflict_and_members_may_not(world: World) -> None:
    id = refused(world)
    payout = get(world.store, Payout, world.a.organization_id, id)
    for role in ("retry", "cancel"):
        body = {"reason": "x"} if role == "cancel" else None
        assert (
            world.call("POST", f"/payouts/{id}/{role}", body, key="m", token=world.token(role="member")).status == 403
        )
    world.store.commit(Change(payout, payout.changed(world.clock.now(), status="unknown")))
    assert world.call("POST", f"/payouts/{id}/retry", key="r").status == 409
    assert world.call("POST", f"/payouts/{id}/cancel", {"reason": "x"}, key="c").status == 409
    assert "ann@example.com" not in json.dumps(world.store.events)
