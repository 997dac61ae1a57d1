"""A restore brings an erased person back for as long as nobody can read the tables, and no longer."""

import copy
from dataclasses import replace

from moref.privacy.after_restore import reapply
from moref.privacy.model import Erasure
from moref.records import get
from moref.rewards.model import Payout
from tests.fakes.memory_store import MemoryStore
from tests.fakes.referral_world import ORG
from tests.unit.privacy.world import ANN, Life


def restored(life: Life) -> tuple[Life, MemoryStore]:
    """The same life over tables as they were at T, raw webhooks excepted; and the live ones."""
    before, live = copy.deepcopy(life.store.rows), life.store
    again = copy.copy(life)
    again.world = copy.copy(life.world)
    store = MemoryStore()
    store.rows = before
    again.runtime = replace(life.runtime, store=store)
    again.world.runtime, again.store = again.runtime, store
    return again, live


def use_todays_webhooks(again: Life, live: MemoryStore) -> None:
    again.store.rows |= {key: copy.deepcopy(row) for key, row in live.rows.items() if key[0] == "traffic"}


def test_who_was_erased_since_then_is_erased_again_and_stays_away() -> None:
    life = Life()
    life.full()
    again, live = restored(life)
    life.erase(life.ann)
    use_todays_webhooks(again, live)
    assert again.traces("ann")
    assert reapply(live, again.runtime, ORG) == 1
    assert again.traces("ann") == []
    again.webhook("J-9", ANN, "completed")
    assert (again.traces("ann"), again.job("J-9").contact_id) == ([], life.ann)
    assert reapply(live, again.runtime, ORG) == 1, "again, when the step is repeated"
    assert again.traces("ann") == []


def test_an_erasure_that_was_done_before_is_harmless_twice() -> None:
    life = Life()
    life.erase(life.ann)
    again, live = restored(life)
    before = {key: row["data"] for key, row in again.store.rows.items() if row["noun"] == "contact"}
    assert reapply(live, again.runtime, ORG) == 1
    assert {key: row["data"] for key, row in again.store.rows.items() if row["noun"] == "contact"} == before


def test_a_payout_in_flight_at_that_moment_keeps_its_recipient_until_it_ends() -> None:
    life = Life()
    payout = life.payout()
    again, live = restored(life)
    done = life.erase(life.ann)
    reapply(live, again.runtime, ORG)
    assert get(again.store, Payout, ORG, payout.id).recipient_email == ANN["email"]
    assert get(again.store, Erasure, ORG, done.id).waits_for == [payout.id]
    again.end_payout()
    assert again.go_on(done.id).status == "done"
    assert [trace for trace in again.traces("ann") if "payout" in trace] == []
