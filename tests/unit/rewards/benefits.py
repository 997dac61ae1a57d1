"""A world whose program gives something else than gift cards, and what is asked of it all the time."""

from datetime import timedelta
from typing import Any

from moref.books.check import faults
from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.intake.derive import state
from moref.intake.model import Fact, Job
from moref.programs.model import FriendReward, ProgramText, Tier
from moref.records import get
from moref.referrals.model import Referral
from moref.rewards import ledger
from moref.rewards.model import Entry, Reward
from tests.simulation import invariants
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import program, referred

FRIEND = FriendReward(amount=1000)


def world_with(**rules: Any) -> World:
    world = World()
    program(world, **rules)
    return world


def earned(world: World, name: str = "x", *, actor: str = POLICY, **job: Any) -> Reward:
    """One more friend's job, approved; the advocate's reward as it is when the queues are empty."""
    id = referred(world, name, **job)
    approve(world.runtime, ORG, id, actor=actor, reason="known")
    world.drain()
    return reward(world, name)


def reward(world: World, name: str = "x", who: str = "advocate") -> Reward:
    found = [one for one in world.all(Reward) if one.conversion_id == conversion_id(ORG, f"ref_{name}")]
    (one,) = [each for each in found if each.who == who and each.status != "reversed"] or found[:1]
    return one


def job_says(world: World, id: str, crash: int | None = None, **facts: Any) -> None:
    """Newer facts about any job; its news are worked on, by a worker that dies after so many points."""
    world.clock.at += timedelta(seconds=1)
    job = get(world.store, Job, ORG, id)
    told = {kind: Fact(kind=kind, value=value, at=world.clock.at) for kind, value in facts.items()}
    after = {**job.facts, **told}
    world.edit(job, facts=after, state=state(after))
    world.tell("job.changed", id)
    referral = "ref_" + id.removeprefix("job_")
    if world.store.find(Referral, ORG, referral) is not None:
        world.tell("referral.changed", referral)  # as track_job would
    world.store.crash_at = None if crash is None else world.store.points + crash
    world.drain()
    world.store.crash_at = None


def own_job(
    world: World,
    id: str = "job_own",
    *,
    amount: int | None = 100_000,
    contact: str = "con_ann",
    crash: int | None = None,
    **job: Any,
) -> None:
    """The advocate's own next move, invoiced."""
    now = world.clock.at
    fields: dict[str, Any] = {"interstate": False} | job
    world.make(
        Job, id, connection_id="crm_1", external_id=id, location_id="loc_1", contact_id=contact, received_at=now,
        **fields,
    )  # fmt: skip
    facts: dict[str, Any] = {"completed": True, "invoiced": True}
    job_says(world, id, crash, **facts | ({"amount": amount} if amount is not None else {}))


def accounts(world: World) -> dict[str, int]:
    return {name: amount for name, amount in ledger.total(world.all(Entry)).get("USD", {}).items() if amount}


def right(world: World) -> None:
    """The journal has no fault, and whatever stands beside it says the same."""
    assert faults(world.store, ORG) == []
    if all(one.who == "advocate" for one in world.all(Reward)):
        invariants.counts_agree(world, world.all(Reward))


def with_terms(world: World, **rules: Any) -> None:
    """A program whose text the advocate has accepted."""
    from moref.programs.agree import record_acceptance

    found = program(world, terms_version=1, **rules)
    world.make(ProgramText, "ptx_1", program_id=found.id, number=1, text="Be fair.")
    record_acceptance(
        world.runtime, ORG, found, advocate_id="adv_1", what="terms", number=1, accepted_at=world.clock.at,
        source="page", actor="mem_1",
    )  # fmt: skip


SHARE = [Tier(at=1, basis_points=1000, maximum=50_000)]
