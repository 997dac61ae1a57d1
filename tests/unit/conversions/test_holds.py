"""Who is held: the advocate himself under any name, and people who were customers before."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.conversions.fraud import found
from moref.conversions.holds import Case, existing_customer, self_referral
from moref.intake.model import Contact, Fact, Job
from moref.referrals.model import Evidence

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def contact(id: str, *keys: str) -> Contact:
    return Contact(
        organization_id="o", id=id, created_at=NOW, updated_at=NOW, location_id="loc_1", person_keys=list(keys)
    )  # fmt: skip


def job(id: str, received: datetime = NOW + DAY, **facts: datetime) -> Job:
    known: Any = {kind: Fact(kind=kind, value=True, at=at) for kind, at in facts.items()}
    return Job(
        organization_id="o", id=id, created_at=NOW, updated_at=NOW, connection_id="c", external_id=id, contact_id="b",
        location_id="loc_1", received_at=received, facts=known,
    )  # fmt: skip


def case(**over: Any) -> Case:
    own = over.get("job", job("own"))
    fields: dict[str, Any] = {
        "advocate": contact("a", "phone-a", "email-a"), "friends": [contact("b", "phone-b")], "job": own, "jobs": [own],
        "evidence": [Evidence(kind="quote_form", at=NOW, source_id="lead_1")],
    }  # fmt: skip
    return Case(**fields | over)


def test_a_stranger_is_not_held() -> None:
    assert found(case()) == []


@pytest.mark.parametrize(
    "friends",
    [
        [contact("a")],
        [contact("b", "email-a")],
        [contact("b", "phone-b"), contact("c", "phone-a")],
    ],
)
def test_the_advocate_under_another_name_is_held(friends: list[Contact]) -> None:
    hold = self_referral(case(friends=friends))
    assert hold is not None
    assert hold.open
    assert "advocate" in hold.words


@pytest.mark.parametrize(
    ("other", "held"),
    [
        (job("x", NOW - DAY), True),
        (job("x", NOW + DAY, booked=NOW - DAY), True),
        (job("x", NOW + DAY, completed=NOW - DAY), True),
        (job("x", NOW + DAY, quoted=NOW - DAY), False),
        (job("x", NOW + DAY, booked=NOW + DAY), False),
    ],
)
def test_an_earlier_job_of_the_same_person_holds(other: Job, held: bool) -> None:
    assert (existing_customer(case(jobs=[job("own"), other])) is not None) is held


def test_the_referrals_own_job_holds_when_we_knew_it_before_unless_it_brought_the_evidence() -> None:
    known = job("own", NOW - DAY)
    assert existing_customer(case(job=known, jobs=[known])) is not None
    at_intake = [Evidence(kind="code_at_intake", at=NOW, source_id="own")]
    assert existing_customer(case(job=known, jobs=[known], evidence=at_intake)) is None
    dated_back = job("own", NOW + DAY, booked=NOW - DAY)
    assert existing_customer(case(job=dated_back, jobs=[dated_back])) is None
