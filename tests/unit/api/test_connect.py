"""A CRM is connected over the API: the secret shown once, its health told, an event tried without effect."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from moref.intake.hook_door import HookDoor, Sender
from moref.intake.model import HookRefusal, InboxEvent
from moref.intake.work_inbox import work_inbox
from moref.kernel.errors import OutcomeUnknown, Retry
from moref.kernel.keys import GLOBAL
from moref.records import every, get
from moref.tenants.model import Connection, Hook
from tests.contract.vendor_server import serving
from tests.fakes.light import FakeLight
from tests.unit.api.world import World
from tests.unit.doors.world import post

GENERIC = Sender("generic", "moref.intake.crm", "crm:generic", "webhook")


def connect(world: World, crm: str = "generic", **over: Any) -> Any:
    body = {"request_id": "office", "name": "Office CRM", "default_location_id": world.a.location_id} | over
    return world.call("POST", f"/connections/{crm}", body)


class Crm:
    def __init__(self, world: World, connection: dict[str, Any], secret: str) -> None:
        self.world, self.secret, self.number = world, secret, 0
        self.token = connection["hook_url"].rpartition("/")[2]
        light: Any = FakeLight(world.store)
        self.door = HookDoor(light, "core", "traffic", lambda: world.clock.now().timestamp())

    def posts(self, event: Any, *, secret: str | None = None, late: int = 0) -> int:
        """And the worker works on it."""
        self.number += 1
        id, stamp = f"m{self.number}", str(int(self.world.clock.now().timestamp()) - late)
        body = json.dumps(event).encode()
        key = base64.b64decode((secret or self.secret).removeprefix("whsec_"))
        digest = hmac.digest(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256)
        signature = f"v1,{base64.b64encode(digest).decode()}"
        headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}
        answer, _ = self.door.receive(post(body, headers), GENERIC, self.token)
        for row in every(self.world.store, InboxEvent, self.world.a.organization_id, status="received"):
            work_inbox(self.world.runtime, row.organization_id, row.id)
        return int(answer["statusCode"])


def job(world: World, **over: Any) -> dict[str, Any]:
    at = world.clock.now().isoformat()
    data = {
        "job": {"id": "J-1", "branch": "Bluebird Austin"},
        "customer": {"first_name": "Ann", "email": "ann@example.com"},
        "facts": [{"kind": "completed", "value": True, "at": at}],
    }
    return {"type": "job.updated", "timestamp": at, "data": data | over}


def health(world: World, connection: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = world.call("GET", f"/connections/{connection['id']}/health").json()
    return found


def test_a_generic_crm_is_connected_posts_and_is_seen_to_work(world: World) -> None:
    answer = connect(world)
    assert answer.status == 201, answer.text
    made, secret = answer.json()["connection"], answer.json()["secret"]
    assert (answer.json()["header"], made["status"], secret[:6]) == (None, "active", "whsec_")
    assert secret not in repr(world.store.rows), "sealed"
    assert secret not in world.call("GET", f"/connections/{made['id']}").text
    assert set(health(world, made).values()) == {None}
    crm = Crm(world, made, secret)
    assert crm.posts({"type": "hello"}) == 202
    told = health(world, made)
    assert (told["became"], told["reason"]) == ("ignored", "not an event about a job")
    assert crm.posts(job(world)) == 202
    told = health(world, made)
    assert (told["became"], told["failed_at"], told["refused_at"]) == ("handled", None, None)
    assert [each["connection_id"] for each in world.call("GET", "/jobs").json()["items"]] == [made["id"]]


def test_what_goes_wrong_is_told_with_its_reason(world: World) -> None:
    answer = connect(world).json()
    crm, made = Crm(world, answer["connection"], answer["secret"]), answer["connection"]
    assert crm.posts(job(world), secret="whsec_" + base64.b64encode(b"x" * 32).decode()) == 401
    told = health(world, made)
    assert (told["refusal"], told["received_at"]) == ("no valid signature", None)
    world.clock.move(hours=1)
    assert crm.posts(job(world), late=301) == 401
    assert health(world, made)["refusal"] == "webhook-timestamp is too far from now"
    world.clock.move(minutes=5)
    assert crm.posts(job(world, facts=[{"kind": "completed", "value": "yes", "at": "now"}])) == 202
    told = health(world, made)
    assert (told["became"], told["failed_at"]) == ("quarantined", told["received_at"])
    assert told["failure"].startswith("facts[0]")
    assert crm.posts(job(world)) == 202
    after = health(world, made)
    assert (after["became"], after["failure"]) == ("handled", told["failure"])


def test_refusals_are_one_row_an_hour_whatever_is_posted(world: World) -> None:
    answer = connect(world).json()
    crm = Crm(world, answer["connection"], answer["secret"])
    for _ in range(5):
        assert crm.posts({}, secret="whsec_" + base64.b64encode(b"y" * 32).decode()) == 401
        world.clock.move(seconds=6)
    assert len(every(world.store, HookRefusal, world.a.organization_id)) == 1


def test_a_busy_crm_changes_its_health_once_a_minute(world: World) -> None:
    answer = connect(world).json()
    crm = Crm(world, answer["connection"], answer["secret"])
    for number in range(30):
        world.clock.move(seconds=5)
        crm.posts(job(world, job={"id": f"J-{number}"}))
    (row,) = [row for row in world.store.rows.values() if row["noun"] == "connection_health"]
    assert row["version"] == 3


def test_the_same_request_id_again_is_the_same_connection_with_a_new_secret(world: World) -> None:
    first, second = connect(world).json(), connect(world, name="Renamed").json()
    assert first["connection"]["id"] == second["connection"]["id"]
    assert first["connection"]["hook_url"] == second["connection"]["hook_url"]
    crm = Crm(world, first["connection"], first["secret"])
    assert [crm.posts({}), crm.posts({}, secret=second["secret"])] == [401, 202]
    assert connect(world, request_id="other").json()["connection"]["id"] != first["connection"]["id"]


def test_an_event_is_explained_and_nothing_comes_of_it(world: World) -> None:
    made = connect(world).json()["connection"]
    before = dict(world.store.rows)

    def explained(event: Any) -> Any:
        return world.call("POST", f"/connections/{made['id']}/test-event", {"event": event})

    told = explained(job(world, customer={"phone": "12", "email": "ANN@example.com"})).json()
    assert (told["ignored"], told["job"]["location_id"], told["job"]["state"]) == (
        None,
        world.a.location_id,
        "completed",
    )
    assert (told["job"]["phone"], told["job"]["email"]) == (None, "ann@example.com")
    assert told["notes"] == ["the phone number cannot be dialled and was left out"]
    assert explained({"type": "other"}).json()["ignored"]
    wrong = explained(job(world, facts=[{"kind": "finished", "value": True, "at": "2026-06-01T10:00:00Z"}]))
    assert (wrong.status, wrong.json()["field"]) == (422, "facts[0].kind")
    assert world.store.rows == before


@pytest.mark.parametrize(
    ("over", "status", "field"),
    [
        ({"default_location_id": "loc_of_somebody"}, 404, None),
        ({"lead_url": "https://10.0.0.1/"}, 422, "lead_url"),
        ({"hook_token": "mine"}, 422, "hook_token"),
        ({"supplies": ["completed"]}, 422, "supplies"),
        ({"request_id": "a b"}, 422, "request_id"),
    ],
    ids=str,
)
def test_a_wrong_connection_is_refused(world: World, over: Any, status: int, field: str | None) -> None:
    answer = connect(world, **over)
    assert (answer.status, answer.json().get("field")) == (status, field)


def test_a_connection_tells_fewer_facts_when_its_company_says_so(world: World) -> None:
    path = f"/connections/{world.a.connection_id}"
    changed = world.call("PATCH", path, {"version": 1, "supplies": ["completed", "booked", "completed"]}).json()
    assert changed["supplies"] == ["booked", "completed"]
    program = {"name": "P", "tiers": [{"at": 1, "amount": 100}], "advocate_kind": "partner"}
    refused = world.call("POST", "/programs", program | {"qualifying_fact": "invoiced"})
    assert (refused.status, refused.json()["field"]) == (422, "qualifying_fact")
    for wrong in ([], ["damage_claim"], ["finished"]):
        assert world.call("PATCH", path, {"version": 2, "supplies": wrong}).json()["field"].startswith("supplies")


def test_only_the_owner_connects(world: World) -> None:
    body = {"request_id": "office", "name": "CRM", "default_location_id": world.a.location_id}
    for crm in ("generic", "smartmoving"):
        assert world.call("POST", f"/connections/{crm}", body, token=world.token(role="admin")).status == 403


@pytest.mark.parametrize(
    ("answer", "status"), [((200, b'{"pageResults": []}'), 201), ((401, b"{}"), 422), ((500, b""), 503), ("cut", 503)]
)
def test_smartmovings_key_is_tried_before_anything_is_kept(world: World, answer: Any, status: int) -> None:
    before = len(every(world.store, Connection, world.a.organization_id))
    with serving("smartmoving") as (server, runtime):
        server.answer = answer
        world.runtime.settings.vendor_urls = runtime.settings.vendor_urls
        made = connect(world, "smartmoving", api_key="key-of-theirs")
        assert made.status == status, made.text
        ((method, path, headers, _),) = server.seen
    assert (method, path.partition("?")[0], headers["x-api-key"]) == (
        "GET",
        "/smartmoving/api/branches",
        "key-of-theirs",
    )
    assert "key-of-theirs" not in made.text + repr(world.store.rows)
    assert len(every(world.store, Connection, world.a.organization_id)) == before + (status == 201)
    if status == 201:
        assert made.json()["header"] == "X-Moref-Secret"
        token = made.json()["connection"]["hook_url"].rpartition("/")[2]
        assert get(world.store, Hook, GLOBAL, token).secret_ciphertexts[0].startswith("sha256:")
    elif status == 422:
        assert made.json()["field"] == "api_key"


def test_the_check_tells_a_refusal_from_no_answer() -> None:
    from moref.intake.check_credentials import check_credentials
    from moref.kernel.errors import BadInput

    kinds: list[tuple[Any, type[Exception]]] = [
        ((403, b""), BadInput), ((404, b""), Retry), ((429, b""), Retry), ("reset", OutcomeUnknown)
    ]  # fmt: skip
    with serving("smartmoving") as (server, runtime):
        for answer, kind in kinds:
            server.answer = answer
            with pytest.raises(kind):
                check_credentials(runtime, "smartmoving", {"api_key": "k" * 10}, field="api_key")


def test_smartmovings_fields_are_mapped_without_new_credentials(world: World) -> None:
    with serving("smartmoving") as (server, runtime):
        server.answer = (200, b"{}")
        world.runtime.settings.vendor_urls = runtime.settings.vendor_urls
        made = connect(world, "smartmoving", api_key="key-of-theirs", branch_id="b1").json()["connection"]
    assert made["config"] == {"monthly_calls": "125000", "branch_id": "b1"}
    path, before = f"/connections/{made['id']}", get(world.store, Connection, world.a.organization_id, made["id"])
    mapping = {"code_field": "customField02", "takes_leads": False, "monthly_calls": 20_000}
    changed = world.call("PATCH", path, {"version": 1, "smartmoving": mapping}).json()
    assert changed["config"] == {"monthly_calls": "20000", "code_field": "customField02"}
    assert (changed["takes_leads"], changed["name"]) == (False, "Office CRM")
    after = get(world.store, Connection, world.a.organization_id, made["id"])
    assert (after.secret_ciphertext, after.credentials_ciphertext) == (
        before.secret_ciphertext, before.credentials_ciphertext
    )  # fmt: skip
    other = world.call("PATCH", f"/connections/{world.a.connection_id}", {"version": 1, "smartmoving": mapping})
    assert (other.status, other.json()["field"]) == (422, "smartmoving")
    wrong = world.call("PATCH", path, {"version": 2, "smartmoving": mapping | {"api_key": "x" * 9}})
    assert (wrong.status, wrong.json()["field"]) == (422, "smartmoving.api_key")


@pytest.mark.parametrize(
    "key", ["key\u00e9-of-theirs", "key of theirs", "key-of-theirs\r\nx: y", "key-of-theirs\n", "short"]
)
def test_what_cannot_stand_in_a_header_is_no_key(world: World, key: str) -> None:
    with serving("smartmoving") as (server, runtime):
        world.runtime.settings.vendor_urls = runtime.settings.vendor_urls
        refused = connect(world, "smartmoving", api_key=key)
        assert server.seen == []
    assert (refused.status, refused.json()["field"]) == (422, "api_key")
    account = {"api_key": key, "webhook_secret": "w" * 20, "funding_source_id": "BALANCE"}
    tremendous = world.call("PUT", "/vendor-accounts/tremendous", account)
    assert (tremendous.status, tremendous.json()["field"]) == (422, "api_key")
