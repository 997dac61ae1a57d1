"""The desk's verbs over fakes: what they do, what they refuse, what they tell a stranger."""

import io
import json
from argparse import Namespace
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from infra.ops import dlq
from infra.ops.__main__ import parser
from infra.ops.desk import Desk, Refused, instant
from moref.intake.model import ERASED, InboxEvent
from moref.kernel.keys import GLOBAL, PEOPLE
from moref.records import Create, get
from moref.rewards.model import AuditRow, Payout
from moref.signin.model import GoogleClient
from moref.tenants.connect_vendor import connect_vendor
from moref.tenants.model import Connection, Hook, VendorAccount
from moref.tenants.switches import stopped
from moref.tenants.vendor_forms import TwilioAccount
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import START, FakeQueues, fake_runtime
from tests.unit.tenants.world import opened


class Operator:
    """One desk; `run` is the command line without the stage."""

    def __init__(self, client: Callable[[str], Any] | None = None) -> None:
        self.runtime = fake_runtime(MemoryStore(), queue_prefix="https://sqs/", queue_arn_prefix="arn:sqs:")
        self.said: list[str] = []
        self.desk = Desk("local", self.runtime, client or self._no_client, self.said.append)
        self.org = opened(self.runtime).organization_id

    @staticmethod
    def _no_client(service: str) -> Any:
        raise AssertionError(f"{service} was called")

    def run(self, *words: str) -> int:
        self.said.clear()
        options: Namespace = parser().parse_args(["--local", *words])
        return int(options.run(self.desk, options))

    @property
    def text(self) -> str:
        return "\n".join(self.said)


WHY = ("--reason", "provider outage", "--by", "ann")


def test_a_stop_needs_no_confirmation_and_a_start_does() -> None:
    desk = Operator()
    assert desk.run("stop", "payouts", *WHY) == 0
    assert stopped(desk.runtime.store, desk.org, "payouts") == "provider outage"
    with pytest.raises(Refused, match="--yes"):
        desk.run("start", "payouts", *WHY)
    assert stopped(desk.runtime.store, desk.org, "payouts") is not None, "refused means nothing was done"
    assert desk.run("start", "payouts", *WHY, "--yes") == 0
    assert stopped(desk.runtime.store, desk.org, "payouts") is None


def test_a_stop_for_one_organization_stops_that_one_and_is_audited() -> None:
    desk = Operator()
    other = opened(desk.runtime, "redbird").organization_id
    desk.run("stop", "sends", *WHY, "--organization", desk.org)
    assert stopped(desk.runtime.store, desk.org, "sends")
    assert stopped(desk.runtime.store, other, "sends") is None
    rows = [row for row in desk.runtime.store.list(AuditRow, desk.org).items if row.action == "switch.stopped"]
    assert [(row.actor, row.subject) for row in rows] == [("operator:ann", "sends")]
    desk.run("switches", "--organization", desk.org)
    assert "STOPPED since 2026-06-02 15:00 UTC by operator:ann: provider outage" in desk.text
    with pytest.raises(Refused, match="no organization"):
        desk.run("stop", "sends", *WHY, "--organization", "org_nobody")


def webhook(desk: Operator, number: int, **over: Any) -> InboxEvent:
    at = START + timedelta(minutes=number)
    fields: dict[str, Any] = {
        "organization_id": desk.org, "id": f"inb_{number}", "created_at": at, "updated_at": at, "source": "crm:generic",
        "connection_id": "con_1", "event_id": str(number), "body": "-", "status": "handled",
    }  # fmt: skip
    event = InboxEvent(**fields | over)
    desk.runtime.store.commit(Create(event))
    return event


def replayed(desk: Operator) -> list[str]:
    sent = cast(FakeQueues, desk.runtime.queues).sent
    return [message["subject"] for queue, message in sent if queue == "inbox"]


def test_a_replay_counts_first_and_then_works_in_the_order_of_arrival() -> None:
    desk = Operator()
    for number in range(1, 6):
        webhook(desk, number, status="quarantined" if number == 4 else "handled")
    webhook(desk, 7, source="twilio")
    span = ("replay", "--organization", desk.org, "--since", "2026-06-02T15:02:00Z", "--until", "2026-06-02T15:08:00Z")
    with pytest.raises(Refused, match="5 webhooks would be worked on again"):
        desk.run(*span)
    assert desk.said == [
        "crm:generic          handled      3",
        "crm:generic          quarantined  1",
        "twilio               handled      1",
    ]
    assert replayed(desk) == []
    assert desk.run(*span, "--source", "crm:generic", "--yes") == 0
    assert replayed(desk) == ["inb_2", "inb_3", "inb_4", "inb_5"]
    assert get(desk.runtime.store, InboxEvent, desk.org, "inb_2").status == "received"
    assert desk.run(*span, "--status", "quarantined", "--yes") == 0
    assert desk.text.endswith("no webhook in this range"), "none is in quarantine any more"


def test_a_replay_leaves_out_what_held_somebody_who_was_erased() -> None:
    desk = Operator()
    webhook(desk, 1, status="handled")
    webhook(desk, 2, status="handled", reason=ERASED)
    span = ("--since", "2026-06-02T15:00:00Z", "--until", "2026-06-02T16:00:00Z", "--yes")
    assert desk.run("replay", "--organization", desk.org, *span) == 0
    assert replayed(desk) == ["inb_1"]
    assert "1 held somebody who was erased: left out" in desk.text


def test_a_time_without_offset_is_refused() -> None:
    assert instant("2026-06-02T10:00:00-05:00") == datetime(2026, 6, 2, 15, tzinfo=UTC)
    for text in ("2026-06-02T15:00:00", "yesterday"):
        with pytest.raises(Refused):
            instant(text)


def test_a_connection_gets_a_new_secret_and_the_old_one_counts_for_a_day() -> None:
    desk = Operator()
    [connection] = desk.runtime.store.list(Connection, desk.org).items
    words = ("rotate", "connection", connection.id, "--organization", desk.org, "--by", "ann")
    with pytest.raises(Refused, match="24 hours"):
        desk.run(*words)
    assert desk.run(*words, "--yes") == 0
    secret = next(line for line in desk.said if "whsec_" in line).rpartition(" ")[2]
    hook = get(desk.runtime.store, Hook, GLOBAL, connection.hook_token)
    opened_ones = [desk.runtime.vault.open(desk.org, "webhook", each).decode() for each in hook.secret_ciphertexts]
    assert opened_ones[0] == secret
    assert len(opened_ones) == 2


def test_new_credentials_come_from_standard_input_and_never_show(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Operator()
    form = TwilioAccount(account_sid="AC" + "1" * 32, auth_token="old-token-of-twilio-00")
    before = connect_vendor(desk.runtime, desk.org, form, actor="mem_1")
    words = ("rotate", "vendor", "twilio", "--organization", desk.org, "--by", "ann", "--yes")
    monkeypatch.setattr("sys.stdin", io.StringIO('{"auth_token": "short"}'))
    with pytest.raises(Refused, match="auth_token") as refused:
        desk.run(*words)
    assert "short" not in str(refused.value)
    monkeypatch.setattr("sys.stdin", io.StringIO('{"auth_token": "new-token-of-twilio-00"}'))
    assert desk.run(*words) == 0
    after = get(desk.runtime.store, VendorAccount, desk.org, "twilio")
    secret = json.loads(desk.runtime.vault.open(desk.org, "vendor:twilio", after.secret_ciphertext))
    assert secret == {"account_sid": form.account_sid, "auth_token": "new-token-of-twilio-00"}
    assert (after.hook_token, "new-token" in desk.text) == (before.hook_token, False)


def test_looking_tells_ids_and_reasons_of_every_organization_and_counts_them() -> None:
    desk = Operator()
    other = opened(desk.runtime, "redbird").organization_id
    for number, org in enumerate((desk.org, desk.org, other)):
        payout = Payout(
            organization_id=org, id=f"pay_{number}", created_at=START, updated_at=START, reward_id="rwd_1",
            location_id="loc_1", provider="tremendous", vendor_account_id="tremendous", amount=2500, currency="USD",
            recipient_name="Zoe Private", recipient_email="zoe@home.test", recipient_phone=None,
            funding_source_id="BALANCE", status="needs_person", reason="undeliverable",
        )  # fmt: skip
        desk.runtime.store.commit(Create(payout))
    assert desk.run("look", "payouts") == 0
    assert desk.said[-2:] == ["     3 undeliverable", "3 payouts are needs_person"]
    assert not [line for line in desk.said if "zoe" in line.lower()]
    with pytest.raises(Refused, match="payouts are intent"):
        desk.run("look", "payouts", "--status", "lost")


class FakeSqs:
    """Two queues as lists; `moves`: whether it knows StartMessageMoveTask."""

    def __init__(self, waiting: int, *, moves: bool) -> None:
        from botocore.exceptions import ClientError

        self.dead = [{"MessageId": str(n), "Body": f'{{"n": {n}}}', "ReceiptHandle": str(n)} for n in range(waiting)]
        self.sent: list[str] = []
        self.task: dict[str, str] = {}
        self._moves = moves
        self.exceptions = Namespace(ClientError=ClientError)

    def get_queue_attributes(self, **_: Any) -> Any:
        return {"Attributes": {"ApproximateNumberOfMessages": str(len(self.dead))}}

    def receive_message(self, *, MaxNumberOfMessages: int, **_: Any) -> Any:
        return {"Messages": self.dead[:MaxNumberOfMessages]}

    def send_message(self, *, QueueUrl: str, MessageBody: str, **_: Any) -> None:
        assert QueueUrl == "https://sqs/moref-local-payouts"
        self.sent.append(MessageBody)

    def delete_message(self, *, ReceiptHandle: str, **_: Any) -> None:
        self.dead = [message for message in self.dead if message["ReceiptHandle"] != ReceiptHandle]

    def change_message_visibility(self, **_: Any) -> None:
        pass

    def start_message_move_task(self, **task: str) -> None:
        if not self._moves:
            raise self.exceptions.ClientError({"Error": {"Code": "InvalidAction"}}, "StartMessageMoveTask")
        self.task = task


def test_a_redrive_is_sqss_own_task_with_its_destination_named() -> None:
    sqs = FakeSqs(3, moves=True)
    desk = Operator(lambda _: sqs)
    with pytest.raises(Refused, match="3 messages would go back"):
        desk.run("dlq", "redrive", "payouts")
    assert sqs.task == {}
    assert desk.run("dlq", "redrive", "payouts", "--yes") == 0
    assert sqs.task == {
        "SourceArn": "arn:sqs:moref-local-payouts-dlq",
        "DestinationArn": "arn:sqs:moref-local-payouts",
    }


def test_without_that_task_each_message_is_sent_before_it_is_deleted_and_only_once() -> None:
    sqs = FakeSqs(25, moves=False)
    desk = Operator(lambda _: sqs)
    assert desk.run("dlq", "redrive", "payouts", "--yes") == 0
    assert sqs.sent == [f'{{"n": {n}}}' for n in range(25)]
    assert sqs.dead == []


def test_showing_dead_letters_leaves_them_there() -> None:
    sqs = FakeSqs(3, moves=False)
    desk = Operator(lambda _: sqs)
    assert desk.run("dlq", "show", "payouts", "--limit", "2") == 0
    assert [line for line in desk.said if '{"n"' in line] == ['0  {"n": 0}', '1  {"n": 1}']
    assert len(sqs.dead) == 3
    assert dlq.letters("payouts") == "payouts-dlq"
    assert dlq.letters("stream-router-failed") == "stream-router-failed"


GOOGLE = {"client_id": "id.apps.example", "client_secret": "s3cret-of-google", "redirect_uris": ["https://a.example"]}


def test_the_client_of_google_is_set_from_standard_input_and_kept_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Operator()
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(GOOGLE)))
    with pytest.raises(Refused, match="--yes"):
        desk.run("google")
    assert desk.run("google", "--yes") == 0
    client = get(desk.runtime.store, GoogleClient, PEOPLE, "google")
    assert (client.client_id, client.redirect_uris) == ("id.apps.example", ["https://a.example"])
    assert desk.runtime.vault.open(PEOPLE, "google", client.secret_ciphertext) == b"s3cret-of-google"
    assert "s3cret" not in desk.text + client.model_dump_json()


@pytest.mark.parametrize("wrong", ["", "[]", "{}", '{"client_id": 5}', json.dumps(GOOGLE | {"redirect_uris": []})])
def test_what_is_no_client_of_google_is_refused(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    desk = Operator()
    monkeypatch.setattr("sys.stdin", io.StringIO(wrong))
    with pytest.raises(Refused):
        desk.run("google", "--yes")
    assert desk.runtime.store.find(GoogleClient, PEOPLE, "google") is None
