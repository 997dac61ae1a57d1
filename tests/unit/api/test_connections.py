"""Staff set up a CRM, see what was decided by whom, and rotate secrets: over the API, and at the webhook's door."""

import base64
import hashlib
import hmac
from typing import Any

import pytest

from moref.intake.hook_door import HookDoor, Sender
from moref.records import every
from moref.tenants.model import Member
from tests.fakes.light import FakeLight
from tests.unit.api.world import World
from tests.unit.doors.world import post

DAY = 24 * 3600


class Crm:
    """Posts to a door that lives on, as a warm environment does."""

    def __init__(self, world: World) -> None:
        self.world, self.number = world, 0
        self.door = HookDoor(FakeLight(world.store), "core", "traffic", self.now)  # type: ignore[arg-type]

    def now(self) -> float:
        return self.world.clock.now().timestamp()

    def posts(self, secret: str) -> int:
        self.number += 1
        id, stamp, body = f"m{self.number}", str(int(self.now())), b'{"data": {}}'
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.digest(key, f"{id}.{stamp}.".encode() + body, hashlib.sha256)
        signature = f"v1,{base64.b64encode(digest).decode()}"
        headers = {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": signature}
        sender = Sender("generic", "moref.intake.crm", "crm:generic", "webhook")
        answer, _ = self.door.receive(post(body, headers), sender, self.world.a.hook_token)
        return int(answer["statusCode"])


def path(world: World) -> str:
    return f"/connections/{world.a.connection_id}"


def rotated(world: World) -> Any:
    answer = world.call("POST", f"{path(world)}/rotate-secret")
    assert answer.status == 200, answer.text
    return answer.json()


def test_the_hooks_address_is_for_those_who_set_the_crm_up(world: World) -> None:
    url = f"https://go.example.test/hooks/crm/generic/{world.a.hook_token}"
    for role, expected in (("owner", url), ("admin", url), ("member", None)):
        token = world.token(role=role)  # type: ignore[arg-type]
        assert world.call("GET", path(world), token=token).json()["hook_url"] == expected
        assert world.call("GET", "/connections", token=token).json()["items"][0]["hook_url"] == expected
    shown = world.call("GET", path(world)).text
    assert "secret" not in shown
    assert "ciphertext" not in shown


def test_both_secrets_open_the_door_for_a_day_and_then_the_new_one_only(world: World) -> None:
    crm, old = Crm(world), world.a.secret
    assert crm.posts(old) == 202
    world.clock.move(seconds=10)
    answer = rotated(world)
    assert (answer["previous_until"], answer["secret"] != old) == ("2026-06-03T15:00:10.000000Z", True)
    assert [crm.posts(answer["secret"]), crm.posts(old)] == [202, 202], "also where the old hook is remembered"
    world.clock.move(seconds=DAY - 1)
    assert [crm.posts(answer["secret"]), crm.posts(old)] == [202, 202]
    world.clock.move(seconds=1)
    assert [crm.posts(answer["secret"]), crm.posts(old)] == [202, 401]


def test_rotating_twice_does_not_shut_out_a_crm_that_has_neither(world: World) -> None:
    crm, secrets = Crm(world), [world.a.secret]
    for _ in range(2):
        secrets.append(rotated(world)["secret"])
    assert [crm.posts(secret) for secret in secrets] == [202, 202, 202]
    world.clock.move(seconds=DAY)
    assert [crm.posts(secret) for secret in secrets] == [401, 401, 202]
    secrets.append(rotated(world)["secret"])
    world.clock.move(seconds=60)
    assert [crm.posts(secret) for secret in secrets] == [401, 401, 202, 202], "what has ended stays ended"


def test_only_the_owner_rotates_and_the_secret_is_kept_nowhere_in_plain(world: World) -> None:
    assert world.call("POST", f"{path(world)}/rotate-secret", token=world.token(role="admin")).status == 403
    secret = rotated(world)["secret"]
    assert secret not in repr(world.store.rows)
    assert world.call("GET", "/audit?subject=" + world.a.connection_id).json()["items"][0]["action"] == (
        "connection.secret_rotated"
    )


def test_a_stopped_connection_takes_no_webhooks_until_it_is_started(world: World) -> None:
    crm = Crm(world)
    assert crm.posts(world.a.secret) == 202
    stopped = world.call("PATCH", path(world), {"version": 1, "status": "stopped"})
    assert (stopped.status, stopped.json()["status"]) == (200, "stopped")
    world.clock.move(seconds=60)
    assert crm.posts(world.a.secret) == 404
    assert world.call("PATCH", path(world), {"version": 2, "status": "active"}).status == 200
    world.clock.move(seconds=60)
    assert crm.posts(world.a.secret) == 202


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"version": 1, "lead_url": "https://crm.example.com/leads"}, 200),
        ({"version": 1, "lead_url": None}, 200),
        ({"version": 1, "lead_url": "http://crm.example.com/leads"}, 422),
        ({"version": 1, "lead_url": "https://10.0.0.1/"}, 422),
        ({"version": 1, "default_location_id": "loc_of_somebody"}, 404),
        ({"version": 1, "crm": "other"}, 422),
        ({"version": 1, "hook_token": "mine"}, 422),
        ({"version": 7, "name": "New"}, 409),
        ({"name": "New"}, 422),
    ],
    ids=str,
)
def test_a_connection_is_changed_with_the_version_that_was_read(world: World, body: Any, status: int) -> None:
    answer = world.call("PATCH", path(world), body)
    assert answer.status == status, answer.text
    shown = world.call("GET", path(world)).json()
    assert shown["version"] == (2 if status == 200 else 1)
    if status == 200:
        assert shown["lead_url"] == body["lead_url"]


def test_audit_is_listed_by_subject_and_time_for_admins(world: World) -> None:
    world.clock.move(minutes=1)
    world.call("PUT", "/switches/payouts", {"reason": "audit"})
    items = world.call("GET", "/audit?subject=payouts").json()["items"]
    assert [(item["actor"], item["action"], item["subject"]) for item in items] == [
        (world.a.member_id, "switch.stopped", "payouts")
    ]
    since = world.call("GET", "/audit?created_since=2026-06-02T15:00:30Z").json()["items"]
    assert [item["id"] for item in since] == [items[0]["id"]]
    assert world.call("GET", f"/audit/{items[0]['id']}").json() == items[0]
    for role, status in (("member", 403), ("admin", 200)):
        assert world.call("GET", "/audit", token=world.token(role=role)).status == status  # type: ignore[arg-type]


def test_members_are_listed_for_admins(world: World) -> None:
    admin = world.token(role="admin")
    items = world.call("GET", "/members", token=admin).json()["items"]
    assert {item["id"] for item in items} == {row.id for row in every(world.store, Member, world.a.organization_id)}
    assert world.call("GET", f"/members/{world.a.member_id}", token=admin).json()["role"] == "owner"
    assert world.call("GET", "/members", token=world.token(role="member")).status == 403
