"""What surrounds every use-case behind a queue."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from moref.aws import compose
from moref.aws.rows import bind
from moref.aws.worker import about, read, run_rule, worker
from moref.kernel.env import InboxWorker, MissingSetting, Worker
from moref.kernel.errors import Malformed, Permanent
from moref.kernel.names import TABLES
from moref.runtime import Runtime
from tests.fakes.runtime import FakeMetrics, fake_runtime


@pytest.fixture
def composed() -> Iterator[Runtime]:
    compose.composed[InboxWorker] = fake_runtime()
    yield compose.composed[InboxWorker]
    del compose.composed[InboxWorker]


def batch(*bodies: Any) -> dict[str, Any]:
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {"Records": [{"messageId": f"m{number}", "body": text} for number, text in enumerate(texts)]}


def test_each_message_is_worked_on_and_one_that_fails_fails_alone(
    composed: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[dict[str, Any]] = []

    def work(runtime: Runtime, message: dict[str, Any]) -> None:
        assert runtime is composed
        if message["subject"] == "b":
            raise Permanent("Ann Lee +15125550123 ann@example.com")
        seen.append(message)

    messages = [{"schema": 1, "name": "job.changed", "subject": subject, "data": {"x": 1}} for subject in "abc"]
    answer = worker(InboxWorker, work)(batch(*messages), None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}
    assert [message["subject"] for message in seen] == ["a", "c"]
    assert isinstance(composed.metrics, FakeMetrics)
    assert composed.metrics.counts == {"message_work_failed": 1}
    lines = [vars(record) for record in caplog.records]
    assert [(line["message"], line["about"]["subject"]) for line in lines] == [
        ("done", "a"),
        ("failed", "b"),
        ("done", "c"),
    ]
    assert lines[1]["text"] == "Ann Lee [phone] [email]"
    assert not any("data" in line for line in lines)


@pytest.mark.usefixtures("composed")
@pytest.mark.parametrize(
    "body",
    ["no json", "[]", "7", {"neither": 1}, {"name": "job.changed", "schema": 2}, {"command": "pay", "schema": "1"}],
)
def test_a_message_that_cannot_be_read_goes_to_the_dead_letters_not_to_the_work(body: Any) -> None:
    def work(runtime: Runtime, message: dict[str, Any]) -> None:
        raise AssertionError("called")

    assert worker(InboxWorker, work)(batch(body), None) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}


def test_commands_need_no_schema() -> None:
    assert read('{"command":"pay","payout_id":"pay_1"}')["payout_id"] == "pay_1"
    with pytest.raises(Malformed, match="newer"):
        read('{"name":"job.changed","schema":2}')


def test_a_log_line_holds_short_ids_and_no_data() -> None:
    said = about({"name": "job.changed", "schema": 1, "subject": "job_1", "data": {"secret": 1}, "long": "x" * 81})
    assert said == {"name": "job.changed", "subject": "job_1"}


def test_a_round_fails_loudly(composed: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    assert run_rule(InboxWorker, lambda runtime: 3 if runtime is composed else 0)({}, None) is None
    assert [vars(record)["result"] for record in caplog.records] == [3]

    def broken(runtime: Runtime) -> None:
        raise Permanent("no")

    with pytest.raises(Permanent):
        run_rule(InboxWorker, broken)({}, None)


def test_a_runtime_is_made_once_and_needs_its_whole_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    class Own(Worker):
        pass

    monkeypatch.setattr(compose, "composed", {})
    with pytest.raises(MissingSetting):
        compose.runtime(Own)
    for name in Own.fields():
        monkeypatch.setenv(name.upper(), f"test-{name}")
    assert compose.runtime(Own) is compose.runtime(Own)


def test_all_tables_share_one_client_whose_waits_fit_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    tables = bind({table: f"test-{table}" for table in TABLES})
    connections = {model._get_connection().connection for model in tables.values()}
    assert len(connections) == 1
    config = connections.pop().client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 4)
    assert config.retries["total_max_attempts"] == 3
    assert [model.Meta.table_name for model in tables.values()] == [f"test-{table}" for table in TABLES]
