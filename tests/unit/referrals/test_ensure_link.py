"""The same advocate and location always get the same link, whoever asks at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from moref.kernel import codes
from moref.kernel.errors import NotFound
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, every, get
from moref.referrals.advocates import advocate_id
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Advocate, Door, Link
from moref.tenants.model import Location
from tests.fakes.memory_store import Crash, MemoryStore
from tests.fakes.referral_world import LOCATION, ORG, World, world


class _Shared(MemoryStore):
    """One call at a time, as the table's rows are; `together` lets all threads look before the first one writes."""

    def __init__(self, together: int) -> None:
        super().__init__()
        self._one_at_a_time = threading.RLock()
        self._barrier = threading.Barrier(together)
        self.racing = False
        self._waited = threading.local()

    def find(self, kind: Any, organization_id: str, id: str) -> Any:
        with self._one_at_a_time:
            return super().find(kind, organization_id, id)

    def commit(self, *writes: Any) -> None:
        if self.racing and not getattr(self._waited, "done", False):
            self._waited.done = True
            self._barrier.wait(timeout=10)
        with self._one_at_a_time:
            super().commit(*writes)


def second_location(w: World) -> None:
    place = get(w.store, Location, ORG, LOCATION)
    w.store.commit(Create(Location(**{**dict(place), "id": "loc_2", "version": 0})))


def test_twenty_racing_calls_end_with_one_link() -> None:
    store = _Shared(20)
    w = world(store)
    w.contact("con_a", phone="+15125550111")
    store.racing = True
    with ThreadPoolExecutor(20) as pool:
        links = list(pool.map(lambda _: ensure_link(w.runtime, ORG, "con_a", LOCATION).id, range(20)))
    assert len(set(links)) == 1
    assert [link.id for link in every(store, Link, ORG)] == [links[0]]
    assert [door.id for door in every(store, Door, GLOBAL)] == [links[0]]


def test_another_location_is_another_link_of_the_same_advocate() -> None:
    w = world()
    second_location(w)
    first = w.advocate("con_a", phone="+15125550111")
    second = ensure_link(w.runtime, ORG, "con_a", "loc_2")
    assert first.id != second.id
    assert first.advocate_id == second.advocate_id
    assert ensure_link(w.runtime, ORG, "con_a", LOCATION).id == first.id
    assert get(w.store, Door, GLOBAL, second.id).location_id == "loc_2"


def test_a_code_that_is_taken_is_never_given_again() -> None:
    w = world()
    taken = w.advocate("con_a", phone="+15125550111").id
    w.contact("con_b", phone="+15125550122")
    offered = iter([taken, taken, "00000000000"])
    link = ensure_link(w.runtime, ORG, "con_b", LOCATION, new_code=lambda: next(offered))
    assert link.id == "00000000000"
    assert get(w.store, Door, GLOBAL, taken).advocate_id == advocate_id(ORG, "con_a")


@pytest.mark.parametrize("point", [1, 2])
def test_a_crash_before_or_after_the_write_leaves_all_or_nothing(point: int) -> None:
    w = world()
    w.contact("con_a", phone="+15125550111")
    w.store.crash_at = w.store.points + point
    with pytest.raises(Crash):
        ensure_link(w.runtime, ORG, "con_a", LOCATION)
    link = ensure_link(w.runtime, ORG, "con_a", LOCATION)
    assert len(every(w.store, Link, ORG)) == len(every(w.store, Door, GLOBAL)) == 1
    assert get(w.store, Advocate, ORG, link.advocate_id).links == {LOCATION: link.id}


def test_an_approval_between_look_and_write_is_kept() -> None:
    w = world()
    second_location(w)
    w.advocate("con_a", phone="+15125550111")

    def approve_meanwhile() -> str:
        advocate = get(w.store, Advocate, ORG, advocate_id(ORG, "con_a"))
        if advocate.approved == 0:
            w.store.commit(Change(advocate, advocate.changed(w.clock.now(), approved=1)))
        return codes.new()

    ensure_link(w.runtime, ORG, "con_a", "loc_2", new_code=approve_meanwhile)
    advocate = get(w.store, Advocate, ORG, advocate_id(ORG, "con_a"))
    assert advocate.approved == 1
    assert set(advocate.links) == {LOCATION, "loc_2"}


def test_another_organizations_contact_is_not_found() -> None:
    w = world()
    w.contact("con_a", phone="+15125550111")
    with pytest.raises(NotFound):
        ensure_link(w.runtime, "org_2", "con_a", LOCATION)
