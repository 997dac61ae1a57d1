"""Clicks are counted by the batch: one change of a link for all of its clicks."""

import json
from datetime import timedelta
from typing import Any

import pytest

from click_worker import handler as click_worker
from moref.kernel.errors import Conflict
from moref.records import Create, Write, get
from moref.referrals.model import Link
from moref.referrals.record_clicks import record_clicks
from moref.runtime import Runtime
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import START, fake_runtime

ORG = "org_A"
CODES = ("7K3M9QX2WDQ", "0000000000A")


class CountingStore(MemoryStore):
    commits = 0
    refuse: frozenset[str] = frozenset()

    def commit(self, *writes: Write) -> None:
        self.commits += 1
        if any(write.after.id in self.refuse for write in writes if hasattr(write, "after")):
            raise Conflict
        super().commit(*writes)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    store = CountingStore()
    for code in CODES:
        link = Link(
            organization_id=ORG, id=code, created_at=START, updated_at=START, advocate_id="adv_1", location_id="loc_1"
        )
        store.commit(Create(link))
    store.commits = 0
    made = fake_runtime(store)
    monkeypatch.setattr(click_worker, "runtime", lambda _: made)
    return made


def message(code: str, number: int, seconds: int = 0, **over: Any) -> dict[str, str]:
    at = (START + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    envelope = {
        "id": f"clk_{number}", "schema": 1, "name": "click.recorded", "organization_id": ORG, "subject": code,
        "data": {"code": code, "at": at},
    }  # fmt: skip
    return {"messageId": f"m{number}", "body": json.dumps(envelope | over)}


def link(runtime: Runtime, code: str = CODES[0]) -> Link:
    return get(runtime.store, Link, ORG, code)


def test_a_batch_is_one_change_for_each_link(runtime: Runtime) -> None:
    records = [message(CODES[number % 2], number, seconds=number) for number in range(100)]
    assert click_worker.handler({"Records": records}, None) == {"batchItemFailures": []}
    assert isinstance(runtime.store, CountingStore)
    assert runtime.store.commits == 2
    assert [link(runtime, code).clicks for code in CODES] == [50, 50]
    assert link(runtime).first_clicked_at == START
    assert link(runtime).last_clicked_at == START + timedelta(seconds=98)


def test_a_copy_in_the_same_batch_counts_once(runtime: Runtime) -> None:
    click_worker.handler({"Records": [message(CODES[0], 1), message(CODES[0], 1)]}, None)
    assert link(runtime).clicks == 1


def test_first_and_last_do_not_depend_on_the_order_of_batches(runtime: Runtime) -> None:
    for seconds in (50, 10, 90, 30):
        record_clicks(runtime, ORG, CODES[0], [START + timedelta(seconds=seconds)])
    assert link(runtime).first_clicked_at == START + timedelta(seconds=10)
    assert link(runtime).last_clicked_at == START + timedelta(seconds=90)


def test_a_bad_message_or_a_contended_link_fails_alone(runtime: Runtime) -> None:
    assert isinstance(runtime.store, CountingStore)
    runtime.store.refuse = frozenset([CODES[1]])
    records = [
        message(CODES[0], 1),
        message(CODES[1], 2),
        {"messageId": "m3", "body": "not json"},
        message(CODES[0], 4, data={"code": CODES[0], "at": "yesterday"}),
        message(CODES[0], 5, schema=99),
    ]
    failures = click_worker.handler({"Records": records}, None)["batchItemFailures"]
    assert {failure["itemIdentifier"] for failure in failures} == {"m2", "m3", "m4", "m5"}
    assert link(runtime).clicks == 1


def test_a_link_that_is_not_there_is_let_be(runtime: Runtime) -> None:
    assert click_worker.handler({"Records": [message("GONE", 1)]}, None) == {"batchItemFailures": []}
    record_clicks(runtime, ORG, CODES[0], [])
    assert link(runtime).clicks == 0
