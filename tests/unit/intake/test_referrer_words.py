"""Codes and names that an office types into any field."""

import pytest

from moref.intake.model import Job
from moref.intake.referrer_words import codes_in, name_in, tells_of_a_referral
from moref.kernel import codes
from moref.records import Create
from moref.referrals.model import Link
from tests.fakes.runtime import START
from tests.unit.intake.world import ORG, job_of, notice, tell, world

CODE = "7K3M9QX2WDQ"


def test_the_code_of_these_tests_is_one() -> None:
    assert codes.normalise(CODE) == CODE


@pytest.mark.parametrize(
    "text",
    [
        "came by 7k3m-9qx2-wdq", "code: 7K3M 9QX2 WDQ.", "https://go.example/r/7K3M9QX2WDQ?x=1", "?ref=7k3m9qx2wdq",
        "information 7K3M9QX2WDQ", "(7K3M-9QX2-WDQ)",
    ],
)  # fmt: skip
def test_a_code_is_found_in_free_text(text: str) -> None:
    assert CODE in codes_in([None, text])


@pytest.mark.parametrize("text", ["7K3M-9QX2-WDT", "x7K3M9QX2WDQ", "7K3M9QX2WDQ1", "7K3M\n9QX2 WD", "no code at all"])
def test_a_wrong_check_character_or_half_a_code_is_none(text: str) -> None:
    assert codes_in([text]) == []


@pytest.mark.parametrize(
    ("referred_by", "others", "expected"),
    [
        ("Jane Doe", [], "Jane Doe"),
        ("referred by Jane Doe", [], "Jane Doe"),
        ("Jane O'Brien-Smith (neighbor)", [], "Jane O'Brien-Smith"),
        ("Dr. Jane Doe", [], "Jane Doe"),
        (None, ["Was referred by Jane Doe. wants piano moved"], "Jane Doe"),
        (None, ["Referral - Jane Doe"], "Jane Doe"),
        (None, ["REFERRAL: Jane Doe"], "Jane Doe"),
        (None, ["Google", "A friend of Bob Lee from church"], "Bob Lee"),
        (None, ["referral from our past customer María García"], "María García"),
        ("N/A", [], None),
        ("Google", [], None),
        ("a friend", [], None),
        ("Customer Referral", [], None),
        (None, ["Jane Doe will be at the door"], None),
        (None, ["referred by phone 512-555-0142"], "phone"),  # nobody's name, so staff see it on their list
    ],
)
def test_a_name_is_taken_where_words_say_that_they_sent_them(
    referred_by: str | None, others: list[str], expected: str | None
) -> None:
    assert name_in(referred_by, others) == expected


@pytest.mark.parametrize(
    ("source", "told"),
    [("Referral", True), ("Word of mouth", True), ("friend", True), ("Google", False), ("Mo-ref referral", True)],
)
def test_a_source_tells_of_a_referral_or_not(source: str, told: bool) -> None:
    assert tells_of_a_referral(None, source) is told


def heard(**job: str) -> Job:
    runtime = world()
    base = {"organization_id": ORG, "created_at": START, "updated_at": START}
    runtime.store.commit(Create(Link(**base, id=CODE, advocate_id="adv_1", location_id="loc_main")))
    tell(runtime, notice(minute=1, job=job))
    return job_of(runtime)


@pytest.mark.parametrize("field", ["referral_code", "referred_by", "source", "notes"])
def test_our_code_counts_in_whichever_field_it_stands(field: str) -> None:
    assert heard(**{field: "their code is 7k3m 9qx2 wdq"}).referral_code == CODE


def test_free_text_that_only_looks_like_a_code_is_none_of_ours() -> None:
    other = codes.new()
    assert heard(notes=f"order {other}").referral_code is None
    assert heard(notes=f"order {other}, {CODE}").referral_code == CODE


def test_notes_are_looked_through_and_not_kept() -> None:
    job = heard(notes="referred by Jane Doe, gate code 4711", source="Referral")
    assert (job.referred_by, job.source) == ("Jane Doe", "Referral")
    assert "4711" not in job.model_dump_json()


def test_a_very_long_note_does_not_cost_the_job() -> None:
    assert heard(notes="x" * 5000 + " referred by Jane Doe").referred_by is None
