"""A message leaves at most once, whatever dies, repeats or gets lost on the way."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from moref.kernel.errors import NeedsPerson, OutcomeUnknown, Retry
from moref.messaging.channels.base import Account, Outgoing, Refused, Report
from moref.messaging.model import ReportState, Suppression
from moref.messaging.opt_out import opt_out
from moref.messaging.record_status import record_status
from moref.messaging.sweep import sweep_overdue
from moref.people import person_key
from moref.runtime import Runtime
from moref.tenants.model import Organization
from tests.fakes.memory_store import Crash
from tests.unit.messaging.world import ORG, PHONE, FakeChannel, World, world

LOST = ("lost", OutcomeUnknown("the answer was lost"))


def test_an_sms_carries_sender_number_link_name_and_how_to_stop() -> None:
    it = world()
    id = it.plan()
    it.pump()
    (text,) = it.sms.sent
    assert text.sender == "+15125550100"
    for part in ("Sam", "Bluebird Moving Austin", "https://go.example.test/review/abc", "Reply STOP to opt out"):
        assert part in text.body
    assert it.message(id).body == text.body


def test_an_email_carries_postal_address_and_one_click_unsubscribe() -> None:
    it = world(consents=[])
    it.plan()
    it.pump()
    (mail,) = it.email.sent
    assert mail.html is not None
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = mail.headers["List-Unsubscribe"].strip("<>")
    assert link.startswith("https://go.example.test/u/")
    for part in (link, "1 Main St, Austin TX 78701"):
        assert part in mail.body
        assert part in mail.html


def test_sending_again_and_again_sends_once() -> None:
    it = world()
    id = it.plan()
    for _ in range(5):
        it.send(id)
        it.pump()
    assert len(it.sms.sent) == 1
    assert it.message(id).status == "sent"


def test_a_stop_between_planning_and_sending_wins() -> None:
    it = world()
    it.plan()
    opt_out(it.runtime, ORG, "sms", PHONE, "STOP")
    it.pump()
    assert not it.sms.sent


def _run_with_crash(it: World, id: str, point: int) -> bool:
    it.store.crash_at = it.store.points + point
    try:
        it.send(id)
    except Crash:
        return True
    it.store.crash_at = None
    return False


@pytest.mark.parametrize("channel", ["sms", "email"])
@pytest.mark.parametrize("lost", [False, True])
def test_a_worker_that_dies_at_any_write_never_makes_two_messages_of_one(channel: str, lost: bool) -> None:
    crashed, point = 0, 1
    while True:
        it = world() if channel == "sms" else world(consents=[])
        provider = it.sms if channel == "sms" else it.email
        id = it.plan()
        provider.script = [LOST] if lost else []
        died = _run_with_crash(it, id, point)
        it.send(id)  # the queue delivers it again, soon and late
        it.move(minutes=5)
        it.send(id)
        sweep_overdue(it.runtime)
        it.move(hours=1)
        assert len(provider.sent) <= 1, f"sent twice after a crash at point {point}"
        if channel == "sms":
            assert it.message(id).status == "sent", f"stuck after a crash at point {point}"
            assert len(provider.sent) == 1
        else:
            assert it.message(id).status in ("sent", "unknown")
        if not died:
            break
        crashed, point = crashed + 1, point + 1
    assert crashed >= 4  # claim and outcome, before and after each


def test_an_sms_whose_answer_was_lost_is_found_at_the_provider_and_not_sent_again() -> None:
    it = world()
    id = it.plan()
    it.sms.script = [LOST]
    it.pump()
    assert it.message(id).status == "unknown"
    it.move(minutes=3)
    assert (it.message(id).status, it.message(id).provider_id) == ("sent", "SM1")
    assert len(it.sms.sent) == 1


def test_an_sms_that_surely_never_arrived_is_sent_once_more_and_then_given_up() -> None:
    it = world()
    id = it.plan()
    it.sms.script = [OutcomeUnknown("cut"), OutcomeUnknown("cut"), OutcomeUnknown("cut")]
    it.move(hours=2)
    assert (it.message(id).status, it.message(id).reason, it.message(id).attempts) == ("failed", "outcome_unknown", 2)


def test_while_the_provider_cannot_tell_nothing_is_repeated() -> None:
    it = world()
    id = it.plan()
    it.sms.script, it.sms.find_fails = [LOST], Retry("down")
    it.move(hours=1)
    assert it.message(id).status == "unknown"
    it.sms.find_fails = None
    it.move(minutes=10)
    assert it.message(id).status == "sent"
    assert len(it.sms.sent) == 1


def test_the_same_text_sent_before_is_not_taken_for_the_lost_one() -> None:
    it = world()
    it.change(Organization, ORG, settings={"most_per_day": 2})
    first = it.plan(cause="first")
    it.pump()
    it.sms.script = [OutcomeUnknown("cut")]
    second = it.plan(cause="second")
    it.move(minutes=5)
    assert it.message(first).provider_id == "SM1"
    assert (it.message(second).status, it.message(second).provider_id) == ("sent", "SM2")


def test_an_email_whose_answer_was_lost_stays_unknown_for_ever() -> None:
    it = world(consents=[])
    id = it.plan()
    it.email.script = [LOST]
    it.move(hours=2)
    assert sweep_overdue(it.runtime) == 0
    assert it.message(id).status == "unknown"
    assert len(it.email.sent) == 1


def test_what_was_surely_not_taken_is_sent_later() -> None:
    it = world()
    id = it.plan()
    it.sms.script = [Retry("429"), Retry("429"), NeedsPerson("credentials")]
    it.pump()
    assert it.message(id).status == "queued"
    it.move(minutes=30)
    assert it.message(id).status == "sent"
    assert len(it.sms.sent) == 1


def test_a_definite_refusal_is_final_and_keeps_the_providers_code() -> None:
    it = world()
    id = it.plan()
    it.sms.script = [Refused("21211")]
    it.move(hours=1)
    assert (it.message(id).status, it.message(id).reason) == ("failed", "21211")


def test_21610_is_an_opt_out_for_everything_that_follows() -> None:
    it = world()
    id = it.plan()
    it.sms.script = [Refused("21610", opted_out=True)]
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("skipped", "opted_out")
    assert "sms" in it.contact().opted_out
    key = person_key(it.runtime.keys, ORG, "phone", PHONE)
    assert it.store.find(Suppression, ORG, key) is not None
    next_one = it.plan(cause="next", channel="sms")
    it.pump()
    assert it.message(next_one).status == "skipped"


def test_without_consent_or_after_a_text_opt_out_the_message_is_an_email_from_the_start() -> None:
    it = world(consents=[])
    assert it.message(it.plan(cause="one")).channel == "email"
    it = world()
    opt_out(it.runtime, ORG, "sms", PHONE, "STOP")
    assert it.message(it.plan(cause="two")).channel == "email"


STATES: list[ReportState] = ["sent", "delivered", "sent"]


def told(it: World, state: ReportState, code: str | None = None) -> str | None:
    return record_status(it.runtime, ORG, Report("SM1", state, code))


@pytest.mark.parametrize("order", [STATES, STATES[::-1], ["delivered", "undelivered"], ["undelivered", "delivered"]])
def test_delivery_reports_in_any_order_and_twice_end_in_the_furthest_state(order: list[ReportState]) -> None:
    it = world()
    id = it.plan()
    it.pump()
    for state in order + order:
        assert told(it, state) is None
    assert it.message(id).status == "delivered"
    assert it.message(id).reason is None


def test_a_report_that_comes_before_our_own_note_is_not_lost() -> None:
    it = world()
    told(it, "undelivered", "30005")
    id = it.plan()
    it.pump()
    assert (it.message(id).status, it.message(id).reason) == ("undelivered", "30005")


def test_the_sweep_sends_what_stood_still() -> None:
    it = world()
    id = it.plan()
    it.clock.move(minutes=11)
    assert sweep_overdue(it.runtime) == 1
    it.pump()
    assert it.message(id).status == "sent"
    assert it.message(id).address == PHONE


@dataclass
class SlowChannel(FakeChannel):
    """While the first call is on its way, `meanwhile` happens."""

    meanwhile: Callable[[], None] | None = None
    first_outcome: Exception | None = None

    def send(self, runtime: Runtime, account: Account, outgoing: Outgoing) -> str:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is None:
            return super().send(runtime, account, outgoing)
        meanwhile()
        if self.first_outcome is not None:
            raise self.first_outcome
        return super().send(runtime, account, outgoing)


def test_a_second_delivery_while_the_first_is_still_sending_leaves_it_alone() -> None:
    it = world()
    id = it.plan()
    it.sms = SlowChannel(meanwhile=lambda: it.send(id))
    it.pump()
    it.move(minutes=5)
    assert len(it.sms.sent) == 1
    assert it.message(id).status == "sent"


def test_what_a_worker_given_up_for_dead_reports_late_does_not_undo_the_next_attempt() -> None:
    it = world()
    id = it.plan()

    def another_worker_takes_over() -> None:
        it.clock.move(minutes=3)
        it.sms.script = [LOST]
        it.send(id)

    it.sms = SlowChannel(meanwhile=another_worker_takes_over, first_outcome=Retry("429"))
    it.send(id)
    it.move(hours=1)
    assert len(it.sms.sent) == 1
    assert it.message(id).status == "sent"


def test_reports_before_our_note_keep_the_furthest_in_any_order() -> None:
    it = world()
    told(it, "delivered")
    told(it, "sent")
    id = it.plan()
    it.pump()
    assert it.message(id).status == "delivered"


def test_a_worker_that_dies_between_its_note_and_an_early_report_has_it_applied_on_redelivery() -> None:
    it = world()
    told(it, "undelivered", "30005")
    id = it.plan()
    assert _run_with_crash(it, id, 6)  # slot, claim and note, each before and after
    assert it.message(id).status == "sent"
    it.send(id)
    assert it.message(id).status == "undelivered"
