"""A reward out of goodwill: who may give how much, what it counts in, and that it is paid and taken back once."""

from typing import Any

import pytest

from moref.billing.trial import agree
from moref.books.check import faults
from moref.budgets.model import Budget, Spend, budget_id
from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.programs.model import Program, Standing
from moref.records import Change, Create, every, get
from moref.rewards import ledger
from moref.rewards.advance import advance
from moref.rewards.goodwill import approve_goodwill
from moref.rewards.goodwill_model import Goodwill
from moref.rewards.model import AuditRow, Entry, Reward
from moref.rewards.release import release
from moref.rewards.reverse import reverse
from moref.rewards.year_to_date import year_to_date
from moref.tenants.model import Member
from referral_worker.handler import work
from tests.fakes.memory_store import Crash
from tests.unit.api.approvable import approvable
from tests.unit.api.world import Answer, World


@pytest.fixture
def office(world: World) -> World:
    approvable(world)
    return world


def give(world: World, key: str = "g1", *, token: str | None = None, **over: Any) -> Answer:
    body = {"amount": 5000, "currency": "USD", "reason": "our mistake", "location_id": world.a.location_id} | over
    return world.call("POST", "/advocates/adv_1/goodwill", body, key=key, token=token)


def budget(world: World, amount: int) -> str:
    org, now = world.a.organization_id, world.clock.now()
    id = budget_id(org, world.a.location_id)
    world.store.commit(
        Create(
            Budget(
                organization_id=org, id=id, created_at=now, updated_at=now, location_id=world.a.location_id,
                amount=amount,
            )
        )
    )  # fmt: skip
    return id


def reward_of(world: World) -> Reward:
    (found,) = every(world.store, Reward, world.a.organization_id)
    return found


def test_it_becomes_a_reward_that_counts_in_budget_year_and_books(office: World) -> None:
    org = office.a.organization_id
    budget(office, 6000)
    answers = [give(office), give(office)]  # the answer was lost, and the call is made again
    assert [answer.status for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    reward = reward_of(office)
    assert (reward.amount, reward.conversion_id, reward.status) == (5000, None, "pending")
    assert [row.amount for row in every(office.store, Spend, org)] == [5000]
    assert year_to_date(office.runtime, org, "ctc_adv", office.clock.now().year) == 5000
    (entry,) = every(office.store, Entry, org)
    assert (entry.step, entry.memo) == ("accrued", "goodwill: no conversion earned it")
    assert [row.action for row in every(office.store, AuditRow, org)].count("goodwill.asked") == 1
    refused = give(office, "g2")
    assert refused.status == 409
    assert "$10 left" in refused.json()["detail"]
    assert len(every(office.store, Reward, org)) == 1


def test_it_is_released_after_ten_minutes_and_then_a_payouts_matter(office: World) -> None:
    give(office)
    org, reward = office.a.organization_id, reward_of(office)
    told = next(event for event in office.store.events if event["name"] == "goodwill.granted")
    work(office.runtime, told)
    assert f"{reward.id}-release" in office.runtime.scheduler.schedules  # type: ignore[attr-defined]
    assert release(office.runtime, org, reward.id).released_at is None
    office.clock.move(minutes=10)
    assert release(office.runtime, org, reward.id).released_at == reward.release_at
    assert office.store.events[-1]["name"] == "reward.released"


@pytest.mark.parametrize("by", ["withdraw", "reverse"])
def test_taken_back_everything_is_as_before(office: World, by: str) -> None:
    org = office.a.organization_id
    budget(office, 6000)
    made = give(office).json()
    for turn in range(2):
        if by == "withdraw":
            answer = office.call("POST", f"/goodwill/{made['id']}/withdraw", {"reason": "given twice"}, key=f"w{turn}")
            assert answer.json()["status"] == "withdrawn"
        else:
            assert reverse(office.runtime, org, made["reward_id"], "given twice")
    assert reward_of(office).status == "reversed"
    assert [(row.amount, row.approvals) for row in every(office.store, Spend, org)] == [(0, 0)]
    assert [row.amounts for row in every(office.store, Standing, org)] == [{"USD": 0}]
    assert set(ledger.balances(office.store, org)["USD"].values()) == {0}
    assert faults(office.store, org) == []


def test_above_the_sum_two_members_are_needed_and_one_is_not_two(office: World) -> None:
    org = office.a.organization_id
    made = give(office, amount=10_001).json()
    assert (made["status"], made["reward_id"]) == ("waiting", None)
    assert every(office.store, Reward, org) == []
    path = f"/goodwill/{made['id']}/approve"
    assert office.call("POST", path, key="a1").status == 409
    other = office.token(role="admin")
    assert office.call("POST", path, key="a2", token=other).json()["status"] == "granted"
    assert office.call("POST", path, key="a3", token=other).json()["status"] == "granted"
    assert reward_of(office).amount == 10_001
    assert get(office.store, Goodwill, org, made["id"]).approved_by == "mem_admin_0"


def test_the_program_may_ask_for_two_sooner_and_another_currency_always_does(office: World) -> None:
    org = office.a.organization_id
    program = get(office.store, Program, org, office.a.program_id)
    office.store.commit(Change(program, program.changed(office.clock.now(), second_approver_over=400)))
    assert give(office, "g1", amount=400).json()["status"] == "granted"
    assert give(office, "g2", amount=401, token=office.token(role="admin")).json()["status"] == "waiting"
    assert give(office, "g3", amount=1, currency="EUR").json()["status"] == "waiting"


def test_a_sum_in_pieces_is_the_sum(office: World) -> None:
    assert give(office, "g1", amount=6000).json()["status"] == "granted"
    assert give(office, "g2", amount=4001).json()["status"] == "waiting"
    assert give(office, "g3", amount=4000).json()["status"] == "granted"
    assert give(office, "g4", amount=1, token=office.token(role="admin")).json()["status"] == "granted"
    agree(office.runtime, office.a.organization_id, agreed=True, actor="operator:kim")  # else its trial would be over
    office.clock.move(days=31)
    assert give(office, "g5", amount=10_000, token=office.token()).json()["status"] == "granted"


def test_nobody_gives_it_to_themselves(office: World) -> None:
    org = office.a.organization_id
    owner = get(office.store, Member, org, office.a.member_id)
    person = get(office.store, Contact, org, "ctc_adv")
    office.store.commit(Change(person, person.changed(office.clock.now(), email=owner.email.upper())))
    assert give(office).status == 409
    assert give(office, "g2", token=office.token(role="admin")).status == 409  # made with the owner's address here
    assert every(office.store, Reward, org) == []


def test_a_refused_one_is_never_granted(office: World) -> None:
    made = give(office, amount=20_000).json()
    assert office.call("POST", f"/goodwill/{made['id']}/withdraw", {"reason": "no"}, key="w").status == 200
    answer = office.call("POST", f"/goodwill/{made['id']}/approve", key="a", token=office.token(role="admin"))
    assert answer.status == 409
    assert every(office.store, Reward, office.a.organization_id) == []


def test_from_the_tax_threshold_on_details_have_to_be_on_file(office: World) -> None:
    admin = office.token(role="admin")
    most = give(office, "g1", amount=199_999).json()
    assert office.call("POST", f"/goodwill/{most['id']}/approve", key="a1", token=admin).status == 200
    refused = give(office, "g2", amount=1)
    assert refused.status == 409
    assert "tax" in refused.json()["detail"]
    assert give(office, "g3", amount=1, tax_confirmed=True).status == 201


def test_a_paid_one_stays(office: World) -> None:
    made, org = give(office).json(), office.a.organization_id
    reward = reward_of(office)
    office.store.commit(
        Change(reward, reward.changed(office.clock.now(), status="issued", frozen_at=office.clock.now()))
    )
    answer = office.call("POST", f"/goodwill/{made['id']}/withdraw", {"reason": "no"}, key="w")
    assert answer.status == 409
    assert get(office.store, Goodwill, org, made["id"]).status == "granted"


def test_members_may_not_give_and_a_custom_one_says_what(office: World) -> None:
    assert give(office, token=office.token(role="member")).status == 403
    refused = give(office, reward_type="custom")
    assert (refused.status, refused.json()["errors"][0]["field"]) == (422, "words")
    assert give(office, "g2", reward_type="custom", words="a cake").status == 201
    missing = office.call("POST", "/advocates/adv_1/goodwill", {"amount": 1}, key="g3")
    assert missing.status == 422


@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_while_the_second_approves_and_a_second_try_grant_once(office: World, point: int) -> None:
    org = office.a.organization_id
    budget(office, 50_000)
    made = give(office, amount=20_000).json()
    office.store.crash_at = office.store.points + point
    with pytest.raises(Crash):
        approve_goodwill(office.runtime, org, made["id"], actor="mem_2")
    approve_goodwill(office.runtime, org, made["id"], actor="mem_2")
    assert [row.amount for row in every(office.store, Spend, org)] == [20_000]
    assert len(every(office.store, Reward, org)) == len(every(office.store, Entry, org)) == 1


@pytest.mark.parametrize("kind", ["service_credit", "discount_code", "custom"])
def test_of_any_kind_it_is_granted_and_what_nobody_used_is_taken_back(office: World, kind: str) -> None:
    org = office.a.organization_id
    budget(office, 6000)
    made = give(office, reward_type=kind, **({"words": "a cake"} if kind == "custom" else {})).json()
    office.clock.move(minutes=10)
    release(office.runtime, org, made["reward_id"])
    advance(office.runtime, org, made["reward_id"])
    assert reward_of(office).frozen_at is not None
    assert faults(office.store, org) == []
    assert office.call("POST", f"/goodwill/{made['id']}/withdraw", {"reason": "no"}, key="w").status == 200
    assert reward_of(office).status == "reversed"
    assert [row.amount for row in every(office.store, Spend, org)] == [0]
    assert faults(office.store, org) == []
    assert ledger.balances(office.store, org)["USD"]["referral_expense"] == 0


def test_two_that_race_for_what_is_left_of_a_budget_are_one(office: World) -> None:
    org = office.a.organization_id
    budget(office, 30_000)
    one, other = (give(office, key, amount=20_000).json()["id"] for key in ("g1", "g2"))
    commit = office.store.commit
    done: list[bool] = []

    def first_the_other(*writes: Any) -> None:
        if not done:
            done.append(True)
            approve_goodwill(office.runtime, org, other, actor="mem_2")
        commit(*writes)

    office.store.commit = first_the_other  # type: ignore[method-assign]
    with pytest.raises(Conflict, match="left of"):
        approve_goodwill(office.runtime, org, one, actor="mem_2")
    assert [row.amount for row in every(office.store, Spend, org)] == [20_000]
    assert len(every(office.store, Reward, org)) == 1
