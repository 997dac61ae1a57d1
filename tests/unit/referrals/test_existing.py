"""Who was a customer in the months before is no new one; who stayed away longer is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.intake.model import Contact, Fact, Job
from moref.referrals.existing import known_since, months_before
from moref.referrals.model import Evidence

NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
BASE: dict[str, Any] = {"organization_id": "o", "updated_at": NOW, "location_id": "l"}


def job(id: str, received: datetime, *, contact: str = "c", **facts: datetime) -> Job:
    known = {kind: Fact(kind=kind, value=True, at=at) for kind, at in facts.items()}
    return Job(
        **BASE, id=id, created_at=received, connection_id="x", external_id=id, contact_id=contact, facts=known,
        received_at=received,
    )  # fmt: skip


def contact(created: datetime, *crm_keys: str) -> Contact:
    return Contact(**BASE, id="c", created_at=created, crm_keys=list(crm_keys))


def evidence(at: datetime = NOW, **over: Any) -> Evidence:
    return Evidence(**{"kind": "quote_form", "at": at, "source_id": "lead_1", **over})


OWN = job("own", NOW + timedelta(days=2), booked=NOW + timedelta(days=2))


@pytest.mark.parametrize(
    ("earlier", "known"),
    [
        (job("old", NOW - timedelta(days=30)), True),
        (job("old", NOW - timedelta(days=400)), False),
        (
            job("old", NOW - timedelta(days=400), completed=NOW - timedelta(days=300)),
            True,
        ),  # they moved within the year
        (job("old", NOW, completed=NOW - timedelta(days=500)), False),  # imported today, done long ago
        (job("later", NOW + timedelta(days=1)), False),
    ],
)
def test_an_earlier_job_counts_for_the_months_of_the_setting(earlier: Job, known: bool) -> None:
    found = known_since([evidence()], OWN, [OWN, earlier], [], 12)
    assert (found is not None) is known
    assert known_since([evidence()], OWN, [OWN, earlier], [], 0) is None


def test_the_jobs_own_arrival_counts_unless_it_brought_the_evidence_or_staff_said_it_of_this_job() -> None:
    known = job("own", NOW - timedelta(days=1))
    assert known_since([evidence()], known, [known], [], 12) == (known.received_at, NOW)
    at_intake = evidence(kind="code_at_intake", source_id="own")
    assert known_since([at_intake], known, [known], [], 12) is None
    by_staff = evidence(kind="staff", source_id="mem_1", job_id="own")
    assert known_since([by_staff], known, [known], [], 12) is None


@pytest.mark.parametrize(
    ("row", "known"),
    [
        (contact(NOW - timedelta(days=40), "crm|1"), True),  # asked for a price once
        (contact(NOW - timedelta(days=400), "crm|1"), False),
        (contact(NOW - timedelta(days=40)), False),  # a form's
        (contact(NOW + timedelta(days=2), "crm|1"), False),  # came with the job
    ],
)
def test_a_crms_contact_counts_without_any_job(row: Contact, known: bool) -> None:
    assert (known_since([evidence()], OWN, [OWN], [row], 12) is not None) is known


def test_without_evidence_nobody_can_be_earlier() -> None:
    assert known_since([], OWN, [OWN], [], 12) is None


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [((2026, 3, 31), 1, (2026, 2, 28)), ((2028, 3, 31), 1, (2028, 2, 29)), ((2026, 1, 15), 12, (2025, 1, 15))],
)
def test_months_are_calendar_months(day: tuple[int, int, int], months: int, expected: tuple[int, int, int]) -> None:
    assert months_before(datetime(*day, tzinfo=UTC), months) == datetime(*expected, tzinfo=UTC)
