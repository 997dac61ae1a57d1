"""Whatever happens to a referral while its branch goes, it earns at one side."""

from typing import Any

from moref.books.check import faults
from moref.conversions.model import Conversion
from moref.intake.model import Contact, Job
from moref.kernel.keys import GLOBAL
from moref.privacy.ask_erasure import ask_erasure
from moref.records import Change, get
from moref.referrals.attribute import attribute
from moref.referrals.merge_contacts import merge_contacts
from moref.referrals.model import Door, Lead, Link, Referral
from moref.referrals.request_quote import Quote, request_quote
from moref.rewards.model import Reward
from moref.transfers.referrals import SETTLED, WENT
from tests.unit.transfers.test_referrals import friend, referred
from tests.unit.transfers.world import FACTS, Sale

FRED = "+12145550188"


def twice(sale: Sale) -> tuple[Contact, Contact]:
    """Ann, whom the old owner's CRM has as two customers."""
    other = sale.person("Anna", None, "ann@example.com")
    sale.store.commit(Change(other, other.changed(sale.clock.at, first_name="Ann")))
    return sale.person("Ann", "+12145550142"), get(sale.store, Contact, sale.a, other.id)


def test_who_earned_at_the_old_owner_earns_nothing_by_a_form_that_came_while_the_branch_went() -> None:
    base = Sale()
    code, referral = referred(base)
    base.job(base.a, "J-A", friend(base, base.a), *FACTS)
    assert base.earned(base.a, referral.id) is not None
    base.accept(base.offer())
    for moment, sale in base.moments():
        sale.quote(code, "Fred", FRED)
        sale.finish()
        sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS, referral_code=code)
        assert sale.all(Conversion) == [], moment
        assert len(sale.all(Conversion, sale.a)) == 1, moment


def test_one_friend_of_two_rows_of_one_advocate_earns_at_one_side() -> None:
    """The old owner knows the advocate twice; the new one, who knows them once, sees that it is one person."""
    for first in ("+12145550142", None):
        sale = Sale()
        one, two = twice(sale)
        sale.person("Ann", "+12145550142", "ann@example.com", org=sale.b)
        early, late = (one, two) if first else (two, one)
        sale.quote(sale.link(early).id, "Fred", FRED)
        sale.drain()
        sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
        sale.quote(sale.link(late).id, "Fred", FRED)
        sale.sell()
        sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
        assert len(sale.all(Conversion, sale.a)) + len(sale.all(Conversion)) == 1, first


def test_an_earning_that_is_undone_before_the_last_look_goes_after_all() -> None:
    sale = Sale()
    _, referral = referred(sale)
    sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
    sale.accept(sale.offer())
    sale.drain()
    assert [one.reason for one in sale.all(Referral)] == [SETTLED]
    job = get(sale.store, Job, sale.a, "J-A")
    undone = {**job.facts, "invoiced": job.facts["invoiced"].model_copy(update={"value": False})}
    sale.store.commit(Change(job, job.changed(sale.clock.at, facts=undone, state="completed")))
    sale.tell("referrals", {"name": "job.changed", "organization_id": sale.a, "subject": "J-A", "data": {}})
    sale.finish()
    was = sale.referral(referral.id)
    assert (was.status, was.reason) == ("lost", WENT)
    sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
    assert [one.status for one in sale.all(Conversion, sale.a)] == ["withdrawn"]
    assert len(sale.all(Conversion)) == 1


def test_no_job_and_no_member_of_the_old_owner_stands_in_evidence() -> None:
    sale = Sale()
    ann = sale.person("Ann", "+12145550142")
    code = sale.link(ann).id
    fred = sale.person("Fred", FRED)
    sale.job(sale.a, "JOB-OF-A", fred, "booked", referral_code=code)
    advocate = sale.advocate(get(sale.store, Link, sale.a, code))
    attribute(sale.runtime, sale.a, "JOB-OF-A", advocate.id, actor="mem_of_a", reason="they said so")
    sale.drain()
    (theirs,) = sale.all(Referral, sale.a)
    assert {each.source_id for each in theirs.evidence} == {"JOB-OF-A", "mem_of_a"}
    sale.sell()
    (ours,) = sale.all(Referral)
    assert [(each.kind, each.at, each.code) for each in ours.evidence] == [
        (each.kind, each.at, each.code) for each in theirs.evidence
    ]
    for (_, pk, _), row in sale.store.rows.items():
        if pk.startswith(f"{sale.b}#"):
            assert not [id for id in ("JOB-OF-A", "mem_of_a", theirs.id, advocate.id, ann.id) if id in str(row)], pk


def test_rows_that_are_merged_at_the_old_owner_while_the_branch_goes() -> None:
    base = Sale()
    one, two = twice(base)
    codes = [base.link(each).id for each in (one, two)]
    base.quote(codes[0], "Fred", FRED)
    base.drain()
    base.accept(base.offer())
    for moment, sale in base.moments():
        merge_contacts(sale.runtime, sale.a, one.id, two.id, actor="mem_a", reason="one person")
        sale.finish()
        doors = [get(sale.store, Door, GLOBAL, code) for code in codes]
        assert {door.owner_id for door in doors} == {sale.b}, moment
        sale.job(sale.b, "J-B", friend(sale, sale.b), *FACTS)
        sale.job(sale.a, "J-A", friend(sale, sale.a), *FACTS)
        assert (len(sale.all(Conversion, sale.a)), len(sale.all(Conversion))) == (0, 1), moment


def test_a_friend_whom_the_new_owner_erases_meanwhile_leaves_nothing_there() -> None:
    base = Sale()
    referred(base)
    base.accept(base.offer())
    for moment, sale in base.moments():
        found = [one for one in sale.all(Contact) if one.phone == FRED]
        if not found:
            continue
        ask_erasure(sale.runtime, sale.b, found[0].id, reason="asked", actor="mem_2")
        sale.drain()
        sale.finish()
        sale.clock.move(minutes=4)
        sale.drain()
        left = [pk for (_, pk, _), row in sale.store.rows.items() if pk.startswith(f"{sale.b}#") and FRED in str(row)]
        assert left == [], moment
        assert [one for one in sale.all(Contact) if one.phone == FRED] == []


def test_what_earned_a_credit_that_went_is_undone_and_counts_again() -> None:
    sale = Sale()
    sale.credit(sale.person("Ann", "+12145550142"), "Fred", FRED)
    sale.sell()
    for value in (False, True, False):
        job = get(sale.store, Job, sale.a, "job_Fred")
        facts = {**job.facts, "invoiced": job.facts["invoiced"].model_copy(update={"value": value})}
        state: Any = "invoiced" if value else "completed"
        sale.store.commit(Change(job, job.changed(sale.clock.at, facts=facts, state=state)))
        sale.tell("referrals", {"name": "job.changed", "organization_id": sale.a, "subject": job.id, "data": {}})
        sale.drain()
        assert faults(sale.store, sale.a) == faults(sale.store, sale.b) == []
    assert [one.status for one in sale.all(Reward)] == ["issued"]


def test_a_friend_who_sent_a_hundred_forms_does_not_hold_a_branch_up() -> None:
    base = Sale()
    code, referral = referred(base)
    for number in range(130):
        notes = f"note {number}"
        form = Quote(f"n-{number}", "Fred", "Friend", FRED, None, "75201", None, None, notes, "Texts are fine.", "1")
        request_quote(base.runtime, code, form)
    base.drain()
    base.accept(base.offer())
    for moment, sale in base.moments():
        sale.finish()
        assert sale.referral(referral.id).reason == WENT
        assert len(sale.all(Lead)) == len(sale.all(Lead, sale.a)) == 131, moment
        assert {one.referral_id for one in sale.all(Lead)} == {one.id for one in sale.all(Referral)}, moment
