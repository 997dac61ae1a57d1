"""An organization that closes: nothing is sent, what is owed is paid, and after thirty days nobody it knew is left."""

from datetime import timedelta

import pytest

from moref.campaigns.model import Enrollment
from moref.kernel.errors import Conflict
from moref.kernel.keys import GLOBAL
from moref.messaging.last_look import Skip, last_look
from moref.messaging.model import Message
from moref.privacy.sweep import sweep_closings
from moref.records import Create, every, get
from moref.rewards.pay import _held
from moref.tenants.close_organization import GRACE, close_organization, mark_links, reopen_organization
from moref.tenants.model import Hook, Location, Organization
from tests.fakes.referral_world import LOCATION, ORG
from tests.unit.privacy.world import Life


@pytest.fixture
def life() -> Life:
    made = Life()
    made.full()
    close_organization(made.runtime, ORG, reason="we retire", actor="mem_1")
    mark_links(made.runtime, ORG, ORG)
    return made


def organization(life: Life) -> Organization:
    return get(life.store, Organization, ORG, ORG)


def closed(life: Life) -> None:
    life.world.clock.at += GRACE + timedelta(hours=1)
    assert sweep_closings(life.runtime) == 1
    life.work("organization.close", ORG)


def test_sends_stop_at_once_and_payouts_go_on(life: Life) -> None:
    row = Message(**life.world.base("msg_q"), channel="email", template="t", kind="service", location_id=LOCATION,
                  contact_id=life.ann)  # fmt: skip
    life.store.commit(Create(row))
    assert last_look(life.runtime, get(life.store, Message, ORG, "msg_q")) == Skip("organization_not_active")
    assert _held(life.runtime, ORG) is None
    assert every(life.store, Enrollment, ORG, status="active")


def test_its_links_lead_on_without_credit_until_it_is_taken_back(life: Life) -> None:
    assert get(life.store, Location, ORG, LOCATION).links_credit is False
    reopen_organization(life.runtime, ORG, actor="mem_1")
    mark_links(life.runtime, ORG, ORG)
    assert get(life.store, Location, ORG, LOCATION).links_credit is True
    assert (organization(life).status, organization(life).closes_at) == ("active", None)
    life.world.clock.at += GRACE * 2
    assert sweep_closings(life.runtime) == 0
    assert life.traces("ann")


def test_asking_twice_leaves_the_day_as_it_was(life: Life) -> None:
    before = organization(life)
    life.world.clock.move(days=3)
    assert close_organization(life.runtime, ORG, reason="again", actor="mem_1") == before


def test_within_the_thirty_days_nobody_is_erased(life: Life) -> None:
    life.work("organization.close", ORG)
    assert (organization(life).status, sweep_closings(life.runtime)) == ("closing", 0)
    assert life.traces("ann")


def test_afterwards_everybody_is_erased_the_hooks_are_shut_and_the_books_stay(life: Life) -> None:
    entries = [row for row in life.store.rows.values() if row["noun"] in ("entry", "audit")]
    closed(life)
    for row in [row for row in life.store.events if row["name"] == "erasure.asked"]:
        life.go_on(row["subject"])
    left = [trace for who in ("ann", "fritz") for trace in life.traces(who) if "inbox" not in trace]
    assert left == [], "raw webhooks end by themselves"
    assert organization(life).status == "closed"
    assert all(hook.status == "stopped" for hook in every(life.store, Hook, GLOBAL) if hook.id == "t")
    kept = [row for row in life.store.rows.values() if row["noun"] in ("entry", "audit")]
    assert len(kept) >= len(entries)
    with pytest.raises(Conflict, match="closed"):
        reopen_organization(life.runtime, ORG, actor="mem_1")
    life.work("organization.close", ORG)
    assert sweep_closings(life.runtime) == 0, "nobody is left"


def test_what_is_being_paid_is_paid_first(life: Life) -> None:
    life.payout()
    closed(life)
    assert organization(life).status == "closing"
    life.end_payout()
    life.work("organization.close", ORG)
    assert organization(life).status == "closed"
