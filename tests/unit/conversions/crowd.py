"""Conversions of many advocates, one each, invoiced and waiting."""

from typing import Any

from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.conversions.qualify import qualify
from moref.intake.derive import state
from moref.intake.model import Contact, Fact, Job
from moref.programs.model import Program, program_id
from moref.records import get
from moref.referrals.model import Advocate, Evidence, Referral
from tests.simulation.world import ORG, World

PROGRAM = program_id(ORG, "customer", None)


def program(world: World, **fields: Any) -> Program:
    return world.edit(get(world.store, Program, ORG, PROGRAM), **fields)


def conversion(world: World, n: int | str = 1) -> Conversion:
    return get(world.store, Conversion, ORG, conversion_id(ORG, f"ref_{n}"))


def crowd(world: World, many: int, location: str = "loc_1", kind: Any = "customer") -> list[str]:
    """Ids of the conversions; the n-th is of advocate adv_c<n>."""
    ids = []
    for n in range(1, many + 1):
        world.make(Contact, f"con_a{n}", location_id=location, first_name="Ann", email=f"ann{n * 111}@home.test")
        one = world.make(Advocate, f"adv_c{n}", contact_id=f"con_a{n}", location_id=location)
        world.edit(one, kind=kind)
        ids.append(referred(world, f"c{n}", f"adv_c{n}", location=location))
    return ids


def referred(world: World, name: str, advocate: str = "adv_1", *, location: str = "loc_1", **job: Any) -> str:
    """One more friend of an advocate, whose job is invoiced now; the id of the conversion, also when there is none."""
    now = world.clock.at
    facts = {kind: Fact(kind=kind, value=True, at=now) for kind in ("booked", "completed", "invoiced")}
    if "amount" in job:
        facts["amount"] = Fact(kind="amount", value=job.pop("amount"), at=now)
    friend = world.make(Contact, f"con_{name}", location_id=location, first_name="Bob", person_keys=[f"key-{name}"])
    world.make(
        Job, f"job_{name}", connection_id="crm_1", external_id=name, location_id=location, contact_id=friend.id,
        received_at=now, facts=facts, state=state(facts), **{"interstate": False} | job,
    )  # fmt: skip
    world.make(
        Referral, f"ref_{name}", advocate_id=advocate, contact_id=friend.id, location_id=location, code="7K3M9QX2WDT",
        job_id=f"job_{name}", status="invoiced",
        evidence=[Evidence(kind="quote_form", at=now, source_id=f"lead_{name}", code="7K3M9QX2WDT")],
    )  # fmt: skip
    qualify(world.runtime, ORG, f"ref_{name}")
    return conversion_id(ORG, f"ref_{name}")
