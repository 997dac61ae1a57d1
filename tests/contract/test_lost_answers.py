"""The killer fault: the table does it, the answer is lost, the SDK repeats, and the repeat looks like a conflict."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from moref.kernel import ids
from moref.kernel.errors import Conflict, Retry
from moref.records import Change, Create, Point, Require, Unpoint, Write, create_once, get
from tests.contract.conftest import Backend, Faults
from tests.contract.test_store import NOW, Thing, happened, stored, thing

pytestmark = pytest.mark.cloud

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems")
Kind = Callable[[str, Thing], tuple[Write, ...]]


@pytest.fixture
def org() -> str:
    return ids.new("org")


def _new(org: str) -> Create:
    return Create(thing(org, "thing_2"))


def _done(read: Thing) -> Change:
    return Change(read, read.changed(NOW + timedelta(hours=1), status="done"))


KINDS: dict[str, Kind] = {
    "create": lambda org, read: (_new(org),),
    "change": lambda org, read: (_done(read),),
    "point": lambda org, read: (Point(org, "person", "key", "contact_1"),),
    "unpoint": lambda org, read: (Unpoint(org, "person", "key", "contact_1"),),
    "change and unpoint": lambda org, read: (_done(read), Unpoint(org, "person", "key", "contact_1")),
    "emit": lambda org, read: (happened(org),),
    "create and change": lambda org, read: (_new(org), _done(read)),
    "create and emit": lambda org, read: (_new(org), happened(org)),
    "change and point": lambda org, read: (_done(read), Point(org, "person", "key", "contact_1")),
    "change and emit": lambda org, read: (_done(read), happened(org)),
    "create and require": lambda org, read: (_new(org), Require(read)),
    "everything": lambda org, read: (
        _new(org), _done(read), Point(org, "person", "key", "contact_1"), happened(org), happened(org, "lead.created"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_commit_that_the_sdk_repeats_counts_once_and_is_no_conflict(
    disturbed: Backend, faults: Faults, org: str, kind: str
) -> None:
    disturbed.store.commit(Create(thing(org)))
    read = get(disturbed.store, Thing, org, "thing_1")
    writes = KINDS[kind](org, read)
    faults.lose_answers(*WRITES)
    disturbed.store.commit(*writes)
    assert faults.fired() == 1
    assert_effects(disturbed, org, read, writes)


@pytest.mark.parametrize("kind", KINDS)
def test_a_commit_without_any_answer_is_found_to_have_happened(
    hasty: Backend, faults: Faults, org: str, kind: str
) -> None:
    hasty.store.commit(Create(thing(org)))
    read = get(hasty.store, Thing, org, "thing_1")
    writes = KINDS[kind](org, read)
    faults.lose_answers(*WRITES)
    try:
        hasty.store.commit(*writes)
    except Retry:
        assert kind in ("point", "unpoint")  # a look-up alone has no operation to tell by, and repeating it is harmless
    assert faults.fired() == 1
    assert_effects(hasty, org, read, writes)


def assert_effects(backend: Backend, org: str, read: Thing, writes: tuple[Write, ...]) -> None:
    """Each write happened, and happened once."""
    kinds = [type(write) for write in writes]
    assert stored(backend, read)["version"] == (2 if Change in kinds else 1)
    assert get(backend.store, Thing, org, "thing_1").status == ("done" if Change in kinds else "new")
    found = backend.store.find(Thing, org, "thing_2")
    assert (found is not None and found.version == 1) == (Create in kinds)
    assert backend.store.lookup(org, "person", "key") == (["contact_1"] if Point in kinds else [])
    assert len(backend.events(org)) == sum(kind.__name__ == "Emit" for kind in kinds)


def test_somebody_elses_row_is_a_conflict_even_when_answers_are_lost(
    disturbed: Backend, faults: Faults, org: str
) -> None:
    disturbed.store.commit(Create(thing(org)))
    stale = get(disturbed.store, Thing, org, "thing_1")
    disturbed.store.commit(Change(stale, stale.changed(NOW, status="theirs")))
    for writes in (
        (_done(stale),),
        (_done(stale), happened(org)),
        (Create(thing(org)),),
        (Create(thing(org)), _new(org)),
    ):
        faults.lose_answers(*WRITES)
        with pytest.raises(Conflict):
            disturbed.store.commit(*writes)
    faults.set()
    assert get(disturbed.store, Thing, org, "thing_1").status == "theirs"
    assert disturbed.events(org) == []
    assert disturbed.store.find(Thing, org, "thing_2") is None


def test_a_lost_answer_still_counts_as_the_first_creation(disturbed: Backend, faults: Faults, org: str) -> None:
    faults.lose_answers(*WRITES)
    assert create_once(disturbed.store, thing(org), happened(org))
    assert not create_once(disturbed.store, thing(org), happened(org))
    assert len(disturbed.events(org)) == 1


def test_a_table_that_never_answers_is_a_retry_and_the_repeat_meets_its_own_effect(
    hasty: Backend, faults: Faults, org: str
) -> None:
    faults.lose_answers(*WRITES, "GetItem", times=100)
    with pytest.raises(Retry):
        hasty.store.commit(Create(thing(org)))
    faults.set()
    assert stored(hasty, thing(org))["version"] == 1
    assert not create_once(hasty.store, thing(org))


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("UpdateItem", "TransactionConflictException"),
        ("TransactWriteItems", "TransactionInProgressException"),
        ("TransactWriteItems", "ThrottlingException"),
    ],
)
def test_a_busy_table_is_asked_again(hasty: Backend, faults: Faults, org: str, operation: str, code: str) -> None:
    hasty.store.commit(Create(thing(org)))
    read = get(hasty.store, Thing, org, "thing_1")
    faults.refuse(operation, code, times=4)
    hasty.store.commit(_done(read), *((happened(org),) if operation == "TransactWriteItems" else ()))
    assert faults.fired() == 4
    assert get(hasty.store, Thing, org, "thing_1").version == 2


def test_a_busy_table_is_not_asked_for_ever(hasty: Backend, faults: Faults, org: str) -> None:
    hasty.store.commit(Create(thing(org)))
    read = get(hasty.store, Thing, org, "thing_1")
    faults.refuse("UpdateItem", "ThrottlingException", times=100)
    with pytest.raises(Retry):
        hasty.store.commit(_done(read))
    faults.set()
    assert get(hasty.store, Thing, org, "thing_1").version == 1


def test_what_the_table_refuses_for_good_is_neither_conflict_nor_retry(
    disturbed: Backend, faults: Faults, org: str
) -> None:
    from pynamodb.exceptions import PutError

    with pytest.raises(PutError, match="size"):
        disturbed.store.commit(Create(thing(org, values={"too": "x" * 410_000})))
    assert disturbed.store.find(Thing, org, "thing_1") is None
