"""A lead whose wake-up was lost is woken by the hourly sweep, and only such a one."""

from datetime import timedelta
from typing import Any, cast

from moref.kernel.keys import GLOBAL
from moref.kernel.names import LEADS
from moref.records import Create, get
from moref.referrals.hand_over import hand_over
from moref.referrals.model import Lead
from moref.referrals.sweep import LATE, sweep_overdue
from moref.tenants.model import Hook
from tests.fakes.referral_world import ORG, World, world
from tests.fakes.runtime import FakeQueues
from tests.unit.referrals.test_hand_over import URL, Answer, Crm, new_lead


def taking() -> tuple[World, Lead]:
    """A new lead, with a CRM to hand it to."""
    w = world()
    w.connection(URL)
    hook = Hook(
        **w.base("token") | {"organization_id": GLOBAL}, owner_id=ORG, source="crm:generic", connection_id="conn_1",
        secret_ciphertexts=["-"],
    )  # fmt: skip
    w.store.commit(Create(hook))
    return w, new_lead(w)


def woken(w: World) -> list[dict[str, Any]]:
    queues = cast(FakeQueues, w.runtime.queues)
    queues.sent.clear()
    assert sweep_overdue(w.runtime) == len(queues.sent)
    assert {queue for queue, _ in queues.sent} <= {LEADS}
    return [message for _, message in queues.sent]


def test_a_lead_whose_worker_died_is_woken_and_handed_over() -> None:
    w, lead = taking()
    assert woken(w) == []
    w.clock.move(minutes=13)
    (command,) = woken(w)
    assert command == {"command": "hand_over", "organization_id": ORG, "lead_id": lead.id}
    assert hand_over(w.runtime, ORG, command["lead_id"], post=Crm([Answer(200)])).status == "accepted"
    w.clock.move(days=1)
    assert woken(w) == []


def test_an_attempt_that_is_not_ten_minutes_late_is_left_to_its_own_wake_up() -> None:
    w, lead = taking()
    w.clock.move(minutes=3)
    hand_over(w.runtime, ORG, lead.id, post=Crm([Answer(500)]))
    hand_over(w.runtime, ORG, lead.id, post=Crm([Answer(500)]))
    waiting = get(w.store, Lead, ORG, lead.id)
    assert waiting.branch_told_at is not None
    assert waiting.next_attempt_at is not None
    w.clock.at = waiting.next_attempt_at + LATE
    assert woken(w) == []
    w.clock.at += timedelta(seconds=1)
    assert [command["lead_id"] for command in woken(w)] == [lead.id]
