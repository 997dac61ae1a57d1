"""What every store does, held against the in-memory twin and DynamoDB alike."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from pydantic import Field

from moref.events import Event
from moref.kernel import ids, keys
from moref.kernel.errors import BadInput, Conflict, NotFound
from moref.kernel.names import CORE, LEDGER
from moref.records import Change, Create, Emit, Entity, Point, Require, Unpoint, create_once, every, get
from tests.contract.conftest import Backend

NOW = datetime(2026, 6, 2, 15, 0, tzinfo=UTC)


class Thing(Entity):
    noun: ClassVar[str] = "contract_thing"

    status: str | None = "new"
    location_id: str | None = None
    owner: str | None = None
    asked_at: datetime | None = None
    values: dict[str, Any] = Field(default_factory=dict)

    def parent(self) -> str | None:
        return self.owner

    def waits(self) -> tuple[str, datetime] | None:
        return None if self.asked_at is None else (str(self.status), self.asked_at)


class Entry(Thing):
    noun: ClassVar[str] = "contract_entry"
    table: ClassVar[str] = LEDGER


@pytest.fixture
def org() -> str:
    """An organization of the test's own: the tables are shared."""
    return ids.new("org")


def thing(org: str, id: str = "thing_1", minutes: int = 0, **fields: Any) -> Thing:
    at = NOW + timedelta(minutes=minutes)
    return Thing(organization_id=org, id=id, created_at=at, updated_at=at, **fields)


def happened(org: str, name: str = "job.changed") -> Emit:
    return Emit(Event(name, org, "job_1", {"state": "completed", "version": 2, "first": True, "why": None}), NOW)


def stored(backend: Backend, entity: Entity) -> dict[str, Any]:
    row = backend.read(entity.table, *entity.key())
    assert row is not None
    return row


EVERYTHING: dict[str, Any] = {
    "text": "Zoë 🏠",
    "empty": "",
    "none": None,
    "yes": True,
    "no": False,
    "zero": 0,
    "big": 2**53,
    "negative": -1,
    "list": [],
    "map": {},
    "nested": [{"S": "looks like a type"}, ["a", None, 1, False], {"": "", "a.b#c": {"deep": [1]}}],
}


def test_a_change_may_say_when_the_row_is_forgotten_and_else_leaves_that_alone(backend: Backend, org: str) -> None:
    end = NOW + timedelta(days=1)
    backend.store.commit(Create(thing(org), expires_at=NOW))
    first = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(first, first.changed(NOW, status="longer"), expires_at=end))
    second = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(second, second.changed(NOW, status="done")))
    assert stored(backend, second)["expires_at"] == int(end.timestamp())


def test_what_is_created_is_found_exactly(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org, values=EVERYTHING, location_id="loc_1")))
    found = get(backend.store, Thing, org, "thing_1")
    assert found.values == EVERYTHING
    assert [type(value) for value in found.values.values()] == [type(value) for value in EVERYTHING.values()]
    assert found == thing(org, values=EVERYTHING, location_id="loc_1").model_copy(update={"version": 1})


def test_a_changed_value_is_found_exactly(backend: Backend, org: str) -> None:
    first = thing(org, values={"S": "looks like a type"})
    backend.store.commit(Create(first))
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(read, read.changed(NOW, values=EVERYTHING)))
    assert get(backend.store, Thing, org, "thing_1").values == EVERYTHING


def test_another_organizations_id_is_not_found(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    assert backend.store.find(Thing, org + "2", "thing_1") is None
    with pytest.raises(NotFound):
        get(backend.store, Thing, org + "2", "thing_1")


def test_a_float_is_refused(backend: Backend, org: str) -> None:
    with pytest.raises(TypeError):
        backend.store.commit(Create(thing(org, values={"amount": [12.5]})))
    assert backend.store.find(Thing, org, "thing_1") is None


def test_a_second_creation_is_refused_with_everything_beside_it(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    with pytest.raises(Conflict):
        backend.store.commit(Create(thing(org)))
    with pytest.raises(Conflict):
        backend.store.commit(
            Create(thing(org, "thing_2")), Create(thing(org)), Point(org, "person", "k", "contact_1"), happened(org)
        )
    assert backend.store.find(Thing, org, "thing_2") is None
    assert backend.store.lookup(org, "person", "k") == []
    assert backend.events(org) == []


def test_create_once_says_whether_it_was_the_first(backend: Backend, org: str) -> None:
    assert create_once(backend.store, thing(org), happened(org))
    assert not create_once(backend.store, thing(org), happened(org))
    assert len(backend.events(org)) == 1


def test_a_change_counts_the_version_and_moves_the_row_between_lists(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org, location_id="loc_1", owner="contact_1")))
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(read, read.changed(NOW + timedelta(days=1), status="done", location_id=None)))
    found = get(backend.store, Thing, org, "thing_1")
    assert (found.version, found.status, found.location_id, found.owner) == (2, "done", None, "contact_1")
    assert [each.id for each in every(backend.store, Thing, org, status="done")] == ["thing_1"]
    assert every(backend.store, Thing, org, status="new") == []
    assert every(backend.store, Thing, org, location_id="loc_1") == []
    assert [each.id for each in every(backend.store, Thing, org, parent="contact_1")] == ["thing_1"]


def test_a_change_leaves_alone_what_newer_code_wrote(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    row = stored(backend, thing(org))
    row["data"]["invented_later"] = {"kept": [1]}
    row["later_attribute"] = "kept"
    backend.write(CORE, row)
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(read, read.changed(NOW, status="done")))
    after = stored(backend, thing(org))
    assert after["data"]["invented_later"] == {"kept": [1]}
    assert after["later_attribute"] == "kept"
    assert after["data"]["status"] == "done"


def test_a_field_that_older_code_never_wrote_can_be_changed(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    row = stored(backend, thing(org))
    del row["data"]["values"], row["data"]["owner"]
    backend.write(CORE, row)
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(read, read.changed(NOW, values={"new": 1})))
    assert get(backend.store, Thing, org, "thing_1").values == {"new": 1}


def test_a_change_of_a_stale_copy_is_refused(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(read, read.changed(NOW, status="first")))
    with pytest.raises(Conflict):
        backend.store.commit(Change(read, read.changed(NOW, status="second")))
    with pytest.raises(Conflict):
        backend.store.commit(Change(read, read.changed(NOW, status="second")), happened(org))
    assert get(backend.store, Thing, org, "thing_1").status == "first"
    assert backend.events(org) == []


def test_what_was_never_stored_cannot_be_changed_or_required(backend: Backend, org: str) -> None:
    ghost = thing(org, "ghost")
    for write in (Change(ghost, ghost.changed(NOW, status="done")), Require(ghost)):
        with pytest.raises(Conflict):
            backend.store.commit(write)
    assert backend.store.find(Thing, org, "ghost") is None


def test_a_required_row_must_still_be_as_read(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Require(read), Create(thing(org, "thing_2")))
    backend.store.commit(Require(read))
    assert get(backend.store, Thing, org, "thing_1").version == 1
    backend.store.commit(Change(read, read.changed(NOW, status="done")))
    with pytest.raises(Conflict):
        backend.store.commit(Require(read), Create(thing(org, "thing_3")))
    with pytest.raises(Conflict):
        backend.store.commit(Require(read))
    assert backend.store.find(Thing, org, "thing_3") is None


def test_a_change_implies_the_requirement_of_the_same_row(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Require(read), Change(read, read.changed(NOW, status="done")))
    assert get(backend.store, Thing, org, "thing_1").version == 2


def test_two_writes_of_one_row_are_a_defect(backend: Backend, org: str) -> None:
    one = thing(org)
    with pytest.raises(ValueError, match="two writes"):
        backend.store.commit(Create(one), Create(one))
    with pytest.raises(ValueError, match="key"):
        backend.store.commit(Change(one, thing(org, "other")))
    assert backend.store.find(Thing, org, "thing_1") is None


def test_a_commit_holds_a_hundred_rows(backend: Backend, org: str) -> None:
    with pytest.raises(ValueError, match="100 rows"):
        backend.store.commit(*(Create(thing(org, f"thing_{number}")) for number in range(101)))
    backend.store.commit(*(Create(thing(org, f"thing_{number}")) for number in range(100)))
    assert len(every(backend.store, Thing, org)) == 100


def test_an_empty_commit_is_nothing(backend: Backend, org: str) -> None:
    backend.store.commit()
    assert every(backend.store, Thing, org) == []


def test_look_ups_are_sorted_and_may_be_written_again(backend: Backend, org: str) -> None:
    for target in ("contact_2", "contact_1", "contact_2"):
        backend.store.commit(Point(org, "person", "key", target))
    backend.store.commit(Point(org, "person", "key", "contact_1"), Point(org, "person", "key", "contact_1"))
    backend.store.commit(Point(org, "person", "other", "contact_9"), Point(org, "referred", "key", "ref_1"))
    assert backend.store.lookup(org, "person", "key") == ["contact_1", "contact_2"]
    assert backend.store.lookup(org + "2", "person", "key") == []


def test_a_look_up_is_taken_away_alone_or_with_others_and_again(backend: Backend, org: str) -> None:
    backend.store.commit(*(Point(org, "person", "key", target) for target in ("contact_1", "contact_2", "contact_3")))
    backend.store.commit(Unpoint(org, "person", "key", "contact_1"))
    assert backend.store.lookup(org, "person", "key") == ["contact_2", "contact_3"]
    backend.store.commit(Create(thing(org)))
    first = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(
        Change(first, first.changed(NOW, status="erased")),
        Unpoint(org, "person", "key", "contact_2"),
        Unpoint(org, "person", "key", "contact_1"),
        Unpoint(org, "person", "key", "contact_2"),
    )
    assert backend.store.lookup(org, "person", "key") == ["contact_3"]
    assert get(backend.store, Thing, org, "thing_1").status == "erased"


def test_no_look_up_is_taken_away_when_a_row_is_not_as_it_was_read(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)), Point(org, "person", "key", "contact_1"))
    first = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(first, first.changed(NOW, status="other")))
    with pytest.raises(Conflict, match="contract_thing"):
        backend.store.commit(Unpoint(org, "person", "key", "contact_1"), Change(first, first.changed(NOW, owner="me")))
    assert backend.store.lookup(org, "person", "key") == ["contact_1"]
    with pytest.raises(ValueError, match="two writes"):
        backend.store.commit(Point(org, "person", "key", "c"), Unpoint(org, "person", "key", "c"))


def test_an_event_is_stored_with_the_change_it_tells_of(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)), happened(org), happened(org, "message.queued"))
    first, second = sorted(backend.events(org), key=lambda event: str(event["name"]))
    assert first == {
        "id": first["id"],
        "schema": 1,
        "name": "job.changed",
        "organization_id": org,
        "subject": "job_1",
        "at": "2026-06-02T15:00:00.000000Z",
        "data": {"state": "completed", "version": 2, "first": True, "why": None},
    }
    assert first["id"] != second["id"]


def test_a_row_may_be_forgotten_by_the_table(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org), expires_at=NOW + timedelta(days=30)))
    assert stored(backend, thing(org))["expires_at"] == int((NOW + timedelta(days=30)).timestamp())
    read = get(backend.store, Thing, org, "thing_1")
    backend.store.commit(Change(read, read.changed(NOW, status="done")))
    assert stored(backend, thing(org))["expires_at"] == int((NOW + timedelta(days=30)).timestamp())


def test_a_commit_spans_tables(backend: Backend, org: str) -> None:
    entry = Entry(organization_id=org, id="entry_1", created_at=NOW, updated_at=NOW, owner="reward_1")
    backend.store.commit(Create(thing(org)), Create(entry))
    with pytest.raises(Conflict):
        backend.store.commit(Create(thing(org, "thing_2")), Create(entry))
    assert backend.store.find(Thing, org, "thing_2") is None
    assert [each.id for each in every(backend.store, Entry, org, parent="reward_1")] == ["entry_1"]


def test_pages_hold_everything_once_in_order(backend: Backend, org: str) -> None:
    numbers = [f"thing_{number}" for number in range(7)]
    for number, id in enumerate(numbers):
        backend.store.commit(Create(thing(org, id, minutes=number, location_id="loc_1")))
    for limit in range(1, 9):
        for newest_first in (True, False):
            wanted = numbers[::-1] if newest_first else numbers
            seen, after, pages = [], None, 0
            while True:
                page = backend.store.list(
                    Thing, org, location_id="loc_1", limit=limit, newest_first=newest_first, after=after
                )
                seen += [each.id for each in page.items]
                assert 0 < len(page.items) <= limit
                pages, after = pages + 1, page.after
                if after is None:
                    break
            assert seen == wanted
            assert pages == -(-len(numbers) // limit)


def test_an_empty_list_has_no_next_page(backend: Backend, org: str) -> None:
    page = backend.store.list(Thing, org)
    assert (list(page.items), page.after) == ([], None)


def test_a_list_takes_a_time_range_with_both_ends(backend: Backend, org: str) -> None:
    for number in range(5):
        backend.store.commit(Create(thing(org, f"thing_{number}", minutes=number)))
    since, until = NOW + timedelta(minutes=1), NOW + timedelta(minutes=3)
    assert [each.id for each in every(backend.store, Thing, org, since=since, until=until)] == [
        "thing_3", "thing_2", "thing_1",
    ]  # fmt: skip
    assert [each.id for each in every(backend.store, Thing, org, since=until)] == ["thing_4", "thing_3"]
    assert [each.id for each in every(backend.store, Thing, org, until=since)] == ["thing_1", "thing_0"]


def test_a_list_by_status_is_in_the_order_of_the_last_change(backend: Backend, org: str) -> None:
    for number in range(3):
        backend.store.commit(Create(thing(org, f"thing_{number}", minutes=number)))
    first = get(backend.store, Thing, org, "thing_0")
    backend.store.commit(Change(first, first.changed(NOW + timedelta(hours=1), values={"touched": True})))
    assert [each.id for each in every(backend.store, Thing, org, status="new")] == ["thing_0", "thing_2", "thing_1"]
    assert [each.id for each in every(backend.store, Thing, org)] == ["thing_2", "thing_1", "thing_0"]


def test_what_waits_is_listed_alone_and_by_location_and_leaves_when_it_is_done(backend: Backend, org: str) -> None:
    for number, place in enumerate(("loc_1", "loc_2", None, "loc_1")):
        asked = NOW - timedelta(hours=number)
        backend.store.commit(Create(thing(org, f"thing_{number}", asked_at=asked, location_id=place)))
    backend.store.commit(Create(thing(org, "thing_done", location_id="loc_1")))
    backend.store.commit(Create(thing(org, "thing_old", asked_at=NOW, status="old", location_id="loc_1")))

    def waiting(**filters: Any) -> list[str]:
        return [each.id for each in every(backend.store, Thing, org, waiting="new", newest_first=False, **filters)]

    assert waiting() == ["thing_3", "thing_2", "thing_1", "thing_0"]
    assert waiting(location_id="loc_1") == ["thing_3", "thing_0"]
    assert waiting(since=NOW - timedelta(hours=1)) == ["thing_1", "thing_0"]
    first = get(backend.store, Thing, org, "thing_3")
    backend.store.commit(Change(first, first.changed(NOW, asked_at=None)))
    assert waiting() == ["thing_2", "thing_1", "thing_0"]
    assert waiting(location_id="loc_1") == ["thing_0"]
    moved = get(backend.store, Thing, org, "thing_0")
    backend.store.commit(Change(moved, moved.changed(NOW, location_id="loc_2", asked_at=NOW - timedelta(days=1))))
    assert waiting(location_id="loc_2") == ["thing_0", "thing_1"]
    done = get(backend.store, Thing, org, "thing_done")
    backend.store.commit(Change(done, done.changed(NOW, asked_at=NOW)))
    assert waiting(location_id="loc_1") == ["thing_done"]


def test_a_list_takes_one_filter(backend: Backend, org: str) -> None:
    with pytest.raises(ValueError, match="one of status, location, parent"):
        backend.store.list(Thing, org, status="new", parent="contact_1")


def test_a_cursor_opens_its_own_list_only(backend: Backend, org: str) -> None:
    other = org + "2"
    for owner in (org, other):
        for number in range(3):
            backend.store.commit(Create(thing(owner, f"thing_{number}", minutes=number)))
    after = backend.store.list(Thing, other, limit=1).after
    assert after is not None
    for wrong in (after, after | {"noun_key": keys.noun_key(org, "contract_thing"), "more": "x"}, {}, {"pk": 1}):
        with pytest.raises(BadInput):
            backend.store.list(Thing, org, after=wrong)
    with pytest.raises(BadInput):
        backend.store.list(Thing, other, status="new", after=after)


def test_of_sixteen_racing_changes_one_wins(backend: Backend, org: str) -> None:
    backend.store.commit(Create(thing(org)))
    read = get(backend.store, Thing, org, "thing_1")

    def change(number: int) -> bool:
        try:
            backend.store.commit(Change(read, read.changed(NOW, values={"winner": number})), happened(org))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(change, range(16)))
    assert sum(won) == 1
    found = get(backend.store, Thing, org, "thing_1")
    assert (found.version, found.values) == (2, {"winner": won.index(True)})
    assert len(backend.events(org)) == 1


def test_of_sixteen_racing_creations_one_wins(backend: Backend, org: str) -> None:
    def create(number: int) -> bool:
        return create_once(backend.store, thing(org, values={"winner": number}))

    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(create, range(16)))
    assert sum(won) == 1
    assert get(backend.store, Thing, org, "thing_1").values == {"winner": won.index(True)}


@pytest.mark.cloud
def test_both_stores_lay_a_row_out_alike(memory: Backend, direct: Backend, org: str) -> None:
    rows = []
    for backend in (memory, direct):
        backend.store.commit(Create(thing(org, location_id="loc_1", owner="contact_1", values=EVERYTHING)))
        read = get(backend.store, Thing, org, "thing_1")
        backend.store.commit(Change(read, read.changed(NOW + timedelta(hours=1), location_id=None)))
        backend.store.commit(Point(org, "person", "key", "contact_1"))
        row, look_up = stored(backend, read), backend.read(CORE, *keys.lookup_key(org, "person", "key", "contact_1"))
        assert look_up is not None
        assert row.pop("op") != ""
        assert look_up.pop("op") != ""
        rows.append((row, look_up))
    assert rows[0] == rows[1]
