"""What is held of people ends by dated data: by a time to live on the row, or by the sweep; nothing ends early."""

from datetime import timedelta

import pytest

from moref.api.idempotency import KEPT as ANSWERS
from moref.intake.inbox_row import KEEP_SECONDS
from moref.messaging.model import Message
from moref.messaging.reputation import KEPT as MAIL
from moref.privacy import retention
from moref.privacy.inventory import INVENTORY
from moref.privacy.retention import forget_old, rule
from moref.privacy.sweep import sweep_retention
from moref.records import every
from moref.rewards.model import Payout
from tests.fakes.referral_world import ORG
from tests.fakes.runtime import START
from tests.unit.privacy.world import Life

DAY = timedelta(days=1)


def test_every_noun_is_kept_by_a_rule_with_a_source() -> None:
    for noun, holding in INVENTORY.items():
        found = rule(holding.kept, START)
        assert found.source, noun
        assert (found.days is None) == (found.enforced_by == "nobody"), noun
        assert (found.enforced_by == "table") == (holding.erased == "expires"), noun
        assert found.enforced_by != "sweep" or holding.erased in ("blanked", "pseudonymous"), noun


def test_what_the_table_forgets_has_the_time_that_the_data_says() -> None:
    for kept, real in (("inbox", timedelta(seconds=KEEP_SECONDS)), ("answer", ANSWERS), ("mail", MAIL)):
        days = rule(kept, START).days
        assert days is not None
        assert timedelta(days=days) == real, kept


def old(life: Life, days: int) -> None:
    """Time passes; then an hourly round."""
    life.world.clock.move(days=days)
    assert sweep_retention(life.runtime) == 1
    life.work("retention.due", ORG)


@pytest.fixture
def life() -> Life:
    made = Life()
    made.full()
    return made


def test_nothing_is_forgotten_before_its_time(life: Life) -> None:
    before = life.traces("ann")
    old(life, 1000)
    assert life.traces("ann") == before


def test_words_and_addresses_go_after_three_years_messages_after_four_the_contact_stays(life: Life) -> None:
    old(life, 1097)
    left = life.traces("ann")
    assert not [trace for trace in left if "#job#" in trace or "#feedback#" in trace or "#lead#" in trace]
    assert [trace for trace in left if "#message#" in trace]
    old(life, 400)
    left = life.traces("ann")
    assert not [trace for trace in left if "#message#" in trace]
    assert [trace for trace in left if "#contact#" in trace]


def test_to_whom_money_went_is_known_for_seven_years(life: Life) -> None:
    life.payout()
    life.end_payout()
    old(life, 2500)
    assert every(life.store, Payout, ORG)[0].recipient_email
    old(life, 100)
    assert every(life.store, Payout, ORG)[0].recipient_email is None


def test_a_pass_of_many_pages_misses_nobody_and_later_rows_have_their_turn(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PAGE", 1)
    life.webhook("J-8", {"id": "C-8", "first_name": "Late", "phone": "+15125550108"}, "booked",
                 origin={"street": "9 Late Lane", "postal_code": "78701"})  # fmt: skip
    old(life, 1500)
    rows = [row for row in life.store.rows.values() if row["noun"] == "job"]
    assert [row["data"]["origin"] for row in rows] == [None] * len(rows)
    assert all(message.body is None for message in every(life.store, Message, ORG))


def test_a_repeated_slice_changes_nothing(life: Life) -> None:
    old(life, 3000)
    before = {key: row["version"] for key, row in life.store.rows.items()}
    forget_old(life.runtime, ORG, ORG)
    assert {key: row["version"] for key, row in life.store.rows.items()} == before
