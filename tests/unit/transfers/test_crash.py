"""A worker that dies at any write, and every message that comes twice: the end is the same, to the row."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from moref.books.check import faults
from moref.intake.model import Contact
from moref.kernel.keys import GLOBAL
from moref.messaging.opt_out import opt_out
from moref.partners.invite import Invitation, invite
from moref.records import get
from moref.referrals.model import Door
from moref.transfers.sweep import sweep_transfers
from tests.fakes.runtime import FakeClock
from tests.unit.transfers.world import BRANCH, Sale

# Made of chance, or of when and how often something was done.
_OWN = {"event", "audit", "page_token"}
_FIELDS = {"token", "updated_at", "tally"}


def busy() -> Sale:
    """A little of everything, accepted: the work is about to begin."""
    sale = Sale()
    ann, bea = sale.person("Ann", "+12145550142", "ann@example.com"), sale.person("Bea", "+12145550155")
    sale.person("Bea", "+12145550155", org=sale.b)
    opt_out(sale.runtime, sale.a, "sms", "+12145550155", "STOP")
    sale.crew()
    sale.credit(ann, "Fred", "+12145550188")
    sale.quote(sale.link(bea).id, "Flo", "+12145550177")
    invite(
        sale.runtime,
        sale.a,
        Invitation(BRANCH, "business", "Homes", email="h@example.com", by_mail=False),
        actor="mem_a",
    )
    token = sale.offer()
    sale.drain()
    sale.accept(token)
    return sale


def state(sale: Sale) -> dict[str, Any]:
    return {
        f"{pk} {sk}": {name: value for name, value in row.get("data", {}).items() if name not in _FIELDS}
        for (_, pk, sk), row in sale.store.rows.items()
        if row["noun"] not in _OWN
    }


def told(sale: Sale) -> list[str]:
    return sorted({f"{one['name']} {one['subject']}" for one in sale.store.events})


def ended(sale: Sale) -> Sale:
    sale.finish()
    return sale


def test_a_crash_at_every_write_ends_as_if_there_had_been_none() -> None:
    base = busy()
    plain = ended(base.clone())
    expected, events = state(plain), told(plain)
    point = 0
    while True:
        sale = base.clone()
        sale.store.crash_at = sale.store.points + point + 1
        ended(sale)
        if sale.store.crash_at is not None:
            break
        found = state(sale)
        assert found.keys() == expected.keys(), point
        assert {key for key in expected if found[key] != expected[key]} == set(), point
        assert told(sale) == events, point
        assert faults(sale.store, sale.a) == faults(sale.store, sale.b) == [], point
        point += 1
    assert point > 80, "it writes more than that"


def test_every_message_may_come_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    base = busy()
    expected = state(ended(base.clone()))
    sale = base.clone()
    work = sale.work

    def twice(queue: str, message: dict[str, Any]) -> None:
        work(queue, message)
        work(queue, message)

    monkeypatch.setattr(sale, "work", twice)
    ended(sale)
    found = state(sale)
    assert {key for key in expected.keys() | found.keys() if found.get(key) != expected.get(key)} == set()
    done = state(sale)
    sale.tell("bulk", {"command": "location_transfer.move", "subject": sale.transfer(sale.b).offer_id})
    sale.drain()
    assert state(sale) == done


def test_a_lost_slice_is_found_by_the_sweep_and_one_that_moves_is_left_alone() -> None:
    sale = busy()
    sale.step(12)
    sale.queues.sent.clear()
    sale.clock.move(minutes=29)
    assert sweep_transfers(sale.runtime) == 0
    sale.clock.move(minutes=2)
    assert sweep_transfers(sale.runtime) == 1
    ended(sale)
    assert sweep_transfers(sale.runtime) == 0


def test_the_counts_are_those_of_one_run_whatever_died() -> None:
    sale = busy()
    sale.step(9)
    ended(sale)
    counts = sale.transfer(sale.a).counts
    assert counts == sale.transfer(sale.b).counts
    assert {name: counts[name] for name in ("links", "crew_members", "contacts", "referrals", "credits")} == {
        "links": 3, "crew_members": 1, "contacts": 4, "referrals": 1, "credits": 1,
    }  # fmt: skip


class Ticking(FakeClock):
    """A second passes with every look at it."""

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def test_a_large_branch_goes_in_many_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    sale = Sale()
    links = [sale.link(sale.person(f"Ann {number}", f"+1214555{number:04}")).id for number in range(100, 150)]
    token = sale.offer()
    sale.drain()
    sale.accept(token)
    clock = Ticking(sale.clock.at)
    sale.queues.clock, slices = clock, []
    sale.runtime, work = replace(sale.runtime, clock=clock), sale.work

    def sliced(queue: str, message: dict[str, Any]) -> None:
        slices.append(message.get("command"))
        work(queue, message)

    monkeypatch.setattr(sale, "work", sliced)
    ended(sale)
    assert slices.count("location_transfer.move") > 5
    assert {get(sale.store, Door, GLOBAL, code).owner_id for code in links} == {sale.b}
    assert (sale.transfer(sale.a).counts["links"], len(sale.all(Contact))) == (50, 50)
