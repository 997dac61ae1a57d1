"""Two rows of one person become one: links keep working, one friend is one referral, and twice is once."""

from typing import Any

import pytest

from moref.campaigns.model import JOURNEY, Enrollment
from moref.intake.model import Consent, Contact, Job
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.records import Change, Create, every, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.merge_contacts import merge_contacts
from moref.referrals.model import Advocate, Referral
from moref.rewards.model import AuditRow
from tests.fakes.memory_store import Crash
from tests.fakes.referral_world import LOCATION, ORG, World, world
from tests.unit.referrals.people import advocate, form, holder, tell, work

OLD: dict[str, Any] = {"first_name": "Bo", "last_name": "Friend", "phone": "+15125550177"}
NEW: dict[str, Any] = {
    "first_name": "Robert",
    "last_name": "Friend",
    "phone": "+17135550100",
    "email": "bo@example.com",
}


@pytest.fixture
def w() -> World:
    return world()


def merge(w: World, old: str, into: str) -> Contact:
    found = merge_contacts(w.runtime, ORG, old, into, actor="mem_1", reason="the same man")
    work(w)
    return found


def test_what_pointed_at_the_old_row_points_at_the_one_that_counts(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    referral = form(w, link, **OLD)
    old, new = tell(w, "J-1", **OLD), tell(w, "J-2", **NEW)
    enrollment = Enrollment(
        **w.base("enr_1"), campaign_id="referral_request", version_id="v1", trigger="job_completed", cause=old.id,
        began_at=w.clock.now(), contact_id=old.contact_id, job_id=old.id, location_id=LOCATION, places=[],
    )  # fmt: skip
    w.store.commit(Create(enrollment))
    kept = merge(w, old.contact_id, new.contact_id)
    assert get(w.store, Job, ORG, old.id).contact_id == new.contact_id
    assert get(w.store, Enrollment, ORG, "enr_1").contact_id == new.contact_id
    assert w.store.lookup(ORG, JOURNEY, new.contact_id) == ["enr_1"]
    assert get(w.store, Referral, ORG, referral.id).contact_id == new.contact_id
    history = get(w.store, Contact, ORG, old.contact_id)
    assert (history.merged_into, history.phone) == (new.contact_id, OLD["phone"])
    assert (kept.phone, kept.first_name) == (NEW["phone"], "Robert")
    assert set(history.person_keys) < set(kept.person_keys)
    again = tell(w, "J-3", id="C-J-1", **OLD)  # the CRM goes on under the old id
    assert again.contact_id == new.contact_id


def test_merging_twice_changes_nothing_and_a_third_row_is_refused(w: World) -> None:
    old, new, third = (tell(w, f"J-{n}", **who).contact_id for n, who in enumerate((OLD, NEW, {"first_name": "Al"})))
    merge(w, old, new)
    rows = {key: row["version"] for key, row in w.store.rows.items()}
    assert merge(w, old, new).id == new
    assert {key: row["version"] for key, row in w.store.rows.items()} == rows
    assert [row.action for row in every(w.store, AuditRow, ORG)].count("contact.merged") == 1
    with pytest.raises(Conflict):
        merge(w, old, third)
    with pytest.raises(BadInput):
        merge(w, new, old)  # a circle
    with pytest.raises(NotFound):
        merge(w, "con_unknown", new)


def test_links_of_both_rows_keep_working_and_credit_the_one_that_counts(w: World) -> None:
    one, other = advocate(w, "Jane", "Doe", "+15125550111"), advocate(w, "Janet", "Doe", "+15125550122")
    old, new = (get(w.store, Advocate, ORG, link.advocate_id).contact_id for link in (one, other))
    before = form(w, one, **OLD)
    merge(w, old, new)
    assert ensure_link(w.runtime, ORG, old, LOCATION).id == ensure_link(w.runtime, ORG, new, LOCATION).id == other.id
    by_old_link = form(w, one, first_name="Cy", last_name="Other", phone="+15125550188")
    assert by_old_link.advocate_id == other.advocate_id
    assert get(w.store, Referral, ORG, before.id).advocate_id == one.advocate_id  # and keeps what it had
    by_code = holder(w, tell(w, "J-9", job={"referral_code": one.id}, first_name="Di", last_name="New"))
    assert by_code is not None
    assert by_code.advocate_id == other.advocate_id


def test_an_advocate_whose_row_is_merged_keeps_link_and_row(w: World) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    old = get(w.store, Advocate, ORG, link.advocate_id).contact_id
    new = tell(w, "J-2", **NEW).contact_id
    merge(w, old, new)
    assert get(w.store, Advocate, ORG, link.advocate_id).contact_id == new
    assert ensure_link(w.runtime, ORG, new, LOCATION).id == link.id


def test_one_friend_is_one_referral_after_the_merge_and_an_earned_reward_stays(w: World) -> None:
    jane, tom = advocate(w, "Jane", "Doe", "+15125550111"), advocate(w, "Tom", "Roe", "+15125550122")
    early = form(w, jane, **OLD)
    w.clock.move(days=1)
    late = form(w, tom, **NEW)
    old, new = tell(w, "J-1", **OLD), tell(w, "J-2", **NEW)
    late = get(w.store, Referral, ORG, late.id)
    w.store.commit(Change(late, late.changed(w.clock.now(), status="qualified")))
    merge(w, old.contact_id, new.contact_id)
    assert get(w.store, Referral, ORG, late.id).status == "qualified"
    assert get(w.store, Referral, ORG, early.id).status == "duplicate"


def test_a_stop_under_either_row_stops_and_consent_stays_with_its_address(w: World) -> None:
    old, new = tell(w, "J-1", **OLD).contact_id, tell(w, "J-2", **NEW).contact_id
    row, now = get(w.store, Contact, ORG, old), w.clock.now()
    consent = Consent(channel="sms", text="Yes, text me", at=now, source="form")
    w.store.commit(Change(row, row.changed(now, consents=[consent], opted_out={"email": now})))
    kept = merge(w, old, new)
    assert kept.opted_out == {"email": now}
    assert kept.consents == []  # it was for the other number


@pytest.mark.parametrize("point", range(1, 14))
def test_a_crash_at_any_write_is_taken_up_where_it_was(w: World, point: int) -> None:
    link = advocate(w, "Jane", "Doe", "+15125550111")
    referral = form(w, link, **OLD)
    old, new = tell(w, "J-1", **OLD), tell(w, "J-2", **NEW)
    w.store.crash_at = w.store.points + point
    try:
        merge(w, old.contact_id, new.contact_id)
    except Crash:
        w.done = 0  # type: ignore[attr-defined]  # the queue brings every event again
    w.store.crash_at = None
    merge(w, old.contact_id, new.contact_id)
    assert get(w.store, Referral, ORG, referral.id).contact_id == new.contact_id
    assert get(w.store, Job, ORG, old.id).contact_id == new.contact_id
    assert [row.action for row in every(w.store, AuditRow, ORG)].count("contact.merged") == 1
