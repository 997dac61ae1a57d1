"""The CRM's door: what is verified is stored once and answered 202; nothing else is stored."""

import base64
import json
import zlib
from typing import Any

import pytest

from moref.intake.hook_door import Sender
from moref.intake.model import InboxEvent
from moref.kernel.webhook import MAX_BODY
from moref.records import Create
from moref.tenants.model import Hook
from tests.fakes.memory_store import MemoryStore
from tests.unit.doors.world import (
    BODY,
    GENERIC,
    NOW,
    OLD_SECRET,
    ORG,
    SECRET,
    TOKEN,
    Clock,
    door,
    hook,
    inbox,
    post,
    said,
    sign,
)


def test_a_signed_webhook_is_stored_and_answered_202() -> None:
    here, light = door()
    answer, told = here.receive(post(BODY, sign(BODY)), GENERIC, TOKEN)
    assert answer["statusCode"] == 202
    (row,) = inbox(light)
    event = InboxEvent.from_row(row)
    assert said(answer) == {"id": event.id}
    assert (event.organization_id, event.source, event.connection_id) == (ORG, "crm:generic", "con_1")
    assert zlib.decompress(base64.b64decode(event.body)) == BODY
    assert event.headers["webhook-id"] == event.event_id == "msg_1"
    assert told["outcome"] == "stored"


def test_the_row_is_what_the_store_itself_would_write() -> None:
    here, light = door()
    here.receive(post(BODY, sign(BODY)), GENERIC, TOKEN)
    (row,) = inbox(light)
    twin = MemoryStore()
    twin.commit(Create(InboxEvent.from_row(row)))
    (same,) = twin.rows.values()
    assert row.pop("expires_at") == int(NOW) + 30 * 24 * 3600
    assert row | {"op": same["op"]} == same


def test_twenty_copies_are_one_row_and_all_are_answered_202() -> None:
    here, light = door()
    answers = [here.receive(post(BODY, sign(BODY, at=NOW + copy)), GENERIC, TOKEN)[0] for copy in range(20)]
    assert {answer["statusCode"] for answer in answers} == {202}
    assert len({answer["body"] for answer in answers}) == 1
    assert len(inbox(light)) == 1


def test_a_body_that_the_gateway_sends_as_base64_is_the_same_body() -> None:
    here, light = door()
    body = '{"name": "Zo\u00eb"}'.encode() + bytes([0xFF, 0x00])
    answer, _ = here.receive(post(body, sign(body), as_base64=True), GENERIC, TOKEN)
    assert answer["statusCode"] == 202
    assert zlib.decompress(base64.b64decode(inbox(light)[0]["data"]["body"])) == body


def test_an_unreadable_but_signed_body_is_stored() -> None:
    here, light = door()
    assert here.receive(post(b"not json", sign(b"not json")), GENERIC, TOKEN)[0]["statusCode"] == 202
    assert len(inbox(light)) == 1


@pytest.mark.parametrize("change", ["secret", "missing", "old", "future", "body"])
def test_what_is_not_rightly_signed_is_401_and_not_stored(change: str) -> None:
    here, light = door()
    headers = {
        "secret": sign(BODY, secret=OLD_SECRET),
        "missing": {},
        "old": sign(BODY, at=NOW - 301),
        "future": sign(BODY, at=NOW + 302),
        "body": sign(b"another body"),
    }[change]
    answer, told = here.receive(post(BODY, headers), GENERIC, TOKEN)
    assert answer["statusCode"] == 401
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert inbox(light) == []
    assert told["outcome"] == "unauthenticated"


def test_an_unsigned_copy_first_does_not_keep_the_signed_one_out() -> None:
    here, light = door()
    here.receive(post(BODY, {**sign(BODY), "webhook-signature": "v1,AAAA"}), GENERIC, TOKEN)
    answer, told = here.receive(post(BODY, sign(BODY)), GENERIC, TOKEN)
    assert (answer["statusCode"], told["outcome"], len(inbox(light))) == (202, "stored", 1)


@pytest.mark.parametrize(("over", "status"), [(-1, 202), (0, 202), (1, 413), (1024 * 1024, 413)])
def test_the_size_limit_is_256_kib(over: int, status: int) -> None:
    here, light = door()
    body = b"x" * (MAX_BODY + over)
    for as_base64 in (True, False):
        assert here.receive(post(body, sign(body), as_base64=as_base64), GENERIC, TOKEN)[0]["statusCode"] == status
    assert len(inbox(light)) == (1 if status == 202 else 0)
    assert status == 202 or light.calls == []


def test_a_full_body_of_noise_fits_into_an_item() -> None:
    here, light = door()
    body = b"".join(zlib.crc32(str(n).encode()).to_bytes(4, "big") for n in range(MAX_BODY // 4))
    here.receive(post(body, sign(body), as_base64=True), GENERIC, TOKEN)
    assert len(json.dumps(inbox(light)[0])) < 390 * 1024


@pytest.mark.parametrize("over", [{"status": "stopped"}, {"source": "crm:other"}, {"source": "tremendous"}])
def test_a_hook_that_is_stopped_or_of_another_source_is_404(over: dict[str, Any]) -> None:
    here, light = door(None, hook([SECRET], **over))
    assert here.receive(post(BODY, sign(BODY)), GENERIC, TOKEN)[0]["statusCode"] == 404
    assert inbox(light) == []


def test_an_unknown_crm_or_token_is_404_and_asked_for_once_a_minute() -> None:
    clock = Clock()
    here, light = door(clock)
    for _ in range(3):
        assert here.receive(post(BODY, sign(BODY)), GENERIC, "unknowntoken")[0]["statusCode"] == 404
    assert light.calls == ["get"]
    clock.at += 61
    here.receive(post(BODY, sign(BODY)), GENERIC, "unknowntoken")
    assert light.calls == ["get", "get"]
    nobody = Sender("../../os", "moref.intake.crm", "crm:../../os", "webhook")
    assert here.receive(post(BODY, sign(BODY)), nobody, TOKEN)[0]["statusCode"] == 404
    assert here.receive(post(BODY, sign(BODY)), GENERIC, "a b#c/../d")[0]["statusCode"] == 404


def test_hook_and_secret_are_read_once_for_many_webhooks() -> None:
    here, light = door()
    for number in range(5):
        here.receive(post(BODY, sign(BODY, id=f"msg_{number}")), GENERIC, TOKEN)
    assert sorted(light.calls) == ["decrypt", "get", *["put"] * 5]


def test_a_stopped_hook_is_kept_out_within_a_minute() -> None:
    clock = Clock()
    here, light = door(clock)
    assert here.receive(post(BODY, sign(BODY)), GENERIC, TOKEN)[0]["statusCode"] == 202
    light.store.rows.clear()
    light.store.commit(Create(hook([SECRET], status="stopped")))
    clock.at += 60
    assert here.receive(post(BODY, sign(BODY, id="msg_2")), GENERIC, TOKEN)[0]["statusCode"] == 404


@pytest.mark.parametrize("operation", ["get", "put", "decrypt"])
def test_storage_that_does_not_answer_is_503_and_the_senders_retry_arrives(operation: str) -> None:
    here, light = door()
    light.down = {operation}
    answer, told = here.receive(post(BODY, sign(BODY)), GENERIC, TOKEN)
    assert (answer["statusCode"], answer["headers"]["retry-after"], told["outcome"]) == (503, "5", "unavailable")
    assert inbox(light) == []
    light.down = set()
    assert here.receive(post(BODY, sign(BODY)), GENERIC, TOKEN)[0]["statusCode"] == 202
    assert len(inbox(light)) == 1


def _rotating(until: str | None) -> Hook:
    return hook([SECRET, OLD_SECRET], previous_until=until)


def test_in_a_rotation_both_secrets_hold_until_its_end() -> None:
    clock = Clock()
    here, _ = door(clock, _rotating("2026-06-03T15:00:00.000000Z"))
    for secret in (SECRET, OLD_SECRET):
        assert here.receive(post(BODY, sign(BODY, secret=secret)), GENERIC, TOKEN)[0]["statusCode"] == 202
    clock.at += 24 * 3600
    assert here.receive(post(BODY, sign(BODY, at=clock.at)), GENERIC, TOKEN)[0]["statusCode"] == 202
    late = sign(BODY, at=clock.at, secret=OLD_SECRET)
    assert here.receive(post(BODY, late), GENERIC, TOKEN)[0]["statusCode"] == 401


@pytest.mark.parametrize("secrets", [[], [b""], [b"whsec_"]])
def test_an_empty_secret_disables_the_door_and_never_opens_it(secrets: list[bytes]) -> None:
    here, light = door(None, hook(secrets))
    forged = sign(BODY, secret=b"whsec_")
    assert here.receive(post(BODY, forged), GENERIC, TOKEN)[0]["statusCode"] == 401
    assert inbox(light) == []


def test_nothing_of_the_sender_is_logged() -> None:
    here, _ = door()
    body = b'{"email": "ann@example.com"}'
    _, told = here.receive(post(body, sign(body, id="ann@example.com")), GENERIC, TOKEN)
    line = json.dumps(told)
    assert "ann@" not in line
    assert TOKEN not in line
    _, told = here.receive(post(body, {}), Sender("ann@", "moref.intake.crm", "crm:ann@", "webhook"), "ann@example")
    assert told == {"outcome": "not_found"}
