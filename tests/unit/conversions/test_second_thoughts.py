"""Ten minutes to undo, two members for much money, and staff who are told when nobody decides."""

from datetime import timedelta

import pytest

from moref.api.bulk import decide
from moref.conversions.approve import UNDO, approve
from moref.conversions.model import Conversion
from moref.conversions.reject import reject
from moref.conversions.undo import undo
from moref.kernel.errors import BadInput, Conflict
from moref.messaging.model import Message
from moref.programs.model import Tier
from moref.records import get
from moref.referrals.model import Advocate, Referral
from moref.rewards import ledger
from moref.rewards.model import AuditRow, Entry, OpenPayout, Payout, Reward
from tests.fakes.memory_store import Crash
from tests.simulation import invariants
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, crowd, program, referred


def yes(world: World, id: str, actor: str = "mem_1") -> Conversion:
    return approve(world.runtime, ORG, id, actor=actor, reason="known")


def paid(world: World) -> int:
    world.drain()
    return len(world.provider.orders)


def test_what_a_person_approved_is_paid_after_ten_minutes_and_not_before() -> None:
    world = World()
    id = referred(world, "x")
    yes(world, id)
    world.pass_time(minutes=10, seconds=-1)
    assert paid(world) == 0
    world.pass_time(seconds=1)
    assert paid(world) == 1
    (reward,) = world.all(Reward)
    assert reward.released_at == reward.approved_at + UNDO


def test_the_policy_releases_at_once() -> None:
    world = World()
    program(world, approval="automatic")
    referred(world, "x")
    world.drain()
    assert paid(world) == 1
    with pytest.raises(Conflict, match="policy"):
        undo(world.runtime, ORG, conversion(world, "x").id, actor="mem_1")


def test_undone_in_time_nothing_was_paid_and_everything_is_as_before() -> None:
    world = World()
    id = referred(world, "x")
    before = conversion(world, "x")
    yes(world, id)
    world.drain()
    world.pass_time(minutes=9, seconds=59)
    after = undo(world.runtime, ORG, id, actor="mem_2", reason="wrong button")
    assert (after.status, after.round, after.by_hand, after.waiting_since) == ("pending", 1, True, before.waiting_since)
    assert (after.ordinal, after.reward_id, after.taken) == (None, None, None)
    assert get(world.store, Advocate, ORG, "adv_1").approved == 0
    assert [reward.status for reward in world.all(Reward)] == ["reversed"]
    assert set(ledger.total(world.all(Entry))["USD"].values()) == {0}
    world.pass_time(days=3)
    world.reconcile()
    assert (paid(world), world.all(Payout)) == (0, [])
    assert [row.action for row in world.all(AuditRow)] == ["conversion.undone", "conversion.approved"]
    yes(world, id)
    world.drain()
    world.pass_time(minutes=10)
    assert paid(world) == 1
    invariants.check(world)


def test_too_late_it_stays() -> None:
    world = World()
    id = referred(world, "x")
    yes(world, id)
    world.pass_time(minutes=10)  # its release is late: the promise to pay counts all the same
    with pytest.raises(Conflict, match="too late"):
        undo(world.runtime, ORG, id, actor="mem_1")
    paid(world)
    world.pass_time(seconds=1)
    assert paid(world) == 1
    with pytest.raises(Conflict, match="too late"):
        undo(world.runtime, ORG, id, actor="mem_1")
    assert paid(world) == 1


def test_of_an_undo_and_a_release_in_one_moment_one_wins() -> None:
    world = World()
    id = referred(world, "x")
    yes(world, id)
    (reward,) = world.all(Reward)
    inner = world.store.commit

    def commit(*writes: object) -> None:
        world.store.commit = inner  # type: ignore[method-assign]
        world.edit(get(world.store, Reward, ORG, reward.id), released_at=world.clock.at)
        inner(*writes)  # type: ignore[arg-type]

    world.store.commit = commit  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        undo(world.runtime, ORG, id, actor="mem_1")
    assert conversion(world, "x").status == "approved"
    assert world.all(Reward)[0].status == "pending"


def test_a_lost_schedule_is_made_up_for_by_the_reconcile_job() -> None:
    world = World()
    yes(world, referred(world, "x"))
    world.drain()
    world.scheduler.schedules.clear()
    world.pass_time(minutes=11)
    assert paid(world) == 0
    world.reconcile()
    assert paid(world) == 1


@pytest.mark.parametrize("point", [1, 2])
def test_an_undo_that_dies_has_happened_or_not(point: int) -> None:
    world = World()
    id = referred(world, "x")
    yes(world, id)
    world.store.crash_at = world.store.points + point
    with pytest.raises(Crash):
        undo(world.runtime, ORG, id, actor="mem_1")
    assert conversion(world, "x").status == ("approved" if point == 1 else "pending")
    invariants.check(world)


def test_an_undo_opens_again_what_the_approval_had_closed() -> None:
    world = World()
    world.refer(said_at=timedelta(days=1))
    world.fact(1, "invoiced")
    world.drain()
    id = conversion(world, 1).id
    assert yes(world, id).status == "approved"
    after = undo(world.runtime, ORG, id, actor="mem_1")
    assert (after.status, [hold.open for hold in after.holds]) == ("held", [True])
    assert (get(world.store, Referral, ORG, "ref_1").reason or "").startswith("held: ")


def test_one_that_earned_nothing_is_undone_too() -> None:
    world = World()
    program(world, mode="milestone", tiers=[Tier(at=5, amount=100)])
    id = referred(world, "x")
    assert yes(world, id).reward_id is None
    assert undo(world.runtime, ORG, id, actor="mem_1").status == "pending"
    yes(world, id)
    world.pass_time(minutes=10)
    with pytest.raises(Conflict, match="too late"):
        undo(world.runtime, ORG, id, actor="mem_1")


def test_much_money_takes_two_different_members() -> None:
    world = World()
    program(world, second_approver_over=2499)
    id = referred(world, "x")
    first = yes(world, id)
    assert (first.status, [hold.rule for hold in first.open_holds()]) == ("held", ["second_approver"])
    with pytest.raises(Conflict, match="somebody else"):
        yes(world, id)
    assert world.all(Reward) == []
    with pytest.raises(BadInput):
        approve(world.runtime, ORG, id, actor="mem_2")
    done = yes(world, id, "mem_2")
    assert (done.status, [vote.by for vote in done.votes], done.decided_by) == ("approved", ["mem_1"], "mem_2")
    actions = [(row.actor, row.action) for row in world.all(AuditRow)]
    assert sorted(actions) == [("mem_1", "conversion.first_approval"), ("mem_2", "conversion.approved")]
    undo(world.runtime, ORG, id, actor="mem_1")
    assert yes(world, id, "mem_2").status == "held", "after an undo both are asked again"


def test_a_first_yes_is_to_the_amount_that_was_seen_and_to_no_more() -> None:
    world = World()
    program(world, second_approver_over=1000, tiers=[Tier(at=1, amount=2000), Tier(at=2, amount=9000)])
    one, other = referred(world, "x"), referred(world, "y")
    assert yes(world, other).votes[0].amount == 2000
    yes(world, one)
    yes(world, one, "mem_2")  # so the other one is the second now, and earns more
    assert yes(world, other, "mem_2").status == "held"
    assert [(vote.by, vote.amount) for vote in conversion(world, "y").votes] == [("mem_2", 9000)]
    assert yes(world, other, "mem_1").status == "approved"


def test_just_that_much_takes_one_and_the_policy_is_none_of_two() -> None:
    world = World()
    program(world, second_approver_over=2500, tiers=[Tier(at=1, amount=2500), Tier(at=2, amount=2501)],
            approval="automatic")  # fmt: skip
    referred(world, "x")
    world.drain()
    assert conversion(world, "x").decided_by == "policy"
    id = referred(world, "y")
    world.drain()
    assert (conversion(world, "y").status, conversion(world, "y").by_hand) == ("pending", True)
    assert yes(world, id).status == "held"
    assert yes(world, id, "mem_2").status == "approved"


def test_a_job_that_is_undone_meanwhile_forgets_the_first_vote() -> None:
    world = World()
    program(world, second_approver_over=0)
    world.refer()
    world.fact(1, "invoiced")
    world.drain()
    yes(world, conversion(world, 1).id)
    for cancelled in (True, False):
        world.clock.move(minutes=1)
        world.fact(1, "cancelled", cancelled)
        world.drain()
    assert conversion(world, 1).votes == []
    assert yes(world, conversion(world, 1).id, "mem_2").status == "held"


def told(world: World) -> list[tuple[str, int]]:
    return [(e["name"], e["data"]["hours"]) for e in world.store.events if e["name"] == "conversion.escalated"]


def test_staff_are_told_after_24_and_after_40_hours_and_only_of_what_waits() -> None:
    world = World()
    ids = crowd(world, 3)
    world.drain()
    reject(world.runtime, ORG, ids[2], actor="mem_1", reason="no")
    world.pass_time(hours=24, seconds=-1)
    world.drain()
    assert told(world) == []
    world.pass_time(seconds=1)
    world.drain()
    assert told(world) == [("conversion.escalated", 24)] * 2
    yes(world, ids[1])
    world.pass_time(hours=16)
    world.drain()
    assert told(world) == [("conversion.escalated", 24)] * 2 + [("conversion.escalated", 40)]
    mails = world.all(Message)
    assert [(mail.template, mail.kind, mail.contact_id) for mail in mails] == [("conversion_waits", "staff", None)] * 3
    assert {mail.fields["conversion"] for mail in mails} == set(ids[:2])


def test_the_same_warning_heard_twice_is_one_and_what_the_policy_waits_for_warns_nobody() -> None:
    world = World()
    crowd(world, 1)
    world.drain()
    world.pass_time(hours=24)
    world.drain()
    for queue, message in list(world.handled):
        if message.get("command") == "escalate":
            world.handle(queue, message)
    assert len(told(world)) == 1
    program(world, approval="automatic", hold_days=30)
    referred(world, "patient")
    world.drain()
    world.pass_time(hours=41)
    world.drain()
    assert conversion(world, "patient").waiting_since is None
    assert len([one for one in world.all(Message) if one.fields["conversion"] == conversion(world, "patient").id]) == 0


def test_many_at_once_each_for_itself() -> None:
    world = World()
    ids = crowd(world, 3)
    reject(world.runtime, ORG, ids[1], actor="mem_1", reason="no")
    found = decide([*ids, ids[0], "cnv_unknown"], lambda id: approve(world.runtime, ORG, id, actor="mem_1"))
    assert [(one.ok, one.status or one.code) for one in found] == [
        (True, "approved"), (False, "conflict"), (True, "approved"), (False, "not_found"),
    ]  # fmt: skip
    assert len(world.all(OpenPayout)) == 0, "of this organization; the list is the platform's"
    assert len(world.all(Reward)) == 2


def test_bulk_approval_keeps_one_broken_row_to_itself_but_no_defect() -> None:
    def broken(id: str) -> Conversion:
        raise RuntimeError(id)

    with pytest.raises(RuntimeError):
        decide(["cnv_1"], broken)
