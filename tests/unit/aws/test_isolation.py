"""The tenant guard: whatever code asks for, another organization's row stays untouched."""

from collections.abc import Callable

import pytest

from moref.events import Event
from moref.isolation import Bound, TenantBreach, between, bound
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, Emit, Point, Require, Store
from moref.tenants.model import Organization
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import START, fake_runtime


def organization(id: str) -> Organization:
    return Organization(organization_id=id, id=id, name="Acme", created_at=START, updated_at=START)


MINE, THEIRS = organization("org_1"), organization("org_2")

BREACHES: list[Callable[[Store], object]] = [
    lambda store: store.find(Organization, "org_2", "org_2"),
    lambda store: store.find(Organization, "org_1#x", "org_1"),
    lambda store: store.lookup("org_2", "person", "k"),
    lambda store: store.list(Organization, "org_2"),
    lambda store: store.commit(Create(THEIRS)),
    lambda store: store.commit(Change(THEIRS, THEIRS.changed(START, name="x"))),
    lambda store: store.commit(Change(MINE, THEIRS)),
    lambda store: store.commit(Require(THEIRS)),
    lambda store: store.commit(Point("org_2", "person", "k", "c")),
    lambda store: store.commit(Create(MINE), Emit(Event("job.changed", "org_2", "j"), START)),
]


@pytest.mark.parametrize("breach", BREACHES)
def test_another_organizations_row_is_refused(breach: Callable[[Store], object]) -> None:
    inner = MemoryStore()
    inner.commit(Create(THEIRS))
    rows = dict(inner.rows)
    with pytest.raises(TenantBreach):
        breach(Bound(inner, "org_1"))
    assert inner.rows == rows
    assert inner.events == []


def test_the_own_organization_and_what_links_lead_to_are_reached() -> None:
    runtime = bound(fake_runtime(), "org_1")
    runtime.store.commit(Create(MINE), Point(GLOBAL, "token", "t", "org_1"))
    assert runtime.store.find(Organization, "org_1", "org_1") is not None
    assert runtime.store.lookup(GLOBAL, "token", "t") == ["org_1"]
    assert len(runtime.store.list(Organization, "org_1").items) == 1


@pytest.mark.parametrize("nobody", ["", GLOBAL, "org_1#x"])
def test_it_is_bound_to_one_organization(nobody: str) -> None:
    with pytest.raises(TenantBreach):
        Bound(MemoryStore(), nobody)


def test_what_crosses_reaches_two_organizations_and_no_third() -> None:
    runtime = between(fake_runtime(), "org_1", "org_2")
    runtime.store.commit(Create(MINE), Create(THEIRS), Point(GLOBAL, "token", "t", "org_1"))
    assert runtime.store.find(Organization, "org_2", "org_2") is not None
    with pytest.raises(TenantBreach):
        runtime.store.find(Organization, "org_3", "org_3")
    with pytest.raises(TenantBreach):
        between(fake_runtime(), "org_1", GLOBAL)
