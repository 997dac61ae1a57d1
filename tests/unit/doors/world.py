"""A connection with its hook, a door over fakes, and webhooks signed as the outside does."""

import base64
import hashlib
import hmac
import json
from typing import Any

from moref.intake.hook_door import HookDoor, Sender
from moref.kernel.keys import GLOBAL
from moref.records import Create
from moref.tenants.model import Hook
from tests.fakes.light import FakeLight
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import START, FakeVault

ORG = "org_A"
TOKEN = "k3jv7q2mzx4bnw5ty6ra"
SECRET = b"whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef")
OLD_SECRET = b"whsec_" + base64.b64encode(b"an older secret of thirty-two by")
GENERIC = Sender("generic", "moref.intake.crm", "crm:generic", "webhook")
NOW = START.timestamp() + 0.123456
BODY = b'{"type": "job.updated", "data": {}}'


class Clock:
    def __init__(self, at: float = NOW) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


def hook(secrets: list[bytes], *, source: str = "crm:generic", purpose: str = "webhook", **over: Any) -> Hook:
    values: dict[str, Any] = {
        "organization_id": GLOBAL, "id": TOKEN, "created_at": START, "updated_at": START,
        "owner_id": ORG, "source": source, "connection_id": "con_1",
        "secret_ciphertexts": [FakeVault().seal(ORG, purpose, secret) for secret in secrets],
    }  # fmt: skip
    return Hook(**values | over)


def door(clock: Clock | None = None, *hooks: Hook, base_url: str = "") -> tuple[HookDoor, FakeLight]:
    store = MemoryStore()
    for each in hooks or (hook([SECRET]),):
        store.commit(Create(each))
    light = FakeLight(store)
    return HookDoor(light, "core", "traffic", clock or Clock(), base_url), light  # type: ignore[arg-type]


def sign(body: bytes, *, id: str = "msg_1", at: float = NOW, secret: bytes = SECRET) -> dict[str, str]:
    """Headers of a Standard Webhooks sender, written here a second time so that the adapter is not its own judge."""
    stamp = str(int(at))
    key = base64.b64decode(secret.removeprefix(b"whsec_"))
    digest = hmac.new(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": id,
        "webhook-timestamp": stamp,
        "webhook-signature": "v1," + base64.b64encode(digest).decode(),
    }


def post(body: bytes, headers: dict[str, str], *, as_base64: bool = False) -> dict[str, Any]:
    text = base64.b64encode(body).decode() if as_base64 else body.decode()
    return {
        "rawPath": f"/hooks/crm/generic/{TOKEN}",
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {"http": {"method": "POST"}},
        "pathParameters": {"crm": "generic", "token": TOKEN},
        "body": text,
        "isBase64Encoded": as_base64,
    }


def inbox(light: FakeLight) -> list[dict[str, Any]]:
    return [row for row in light.store.rows.values() if row["noun"] == "inbox"]


def said(answer: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer["body"])
    return found
