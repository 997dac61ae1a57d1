"""What was earned stays, what is open goes, and nothing earns at both sides."""

from collections.abc import Callable
from typing import Any

import pytest

from moref.books.check import faults
from moref.conversions.approve import approve
from moref.conversions.model import Conversion
from moref.intake.model import Contact
from moref.programs.model import Program
from moref.records import Change, get
from moref.referrals.attribute import attribute
from moref.referrals.model import Lead, Referral
from moref.referrals.remove import remove
from moref.rewards.model import Payout, Reward
from moref.rewards.release import release
from moref.rewards.start_payout import start_payout
from moref.transfers.referrals import SETTLED, WENT
from tests.unit.transfers.world import FACTS, Sale

FRED = "+12145550188"


def referred(sale: Sale) -> tuple[str, Referral]:
    """The code, and Fred's referral by it at the old owner."""
    code = sale.link(sale.person("Ann", "+12145550142")).id
    referral = sale.quote(code, "Fred", FRED)
    sale.drain()
    return code, referral


def friend(sale: Sale, org: str) -> Contact:
    (found,) = [one for one in sale.all(Contact, org) if one.phone == FRED]
    return found


def test_an_open_referral_goes_with_its_evidence_and_its_lead() -> None:
    sale = Sale()
    code, referral = referred(sale)
    sale.clock.move(days=3)
    sale.sell()
    (ours,) = sale.all(Referral)
    assert (ours.status, ours.code, ours.location_id) == ("new", code, sale.place.id)
    assert [(each.kind, each.at) for each in ours.evidence] == [(each.kind, each.at) for each in referral.evidence]
    lead = get(sale.store, Lead, sale.b, ours.lead_id or "")
    assert (lead.status, lead.waits() is not None, lead.contact_id) == ("failed", True, ours.contact_id)
    assert ours.evidence[0].source_id == lead.id
    was = sale.referral(referral.id)
    assert (was.status, was.reason) == ("lost", WENT)


def test_the_new_owners_program_judges_by_its_own_jobs() -> None:
    sale = Sale()
    referred(sale)
    sale.sell()
    sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
    (conversion,) = sale.all(Conversion)
    assert conversion.program_id == sale.second.program_id
    assert sale.all(Referral)[0].status == "qualified"


@pytest.mark.parametrize("order", ["a first", "b first"])
@pytest.mark.parametrize("booked", [True, False])
def test_facts_at_both_sides_make_one_conversion(order: str, booked: bool) -> None:
    """Also of a job that the old owner's CRM had before, names the code, or the advocate by name."""
    sale = Sale()
    code, _ = referred(sale)
    if booked:
        sale.job(sale.a, "J-A", friend(sale, sale.a), "booked")
    sale.sell()

    def at_a() -> None:
        sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
        sale.job(sale.a, "J-A2", friend(sale, sale.a), *FACTS, referral_code=code, referred_by="Ann Test")

    def at_b() -> None:
        sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS, referral_code=code)

    for told in (at_a, at_b) if order == "a first" else (at_b, at_a):
        told()
    assert [one.status for one in sale.all(Conversion, sale.a)] == []
    assert len(sale.all(Conversion)) == 1


def test_a_conversion_that_waits_stays_and_is_paid_by_the_old_owner() -> None:
    sale = Sale()
    _, referral = referred(sale)
    sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
    conversion = sale.earned(sale.a, referral.id)
    assert conversion is not None
    assert conversion.status in ("pending", "held")
    sale.sell()
    assert sale.referral(referral.id).status == "qualified"
    assert [(one.status, one.reason) for one in sale.all(Referral)] == [("lost", SETTLED)]
    approve(sale.runtime, sale.a, conversion.id, actor="mem_a", reason="known")
    sale.clock.move(minutes=11)
    (reward,) = sale.all(Reward, sale.a)
    release(sale.runtime, sale.a, reward.id)
    start_payout(sale.runtime, sale.a, reward.id)
    assert reward.legal_entity_id == sale.payer(sale.a)
    assert sale.all(Payout) == []
    assert faults(sale.store, sale.a) == []


def test_after_it_earned_at_the_old_owner_the_same_friend_earns_nothing_anew() -> None:
    """Nor does a rival claim that lost to it."""
    sale = Sale()
    code, referral = referred(sale)
    sale.clock.move(days=1)
    rival = sale.quote(sale.link(sale.person("Bea", "+12145550155")).id, "Fred", FRED)
    sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
    assert [sale.referral(one.id).status for one in (referral, rival)] == ["qualified", "duplicate"]
    sale.sell()
    sale.quote(code, "Fred", FRED)
    sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
    sale.job(sale.b, "J-B2", friend(sale, sale.b), *FACTS, referral_code=code, referred_by="Ann Test")
    assert [one.reason for one in sale.all(Referral)] == [SETTLED]
    assert sale.all(Conversion) == []


def test_a_rival_claim_of_an_open_referral_goes_along_and_the_rule_decides_there() -> None:
    sale = Sale()
    code, _ = referred(sale)
    sale.clock.move(days=1)
    sale.quote(sale.link(sale.person("Bea", "+12145550155")).id, "Fred", FRED)
    sale.job(sale.a, "J-A", friend(sale, sale.a), "booked")
    sale.sell()
    sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
    assert len(sale.all(Conversion)) == 1
    assert {one.code: one.status for one in sale.all(Referral)}[code] == "qualified"
    assert sale.all(Conversion, sale.a) == []


def test_one_that_staff_removed_or_that_was_undone() -> None:
    sale = Sale()
    _, referral = referred(sale)
    remove(sale.runtime, sale.a, referral.id, actor="mem_a", reason="a mistake")
    sale.sell()
    assert [one.status for one in sale.all(Referral)] == ["lost"]


def test_a_referral_whose_job_was_cancelled_may_still_become_one_there() -> None:
    sale = Sale()
    _, referral = referred(sale)
    sale.job(sale.a, "J-A", friend(sale, sale.a), "booked", "cancelled")
    assert sale.referral(referral.id).status == "cancelled"
    sale.sell()
    sale.job(sale.a, "J-A2", friend(sale, sale.a), *FACTS)
    sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
    assert (sale.all(Conversion, sale.a), len(sale.all(Conversion))) == ([], 1)


def test_what_the_new_owners_crm_told_before_counts_as_it_would_have() -> None:
    """The friend's job is known there already when the referral comes."""
    sale = Sale()
    referred(sale)
    sale.accept(sale.offer())
    fred = sale.person("Fred", FRED, org=sale.b)
    sale.job(sale.b, "J-B", fred, "booked")
    sale.finish()
    (ours,) = sale.all(Referral)
    assert (ours.status, ours.job_id) == ("booked", "J-B")


RACES: dict[str, Callable[[Sale, Referral], Any]] = {
    "a fact qualifies it": lambda sale, one: sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS),
    "another quote": lambda sale, one: sale.quote(one.code, "Fred", FRED),
}


@pytest.mark.parametrize("race", RACES)
def test_a_race_in_the_middle_leaves_it_at_one_side(race: str) -> None:
    """At every moment of the transfer."""
    base = Sale()
    _, referral = referred(base)
    base.accept(base.offer())
    steps = 0
    while True:
        sale = base.clone()
        if not sale.step(steps):
            break
        RACES[race](sale, referral)
        sale.finish()
        at_a = [one.status for one in sale.all(Referral, sale.a) if one.status not in ("lost", "duplicate")]
        at_b = [one.status for one in sale.all(Referral) if one.reason != SETTLED]
        assert len(at_a) + len(at_b) == 1, (steps, at_a, at_b)
        sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
        sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
        assert len(sale.all(Conversion, sale.a)) + len(sale.all(Conversion)) == 1, steps
        steps += 1
    assert steps > 5


def test_staff_of_the_old_owner_cannot_revive_it() -> None:
    sale = Sale()
    _, referral = referred(sale)
    sale.sell()
    sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
    with pytest.raises(Exception, match="lost"):
        attribute(sale.runtime, sale.a, "J-A", referral.advocate_id, actor="mem_a", reason="we knew")


def test_an_advocate_of_the_new_owner_is_judged_by_their_program_for_customers() -> None:
    sale = Sale()
    program = get(sale.store, Program, sale.b, sale.second.program_id)
    tiers = [tier.model_copy(update={"amount": 7700}) for tier in program.tiers]
    sale.store.commit(Change(program, program.changed(sale.clock.at, tiers=tiers)))
    referred(sale)
    sale.sell()
    sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
    (conversion,) = sale.all(Conversion)
    assert conversion.terms.tiers[0].amount == 7700
