"""Consents go as they were given, wishes to be left alone always, and nobody who was erased comes back."""

from datetime import timedelta
from typing import Any

import pytest

from moref.campaigns.model import Enrollment
from moref.intake.model import TRANSFERRED, Contact
from moref.intake.resolve_contact import resolve_contact
from moref.messaging.addresses import has_consent, may_text
from moref.messaging.last_look import Skip, last_look
from moref.messaging.model import Message, Suppression
from moref.messaging.opt_out import opt_in, opt_out, suppression_id, suppression_of
from moref.privacy.ask_erasure import ask_erasure
from moref.records import Create, every, get
from moref.transfers.model import MovedContact
from tests.unit.transfers.world import BRANCH, Sale

ANN = ("Ann", "+12145550142", "ann@example.com")


def ours(sale: Sale, phone: str = ANN[1]) -> Contact:
    (found,) = [one for one in sale.all(Contact) if one.phone == phone]
    return found


def refused(sale: Sale, contact: Contact, channel: Any) -> str | None:
    """Why a marketing message of the new owner would not leave; None: nothing of the person stands against it."""
    base = {"organization_id": sale.b, "id": f"msg_{channel}", "created_at": sale.clock.at, "updated_at": sale.clock.at}
    message = Message(**base, channel=channel, template="ask", kind="marketing", location_id=sale.place.id,
                      contact_id=contact.id)  # fmt: skip
    found = last_look(sale.runtime, message)
    return found.reason if isinstance(found, Skip) else None


def test_consents_come_with_words_time_source_and_a_note() -> None:
    sale = Sale()
    (given,) = sale.person(*ANN).consents
    sale.sell()
    (came,) = ours(sale).consents
    assert (came.text, came.at, came.source, came.channel) == (given.text, given.at, given.source, given.channel)
    assert came.note == f"given to Bluebird; came with Bluebird Dallas on {sale.clock.at.date().isoformat()}"
    assert has_consent(ours(sale), "sms")
    assert refused(sale, ours(sale), "email") is None


def test_without_the_attestation_consents_are_history_and_nobody_is_advertised_to() -> None:
    sale = Sale(consents_continue=False)
    sale.person(*ANN)
    sale.sell()
    assert ours(sale).consents[0].history
    assert not may_text(ours(sale), "marketing")
    assert ours(sale).source == TRANSFERRED
    assert refused(sale, ours(sale), "email") == "no_consent"


def test_a_customer_of_the_new_owner_is_written_to_as_such() -> None:
    sale = Sale(consents_continue=False)
    sale.person(*ANN)
    sale.sell()
    contact, writes = resolve_contact(
        sale.runtime, sale.b, location_id=sale.place.id, connection_id="crm", external_id="9", first_name="Ann",
        last_name="Test", phone=ANN[1], email=ANN[2], source="crm",
    )  # fmt: skip
    sale.store.commit(*writes)
    assert contact.id == ours(sale).id
    assert refused(sale, ours(sale), "email") is None
    assert not has_consent(ours(sale), "sms"), "texts need a consent given here"


def test_the_new_owners_own_consent_stays_beside_history() -> None:
    sale = Sale(consents_continue=False)
    sale.person("Ann", ANN[1], org=sale.b)
    sale.person(*ANN)
    sale.sell()
    assert [each.history for each in ours(sale).consents].count(True) == 1
    assert has_consent(ours(sale), "sms")


@pytest.mark.parametrize("attested", [True, False])
def test_an_address_that_only_the_old_owner_knew_goes_to_the_new_owners_customer_with_the_consents(
    attested: bool,
) -> None:
    sale = Sale(consents_continue=attested)
    sale.person("Ann", ANN[1], org=sale.b)
    sale.person(*ANN)
    sale.sell()
    assert ours(sale).email == (ANN[2] if attested else None)
    assert (refused(sale, ours(sale), "email") is None) == attested


@pytest.mark.parametrize("reason", ["STOP", "staff", "complaint", "do_not_contact"])
def test_what_stands_against_writing_to_somebody_stands_there_too(reason: str) -> None:
    sale = Sale()
    sale.person(*ANN)
    opt_out(sale.runtime, sale.a, "sms", ANN[1], reason, note="ann-says")
    said = suppression_of(sale.runtime, sale.a, "sms", ANN[1])
    sale.sell()
    found = suppression_of(sale.runtime, sale.b, "sms", ANN[1])
    assert said is not None
    assert found is not None
    assert (found.reason, found.said_at, found.note) == (reason, said.said_at, None)
    assert found.id != said.id
    assert "sms" in ours(sale).opted_out


def test_an_opt_out_wins_over_what_the_new_owner_has() -> None:
    sale = Sale()
    sale.person("Ann", ANN[1], org=sale.b)
    sale.person(*ANN)
    opt_out(sale.runtime, sale.a, "sms", ANN[1], "STOP")
    sale.clock.move(hours=1)
    opt_out(sale.runtime, sale.b, "sms", ANN[1], "STOP")
    opt_in(sale.runtime, sale.b, "sms", ANN[1], "START")
    sale.sell()
    assert not may_text(ours(sale), "service")
    assert suppression_of(sale.runtime, sale.b, "sms", ANN[1]) is not None


def test_a_later_stop_to_the_old_owner_holds_for_the_new_one() -> None:
    sale = Sale()
    sale.person(*ANN)
    sale.sell()
    assert may_text(ours(sale), "marketing")
    sale.clock.move(days=30)
    opt_out(sale.runtime, sale.a, "sms", ANN[1], "STOP")
    opt_out(sale.runtime, sale.a, "email", ANN[2], "unsubscribed")
    sale.drain()
    assert not may_text(ours(sale), "service")
    found = suppression_of(sale.runtime, sale.b, "email", ANN[2])
    assert found is not None
    assert found.reason == "unsubscribed"


def test_a_later_stop_is_told_even_when_the_old_owner_has_erased_the_person() -> None:
    sale = Sale()
    ann = sale.person(*ANN)
    sale.sell()
    ask_erasure(sale.runtime, sale.a, ann.id, reason="they wrote to us", actor="mem_a")
    sale.drain()
    opt_out(sale.runtime, sale.a, "sms", ANN[1], "STOP")
    sale.drain()
    assert not may_text(ours(sale), "service")


def test_a_stop_in_the_middle_of_the_transfer_is_not_lost() -> None:
    sale = Sale()
    sale.person(*ANN)
    sale.accept(sale.offer())
    sale.drain()
    opt_out(sale.runtime, sale.a, "sms", ANN[1], "STOP")
    sale.finish()
    assert not may_text(ours(sale), "service")


def test_who_starts_again_at_the_new_owner_is_not_stopped_by_what_was_told_before() -> None:
    sale = Sale()
    sale.person(*ANN)
    opt_out(sale.runtime, sale.a, "sms", ANN[1], "unsubscribed")
    sale.accept(sale.offer())
    sale.drain()
    sale.clock.move(minutes=1)
    opt_in(sale.runtime, sale.b, "sms", ANN[1], "START")
    sale.finish()
    assert suppression_of(sale.runtime, sale.b, "sms", ANN[1]) is None
    opt_out(sale.runtime, sale.a, "sms", ANN[1], "STOP", at=sale.clock.at - timedelta(hours=2))
    sale.drain()
    assert suppression_of(sale.runtime, sale.b, "sms", ANN[1]) is None, "said before the start"
    opt_out(sale.runtime, sale.a, "sms", ANN[1], "STOP", at=sale.clock.at + timedelta(minutes=1))
    sale.drain()
    assert suppression_of(sale.runtime, sale.b, "sms", ANN[1]) is not None


def test_nothing_is_told_of_who_did_not_go() -> None:
    sale = Sale()
    sale.person(*ANN)
    sale.sell()
    before = len(sale.store.events)
    opt_out(sale.runtime, sale.a, "sms", "+12145550111", "STOP")
    assert len(sale.store.events) == before


def test_whom_the_new_owner_erased_is_not_made_again() -> None:
    sale = Sale()
    theirs = sale.person("Ann", ANN[1], ANN[2], org=sale.b)
    ask_erasure(sale.runtime, sale.b, theirs.id, reason="they wrote to us", actor="mem_b")
    sale.drain()
    sale.person(*ANN)
    sale.sell()
    assert [one for one in sale.all(Contact) if one.phone or one.email] == []


def test_whom_the_old_owner_erased_does_not_come_along() -> None:
    sale = Sale()
    ann = sale.person(*ANN)
    ask_erasure(sale.runtime, sale.a, ann.id, reason="they wrote to us", actor="mem_a")
    sale.drain()
    sale.sell()
    assert sale.all(Contact) == []
    assert sale.all(MovedContact) == []


def test_whom_the_new_owner_erases_meanwhile_stays_erased() -> None:
    sale = Sale()
    sale.person(*ANN)
    sale.accept(sale.offer())
    sale.drain()
    ask_erasure(sale.runtime, sale.b, ours(sale).id, reason="they wrote to us", actor="mem_b")
    sale.drain()
    sale.clock.move(minutes=4)
    sale.drain()
    assert [one for one in sale.all(Contact) if one.phone or one.email] == []


def test_two_of_one_household_stay_two() -> None:
    sale = Sale()
    sale.person("Ann", ANN[1])
    sale.person("Bob", ANN[1])
    sale.sell()
    assert sorted(one.first_name for one in sale.all(Contact)) == ["Ann", "Bob"]


def test_journeys_at_the_old_owner_end() -> None:
    sale = Sale()
    ann, now = sale.person(*ANN), sale.clock.at
    row = Enrollment(
        organization_id=sale.a, id="enr_1", created_at=now, updated_at=now, campaign_id="c", version_id="v",
        trigger="job_completed", cause="J", began_at=now, contact_id=ann.id, location_id=BRANCH, places=[],
    )  # fmt: skip
    sale.store.commit(Create(row))
    sale.sell()
    stopped = get(sale.store, Enrollment, sale.a, "enr_1")
    assert (stopped.status, stopped.reason) == ("stopped", "location_transferred")
    assert every(sale.store, Enrollment, sale.b) == []


def test_no_id_of_the_one_stands_in_a_row_of_the_other() -> None:
    sale = Sale()
    ann = sale.person(*ANN)
    opt_out(sale.runtime, sale.a, "email", ANN[2], "unsubscribed")
    sale.quote(sale.link(ann).id, "Fred", "+12145550188")
    sale.drain()
    sale.sell()
    for (_, pk, _), row in sale.store.rows.items():
        if pk.startswith(f"{sale.a}#"):
            assert not [id for id in (sale.b, sale.place.id) if id in str(row)], pk
        if pk.startswith(f"{sale.b}#"):
            assert not [id for id in (sale.a, BRANCH) if id in str(row)], pk
    key = suppression_id(sale.runtime, sale.a, "email", ANN[2])
    assert not [one for one in sale.all(Suppression) if one.id == key]
