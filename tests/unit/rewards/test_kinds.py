"""Rewards that are no gift cards: given once, used once, taken back as far as they were not used."""

from datetime import timedelta
from typing import Any

import pytest

from moref.books.model import PayeeYear
from moref.campaigns.model import StaffTask
from moref.conversions.approve import POLICY, approve
from moref.intake.model import Job
from moref.kernel import codes
from moref.kernel.errors import BadInput, Conflict, MorefError, NotFound
from moref.kernel.keys import GLOBAL
from moref.messaging.model import Message
from moref.programs.agree import record_tariff
from moref.programs.model import Discount, FriendReward
from moref.records import Create, get
from moref.rewards.benefit_model import CreditAccount, CreditUse, DiscountCode
from moref.rewards.expire import expire_code, sweep_codes
from moref.rewards.mark import ALLOWED, Mark, mark
from moref.rewards.model import AuditRow, Entry, OpenPayout, Reward
from moref.rewards.redeem import redeem
from moref.rewards.resend import resend
from moref.rewards.use_credit import _undo
from moref.rewards.work import work
from moref.tenants.model import Hook
from tests.fakes.memory_store import Crash
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, referred
from tests.unit.rewards.benefits import accounts, earned, job_says, own_job, reward, right, world_with

KINDS: dict[str, dict[str, Any]] = {
    "service_credit": {"reward_type": "service_credit"},
    "discount_code": {"reward_type": "discount_code"},
    "custom": {"reward_type": "custom", "reward_words": "a crate of wine"},
}


def released(world: World, one: Reward) -> None:
    work(world.runtime, {"name": "reward.released", "organization_id": ORG, "subject": one.id, "data": {}})


@pytest.mark.parametrize("kind", KINDS)
def test_given_once_however_often_it_is_asked_for(kind: str) -> None:
    world = world_with(**KINDS[kind])
    one = earned(world)
    before = dict(world.store.rows)
    for _ in range(3):
        released(world, one)
    assert world.store.rows.keys() == before.keys()
    assert (one.kind, world.provider.orders) == (kind, {})
    right(world)


@pytest.mark.parametrize("kind", KINDS)
def test_dying_at_any_point_gives_it_once(kind: str) -> None:
    def story(crash_at: int | None) -> World:
        world = world_with(**KINDS[kind])
        id = referred(world, "x")
        world.store.crash_at = None if crash_at is None else world.store.points + crash_at
        for _ in range(2):
            try:
                approve(world.runtime, ORG, id, actor=POLICY)
            except (Crash, MorefError):
                continue
        world.drain()
        world.store.crash_at = None
        right(world)
        return world

    calm = story(None)
    for point in range(1, 40):
        world = story(point)
        assert accounts(world) == accounts(calm), point
        assert [one.status for one in world.all(Reward)] == [one.status for one in calm.all(Reward)], point
        for noun in (CreditAccount, DiscountCode, StaffTask, Message):
            assert len(world.all(noun)) == len(calm.all(noun)), (point, noun)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_used_goes_back_with_the_job(kind: str) -> None:
    world = world_with(**KINDS[kind])
    earned(world)
    job_says(world, "job_x", cancelled=True)
    (one,) = world.all(Reward)
    assert one.status == "reversed"
    assert accounts(world) == {}
    assert all(code.status == "revoked" for code in world.all(DiscountCode))
    assert all(account.balance == 0 for account in world.all(CreditAccount))
    assert all(task.status == "done" for task in world.all(StaffTask))
    right(world)


@pytest.mark.parametrize("kind", KINDS)
def test_by_staff_it_waits_for_its_ten_minutes_and_leaves_the_list(kind: str) -> None:
    world = world_with(**KINDS[kind])
    one = earned(world, actor="mem_1")
    assert (one.status, one.frozen_at) == ("pending", None)
    world.pass_time(minutes=11)
    world.drain()
    assert reward(world).frozen_at is not None
    listed = world.store.list(OpenPayout, GLOBAL, status="open").items
    assert listed == []
    right(world)


# Service credit


def test_credit_comes_off_the_next_invoice_of_the_person_oldest_first() -> None:
    world = world_with(reward_type="service_credit")
    first, second = earned(world, "x"), earned(world, "y")
    own_job(world, amount=3000)
    (use,) = world.all(CreditUse)
    assert [(part.reward_id, part.amount) for part in use.parts] == [(first.id, 2500), (second.id, 500)]
    (account,) = world.all(CreditAccount)
    assert (account.balance, account.id) == (2000, "ent_1.con_ann.USD")
    assert [reward(world, name).status for name in ("x", "y")] == ["redeemed", "issued"]
    assert [task.words for task in world.all(StaffTask)] == [
        "Take $30 off the invoice of job job_own: service credit of the customer."
    ]
    assert accounts(world) == {"referral_expense": 5000, "service_credit_payable": -2000, "credits_applied": -3000}
    job_says(world, "job_own", amount=9999)
    assert len(world.all(CreditUse)) == 1
    right(world)


def test_an_invoice_undone_gives_the_credit_back_and_made_again_takes_it_again() -> None:
    world = world_with(reward_type="service_credit")
    earned(world)
    own_job(world, amount=1000)
    job_says(world, "job_own", invoiced=False)
    assert get(world.store, CreditAccount, ORG, "ent_1.con_ann.USD").balance == 2500
    assert world.all(CreditUse)[0].status == "undone"
    right(world)
    job_says(world, "job_own", invoiced=True)
    (use,) = world.all(CreditUse)
    assert (use.status, use.turn, use.amount) == ("applied", 2, 1000)
    job_says(world, "job_own", cancelled=True)
    assert get(world.store, CreditAccount, ORG, "ent_1.con_ann.USD").balance == 2500
    assert accounts(world) == {"referral_expense": 2500, "service_credit_payable": -2500}
    right(world)


def test_partly_used_the_rest_goes_and_what_comes_back_later_goes_too() -> None:
    world = world_with(reward_type="service_credit")
    earned(world)
    own_job(world, amount=1000)
    job_says(world, "job_x", cancelled=True)
    one = reward(world)
    assert (one.status, accounts(world)) == ("redeemed", {"referral_expense": 1000, "credits_applied": -1000})
    right(world)
    job_says(world, "job_own", cancelled=True)
    assert (reward(world).status, accounts(world)) == ("reversed", {})
    right(world)


def test_partly_used_the_rest_is_given_again_when_what_earned_it_counts_again() -> None:
    world = world_with(reward_type="service_credit")
    earned(world)
    own_job(world, amount=1000)
    for _ in range(2):
        job_says(world, "job_x", cancelled=True)
        one = reward(world)
        assert (one.status, one.taken_back, accounts(world)["credits_applied"]) == ("redeemed", 1500, -1000)
        job_says(world, "job_x", cancelled=False)
        assert get(world.store, CreditAccount, ORG, "ent_1.con_ann.USD").balance == 1500
        right(world)
    job_says(world, "job_own", cancelled=True)
    assert get(world.store, CreditAccount, ORG, "ent_1.con_ann.USD").balance == 2500
    assert reward(world).status == "issued"
    right(world)


def test_used_whole_and_its_cause_undone_what_a_use_gives_back_is_not_the_persons() -> None:
    world = world_with(reward_type="service_credit")
    earned(world)
    own_job(world)
    job_says(world, "job_x", cancelled=True)
    assert reward(world).revoke_reason
    job_says(world, "job_own", invoiced=False)
    assert (reward(world).status, conversion(world, "x").status, accounts(world)) == ("reversed", "withdrawn", {})
    job_says(world, "job_x", cancelled=False)
    approve(world.runtime, ORG, conversion(world, "x").id, actor="mem_1")
    world.drain()
    world.pass_time(minutes=11)
    world.drain()
    assert (reward(world).status, accounts(world)["service_credit_payable"]) == ("issued", -2500)
    right(world)


def test_a_friend_keeps_what_they_used_and_gets_the_rest_again_with_the_next_approval() -> None:
    friend = FriendReward(amount=1000, reward_type="service_credit")
    world = world_with(friend_reward=friend)
    world.provider.fault = "no_money"
    earned(world)
    own_job(world, amount=400, contact="con_x")
    job_says(world, "job_x", cancelled=True)
    assert (conversion(world, "x").status, reward(world, who="friend").taken_back) == ("withdrawn", 600)
    job_says(world, "job_x", cancelled=False)
    assert reward(world, who="friend").taken_back == 600
    approve(world.runtime, ORG, conversion(world, "x").id, actor=POLICY)
    friends = reward(world, who="friend")
    assert (friends.status, friends.taken_back, len([one for one in world.all(Reward) if one.who == "friend"])) == (
        "issued", 0, 1,
    )  # fmt: skip
    right(world)


def test_no_credit_comes_off_an_invoice_that_is_undone_in_this_moment() -> None:
    world = world_with(reward_type="service_credit")
    earned(world)
    own_job(world, amount=1000)
    job_says(world, "job_own", invoiced=False)
    stale = get(world.store, Job, ORG, "job_own")
    job_says(world, "job_own", invoiced=True)
    use = world.all(CreditUse)[0]
    with pytest.raises(Conflict):
        world.store.commit(*_undo(world.runtime, stale, use))
    assert world.all(CreditUse) == [use]


@pytest.mark.parametrize(
    "job", [{"interstate": True}, {"interstate": None}, {"amount": None}, {"currency": "CAD"}, {"contact": "con_x"}],
    ids=str,
)  # fmt: skip
def test_nothing_comes_off_where_it_may_not(job: dict[str, Any]) -> None:
    world = world_with(reward_type="service_credit")
    earned(world)
    own_job(world, **job)
    assert world.all(CreditUse) == []
    right(world)


def test_the_recorded_tariff_item_allows_it() -> None:
    from moref.programs.agree import record_tariff

    world = world_with(reward_type="service_credit")
    earned(world)
    record_tariff(world.runtime, ORG, item="130", valid_from=world.clock.at - timedelta(days=1), actor="mem_1")
    own_job(world, interstate=True)
    assert [use.amount for use in world.all(CreditUse)] == [2500]


def test_credit_of_merged_rows_counts_together() -> None:
    from moref.intake.model import Contact
    from moref.rewards.use_credit import follow_merge

    world = world_with(reward_type="service_credit")
    earned(world)
    world.make(Contact, "con_new", location_id="loc_1", first_name="Ann")
    world.edit(get(world.store, Contact, ORG, "con_ann"), merged_into="con_new")
    follow_merge(world.runtime, ORG, "con_ann")
    own_job(world, contact="con_new", amount=700)
    assert [use.amount for use in world.all(CreditUse)] == [700]


# Discount codes


def test_a_code_is_told_and_takes_its_amount_off_once() -> None:
    world = world_with(reward_type="discount_code", discount=Discount(valid_days=30))
    one = earned(world)
    (code,) = world.all(DiscountCode)
    assert (codes.normalise(codes.display(code.id)), code.amount, one.code) == (code.id, 2500, code.id)
    (told,) = [message for message in world.all(Message) if message.template == "discount_code"]
    assert told.fields == {
        "discount_code": codes.display(code.id), "discount": "$25",
        "valid_until": (code.valid_until - timedelta(days=1)).date().isoformat(),
    }  # fmt: skip
    with pytest.raises(BadInput, match="name the job"):
        redeem(world.runtime, ORG, code.id, job_id=None, price=1500, actor="mem_1")
    record_tariff(world.runtime, ORG, item="Item 170", valid_from=world.clock.at, actor="mem_1")
    used = redeem(world.runtime, ORG, codes.display(code.id).lower(), job_id=None, price=1500, actor="mem_1")
    assert (used.status, used.redeemed_amount, reward(world).status) == ("redeemed", 1500, "redeemed")
    assert accounts(world) == {"referral_expense": 1500, "discounts_applied": -1500}
    with pytest.raises(Conflict, match="redeemed"):
        redeem(world.runtime, ORG, code.id, job_id=None, price=1500, actor="mem_1")
    right(world)


def test_a_share_is_rounded_down_and_cut_at_its_most() -> None:
    world = world_with(reward_type="discount_code", discount=Discount(basis_points=333))
    record_tariff(world.runtime, ORG, item="Item 170", valid_from=world.clock.at, actor="mem_1")
    for name, price, off in (("x", 10_001, 333), ("y", 10_000_000, 2500), ("z", 0, 0)):
        one = earned(world, name)
        with pytest.raises(BadInput, match="which price"):
            redeem(world.runtime, ORG, one.code or "", job_id=None, price=None, actor="mem_1")
        used = redeem(world.runtime, ORG, one.code or "", job_id=None, price=price, actor="mem_1")
        assert used.redeemed_amount == off
    right(world)


def test_the_crm_redeems_by_the_job_that_was_given_the_code() -> None:
    world = world_with(reward_type="discount_code")
    one = earned(world)
    own_job(world, referral_code=one.code, amount=2000)
    (code,) = world.all(DiscountCode)
    assert (code.status, code.redeemed_amount, code.job_id, code.redeemed_by) == ("redeemed", 2000, "job_own", "crm")
    job_says(world, "job_own", amount=9000)
    right(world)


def test_no_discount_on_an_interstate_move_without_a_tariff_item() -> None:
    world = world_with(reward_type="discount_code")
    one = earned(world)
    own_job(world, referral_code=one.code, interstate=True)
    with pytest.raises(Conflict, match="interstate"):
        redeem(world.runtime, ORG, one.code or "", job_id="job_own", price=None, actor="mem_1")
    assert [code.status for code in world.all(DiscountCode)] == ["active"]


def test_its_day_ends_it_and_not_an_instant_before() -> None:
    world = world_with(reward_type="discount_code", discount=Discount(valid_days=1))
    one = earned(world)
    hook = Hook(organization_id=GLOBAL, id="h", created_at=world.clock.at, updated_at=world.clock.at,
                source="crm:generic", connection_id="crm_1", owner_id=ORG, secret_ciphertexts=[])  # fmt: skip
    world.store.commit(Create(hook))
    world.pass_time(hours=24, seconds=-1)
    assert sweep_codes(world.runtime) == 0
    expire_code(world.runtime, ORG, one.code or "")
    assert reward(world).status == "issued"
    world.pass_time(seconds=1)
    with pytest.raises(Conflict, match="expired"):
        redeem(world.runtime, ORG, one.code or "", job_id=None, price=5, actor="mem_1")
    assert sweep_codes(world.runtime) == 1
    world.drain()
    assert (reward(world).status, accounts(world)) == ("expired", {})
    assert sweep_codes(world.runtime) == 0
    right(world)


def test_a_code_of_nobody_is_not_found() -> None:
    world = world_with(reward_type="discount_code")
    for code in ("", "nonsense", codes.new()):
        with pytest.raises(NotFound):
            redeem(world.runtime, ORG, code, job_id=None, price=5, actor="mem_1")


@pytest.mark.parametrize("price", [1.5, 100.0, "100", -1, True, 2**53])
def test_a_price_that_is_no_amount_is_refused_and_redeems_nothing(price: Any) -> None:
    world = world_with(reward_type="discount_code")
    code = earned(world).code
    own_job(world)
    with pytest.raises(BadInput) as refused:
        redeem(world.runtime, ORG, str(code), job_id="job_own", price=price, actor="mem_1")
    assert (refused.value.field, [one.status for one in world.all(DiscountCode)]) == ("price", ["active"])


# By hand


def test_a_custom_reward_is_a_task_until_staff_mark_it() -> None:
    world = world_with(**KINDS["custom"])
    one = earned(world)
    (task,) = world.all(StaffTask)
    assert (one.status, task.words) == (
        "pending", "Hand over to Ann: a crate of wine. Then mark the reward as issued.",
    )  # fmt: skip
    with pytest.raises(BadInput):
        mark(world.runtime, ORG, one.id, "issued", actor="mem_1", reason=" ")
    for _ in range(2):
        mark(world.runtime, ORG, one.id, "issued", actor="mem_1", reason="brought it")
    assert accounts(world) == {"referral_expense": 2500, "handed_over": -2500}
    assert [row.paid for row in world.all(PayeeYear)] == [{"USD": 2500}]
    assert [task.status for task in world.all(StaffTask)] == ["done"]
    assert mark(world.runtime, ORG, one.id, "redeemed", actor="mem_1", reason="drunk").status == "redeemed"
    assert len([row for row in world.all(AuditRow) if row.action.startswith("reward.marked")]) == 2
    right(world)


@pytest.mark.parametrize("kind", [*KINDS, "gift_card"])
def test_marks_that_the_table_does_not_allow_are_refused(kind: str) -> None:
    statuses: tuple[Mark, ...] = ("issued", "redeemed")
    for status in statuses:
        world = world_with(**KINDS.get(kind, {}))
        one = earned(world)
        before = len(world.all(Entry))
        allowed = (one.status, status) in ALLOWED[kind] or one.status == status
        try:
            mark(world.runtime, ORG, one.id, status, actor="mem_1", reason="said so")
        except Conflict:
            assert not allowed
            assert len(world.all(Entry)) == before
        else:
            assert allowed
        assert len(world.provider.orders) == (1 if kind == "gift_card" else 0)
        right(world)


def test_a_gift_card_handed_over_otherwise_is_never_ordered_and_one_that_was_begun_is_not_marked() -> None:
    world = world_with()
    world.provider.fault = "no_money"
    begun = earned(world, "x")
    with pytest.raises(Conflict, match="payout was begun"):
        mark(world.runtime, ORG, begun.id, "issued", actor="mem_1", reason="cash")
    other = earned(world, "y", actor="mem_1")
    with pytest.raises(Conflict, match="not released"):
        mark(world.runtime, ORG, other.id, "issued", actor="mem_1", reason="cash")


def test_told_again_five_times_at_most() -> None:
    world = world_with(reward_type="discount_code")
    one = earned(world)
    for _ in range(5):
        resend(world.runtime, ORG, one.id, actor="mem_1")
    with pytest.raises(Conflict, match="5 times"):
        resend(world.runtime, ORG, one.id, actor="mem_1")
    assert len([message for message in world.all(Message) if message.template == "discount_code"]) == 6


def test_a_gift_card_is_delivered_again_only_where_that_failed() -> None:
    world = world_with()
    one = earned(world)
    with pytest.raises(Conflict, match="only after its delivery failed"):
        resend(world.runtime, ORG, one.id, actor="mem_1")
