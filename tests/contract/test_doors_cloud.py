"""The doors' light client and the store agree on real tables: what one writes the other reads, and so with secrets."""

import base64
import time
from typing import Any

import boto3
import pytest

from moref.aws.light import Light, Service
from moref.aws.vault import KmsVault, context
from moref.intake.hook_door import HookDoor
from moref.intake.model import InboxEvent
from moref.intake.work_inbox import raw_body
from moref.kernel import ids
from moref.kernel.env import Redirect
from moref.kernel.errors import Conflict, Permanent
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create
from moref.referrals.model import Door
from redirect.visit import RedirectDoor
from tests.contract.conftest import Backend, Faults
from tests.unit.doors import world
from tests.unit.doors.test_redirect import CODE, PHONE, location

pytestmark = pytest.mark.cloud


@pytest.fixture
def sealing(emulator: str, monkeypatch: pytest.MonkeyPatch) -> KmsVault:
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator)
    client = boto3.client("kms", endpoint_url=emulator)
    key = client.create_key()["KeyMetadata"]["Arn"]
    client.close()
    return KmsVault(key)


def light(url: str, emulator: str) -> Light:
    return Light(Service("dynamodb", endpoint=url), Service("kms", endpoint=emulator))


def close(client: Light) -> None:
    for service in (client._dynamodb, client._kms):
        if service is not None:
            service._drop()


def posted(direct: Backend, vault: KmsVault, client: Light) -> tuple[str, HookDoor, dict[str, Any], dict[str, Any]]:
    """A hook of its own, and a webhook for it: its token, the door, the event, the answer."""
    token, org = ids.token(), ids.new("org")
    hook = world.hook([], owner_id=org, secret_ciphertexts=[vault.seal(org, "webhook", world.SECRET)])
    direct.store.commit(Create(type(hook)(**{**dict(hook), "id": token})))
    door = HookDoor(client, "contract-core", "contract-traffic", time.time)
    event = world.post(world.BODY, world.sign(world.BODY, at=time.time()))
    answer, told = door.receive(event, world.GENERIC, token)
    assert answer["statusCode"] == 202, told
    return token, door, event, {**told, **world.said(answer)}


def test_the_store_reads_and_changes_what_the_door_wrote(emulator: str, direct: Backend, sealing: KmsVault) -> None:
    client = light(emulator, emulator)
    _, _, _, told = posted(direct, sealing, client)
    event = direct.store.find(InboxEvent, told["organization"], told["id"])
    assert event is not None
    assert (raw_body(event), event.version) == (world.BODY, 1)
    listed = direct.store.list(InboxEvent, told["organization"], status="received").items
    assert [found.id for found in listed] == [event.id]
    direct.store.commit(Change(event, event.changed(event.created_at, status="handled")))
    row = direct.read("traffic", *event.key())
    assert row is not None
    assert "pending" not in row
    assert row["status_key"].endswith("#handled")
    close(client)


def test_a_lost_answer_of_the_put_is_still_one_row_and_202(
    emulator: str, direct: Backend, faults: Faults, sealing: KmsVault
) -> None:
    client = light(faults.url, emulator)
    client.get("contract-core", ("warm", "up"), within=20)  # the proxy takes seconds over its first call
    token, door, _, _ = posted(direct, sealing, client)
    faults.lose_answers("PutItem")
    headers = world.sign(world.BODY, id="msg_lost", at=time.time())
    answer, told = door.receive(world.post(world.BODY, headers), world.GENERIC, token)
    assert faults.fired() == 1
    assert (answer["statusCode"], told["outcome"]) == (202, "duplicate")
    assert direct.store.find(InboxEvent, told["organization"], told["inbox"]) is not None
    close(client)


def test_a_secret_opens_under_its_own_context_only(emulator: str, sealing: KmsVault) -> None:
    client = light(emulator, emulator)
    sealed = sealing.seal("org_A", "webhook", b"secret")
    assert base64.b64decode(client.decrypt(sealed, context("org_A", "webhook"))) == b"secret"
    with pytest.raises(Permanent):
        client.decrypt(sealed, context("org_B", "webhook"))
    close(client)


def test_a_put_over_a_row_is_a_conflict(emulator: str) -> None:
    client = light(emulator, emulator)
    row = {"pk": ids.new("x"), "sk": "self", "data": {"text": "", "none": None, "list": [1, True, {"a": []}]}}
    client.put("contract-core", row)
    assert client.get("contract-core", (str(row["pk"]), "self")) == row
    with pytest.raises(Conflict):
        client.put("contract-core", row)
    close(client)


def test_a_link_the_store_made_leads_through_the_door(emulator: str, direct: Backend) -> None:
    client = light(emulator, emulator)
    org = ids.new("org")
    at = world.hook([]).created_at
    door = Door(
        organization_id=GLOBAL, id=CODE, created_at=at, updated_at=at,
        owner_id=org, location_id="loc_1", advocate_id="adv_1",
    )  # fmt: skip
    direct.store.commit(Create(door), Create(location(organization_id=org)))
    settings = Redirect.from_env(
        {
            "STAGE": "local",
            "CORE_TABLE": "contract-core",
            "TRAFFIC_TABLE": "contract-traffic",
            "BASE_URL": "http://x.test",
        }
    )
    answer, outcome, owner = RedirectDoor(client, settings, time.time).visit("GET", CODE, PHONE)
    assert (answer["statusCode"], outcome, owner) == (302, "recorded", org)
    assert answer["headers"]["location"].endswith(f"ref={CODE}")
    close(client)
