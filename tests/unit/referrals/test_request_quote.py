"""One form is one lead, one friend of one advocate is one referral, and consent is stored as it was shown."""

import pytest

from moref.intake.model import Contact
from moref.kernel.errors import NotFound
from moref.records import every, get
from moref.referrals.model import Lead, Referral
from moref.referrals.request_quote import Quote, request_quote
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import ORG, world


def quote(nonce: str = "n1", consent: str | None = None, email: str | None = None) -> Quote:
    return Quote(
        nonce=nonce, first_name="Bo", last_name="Friend", phone="+15125550177", email=email, origin_zip="78701",
        destination_zip="80202", move_date="2026-07-01", notes="piano", consent_text=consent, consent_version="v7",
    )  # fmt: skip


def test_contact_lead_referral_and_event_are_made_together() -> None:
    w = world()
    link = w.advocate("con_a", phone="+15125550111")
    lead = request_quote(w.runtime, link.id, quote(consent="I agree to texts."))
    contact = get(w.store, Contact, ORG, lead.contact_id)
    referral = get(w.store, Referral, ORG, lead.referral_id)
    assert (contact.first_name, contact.phone) == ("Bo", "+15125550177")
    assert [(given.text, given.text_version, given.source) for given in contact.consents] == [
        ("I agree to texts.", "v7", "quote form")
    ]
    assert (referral.advocate_id, referral.contact_id, referral.status) == (link.advocate_id, contact.id, "new")
    assert [(piece.kind, piece.source_id, piece.code) for piece in referral.evidence] == [
        ("quote_form", lead.id, link.id)
    ]
    assert (lead.move_date, lead.notes, lead.status) == ("2026-07-01", "piano", "new")
    assert lead.origin is not None
    assert lead.origin.postal_code == "78701"
    assert [(event["subject"], event["data"]) for event in w.events("lead.created")] == [
        (lead.id, {"referral_id": referral.id})
    ]


def test_no_consent_is_no_consent() -> None:
    w = world()
    link = w.advocate("con_a", phone="+15125550111")
    lead = request_quote(w.runtime, link.id, quote())
    assert get(w.store, Contact, ORG, lead.contact_id).consents == []


def test_the_same_form_sent_again_is_the_same_lead() -> None:
    w = world()
    link = w.advocate("con_a", phone="+15125550111")
    leads = {request_quote(w.runtime, link.id, quote()).id for _ in range(3)}
    assert len(leads) == len(every(w.store, Lead, ORG)) == len(w.events("lead.created")) == 1


def test_the_same_friend_with_a_new_form_is_a_second_lead_of_one_referral() -> None:
    w = world()
    link = w.advocate("con_a", phone="+15125550111")
    first = request_quote(w.runtime, link.id, quote("n1"))
    second = request_quote(w.runtime, link.id, quote("n2", email="bo@friend.example"))
    assert first.id != second.id
    assert first.referral_id == second.referral_id
    (referral,) = every(w.store, Referral, ORG)
    assert [piece.source_id for piece in referral.evidence] == [first.id, second.id]


@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_at_the_write_and_a_second_try_make_one_lead(point: int) -> None:
    w = world()
    link = w.advocate("con_a", phone="+15125550111")
    w.store.crash_at = w.store.points + point
    with pytest.raises(Crash):
        request_quote(w.runtime, link.id, quote())
    request_quote(w.runtime, link.id, quote())
    assert len(every(w.store, Lead, ORG)) == len(every(w.store, Referral, ORG)) == len(w.events("lead.created")) == 1


def test_an_unknown_code_is_not_found() -> None:
    with pytest.raises(NotFound):
        request_quote(world().runtime, "00000000000", quote())


def test_no_event_carries_a_persons_data() -> None:
    w = world()
    link = w.advocate("con_a", phone="+15125550111")
    request_quote(w.runtime, link.id, quote(email="bo@friend.example"))
    text = repr(w.store.events)
    assert not [secret for secret in ("5550177", "bo@friend", "Friend", "piano") if secret in text]
