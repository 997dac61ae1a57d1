"""A consent field of a CRM: it counts under the organization's attestation, and unticked it counts no more."""

from datetime import timedelta
from itertools import permutations

import pytest

from moref.intake.apply_notice import notice_writes
from moref.intake.consents import attested, joined
from moref.intake.model import Consent, Contact
from moref.intake.notice import read_notice
from moref.kernel.errors import Conflict
from moref.messaging.addresses import has_consent
from moref.records import Create, every, get
from moref.rewards.model import AuditRow
from moref.tenants.attest_consent import attest_consent
from moref.tenants.model import Attestation, Connection
from tests.fakes.referral_world import LOCATION, ORG, World, world

WORDS = "I agree to get texts about my move and offers"


@pytest.fixture
def w() -> World:
    made = world()
    connection = Connection(
        **made.base("cn_1"), crm="generic", name="CRM", default_location_id=LOCATION, supplies=["completed"],
        hook_token="t", secret_ciphertext="s",
    )  # fmt: skip
    made.store.commit(Create(connection))
    return made


def attest(w: World, text: str | None = WORDS) -> Connection:
    version = get(w.store, Connection, ORG, "cn_1").version
    return attest_consent(w.runtime, ORG, "cn_1", version=version, text=text, actor="mem_1")


def told(w: World, opt_in: bool | None, *, minutes: int = 0) -> Contact:
    """The CRM speaks of Ann; `minutes` from now."""
    at = w.clock.now() + timedelta(minutes=minutes)
    customer = {"id": "C-7", "first_name": "Ann", "phone": "+15125550123", "sms_opt_in": opt_in}
    notice = read_notice({"at": at.isoformat(), "job": {"id": "J-1"}, "customer": customer}, w.clock.now())
    if writes := notice_writes(w.runtime, get(w.store, Connection, ORG, "cn_1"), at, notice):
        w.store.commit(*writes)
    (contact,) = every(w.store, Contact, ORG)
    return contact


def test_without_the_attestation_a_ticked_box_is_no_consent(w: World) -> None:
    assert told(w, True).consents == []


def test_under_the_attestation_it_is_one_consent_with_the_attested_words(w: World) -> None:
    attest(w)
    told(w, True)
    (consent,) = told(w, True, minutes=5).consents
    assert (consent.text, consent.text_version, consent.at) == (WORDS, "2026-06-02", w.clock.now())
    assert consent.source == "CRM field of cn_1, attested by the organization"
    assert has_consent(told(w, None, minutes=6), "sms")
    assert [row.action for row in every(w.store, AuditRow, ORG)] == ["connection.consent_attested"]


def test_a_box_that_is_unticked_withdraws_it_also_after_the_attestation_ended(w: World) -> None:
    attest(w)
    assert has_consent(told(w, True), "sms")
    attest(w, None)
    assert not has_consent(told(w, False, minutes=1), "sms")
    assert not has_consent(told(w, True, minutes=2), "sms")
    attest(w, WORDS + ", anew")
    assert has_consent(told(w, True, minutes=3), "sms")
    assert not has_consent(told(w, False, minutes=4), "sms")


def test_an_old_version_attests_nothing(w: World) -> None:
    with pytest.raises(Conflict):
        attest_consent(w.runtime, ORG, "cn_1", version=9, text=WORDS, actor="mem_1")


@pytest.mark.parametrize(
    "answers", [(True, False, True), (False, False, True), (True, False, False), (True, True, False)]
)
def test_in_whatever_order_the_answers_are_heard_a_no_is_never_forgotten(w: World, answers: tuple[bool, ...]) -> None:
    now = w.clock.now()
    attestation = Attestation(text=WORDS, at=now, by="mem_1")
    said = [
        attested("cn_1", attestation, agreed=agreed, at=now + timedelta(minutes=place))
        for place, agreed in enumerate(answers)
    ]
    for order in permutations(said):
        known: list[Consent] = []
        for one in order:
            known = joined(known, [one])
        contact = Contact(**w.base("con_1"), location_id=LOCATION, consents=known)
        # Of two answers yes the later may be dropped: silence is the error we can afford.
        assert not (has_consent(contact, "sms") and not answers[-1])
        assert len(known) <= len(answers)
    assert (
        has_consent(Contact(**w.base("con_2"), location_id=LOCATION, consents=joined([], said)), "sms") == answers[-1]
    )


def test_consents_that_stand_on_their_own_are_all_kept(w: World) -> None:
    now = w.clock.now()
    proofs = [
        Consent(channel="sms", text="a", at=now + timedelta(minutes=place), source="quote form") for place in range(3)
    ]
    assert joined(proofs[1:], [proofs[0], proofs[2]]) == proofs
