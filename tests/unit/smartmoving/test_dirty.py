"""A notification is only a hint: what is true is read, as rarely as can be, and nothing that was told is lost."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from moref.intake.pulled import CrmPart
from moref.kernel.errors import Conflict, NeedsPerson, OutcomeUnknown, Retry
from moref.records import Write, every
from tests.fakes.memory_store import Crash, MemoryStore
from tests.unit.smartmoving.world import JOB, OPPORTUNITY, ORG, World


def test_a_notification_is_followed_by_one_read_some_seconds_later() -> None:
    w = World()
    assert w.hear("opportunity-created", {"opportunity-status": 4}) is None
    assert w.crm.reads == 0
    ((_, command),) = w.queues.sent
    assert command == {"command": "pull", "organization_id": ORG, "connection_id": "con_sm", "record": OPPORTUNITY}
    w.settle()
    assert (w.crm.reads, w.record().status, w.job().state) == (1, "clean", "booked")


def test_a_burst_of_thirty_costs_one_read() -> None:
    w = World()
    for _ in range(30):
        w.hear("opportunity-changed")
        w.clock.move(seconds=0.2)
    w.settle()
    assert w.crm.reads == 1
    assert w.record().dirty == 30


def test_a_burst_that_lasts_while_we_read_costs_two() -> None:
    w = World()
    for _ in range(15):
        w.hear("opportunity-changed")

    def more() -> None:
        for _ in range(15):
            w.hear("opportunity-changed")

    w.crm.during = more
    (command,) = w.take()
    w.clock.move(seconds=10)
    w.pull(command["record"])
    w.crm.during = None
    assert w.record().status == "dirty"
    w.settle()
    assert (w.crm.reads, w.record().status) == (2, "clean")


def test_what_came_in_before_the_read_began_needs_no_other_however_late_we_work_on_it() -> None:
    w = World()
    came = [w.clock.at + timedelta(seconds=n) for n in range(5)]
    w.hear("opportunity-changed", at=came[0])
    w.settle()
    for at in came[1:]:
        w.hear("opportunity-changed", at=at)
    assert w.take() == []
    assert w.crm.reads == 1


def test_two_workers_read_once() -> None:
    w = World()
    w.hear("opportunity-changed")
    w.crm.during = w.pull
    w.clock.move(seconds=10)
    w.pull()
    assert w.crm.reads == 1


def test_a_read_that_comes_back_after_a_newer_one_is_counted_and_not_applied() -> None:
    w = World()
    w.hear("opportunity-changed")
    w.clock.move(seconds=10)

    def overtaken() -> None:
        w.crm.during = None
        w.clock.move(seconds=61)  # the lease is over; another worker takes the record
        w.opportunity(10)
        w.hear("opportunity-changed")
        w.pull()

    w.crm.during = overtaken
    w.pull()
    assert (w.crm.reads, w.record().older_reads) == (2, 1)
    assert w.job().state == "completed"
    w.settle()
    assert w.job().state == "completed"


@pytest.mark.parametrize("point", range(1, 9))
def test_a_worker_that_dies_anywhere_loses_nothing_and_tells_nothing_twice(point: int) -> None:
    """What SQS does after a crash: the same message again, some minutes later."""
    w = World()
    w.store.crash_at = w.store.points + point

    def at_least_once(work: Callable[[], object]) -> None:
        for _ in range(5):
            try:
                work()
            except Crash:
                w.clock.move(minutes=4)
                continue
            return

    came = w.clock.at
    at_least_once(lambda: w.hear("opportunity-status-changed", {"opportunity-status": 4}, at=came))
    commands = w.take()
    assert commands, "somebody is going to look"
    w.clock.move(seconds=10)
    for _ in commands:
        at_least_once(w.pull)
    w.settle()
    assert (w.record().status, w.job().state, w.changes()) == ("clean", "booked", ["booked"])


@pytest.mark.parametrize("failure", [Retry("HTTP 503"), OutcomeUnknown("ReadTimeout")])
def test_a_crm_that_does_not_answer_is_asked_again_later(failure: Exception) -> None:
    w = World()
    w.crm.fail = [failure]
    w.hear("opportunity-changed")
    w.settle()
    assert (w.crm.reads, w.record().status, w.record().failures) == (2, "clean", 0)


@pytest.mark.parametrize("failure", [Retry("rate_limited", seconds=60), NeedsPerson("credentials")])
def test_a_crm_that_refuses_us_is_left_alone_for_a_while(failure: Exception) -> None:
    w = World()
    w.crm.fail = [failure]
    w.hear("opportunity-changed")
    w.clock.move(seconds=10)
    w.pull()
    assert w.budget().reason == str(failure)
    w.pull()
    assert w.crm.reads == 1
    w.clock.move(seconds=61)
    w.pull()
    assert (w.crm.reads, w.record().status) == (2, "clean")
    assert (w.budget().reason, w.budget().pauses) == (None, 0)


def test_a_record_that_the_crm_does_not_know_is_given_up_without_an_effect() -> None:
    w = World()
    w.crm.opportunities.clear()
    w.hear("opportunity-changed")
    w.settle()
    assert (w.crm.reads, w.record().status, w.changes()) == (3, "gone", [])


def test_news_of_a_job_that_nobody_knows_waits_until_its_opportunity_is_read() -> None:
    w = World()
    w.opportunity(10)
    assert w.hear("job-finalized") == "its opportunity is not known yet: kept until a read names it"
    assert w.take() == []
    w.clock.move(minutes=1)
    w.hear("opportunity-status-changed", {"opportunity-status": 10})
    w.settle()
    (part,) = every(w.store, CrmPart, ORG)
    assert (part.external_id, part.record) == (JOB, OPPORTUNITY)
    assert w.job().state == "invoiced"


def test_news_of_a_customer_reach_all_of_their_opportunities() -> None:
    w = World()
    w.hear("opportunity-created", {"opportunity-status": 4})
    w.settle()
    customer = {**w.crm.opportunities[OPPORTUNITY]["customer"], "emailAddress": "new@home.test"}
    w.opportunity(customer=customer)
    w.clock.move(minutes=5)
    assert w.hear("customer-updated", {"customer-id": customer["id"]}) is None
    w.settle()
    assert w.contact().email == "new@home.test"


def test_a_payment_has_what_is_unpaid_looked_at() -> None:
    w = World()
    w.opportunity(11)
    w.hear("opportunity-created", {"opportunity-status": 11})
    w.settle()
    assert (w.job().state, w.record().unpaid) == ("invoiced", True)
    w.opportunity(11, payments=[{"amount": Decimal("1250.50"), "amountRefunded": 0}])
    w.clock.move(minutes=5)
    assert w.hear("payment-made", {"payment-id": "1de2b8a4-9c51-44f1-8a77-55b0c2d3e431"}) is None
    w.settle()
    assert (w.job().state, w.record().unpaid) == ("paid", False)


def test_reading_what_has_not_changed_tells_nobody_anything() -> None:
    w = World()
    w.hear("opportunity-created", {"opportunity-status": 4})
    w.settle()
    told = len(w.store.events)
    for _ in range(3):
        w.clock.move(minutes=5)
        w.hear("opportunity-changed")
        w.settle()
    assert w.crm.reads == 4
    assert len(w.store.events) == told


def test_too_many_races_leave_the_message_to_the_queue() -> None:
    w = World()

    class Busy(MemoryStore):
        def commit(self, *writes: Write) -> None:
            raise Conflict("busy")

    w.store.__class__ = Busy
    with pytest.raises(Conflict):
        w.hear("opportunity-changed")
    assert w.take() == []
