"""A lapsed organization reads, pays what it owes and exports; nothing new is begun or sent, and everything says why."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from moref.api.openapi import document
from moref.api.routes import OPERATIONS
from moref.aws.compose import composed
from moref.billing.model import Subscription
from moref.billing.trial import agree, trial
from moref.campaigns.definition import Definition
from moref.campaigns.model import Enrollment, StaffTask
from moref.messaging.model import Message
from moref.messaging.plan_message import planned
from moref.records import Change, Create, every, get
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World as Api
from tests.unit.messaging import world as messages


@pytest.fixture
def api() -> Iterator[Api]:
    before = dict(composed)
    world = Api()
    approvable(world)
    world.clock.move(days=15)
    yield world
    composed.clear()
    composed.update(before)


def test_whatever_begins_something_new_is_refused_with_402_and_what_to_do(api: Api) -> None:
    paid = [operation for operation in OPERATIONS if operation.paid]
    assert {operation.tag for operation in paid} >= {"advocates", "campaigns", "goodwill", "locations"}
    paths = document()["paths"]
    for operation in paid:
        answer = api.call(operation.method, operation.path.removeprefix("/v1").replace("{id}", "x"), {}, key="k")
        assert (answer.status, answer.json()["code"]) == (402, "payment_required"), operation.route
        assert "POST /v1/billing/checkout" in answer.json()["detail"]
        documented = paths[operation.path][operation.method.lower()]["responses"]
        assert "402" in documented


def test_the_other_organization_and_every_read_go_on(api: Api) -> None:
    for operation in OPERATIONS:
        if not operation.changes:
            answer = api.call(operation.method, operation.path.removeprefix("/v1").replace("{id}", "cnv_1"), {})
            assert answer.status != 402, operation.route
    agree(api.runtime, api.b.organization_id, agreed=True, actor="operator:kim")
    form = {"name": "Own"}
    assert api.call("POST", "/campaigns", form, token=api.token(api.b)).status != 402


def test_what_is_owed_is_approved_and_stop_switches_and_opt_outs_work(api: Api) -> None:
    answer = api.call("POST", "/conversions/cnv_1/approve", {"reason": "checked"}, key="k")
    assert (answer.status, answer.json()["status"]) == (200, "approved")
    assert api.call("PUT", "/switches/payouts", {"reason": "audit"}).status == 200
    assert api.call("POST", "/contacts/ctc_adv/opt-out", {"channel": "email", "reason": "asked"}).status != 402


def test_an_agreement_or_a_payment_lets_it_go_on_at_once(api: Api) -> None:
    def refused() -> bool:
        return api.call("POST", "/campaigns", {"name": "Own"}).status == 402

    org = api.a.organization_id
    assert refused()
    row = get(api.store, Subscription, org, org)
    api.store.commit(Change(row, row.changed(api.clock.now(), status="active", subscription_id="sub")))
    assert not refused()


@pytest.fixture
def it() -> messages.World:
    """With a trial that is over."""
    made = messages.world()
    row = trial(messages.ORG, made.clock.now() - timedelta(days=20))
    made.store.commit(Create(row))
    return made


@pytest.mark.parametrize(
    ("template", "kind", "in_campaign", "leaves"),
    [
        ("ask", "marketing", False, False), ("ask", "marketing", True, False), ("reward", "service", True, False),
        ("reward", "service", False, True),
    ],
)  # fmt: skip
def test_its_campaigns_are_silent_and_what_a_payout_says_still_goes(
    it: messages.World, template: str, kind: Any, in_campaign: bool, leaves: bool
) -> None:
    now = it.clock.now()
    if in_campaign:
        made = {"organization_id": messages.ORG, "created_at": now, "updated_at": now}
        it.store.commit(
            Create(
                Enrollment(
                    **made, id="enr_x", campaign_id="c", version_id="v", trigger="reward_issued", cause="x",
                    began_at=now, contact_id=messages.PERSON, location_id=messages.PLACE, places=[],
                )
            )
        )  # fmt: skip
    writes = planned(
        it.runtime, messages.ORG, cause="test", template=template, kind=kind, location_id=messages.PLACE,
        contact=it.contact(), fields={"amount": "$25", "feedback_link": "https://go.example.test/x"},
        enrollment_id="enr_x" if in_campaign else None, step="s" if in_campaign else None,
    )  # fmt: skip
    it.store.commit(*writes)
    it.pump()
    assert isinstance(writes[0], Create)
    message = get(it.store, Message, messages.ORG, writes[0].entity.id)
    assert (message.status, message.reason) == (("sent", None) if leaves else ("skipped", "subscription_lapsed"))


def test_nobody_enters_a_campaign_until_it_is_paid_for(it: messages.World) -> None:
    steps = {"note": {"kind": "task", "words": "hello", "mail": False}}
    trigger = {"kind": "job_completed", "when": {}}
    it.campaign("own", Definition.model_validate({"trigger": trigger, "first": "note", "steps": steps}))
    it.job_facts("completed", completed=True)
    it.move(hours=1)
    assert every(it.store, StaffTask, messages.ORG) == []
    assert every(it.store, Enrollment, messages.ORG) == []
    agree(it.runtime, messages.ORG, agreed=True, actor="operator:kim")
    it.job_facts("invoiced", completed=True)
    it.move(hours=1)
    assert [task.words for task in every(it.store, StaffTask, messages.ORG)] == ["hello"]
