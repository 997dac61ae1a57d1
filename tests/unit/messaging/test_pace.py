"""Slots and lanes: who races for a slot gets one of its own, and a lane is as fast as data, account or vendor says."""

import threading
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from moref.kernel.errors import Retry
from moref.kernel.keys import GLOBAL
from moref.messaging.channels import twilio
from moref.messaging.channels.base import Account, Outgoing
from moref.messaging.lanes import Lane, kind_of, lane_of, units
from moref.messaging.pace import HORIZON, Full, Slot, reserve
from moref.messaging.segments import segments
from tests.fakes.runtime import fake_runtime
from tests.unit.messaging.world import FakeChannel

LANE = Lane(GLOBAL, "ses", timedelta(milliseconds=100))


def slot(runtime: Any, organization_id: str, units: int = 1, *, urgent: bool = False) -> timedelta | None:
    """How long from now; None when the organization has its part."""
    found = reserve(runtime, LANE, organization_id, units, urgent=urgent)
    return found.at - runtime.clock.now() if isinstance(found, Slot) else None


def test_slots_follow_each_other_and_a_message_takes_as_many_as_it_has_units() -> None:
    runtime = fake_runtime()
    found = [slot(runtime, "org_a"), slot(runtime, "org_b", 3), slot(runtime, "org_a")]
    assert found == [timedelta(0), LANE.gap, 4 * LANE.gap]


def test_one_alone_holds_half_of_what_is_reserved_ahead_and_the_next_one_comes_at_once() -> None:
    runtime = fake_runtime()
    taken = 0
    while slot(runtime, "org_a") is not None:
        taken += 1
    assert taken * LANE.gap <= HORIZON / 2 + LANE.gap
    assert isinstance(reserve(runtime, LANE, "org_a", 1), Full)
    first = slot(runtime, "org_b")
    assert first is not None
    assert first <= HORIZON
    assert slot(runtime, "org_a", urgent=True) is not None, "the answer to STOP does not wait for a campaign"


def test_workers_that_race_never_share_a_slot() -> None:
    runtime = fake_runtime()
    found: list[Any] = []

    def take(name: str) -> None:
        for _ in range(5):
            try:
                found.append(slot(runtime, name))
            except Retry:
                found.append(None)

    threads = [threading.Thread(target=take, args=(f"org_{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    slots = [one for one in found if one is not None]
    assert len(slots) == len(set(slots))
    assert max(slots) == (len(slots) - 1) * LANE.gap, "and none is lost"


@pytest.mark.parametrize(
    ("sender", "config", "per_second"),
    [
        ("+15125550100", {}, "0.9"),
        ("MG" + "a" * 32, {}, "0.9"),
        ("+18335550100", {}, "2.7"),
        ("55555", {}, "90"),
        ("+15125550100", {"twilio_per_second": "4.5"}, "4.5"),
        ("+15125550100", {"twilio_per_second": "fast"}, "0.9"),
        ("+15125550100", {"twilio_per_second": "-1"}, "0.9"),
    ],
)
def test_a_lane_is_as_fast_as_the_account_says_or_the_data(
    sender: str, config: dict[str, str], per_second: str
) -> None:
    out = Outgoing(to="+15125550123", sender=sender, body="Hello", organization_id="org_a")
    lane = lane_of(fake_runtime(), twilio, Account(config=config), out)  # type: ignore[arg-type]
    assert (lane.owner, lane.name) == ("org_a", f"twilio.{sender}")
    assert lane.gap == timedelta(microseconds=int(1_000_000 / Decimal(per_second)))


def test_the_platforms_lane_is_everybodys_and_keeps_room_below_the_vendors_quota() -> None:
    class Quota(FakeChannel):
        def quota(self, runtime: Any, account: Account) -> Decimal:
            del runtime, account
            return Decimal(14)

    out = Outgoing(to="sam@example.test", sender="Bluebird", body="Hello", organization_id="org_a")
    lane = lane_of(fake_runtime(), Quota("ses", "email", None, False, "platform"), Account(), out)
    assert (lane.owner, lane.name) == (GLOBAL, "ses")
    assert lane.gap == timedelta(microseconds=int(1_000_000 / Decimal("11.2")))


def test_a_text_costs_its_segments_and_an_email_one() -> None:
    text = Outgoing(to="", sender="", body="é" * 161)
    assert units(FakeChannel(), text) == 2
    assert units(FakeChannel("ses", "email", None, False, "platform"), text) == 1
    assert [segments("a" * 160), segments("a" * 161), segments("ş" * 70), segments("ş" * 71), segments("€" * 80)] == [
        1, 2, 1, 2, 1,
    ]  # fmt: skip
    assert kind_of("+18005550100") == "toll_free"
