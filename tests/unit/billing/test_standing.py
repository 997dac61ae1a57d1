"""Who may begin something new, by what is known of the subscription."""

from datetime import timedelta

import pytest

from moref.billing.model import Status
from moref.billing.standing import grace_ends, lapse
from moref.billing.trial import agree
from moref.kernel.errors import Conflict, NotFound
from tests.unit.billing.world import World


def test_a_trial_lasts_to_its_last_second_and_then_says_what_to_do() -> None:
    world = World()
    assert world.row.trial_until == world.clock.now() + timedelta(days=14)
    world.clock.at = world.row.trial_until - timedelta(seconds=1)
    assert lapse(world.row, world.clock.now()) is None
    world.clock.move(seconds=1)
    words = lapse(world.row, world.clock.now()) or ""
    assert words.startswith("The trial ended on 16 June 2026.")
    assert "POST /v1/billing/checkout" in words


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("trialing", None), ("active", None), ("unpaid", "a payment is missing since 2 May 2026"),
        ("canceled", "The subscription ended on 3 May 2026"), ("paused", "The subscription is paused"),
        ("incomplete", "was never paid for"),
    ],
)  # fmt: skip
def test_the_processor_s_word_decides_when_the_trial_is_over(status: Status, words: str | None) -> None:
    world = World()
    now = world.clock.now()
    since, ended = now - timedelta(days=31), now - timedelta(days=30)
    row = world.row.changed(
        now, status=status, subscription_id="sub", trial_until=now, overdue_since=since, ended_at=ended
    )
    found = lapse(row, now)
    assert found is None if words is None else words in (found or "")
    assert lapse(row.changed(now, trial_until=now + timedelta(days=1)), now) is None


def test_who_missed_a_payment_has_the_days_of_grace_it_began_with() -> None:
    world = World()
    now = world.clock.now()
    row = world.row.changed(now, status="past_due", subscription_id="s", trial_until=now, overdue_since=now)
    end = grace_ends(row)
    assert end == now + timedelta(days=7)
    assert lapse(row, end - timedelta(seconds=1)) is None
    assert "POST /v1/billing/portal" in (lapse(row, end) or "")


def test_an_organization_without_a_row_is_not_billed() -> None:
    assert lapse(None, World().clock.now()) is None


def test_an_agreement_takes_the_place_of_a_subscription_and_ends() -> None:
    world = World()
    for _ in range(2):
        agree(world.runtime, world.org, agreed=True, actor="operator:kim")
    world.clock.move(days=400)
    assert lapse(world.row, world.clock.now()) is None
    with pytest.raises(Conflict, match="not billed"):
        world.open()
    agree(world.runtime, world.org, agreed=False, actor="operator:kim")
    assert lapse(world.row, world.clock.now()) is not None
    with pytest.raises(NotFound):
        agree(world.runtime, "org_nobody", agreed=True, actor="operator:kim")


def test_nobody_is_charged_beside_an_agreement() -> None:
    from moref.billing.refresh import refresh

    world = World()
    world.processor.pay(world.open())
    refresh(world.runtime, world.org, connect=world.connect)
    with pytest.raises(Conflict, match="cancelled first"):
        agree(world.runtime, world.org, agreed=True, actor="operator:kim")
