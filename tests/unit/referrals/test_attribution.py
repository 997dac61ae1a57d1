"""The earliest documented evidence wins; within an hour the stronger kind decides; the order of hearing never does."""

from datetime import timedelta
from itertools import permutations
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from moref.intake.model import JobState
from moref.referrals.attribution import CLOSE, STRENGTH, choose, winner, with_evidence
from moref.referrals.model import Evidence, EvidenceKind, Referral
from moref.referrals.progress import _BY_JOB
from tests.fakes.runtime import START

evidence = st.builds(
    Evidence,
    kind=st.sampled_from(get_args(EvidenceKind)),
    at=st.integers(0, 240).map(lambda minutes: START + timedelta(minutes=minutes)),
    source_id=st.sampled_from(["lead_1", "lead_2", "job_1", "mem_1"]),
    code=st.sampled_from([None, "A", "B"]),
)


def piece(kind: EvidenceKind, minutes: int, source: str = "") -> Evidence:
    return Evidence(kind=kind, at=START + timedelta(minutes=minutes), source_id=source or f"{kind}{minutes}")


def referral(id: str, *pieces: Evidence) -> Referral:
    return Referral(
        organization_id="org_1", id=id, created_at=START, updated_at=START, advocate_id=id, contact_id="c",
        location_id="l", code=id, evidence=list(pieces),
    )  # fmt: skip


@given(st.lists(evidence, min_size=1, max_size=5))
def test_every_order_of_hearing_gives_the_same_winner(pieces: list[Evidence]) -> None:
    assert len({winner(order) for order in permutations(pieces)}) == 1


@given(st.lists(st.lists(evidence, min_size=1, max_size=3), min_size=1, max_size=4))
def test_every_order_of_referrals_gives_the_same_choice(groups: list[list[Evidence]]) -> None:
    referrals = [referral(f"r{n}", *pieces) for n, pieces in enumerate(groups)]
    chosen = {found.id for order in permutations(referrals) if (found := choose(order)) is not None}
    assert len(chosen) == 1


@given(st.lists(evidence, min_size=1, max_size=6))
def test_the_winner_is_within_the_hour_or_the_intake_of_the_earliest_and_none_there_is_stronger(
    pieces: list[Evidence],
) -> None:
    best = winner(pieces)
    assert best is not None
    earliest = min(each.at for each in pieces)
    close = [each for each in pieces if each.at - earliest <= CLOSE]
    assert all(STRENGTH.index(best.kind) <= STRENGTH.index(each.kind) for each in close)
    firsts = {each.source_id for each in pieces if each.at == earliest}
    assert best in close or best.source_id in firsts


def test_within_one_hour_the_stronger_kind_decides() -> None:
    assert winner([piece("quote_form", 0), piece("code_at_intake", 60)]) == piece("code_at_intake", 60)


def test_after_one_hour_the_earlier_evidence_decides() -> None:
    assert winner([piece("code_at_intake", 61), piece("quote_form", 0)]) == piece("quote_form", 0)


def test_one_intake_is_judged_as_one_however_long_it_took() -> None:
    named = piece("name_mention", 0, "job_1")
    coded = piece("code_at_intake", 300, "job_1")
    assert winner([named, coded]) == coded


def test_evidence_heard_again_keeps_its_first_time() -> None:
    first = piece("code_at_intake", 0, "job_1")
    assert with_evidence([first], piece("code_at_intake", 30, "job_1")) == [first]


def test_every_kind_has_a_strength_and_every_job_state_a_place() -> None:
    assert set(STRENGTH) == set(get_args(EvidenceKind))
    assert set(_BY_JOB) == set(get_args(JobState))
