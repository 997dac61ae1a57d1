"""Rewards by hand and discount codes over HTTP."""

import pytest

from moref.conversions.approve import POLICY, approve
from moref.programs.model import Program, ProgramText, TermsAcceptance
from moref.records import Change, Create, get
from moref.rewards.benefit_model import DiscountCode
from moref.rewards.model import Reward
from moref.rewards.work import work
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World


def given(world: World, **rules: object) -> str:
    """The id of a reward that was granted."""
    of, now = world.a, world.clock.now()
    program = get(world.store, Program, of.organization_id, of.program_id)
    world.store.commit(Change(program, program.changed(now, **rules)))
    id = approvable(world)
    approve(world.runtime, of.organization_id, id, actor=POLICY)
    (reward,) = world.store.list(Reward, of.organization_id).items
    work(world.runtime, {"name": "reward.released", "organization_id": of.organization_id, "subject": reward.id})
    return str(reward.id)


@pytest.fixture
def world() -> World:
    return World()


def test_a_code_is_redeemed_once_and_the_answer_says_how_much_is_off(world: World) -> None:
    id = given(world, reward_type="discount_code")
    (code,) = world.call("GET", "/discount-codes?status=active").json()["items"]
    assert (code["reward_id"], code["amount"]) == (id, 2500)
    path = f"/discount-codes/{code['id'].lower()}/redeem"
    assert world.call("POST", path, {"price": 2000}, key="k0").status == 422
    since = {"item": "Item 170", "valid_from": "2026-01-01T00:00:00Z"}
    assert world.call("POST", "/tariff-items", since).status == 201
    first = world.call("POST", path, {"price": 2000}, key="k1")
    assert (first.status, first.json()["redeemed_amount"], first.json()["status"]) == (200, 2000, "redeemed")
    assert world.call("POST", path, {"price": 2000}, key="k1").json() == first.json()
    assert world.call("POST", path, {"price": 2000}, key="k2").status == 409
    assert world.call("GET", f"/rewards/{id}").json()["status"] == "redeemed"
    assert get(world.store, DiscountCode, world.a.organization_id, code["id"]).redeemed_by == world.a.member_id


def test_a_custom_reward_is_marked_with_a_reason_and_not_backwards(world: World) -> None:
    id = given(world, reward_type="custom", reward_words="a hat")
    path = f"/rewards/{id}/mark"
    assert world.call("POST", path, {"status": "issued"}).status == 422
    assert world.call("POST", path, {"status": "reversed", "reason": "x"}).status == 422
    assert world.call("POST", path, {"status": "redeemed", "reason": "x"}).status == 409
    marked = world.call("POST", path, {"status": "issued", "reason": "brought it"}).json()
    assert (marked["status"], marked["kind"], marked["words"]) == ("issued", "custom", "a hat")
    assert world.call("POST", f"/rewards/{id}/resend", key="k").status == 409


def test_credit_is_shown_and_told_again(world: World) -> None:
    id = given(world, reward_type="service_credit")
    (account,) = world.call("GET", "/credit-accounts").json()["items"]
    assert account["lots"] == [{"reward_id": id, "left": 2500}]
    assert world.call("POST", f"/rewards/{id}/resend", key="k").status == 200
    told = [one["template"] for one in world.call("GET", "/messages").json()["items"]]
    assert told == ["service_credit", "service_credit"]


def test_fraud_is_owed_back_only_by_accepted_terms(world: World) -> None:
    of, now = world.a, world.clock.now()
    id = given(world, reward_type="custom", reward_words="a hat", debt_allowed=True, terms_version=1)
    path = f"/rewards/{id}/debt"
    assert world.call("POST", f"/rewards/{id}/mark", {"status": "issued", "reason": "brought it"}).status == 200
    assert world.call("POST", path, {"reason": "two names"}).status == 409
    from moref.programs.accepted import acceptance_id

    made = {"organization_id": of.organization_id, "created_at": now, "updated_at": now}
    world.store.commit(
        Create(ProgramText(**made, id="ptx", program_id=of.program_id, number=1, text="Be fair.")),
        Create(
            TermsAcceptance(
                **made, id=acceptance_id(of.organization_id, of.program_id, "adv_1", "terms", 1), advocate_id="adv_1",
                program_id=of.program_id, what="terms", number=1, accepted_at=now, source="page", recorded_by="m",
            )
        ),
    )  # fmt: skip
    owed = world.call("POST", path, {"reason": "two names"}).json()
    assert (owed["amount"], owed["cause"], owed["status"]) == (2500, "fraud", "open")
    assert world.call("POST", f"{path}/release", {"reason": "settled in cash"}).json()["status"] == "released"
