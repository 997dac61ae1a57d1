"""The other AWS adapters over the embedded AWS: what use-cases are promised in `moref.ports`."""

import json
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from moref.aws.clients import client
from moref.aws.compose import build
from moref.aws.mail import SesMail
from moref.aws.outbox import PARKED, Outbox
from moref.aws.queues import SqsQueues
from moref.aws.router import router
from moref.aws.vault import KmsVault
from moref.events import Event, envelope
from moref.kernel import ids, keys
from moref.kernel.clock import iso
from moref.kernel.env import Worker
from moref.kernel.errors import OutcomeUnknown, Retry
from moref.kernel.names import CORE, PAYOUTS, PENDING_SHARDS, QUEUES, REFERRALS, TRAFFIC
from moref.records import Create, Emit
from moref.runtime import Runtime
from tests.contract.conftest import Backend, Faults
from tests.contract.test_store import thing
from tests.fakes.runtime import settings

pytestmark = pytest.mark.cloud

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def runtime(emulator: str) -> Iterator[Runtime]:
    """Everything real, with queues, a key, a secret, a schedule group and a sender to talk to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", emulator)
        client.cache_clear()
        for queue in QUEUES:
            client("sqs").create_queue(QueueName=f"moref-local-{queue}")
        client("scheduler").create_schedule_group(Name="moref-local-campaigns")
        client("sesv2").create_email_identity(EmailIdentity="moref.example")
        values = {f"{table}_table": f"contract-{table}" for table in ("core", "traffic", "ledger")} | {
            "queue_prefix": f"{emulator}/{ACCOUNT}/",
            "queue_arn_prefix": f"arn:aws:sqs:us-east-1:{ACCOUNT}:",
            "schedule_group": "moref-local-campaigns",
            "schedule_role": f"arn:aws:iam::{ACCOUNT}:role/scheduler",
            "kms_key": client("kms").create_key()["KeyMetadata"]["Arn"],
            "platform_secret": client("secretsmanager").create_secret(Name="p", SecretString="s" * 64)["ARN"],
            "mail_from": "no-reply@moref.example",
        }
        yield build(settings(**values))
        client.cache_clear()


def received(runtime: Runtime, queue: str) -> list[dict[str, Any]]:
    assert isinstance(runtime.queues, SqsQueues)
    url, found = runtime.queues.url(queue), []
    while messages := client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            found.append(json.loads(message["Body"]))
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return found


def test_a_message_arrives_as_it_was_sent(runtime: Runtime) -> None:
    message = {"command": "pay", "organization_id": "org_1", "payout_id": "pay_ü", "n": 1, "none": None}
    runtime.queues.send(PAYOUTS, message)
    runtime.queues.send(PAYOUTS, {"command": "no organization"}, delay_seconds=0)
    assert received(runtime, PAYOUTS) == [message, {"command": "no organization"}]
    with pytest.raises(ValueError, match="no queue"):
        runtime.queues.send("invented", message)


def test_a_delayed_message_is_not_there_yet(runtime: Runtime) -> None:
    runtime.queues.send(PAYOUTS, {"command": "later"}, delay_seconds=900)
    assert received(runtime, PAYOUTS) == []


def test_many_messages_go_in_batches(runtime: Runtime) -> None:
    assert isinstance(runtime.queues, SqsQueues)
    messages = [{"id": number, "organization_id": f"org_{number % 3}"} for number in range(25)]
    assert runtime.queues.send_many(REFERRALS, messages) == set()
    assert sorted(message["id"] for message in received(runtime, REFERRALS)) == list(range(25))
    assert runtime.queues.send_many(REFERRALS, []) == set()


def test_a_schedule_is_made_once_keeps_its_time_and_can_be_forgotten(runtime: Runtime) -> None:
    due = datetime.now(UTC) + timedelta(days=3)
    command = {"command": "pay", "organization_id": "org_1", "payout_id": "pay_1"}
    runtime.scheduler.at("payout-pay_1", due, PAYOUTS, command)
    runtime.scheduler.at("payout-pay_1", due + timedelta(days=1), PAYOUTS, command | {"payout_id": "other"})
    found = client("scheduler").get_schedule(Name="payout-pay_1", GroupName="moref-local-campaigns")
    assert found["ScheduleExpression"].startswith(f"at({due:%Y-%m-%dT}")
    assert (found["ScheduleExpressionTimezone"], found["ActionAfterCompletion"]) == ("UTC", "DELETE")
    target = found["Target"]
    assert json.loads(target["Input"]) == command
    assert target["Arn"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:moref-local-payouts"
    assert target["DeadLetterConfig"]["Arn"] == f"arn:aws:sqs:us-east-1:{ACCOUNT}:moref-local-payouts-dlq"
    assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] == 3600
    runtime.scheduler.cancel("payout-pay_1")
    runtime.scheduler.cancel("payout-pay_1")
    with pytest.raises(client("scheduler").exceptions.ResourceNotFoundException):
        client("scheduler").get_schedule(Name="payout-pay_1", GroupName="moref-local-campaigns")


def test_what_is_due_soon_is_in_the_queue_at_once(runtime: Runtime) -> None:
    runtime.scheduler.at("now", datetime.now(UTC) - timedelta(hours=1), PAYOUTS, {"command": "late"})
    assert received(runtime, PAYOUTS) == [{"command": "late"}]


def test_a_secret_opens_in_its_own_context_only(runtime: Runtime) -> None:
    sealed = runtime.vault.seal("org_1", "webhook", b"whsec \x00\xff")
    for vault in (runtime.vault, KmsVault(runtime.settings.kms_key)):
        assert vault.open("org_1", "webhook", sealed) == b"whsec \x00\xff"
        for wrong in (("org_2", "webhook", sealed), ("org_1", "vendor:twilio", sealed), ("org_1", "webhook", "?")):
            with pytest.raises(KeyError):
                vault.open(*wrong)


def test_an_opened_secret_is_not_asked_for_again(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed = runtime.vault.seal("org_1", "webhook", b"secret")
    assert runtime.vault.open("org_1", "webhook", sealed) == b"secret"
    monkeypatch.setattr("moref.aws.vault.client", None)  # any call would fail
    assert runtime.vault.open("org_1", "webhook", sealed) == b"secret"


def test_keys_of_two_purposes_are_two_keys_always_the_same(runtime: Runtime) -> None:
    first = runtime.keys.derive("lookup")
    assert len(first) == 32
    assert first != runtime.keys.derive("api-token")
    assert build(runtime.settings).keys.derive("lookup") == first


def sent(emulator: str) -> list[dict[str, Any]]:
    """Every mail the embedded SES took."""
    url = f"{emulator}/_ministack/ses/messages"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310  loopback
        found: list[dict[str, Any]] = json.loads(answer.read())["messages"].get(ACCOUNT, [])
    return found


def test_a_mail_goes_out_with_its_headers_and_under_the_branchs_name(runtime: Runtime, emulator: str) -> None:
    asked: list[dict[str, Any]] = []
    events = client("sesv2", attempts=1).meta.events
    events.register("before-call.sesv2.SendEmail", lambda params, **_: asked.append(json.loads(params["body"])))
    id = SesMail("local", runtime.settings.mail_from).send(
        to="ann@example.com",
        subject="Wie war's? ✓",
        text="Hi",
        html="<p>Hi</p>",
        sender_name='Blue "Bird"\r\nBcc: x@example.com',
        reply_to="branch@example.com",
        headers={"List-Unsubscribe": "<https://go.example.test/u/t>"},
    )
    mail = sent(emulator)[-1]
    assert (mail["MessageId"].partition("@")[0], mail["To"]) == (id.partition("@")[0], ["ann@example.com"])
    assert (mail["Subject"], mail["BodyText"], mail["BodyHtml"]) == ("Wie war's? ✓", "Hi", "<p>Hi</p>")
    assert mail["Source"] == "\"Blue 'Bird'Bcc: x@example.com\" <no-reply@moref.example>"  # one line: one header
    (request,) = asked  # what the embedded SES does not keep
    assert request["ReplyToAddresses"] == ["branch@example.com"]
    assert request["ConfigurationSetName"] == "moref-local-mail"
    header = {"Name": "List-Unsubscribe", "Value": "<https://go.example.test/u/t>"}
    assert request["Content"]["Simple"]["Headers"] == [header]


def test_a_mail_whose_answer_is_lost_is_not_sent_twice(
    faults: Faults, emulator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", faults.url)
    client.cache_clear()
    before = len(sent(emulator))
    faults.set({"service": "ses", "times": 5, "response": {"abort_bytes": 0}})
    with pytest.raises(OutcomeUnknown):
        SesMail("local", "no-reply@moref.example").send(to="ann@example.com", subject="s", text="t")
    assert faults.fired() <= 1  # asked once
    deadline = time.monotonic() + 30
    while len(sent(emulator)) == before and time.monotonic() < deadline:
        pass  # a loaded machine may outlast the client's patience; the mail is on its way
    assert len(sent(emulator)) == before + 1
    client.cache_clear()


def test_ses_out_of_reach_is_a_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    client.cache_clear()
    with pytest.raises(Retry):
        SesMail("local", "no-reply@moref.example").send(to="ann@example.com", subject="s", text="t")
    client.cache_clear()


SHARDS = [f"p{number}" for number in range(PENDING_SHARDS)]


def waiting(outbox: Outbox, table: str, organization: str, before: datetime) -> list[dict[str, Any]]:
    rows = [row for shard in [*SHARDS, PARKED] for row in outbox.waiting(table, shard, before, 500)]
    return [row for row in rows if row["pk"].startswith(f"{organization}#")]


def test_an_outbox_row_waits_until_it_is_cleared(direct: Backend) -> None:
    org, at = ids.new("org"), datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
    direct.store.commit(Create(thing(org)), *(Emit(Event("job.changed", org, f"job_{n}"), at) for n in range(3)))
    outbox = Outbox(direct.store.tables)  # type: ignore[attr-defined]
    assert waiting(outbox, CORE, org, at) == []  # not late yet
    later = at + timedelta(minutes=2)
    first, second, third = waiting(outbox, CORE, org, later)
    outbox.clear(CORE, (first["pk"], first["sk"]))
    outbox.clear(CORE, (first["pk"], first["sk"]))
    outbox.park(CORE, (second["pk"], second["sk"]))
    found = {row["pk"]: row["pending"] for row in waiting(outbox, CORE, org, later)}
    assert found == {second["pk"]: PARKED, third["pk"]: third["pending"]}
    stored = direct.read(CORE, first["pk"], first["sk"])
    assert stored is not None
    assert "pending" not in stored
    assert stored["expires_at"] == int((at + timedelta(days=30)).timestamp())
    outbox.clear(CORE, (org, "gone"))
    assert direct.read(CORE, org, "gone") is None  # clearing makes no row


@pytest.mark.parametrize("data", ["garbage", [1, 2], 7, None])
def test_a_row_in_no_shape_of_ours_waits_and_is_parked_like_any_other(direct: Backend, data: Any) -> None:
    org, at = ids.new("org"), datetime(2026, 6, 2, 15, 0, tzinfo=UTC)
    key, since = (f"{org}#event#evt_1", "self"), iso(at)
    row = {"pk": key[0], "sk": key[1], "noun": 5, "data": data, "pending": SHARDS[0], "pending_since": since}
    direct.write(CORE, row)
    outbox = Outbox(direct.store.tables)  # type: ignore[attr-defined]
    (found,) = waiting(outbox, CORE, org, at + timedelta(minutes=2))
    assert (found["pk"], found["data"], found["pending"]) == (key[0], None, SHARDS[0])
    outbox.park(CORE, key)
    assert [each["pending"] for each in waiting(outbox, CORE, org, at + timedelta(minutes=2))] == [PARKED]
    outbox.clear(CORE, key)
    assert waiting(outbox, CORE, org, at + timedelta(minutes=2)) == []


def test_the_sweeper_delivers_over_the_real_tables_and_queues(runtime: Runtime) -> None:
    org, at = ids.new("org"), datetime.now(UTC) - timedelta(minutes=3)
    runtime.store.commit(*(Emit(Event("referral.changed", org, f"ref_{n}"), at) for n in range(12)))
    recent = Emit(Event("referral.changed", org, "ref_recent"), datetime.now(UTC))
    runtime.store.commit(recent)
    router(runtime).sweep()
    mine = [message for message in received(runtime, REFERRALS) if message["organization_id"] == org]
    assert sorted(message["subject"] for message in mine) == sorted(f"ref_{n}" for n in range(12))
    router(runtime).sweep()
    assert [message for message in received(runtime, REFERRALS) if message["organization_id"] == org] == []


def test_the_router_needs_the_real_adapters(runtime: Runtime) -> None:
    from tests.fakes.memory_store import MemoryStore

    with pytest.raises(TypeError):
        router(replace(runtime, store=MemoryStore()))


def test_an_inbox_row_of_a_door_is_swept_as_its_own_arrival(direct: Backend, runtime: Runtime) -> None:
    from moref.intake.inbox_row import build as inbox_row

    org, at = ids.new("org"), datetime.now(UTC) - timedelta(minutes=5)
    row = inbox_row(
        organization=org,
        source="crm:generic",
        connection_id="con_1",
        event_id="e",
        headers={},
        body="",
        now=at.timestamp(),
    )
    direct.write(TRAFFIC, row)
    outbox = Outbox(runtime.store.tables)  # type: ignore[attr-defined]
    ((found),) = waiting(outbox, TRAFFIC, org, datetime.now(UTC))
    assert found["data"]["source"] == "crm:generic"
    id = row["pk"].split("#")[2]
    from moref.routing import delivery

    ready = delivery(TRAFFIC, found)
    assert ready is not None
    assert ready.message == envelope(Event("inbox.received", org, id, {"source": "crm:generic"}), id, iso(at))
    assert ready.key == keys.row_key(org, "inbox", id)


def test_settings_are_what_the_runtime_was_built_from(runtime: Runtime) -> None:
    assert isinstance(runtime.settings, Worker)
    assert runtime.clock.now().utcoffset() == timedelta()
