"""Whoever lifts a hold about staff themselves does not approve alone, unless nobody else may approve."""

from typing import Any

import pytest

from moref.conversions.approve import approve
from moref.conversions.hold_decisions import close_hold
from moref.conversions.model import Conversion
from moref.conversions.undo import undo
from moref.intake.model import Contact
from moref.kernel.errors import Conflict
from moref.records import get
from moref.referrals.explain import explain
from moref.rewards.model import AuditRow, Reward
from moref.tenants.model import Member
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, program, referred


def member(world: World, id: str, role: str = "admin", **fields: Any) -> Member:
    return world.make(Member, id, email=f"{id}@bluebird.test", name=id, role=role, **fields)


def held(rule: str = "employee", **rules: Any) -> tuple[World, str]:
    """A conversion that this rule alone holds, with two admins who may decide it."""
    world = World()
    program(world, **rules)
    member(world, "mem_1")
    member(world, "mem_2")
    id = referred(world, "x")
    if rule == "self_referral":
        world.edit(get(world.store, Contact, ORG, "con_x"), person_keys=["key-x", "key-ann"])
    else:
        member(world, "mem_ann", "member")
        world.edit(get(world.store, Member, ORG, "mem_ann"), email="ann@home.test")
        world.edit(get(world.store, Contact, ORG, "con_ann"), person_keys=["key-ann", *keys(world)])
    world.tell("referral.changed", "ref_x")
    world.drain()
    assert rule in [hold.rule for hold in conversion(world, "x").open_holds()]
    return world, id


def keys(world: World) -> list[str]:
    from moref.people import person_keys

    return [*person_keys(world.runtime.keys, ORG, None, "ann@home.test")]


def yes(world: World, id: str, actor: str = "mem_1", **more: Any) -> Conversion:
    return approve(world.runtime, ORG, id, actor=actor, reason="looked at it", **more)


def lift(world: World, id: str, actor: str, rule: str = "employee", **more: Any) -> Conversion:
    return close_hold(world.runtime, ORG, id, rule, actor=actor, reason="a cousin", **more)


def test_who_approves_it_held_is_one_of_two() -> None:
    world, id = held()
    first = yes(world, id)
    second = next(hold for hold in first.open_holds() if hold.rule == "second_approver")
    assert second.words == (
        "It was held because the advocate may be a member of staff. Whoever lifts that does not approve alone; one has "
        "approved."
    )
    told = explain(world.runtime, ORG, "ref_x", "staff")
    assert {"rule": "second_approver", "words": second.words} in told["holds"]
    assert told["next"]["words"] == "One member has approved it; a second one has to."
    with pytest.raises(Conflict, match="somebody else"):
        yes(world, id)
    assert world.all(Reward) == []
    assert yes(world, id, "mem_2").status == "approved"


def test_who_lifted_it_before_is_one_of_two_and_another_member_is_enough() -> None:
    world, id = held()
    assert lift(world, id, "mem_1").status == "pending"
    assert yes(world, id).status == "held"
    assert yes(world, id, "mem_2").status == "approved"
    world, id = held()
    lift(world, id, "mem_1")
    assert yes(world, id, "mem_2").status == "approved"
    world, id = held()
    assert yes(world, id).status == "held"
    lift(world, id, "mem_2")
    assert yes(world, id).status == "approved", "two members looked at it"


def test_a_self_referral_likewise() -> None:
    world, id = held("self_referral", friend_reward=None)
    from moref.programs.agree import record_tariff

    record_tariff(world.runtime, ORG, item="130", valid_from=world.clock.at, actor="mem_1")
    assert yes(world, id).status == "held"
    assert yes(world, id, "mem_2").status == "approved"


def test_an_undone_approval_asks_both_again() -> None:
    world, id = held()
    yes(world, id)
    yes(world, id, "mem_2")
    assert undo(world.runtime, ORG, id, actor="mem_1").status == "held"
    assert yes(world, id, "mem_2").status == "held"
    assert yes(world, id).status == "approved"


@pytest.mark.parametrize(
    "other", [None, {"role": "member"}, {"status": "removed"}, {"location_ids": ["loc_elsewhere"]}], ids=str
)
def test_where_nobody_else_may_approve_it_is_allowed_and_said(other: dict[str, Any] | None) -> None:
    world, id = held()
    two = get(world.store, Member, ORG, "mem_2")
    world.edit(two, **(other or {"status": "removed"}))
    done = yes(world, id)
    assert done.status == "approved"
    (row,) = [row for row in world.all(AuditRow) if row.action == "conversion.approved"]
    for words in (done.reason or "", row.detail["reason"]):
        assert words.startswith("looked at it. Whoever lifted the hold approved alone: nobody else may approve")


def test_what_is_held_for_another_reason_takes_one_as_before() -> None:
    world, id = held()
    one = conversion(world, "x")
    holds = [hold.model_copy(update={"rule": "velocity"}) for hold in one.holds]
    world.edit(one, holds=holds)
    world.edit(get(world.store, Contact, ORG, "con_ann"), person_keys=["key-ann"])
    assert yes(world, id).status == "approved"


def test_an_api_key_is_none_of_two_and_lifts_no_such_hold() -> None:
    world, id = held()
    with pytest.raises(Conflict, match="by a member, not by an API key"):
        lift(world, id, "key_1", is_member=False)
    with pytest.raises(Conflict, match="API key is none"):
        yes(world, id, "key_1", is_member=False)
    yes(world, id)
    with pytest.raises(Conflict, match="API key is none"):
        yes(world, id, "key_1", is_member=False)
    world = World()
    program(world, second_approver_over=1)
    id = referred(world, "x")
    yes(world, id)
    with pytest.raises(Conflict, match="API key is none"):
        yes(world, id, "key_1", is_member=False)
    assert yes(world, id, "mem_2").status == "approved"
