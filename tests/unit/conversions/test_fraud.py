"""Each rule about persons at its edge: pure, then from rows through the real look-ups."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref import people
from moref.conversions.fraud import found
from moref.conversions.hold_decisions import appeal_hold, close_hold, reopen_hold
from moref.conversions.holds import Case
from moref.conversions.qualify import qualify
from moref.intake.model import Address, Contact, Job
from moref.records import Create, Point, get
from moref.referrals.model import Advocate, Evidence, Referral
from moref.rewards.model import Reward
from moref.tenants.model import Location, Member
from tests.simulation.world import ORG, World
from tests.unit.conversions.crowd import conversion, referred

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
OAK = Address(street="12 Oak Street", city="Austin", state="TX", postal_code="78701")
OAK_TOO = Address(street="12 oak st.", postal_code="78701-1234")
ELM = Address(street="7 Elm Ave", postal_code="78702")


def contact(id: str, email: str | None = None, *keys: str) -> Contact:
    return Contact(
        organization_id="o", id=id, created_at=NOW, updated_at=NOW, location_id="l", email=email, person_keys=list(keys)
    )


def job(id: str, **fields: Any) -> Job:
    return Job(
        organization_id="o", id=id, created_at=NOW, updated_at=NOW, connection_id="c", external_id=id, contact_id="b",
        location_id="l", received_at=NOW + timedelta(days=1), **fields,
    )  # fmt: skip


def rules(**over: Any) -> list[str]:
    own = over.pop("job", job("own"))
    fields: dict[str, Any] = {
        "advocate": contact("a", "ann.lee@home.test", "ka"), "friends": [contact("b", "bob@home.test", "kb")],
        "job": own, "jobs": [own], "evidence": [Evidence(kind="quote_form", at=NOW, source_id="lead_1")],
    }  # fmt: skip
    return [hold.rule for hold in found(Case(**fields | over))]


def test_strangers_are_not_held() -> None:
    assert rules() == []


@pytest.mark.parametrize(("kind", "held"), [("customer", ["employee"]), ("partner", ["employee"]), ("house", [])])
def test_staff_do_not_refer_but_the_house_may(kind: str, held: list[str]) -> None:
    assert rules(staff_keys=frozenset({"ka", "other"}), advocate_kind=kind) == held
    assert rules(staff_keys=frozenset({"kb"}), advocate_kind=kind) == [], "a friend may work here"


@pytest.mark.parametrize(
    ("from_", "to", "own", "held"),
    [
        (OAK, ELM, OAK_TOO, True),
        (ELM, OAK_TOO, OAK, True),
        (ELM, None, OAK, False),
        (None, None, OAK, False),
        (Address(city="Austin", postal_code="78701"), None, Address(city="Austin", postal_code="78701"), False),
    ],
)
def test_a_household_is_one_address_in_any_spelling(
    from_: Address | None, to: Address | None, own: Address, held: bool
) -> None:
    found = rules(job=job("own", origin=from_, destination=to), advocate_jobs=[job("theirs", destination=own)])
    assert found == (["household"] if held else [])


@pytest.mark.parametrize(
    ("kind", "many", "held"), [("customer", 10, False), ("customer", 11, True), ("partner", 500, False)]
)
def test_too_many_in_a_day_unless_it_is_their_trade(kind: str, many: int, held: bool) -> None:
    assert bool(rules(advocate_kind=kind, referrals_that_day=many, most_a_day=10)) is held


@pytest.mark.parametrize(
    ("email", "held"),
    [
        ("x@mailinator.com", True),
        ("x@eu.mailinator.com", True),
        ("x@notmailinator.com", False),
        ("x@mailinator.com.example.org", False),
        ("x@gmail.com", False),
        (None, False),
    ],
)
def test_addresses_made_to_be_thrown_away(email: str | None, held: bool) -> None:
    assert rules(friends=[contact("b", email)]) == (["disposable_email"] if held else [])
    assert rules(advocate=contact("a", email)) == (["disposable_email"] if held else [])


@pytest.mark.parametrize(
    ("email", "held"),
    [
        ("ann.lea@home.test", True),
        ("ann.leee@home.test", True),
        ("nan.lee@home.test", True),
        ("ann.loo@home.test", False),
        ("ann.lea@work.test", False),
        ("bob@home.test", False),
    ],
)
def test_one_letter_from_the_advocates_own(email: str, held: bool) -> None:
    assert rules(friends=[contact("b", email)]) == (["similar_email"] if held else [])


def test_short_names_are_close_by_chance() -> None:
    assert rules(advocate=contact("a", "ann@home.test"), friends=[contact("b", "anna@home.test")]) == []


# From rows


def held(world: World, name: str = "x") -> list[str]:
    return [hold.rule for hold in conversion(world, name).holds]


def keyed(world: World, id: str, **address: str) -> None:
    """Gives a contact an address as intake would."""
    known = get(world.store, Contact, ORG, id)
    keys = people.person_keys(world.runtime.keys, ORG, address.get("phone"), address.get("email"))
    world.edit(known, person_keys=keys, **address)
    world.store.commit(*[Point(ORG, "person", key, id) for key in keys])


def test_a_member_and_the_branchs_own_phone_are_staff() -> None:
    world = World()
    world.make(Member, "mem_9", email="ann@bluebird.test", name="Ann", role="member")
    keyed(world, "con_ann", email="ann@bluebird.test")
    referred(world, "x")
    assert held(world) == ["employee"]
    branch = World()
    branch.edit(get(branch.store, Location, ORG, "loc_1"), phone="+15125550100")
    keyed(branch, "con_ann", phone="+15125550100")
    referred(branch, "x")
    assert held(branch) == ["employee"]


def test_another_advocate_who_was_rewarded_at_the_same_address() -> None:
    world = World()
    keyed(world, "con_ann", email="shared@home.test")
    world.make(Contact, "con_two", location_id="loc_1", first_name="Zoe")
    keyed(world, "con_two", email="shared@home.test")
    world.make(Advocate, "adv_two", contact_id="con_two", location_id="loc_1")
    referred(world, "before")
    assert held(world, "before") == []
    world.make(
        Reward, "rwd_two", advocate_id="adv_two", contact_id="con_two", conversion_id="cnv", location_id="loc_1",
        legal_entity_id="ent_1", amount=1, currency="USD", approved_at=world.clock.at,
    )  # fmt: skip
    referred(world, "after")
    assert held(world, "after") == ["recipient_reuse"]


def test_referrals_are_counted_within_24_hours_before() -> None:
    world = World()
    for n in range(10):
        world.store.commit(Create(_referral(world, n)))
    referred(world, "x")
    assert held(world) == ["velocity"]
    world.clock.move(hours=24, seconds=1)
    referred(world, "y")
    assert held(world, "y") == []


def _referral(world: World, n: int) -> Referral:
    now = world.clock.at
    return Referral(
        organization_id=ORG, id=f"ref_old{n}", created_at=now, updated_at=now, advocate_id="adv_1", contact_id="con_x",
        location_id="loc_1", code="7K3M9QX2WDT",
    )  # fmt: skip


def test_what_staff_closed_stays_closed_whatever_is_looked_at_again() -> None:
    world = World()
    keyed(world, "con_ann", phone="+15125550100")
    world.edit(get(world.store, Location, ORG, "loc_1"), phone="+15125550100")
    id = referred(world, "x")
    noted = appeal_hold(world.runtime, ORG, id, "employee", actor="mem_1", note="she left in May")
    assert (noted.status, noted.holds[0].appeal, noted.holds[0].appealed_by) == ("held", "she left in May", "mem_1")
    closed = close_hold(world.runtime, ORG, id, "employee", actor="mem_2", reason="true, she left")
    assert (closed.status, closed.holds[0].closed_by) == ("pending", "mem_2")
    assert get(world.store, Referral, ORG, "ref_x").status == "qualified"
    qualify(world.runtime, ORG, "ref_x")
    assert conversion(world, "x") == closed
    again = reopen_hold(world.runtime, ORG, id, "employee", actor="mem_1", reason="she is back")
    assert (again.status, again.holds[0].open, again.holds[0].appeal) == ("held", True, "she left in May")
    assert (get(world.store, Referral, ORG, "ref_x").reason or "").startswith("held: ")
