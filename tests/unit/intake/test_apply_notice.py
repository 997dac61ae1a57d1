"""A CRM's notices become one job and one contact, the same ones in whatever order and however often they arrive."""

import json
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from moref.intake import name_index
from moref.intake.apply_notice import receive
from moref.intake.model import Contact
from moref.kernel.errors import BadInput, Conflict
from moref.records import Write
from moref.runtime import Runtime
from tests.fakes.memory_store import Crash, MemoryStore
from tests.fakes.runtime import START
from tests.unit.intake.world import ORG, contact_of, count, job_of, memory, notice, sample, stored, tell, world


def picture(runtime: Runtime) -> dict[str, Any]:
    """Everything that matters, with generated contact ids told apart only by order."""
    rows = [row for row in memory(runtime).rows.values() if row["noun"] in ("job", "contact")]
    names = {
        row["pk"].rpartition("#")[2]: f"contact {row['data']['person_keys']}"
        for row in rows
        if row["noun"] == "contact"
    }
    found = json.dumps([row["data"] for row in sorted(rows, key=lambda row: (row["noun"], json.dumps(row["data"])))])
    # A name that was never the last word may be left in the index of names; whoever searches compares.
    keys = [(pk, sk) for _, pk, sk in memory(runtime).rows if "#lookup#" in pk and f"#{name_index.LOOKUP}#" not in pk]
    lookups = sorted(f"{pk} -> {sk}" for pk, sk in keys)
    text = found + json.dumps(lookups)
    for id, name in names.items():
        text = text.replace(id, name)
    return {"text": text, "contacts": len(names)}


PHONE = {"phone": "(512) 555-0142"}
STORIES: dict[str, list[dict[str, Any]]] = {
    "the samples": [sample(name) for name in ("booked", "completed", "invoiced", "cancelled", "uncancelled")],
    "undone and done again": [
        notice(("completed", True, 1), minute=1),
        notice(("completed", False, 2), minute=2),
        notice(("completed", True, 3), ("amount", 100, 3), minute=3),
        notice(("amount", 90, 2), ("cancelled", True, 2), minute=2),
        notice(("cancelled", False, 4), minute=4),
    ],
    "the person is named differently": [
        notice(("booked", True, 1), minute=1, customer={"id": "C-1", "first_name": "Ann", **PHONE}),
        notice(("amount", 5, 2), minute=2, customer={"first_name": "Anne", **PHONE}),
        notice(("completed", True, 3), minute=3, customer={"id": "C-1"}, job={"branch": "austin"}),
        notice(("invoiced", True, 4), minute=4, customer={}),
        notice(("paid", True, 5), minute=5, customer={"id": "C-1", "email": "ann@example.com"}),
    ],
    "the same instant, different words": [
        notice(("amount", 5, 1), minute=1, customer={"id": "C-1", "first_name": "Ann"}, job={"lead_id": "l1"}),
        notice(("amount", 7, 1), minute=1, customer={"id": "C-1", "first_name": "Bea"}, job={"lead_id": "l2"}),
        notice(("completed", True, 1), minute=1, job={"origin": {"city": "Austin", "state": "TX"}}),
        notice(("completed", False, 1), minute=1, job={"origin": {"city": "Waco", "state": "tx"}}),
        notice(minute=1, job={"branch": "nowhere", "referral_code": "bad"}, customer={"id": "C-1", "phone": "n/a"}),
    ],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_every_order_of_five_notices_with_copies_ends_in_the_same_state(story: str) -> None:
    notices = STORIES[story]
    pictures = set()
    for order in permutations(notices):
        runtime = world()
        for payload in [*order, *reversed(order)]:
            tell(runtime, payload)
        found = picture(runtime)
        assert found["contacts"] == 1
        pictures.add(found["text"])
    assert len(pictures) == 1


def test_the_samples_tell_of_an_invoiced_job() -> None:
    runtime = world()
    for payload in STORIES["the samples"]:
        tell(runtime, payload)
    job, contact = job_of(runtime, "J-1001"), contact_of(runtime, "J-1001")
    assert (job.state, job.location_id, job.facts["amount"].value) == ("invoiced", "loc_austin", 192000)
    assert job.origin is not None
    assert job.origin.time_zone == "America/Chicago"
    assert (contact.first_name, contact.phone, contact.email) == ("Ann", "+15125550142", "ann.lee@example.com")
    (consent,) = contact.consents
    assert (consent.channel, consent.source) == ("sms", "booking form")


def test_twenty_copies_are_one_job_one_contact_and_one_event() -> None:
    runtime = world()
    for _ in range(20):
        tell(runtime, sample("completed"))
    assert (count(runtime, "job"), count(runtime, "contact")) == (1, 1)
    (event,) = memory(runtime).events
    assert event["name"] == "job.changed"
    assert event["subject"] == job_of(runtime, "J-1001").id
    assert event["data"] == {"state": "completed", "previous_state": None, "job_version": 1}


def test_an_event_tells_old_and_new_state_and_nothing_personal() -> None:
    runtime = world()
    tell(runtime, sample("booked"))
    tell(runtime, sample("completed"))
    assert [event["data"]["previous_state"] for event in memory(runtime).events] == [None, "booked"]
    text = json.dumps(memory(runtime).events).lower()
    assert not any(word in text for word in ("ann", "lee", "555", "oak", "j-1001"))


def test_a_notice_that_says_nothing_new_writes_nothing() -> None:
    runtime = world()
    tell(runtime, sample("completed"))
    before = json.dumps(list(memory(runtime).rows.values()))
    tell(runtime, sample("completed"))
    assert json.dumps(list(memory(runtime).rows.values())) == before


def test_a_newer_notice_with_the_same_words_tells_nobody() -> None:
    runtime = world()
    tell(runtime, notice(("completed", True, 1), minute=1, job={"lead_id": "lead_1"}))
    tell(runtime, notice(minute=9, job={"lead_id": "lead_1"}))
    assert len(memory(runtime).events) == 1


@pytest.mark.parametrize("change", [{"lead_id": "lead_1"}, {"referral_code": "7k3m-9qx2-wdq"}])
def test_a_new_lead_id_or_code_is_told_of_and_found(change: dict[str, str]) -> None:
    runtime = world()
    tell(runtime, notice(minute=1))
    tell(runtime, notice(minute=2, job=change))
    assert len(memory(runtime).events) == 2
    job = job_of(runtime)
    if "lead_id" in change:
        assert runtime.store.lookup(ORG, "job_lead", "lead_1") == [job.id]
    else:
        assert job.referral_code == "7K3M9QX2WDQ"


def test_a_phone_that_cannot_be_dialled_costs_the_phone_and_not_the_job() -> None:
    runtime = world()
    tell(runtime, sample("undialable_phone"))
    contact = contact_of(runtime, "J-3003")
    assert (contact.phone, contact.email) == (None, "bo@example.net")
    assert job_of(runtime, "J-3003").notes == ["the phone number cannot be dialled and was left out"]
    tell(runtime, notice(minute=1, job={"branch": "Mars", "referral_code": "oops"}, customer={"email": "no"}))
    assert len(job_of(runtime).notes) == 3
    assert job_of(runtime).location_id == "loc_main"


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (notice(minute=60 + 24 * 60 + 1), "at: more than a day in the future"),
        (notice(("completed", True, 60 + 24 * 60 + 1)), r"facts\[0\].at: more than a day in the future"),
        (notice(("completed", 1, 0)), "must be true or false"),
        (notice(("amount", True, 0)), "must be an integer"),
        (notice(("amount", 12.5, 0)), r"facts\[0\].value"),
        (notice(("amount", -1, 0)), "must be an integer"),
        (notice(("teleported", True, 0)), r"facts\[0\].kind"),
        (notice(job={"id": 7}), "job.id: "),
        (notice(job={"id": ""}), "job.id: "),
        (notice(job={"currency": "XXX"}), "job.currency: must be one of"),
        (notice(job={"currency": ["USD"]}), "job.currency: must be one of"),
        (notice(job={"currency": {"code": "USD"}}), "job.currency: must be one of"),
        ({"type": "job.updated", "data": {"job": {"id": "J"}, "customer": {}}}, "at: "),
        ({"type": "job.updated", "timestamp": "2026-06-02", "data": {"job": {"id": "J"}, "customer": {}}}, "at: "),
        ({"type": "job.updated", "timestamp": 1780412400, "data": {"job": {"id": "J"}, "customer": {}}}, "at: "),
        ({"type": "job.updated", "timestamp": "2026-06-02T15:00:00Z", "data": {"customer": {}}}, "job: "),
        ({"type": "job.updated"}, "data: "),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_naming_the_field(payload: dict[str, Any], words: str) -> None:
    runtime = world()
    with pytest.raises(BadInput, match=words):
        tell(runtime, payload)
    assert count(runtime, "job") == 0


def test_a_reason_never_quotes_personal_data() -> None:
    runtime = world()
    with pytest.raises(BadInput) as refused:
        tell(runtime, notice(customer={"first_name": "Ann Lee " * 100, "phone": ["+15125550142"]}))
    assert "Ann" not in refused.value.detail
    assert "555" not in refused.value.detail


def test_another_type_of_event_is_ignored_with_the_reason() -> None:
    assert tell(world(), {"type": "contact.created"}) == "not an event about a job"


def test_two_jobs_of_one_customer_share_the_contact() -> None:
    runtime = world()
    tell(runtime, notice(minute=1, job={"id": "J-1"}, customer={"id": "C-1", **PHONE}))
    tell(runtime, notice(minute=2, job={"id": "J-2"}, customer=PHONE))
    tell(runtime, notice(minute=3, job={"id": "J-3"}, customer={"id": "C-1"}))
    assert count(runtime, "contact") == 1
    assert contact_of(runtime, "J-1").id == contact_of(runtime, "J-2").id == contact_of(runtime, "J-3").id


def test_jobs_of_nobody_known_have_contacts_of_their_own() -> None:
    runtime = world()
    for external_id in ("J-1", "J-2", "J-1"):
        tell(runtime, notice(minute=1, job={"id": external_id}, customer={"first_name": "Sam"}))
    assert count(runtime, "contact") == 2


def test_a_job_given_to_another_customer_moves_and_the_first_stays_as_it_was() -> None:
    runtime = world()
    tell(runtime, notice(minute=1, customer={"id": "C-1", "first_name": "Ann"}))
    ann = contact_of(runtime)
    tell(runtime, notice(minute=2, customer={"id": "C-2", "first_name": "Bo"}))
    assert contact_of(runtime).first_name == "Bo"
    assert runtime.store.find(Contact, ORG, ann.id) == ann
    tell(runtime, notice(("booked", True, 0), minute=0, customer={"id": "C-1"}))
    assert contact_of(runtime).first_name == "Bo"  # an older notice does not take it back


def test_when_it_was_first_heard_of_is_kept() -> None:
    runtime = world()
    body = json.dumps(notice(("completed", True, 1))).encode()
    receive(runtime, stored(body, created_at=START + timedelta(hours=5)), body)
    receive(runtime, stored(body, created_at=START + timedelta(hours=2)), body)
    assert job_of(runtime).received_at == START + timedelta(hours=2)


class RacingStore(MemoryStore):
    """Lets another worker commit first, at the last moment, as often as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.races: list[Any] = []

    def commit(self, *writes: Write) -> None:
        if self.races:
            self.races.pop()()
        super().commit(*writes)


def racing() -> tuple[Runtime, RacingStore]:
    made, store = world(), RacingStore()
    store.rows = memory(made).rows
    return Runtime(**{name: getattr(made, name) for name in made.__slots__} | {"store": store}), store


@pytest.mark.parametrize("other", ["completed", "invoiced"])
def test_two_workers_at_once_lose_nothing(other: str) -> None:
    runtime, store = racing()
    store.races = [lambda: tell(runtime, sample(other))]
    tell(runtime, sample("completed"))
    assert job_of(runtime, "J-1001").state == other
    assert (count(runtime, "job"), count(runtime, "contact")) == (1, 1)
    assert contact_of(runtime, "J-1001").phone == "+15125550142"


def test_a_race_that_is_never_won_is_left_to_redelivery() -> None:
    runtime, store = racing()
    tell(runtime, sample("booked"))

    def other() -> None:
        row = next(row for row in store.rows.values() if row["noun"] == "job")
        row["version"] += 1

    store.races = [other] * 20
    with pytest.raises(Conflict):
        tell(runtime, sample("completed"))


@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_at_either_side_of_the_commit_loses_nothing_and_doubles_nothing(point: int) -> None:
    runtime = world()
    store = memory(runtime)
    store.points, store.crash_at = 0, point
    with pytest.raises(Crash):
        tell(runtime, sample("completed"))
    assert len(store.events) == count(runtime, "job") == (0 if point == 1 else 1)
    tell(runtime, sample("completed"))
    assert len(store.events) == count(runtime, "job") == 1
