"""Staff attribute, remove and decide claims; the published rule decides who holds the job."""

from datetime import timedelta
from typing import Any

import pytest

from moref.intake.model import Job
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import every, get
from moref.referrals.attribute import attribute
from moref.referrals.dispute import decide_dispute, open_dispute
from moref.referrals.model import Dispute, Link, Referral
from moref.referrals.remove import remove
from moref.rewards.model import AuditRow
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import ORG, World, world
from tests.unit.referrals.people import advocate, form, holder, tell, work

BO: dict[str, Any] = {"first_name": "Bo", "last_name": "Friend", "phone": "+15125550177"}
WHO: dict[str, Any] = {"actor": "mem_1", "reason": "she told us on the phone"}


class Office:
    """Two advocates, and a customer's job."""

    def __init__(self) -> None:
        self.w: World = world()
        self.jane: Link = advocate(self.w, "Jane", "Doe", "+15125550111")
        self.tom: Link = advocate(self.w, "Tom", "Roe", "+15125550122")

    def job(self, did: str = "booked") -> Job:
        return tell(self.w, "J-1", did=did, **BO)

    def credit(self, link: Link, job: Job) -> Referral:
        found = attribute(self.w.runtime, ORG, job.id, link.advocate_id, **WHO)
        work(self.w)
        return get(self.w.store, Referral, ORG, found.id)

    def audits(self, action: str) -> list[AuditRow]:
        return [row for row in every(self.w.store, AuditRow, ORG) if row.action == action]


@pytest.fixture
def o() -> Office:
    return Office()


def test_staff_name_the_advocate_of_a_job_that_nothing_connected(o: Office) -> None:
    job = o.job()
    o.w.clock.move(days=2)
    found = o.credit(o.jane, job)
    assert (found.job_id, found.status, found.code) == (job.id, "booked", o.jane.id)
    assert [(piece.kind, piece.source_id) for piece in found.evidence] == [("staff", "mem_1")]
    assert o.credit(o.jane, job) == found
    (row,) = o.audits("referral.attributed")
    assert (row.actor, row.detail["reason"], row.detail["job"]) == ("mem_1", WHO["reason"], job.id)


def test_earlier_evidence_of_another_wins_over_staffs_word_and_both_are_kept(o: Office) -> None:
    form(o.w, o.tom, **BO)
    o.w.clock.move(days=1)
    job = o.job()
    claimed = o.credit(o.jane, job)
    assert (claimed.status, claimed.job_id) == ("duplicate", None)
    assert [piece.kind for piece in claimed.evidence] == ["staff"]
    found = holder(o.w, job)
    assert found is not None
    assert found.advocate_id == o.tom.advocate_id


def test_a_removed_attribution_stays_removed_and_lets_the_other_claimant_in(o: Office) -> None:
    form(o.w, o.tom, **BO)
    o.w.clock.move(days=1)
    job = o.job()
    o.credit(o.jane, job)
    wrong = holder(o.w, job)
    assert wrong is not None
    for _ in range(2):
        remove(o.w.runtime, ORG, wrong.id, **WHO)
    work(o.w)
    found = holder(o.w, job)
    assert found is not None
    assert found.advocate_id == o.jane.advocate_id
    o.w.clock.move(minutes=1)
    o.job("completed")
    removed = get(o.w.store, Referral, ORG, wrong.id)
    assert (removed.status, removed.reason) == ("removed", WHO["reason"])
    assert len(o.audits("referral.removed")) == 1
    told = [event for event in o.w.events("referral.changed") if event["data"]["status"] == "removed"]
    assert [event["data"]["previous_status"] for event in told] == ["booked"]
    with pytest.raises(Conflict, match="removed"):
        o.credit(o.tom, job)


def test_what_cannot_be_is_refused(o: Office) -> None:
    job = o.job()
    with pytest.raises(NotFound):
        attribute(o.w.runtime, ORG, job.id, "adv_unknown", **WHO)
    with pytest.raises(NotFound):
        attribute(o.w.runtime, "org_2", job.id, o.jane.advocate_id, **WHO)
    with pytest.raises(BadInput):
        attribute(o.w.runtime, ORG, job.id, o.jane.advocate_id, **WHO, at=o.w.clock.now() + timedelta(days=1))
    with pytest.raises(BadInput):
        remove(o.w.runtime, ORG, "ref", actor="mem_1", reason=" ")


@pytest.mark.parametrize("point", [1, 2, 3, 4])
def test_a_crash_anywhere_and_a_second_try_end_alike(o: Office, point: int) -> None:
    job = o.job()
    o.w.store.crash_at = o.w.store.points + point
    with pytest.raises(Crash):
        o.credit(o.jane, job)
    found = o.credit(o.jane, job)
    assert (found.job_id, len(found.evidence)) == (job.id, 1)
    assert len(o.audits("referral.attributed")) == 1


def opened(o: Office, link: Link, job: Job) -> Dispute:
    return open_dispute(
        o.w.runtime, ORG, link.advocate_id, job.id, claim="I sent him in May", proof=["text of 2 May"], actor="mem_1"
    )


def test_a_claim_is_a_case_with_a_deadline_and_is_opened_once(o: Office) -> None:
    job = o.job()
    case = opened(o, o.jane, job)
    assert (case.status, case.deadline) == ("open", o.w.clock.now() + timedelta(days=14))
    o.w.clock.move(days=1)
    assert opened(o, o.jane, job) == case
    assert len(o.audits("dispute.opened")) == 1


def test_an_accepted_claim_counts_from_the_day_that_was_proven(o: Office) -> None:
    proven = o.w.clock.now()
    o.w.clock.move(days=3)
    form(o.w, o.tom, **BO)
    o.w.clock.move(days=1)
    job = o.job()
    case = opened(o, o.jane, job)
    assert case.referral_id == getattr(holder(o.w, job), "id", None)
    with pytest.raises(BadInput) as refused:
        decide_dispute(o.w.runtime, ORG, case.id, accept=True, referred_at=None, **WHO)
    assert refused.value.field == "referred_at"
    for _ in range(2):
        case = decide_dispute(o.w.runtime, ORG, case.id, accept=True, referred_at=proven, **WHO)
    work(o.w)
    found = holder(o.w, job)
    assert found is not None
    assert (case.status, case.result_id) == ("accepted", found.id)
    assert found.advocate_id == o.jane.advocate_id
    with pytest.raises(Conflict, match="credited to them"):
        opened(o, o.jane, job)


def test_a_claim_that_is_later_than_the_holders_evidence_stays_open(o: Office) -> None:
    form(o.w, o.tom, **BO)
    o.w.clock.move(days=3)
    job = o.job()
    case = opened(o, o.jane, job)
    with pytest.raises(Conflict, match="remove that first"):
        decide_dispute(o.w.runtime, ORG, case.id, accept=True, referred_at=o.w.clock.now(), **WHO)
    assert get(o.w.store, Dispute, ORG, case.id).status == "open"
    assert [one.advocate_id for one in every(o.w.store, Referral, ORG)] == [o.tom.advocate_id], "no word of it is kept"
    rejected = decide_dispute(o.w.runtime, ORG, case.id, accept=False, referred_at=None, **WHO)
    assert (rejected.status, rejected.reason, rejected.decided_by) == ("rejected", WHO["reason"], "mem_1")
    with pytest.raises(Conflict, match="rejected already"):
        decide_dispute(o.w.runtime, ORG, case.id, accept=True, referred_at=o.w.clock.now(), **WHO)


def test_what_staff_had_said_by_hand_before_does_not_hide_the_day_that_was_proven(o: Office) -> None:
    """The same member had written the advocate down, too late to count; then the proof comes."""
    proven = o.w.clock.now()
    o.w.clock.move(days=3)
    form(o.w, o.tom, **BO)
    o.w.clock.move(days=1)
    job = o.job()
    assert o.credit(o.jane, job).status == "duplicate"
    case = opened(o, o.jane, job)
    for _ in range(2):
        case = decide_dispute(o.w.runtime, ORG, case.id, accept=True, referred_at=proven, **WHO)
    work(o.w)
    found = holder(o.w, job)
    assert found is not None
    assert (found.advocate_id, case.status) == (o.jane.advocate_id, "accepted")
    assert [piece.at for piece in found.evidence if piece.kind == "staff"] == [job.received_at, proven]
    with pytest.raises(BadInput):
        decide_dispute(
            o.w.runtime, ORG, opened(o, o.tom, job).id, accept=True, referred_at=o.w.clock.now() + timedelta(days=1),
            **WHO,
        )  # fmt: skip
