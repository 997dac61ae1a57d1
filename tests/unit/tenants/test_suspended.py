"""A suspended or closed organization reads and changes nothing; its webhooks are kept and its links lead on."""

import base64
import hashlib
import hmac
from collections.abc import Iterator

import pytest

from moref.api.routes import OPERATIONS
from moref.aws.compose import composed
from moref.intake.hook_door import HookDoor, Sender
from moref.kernel.env import Redirect
from moref.records import Change, get
from moref.referrals.ensure_link import ensure_link
from moref.tenants.model import Organization
from redirect.visit import RedirectDoor
from tests.fakes.light import FakeLight
from tests.unit.api.approvable import approvable
from tests.unit.api.world import World
from tests.unit.doors.world import post

HALTED = ["suspended", "closed"]


@pytest.fixture(params=HALTED)
def halted(request: pytest.FixtureRequest) -> Iterator[World]:
    before = dict(composed)
    world = World()
    approvable(world)
    organization = get(world.store, Organization, world.a.organization_id, world.a.organization_id)
    world.store.commit(Change(organization, organization.changed(world.clock.now(), status=request.param)))
    yield world
    composed.clear()
    composed.update(before)


def test_it_reads_everything_and_changes_nothing(halted: World) -> None:
    rows = {key: row["version"] for key, row in halted.store.rows.items()}
    for operation in (each for each in OPERATIONS if each.access == "member"):
        path = operation.path.removeprefix("/v1").replace("{id}", "cnv_1")
        answer = halted.call(operation.method, path, {}, key="k")
        if not operation.changes:
            assert answer.status in (200, 404, 422), operation.route  # 422: a question without its words
        else:
            assert answer.status == 403, operation.route
            assert "nothing changed" in answer.json()["detail"]
    now = {key: row["version"] for key, row in halted.store.rows.items() if row["noun"] != "call_minute"}
    assert now == rows
    assert halted.call("GET", "/conversions/cnv_1").json()["status"] == "pending"


def test_another_organization_goes_on(halted: World) -> None:
    token = halted.token(halted.b)
    assert halted.call("PUT", "/switches/payouts", {"reason": "audit"}, token=token).status == 200


def test_its_webhooks_are_stored_and_answered_202(halted: World) -> None:
    now, body = halted.clock.now().timestamp(), b'{"type": "job.updated", "data": {}}'
    secret = base64.b64decode(halted.a.secret.removeprefix("whsec_"))
    signature = base64.b64encode(hmac.digest(secret, f"m1.{int(now)}.".encode() + body, hashlib.sha256)).decode()
    headers = {"webhook-id": "m1", "webhook-timestamp": str(int(now)), "webhook-signature": f"v1,{signature}"}
    door = HookDoor(FakeLight(halted.store), "core", "traffic", lambda: now)  # type: ignore[arg-type]
    sender = Sender("generic", "moref.intake.crm", "crm:generic", "webhook")
    answer, _ = door.receive(post(body, headers), sender, halted.a.hook_token)
    assert answer["statusCode"] == 202
    assert len(halted.call("GET", "/inbox").json()["items"]) == 1


def test_its_links_lead_on_and_clicks_are_counted(halted: World) -> None:
    code = ensure_link(halted.runtime, halted.a.organization_id, "ctc_adv", halted.a.location_id).id
    settings = Redirect()
    settings.stage, settings.base_url = "prod", "https://go.example.test"
    settings.core_table, settings.traffic_table = "core", "traffic"
    door = RedirectDoor(FakeLight(halted.store), settings, lambda: halted.clock.now().timestamp())  # type: ignore[arg-type]
    answer, outcome, _ = door.visit("GET", code, {"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
    assert (answer["statusCode"], outcome) == (302, "recorded")
    assert answer["headers"]["location"] == f"https://go.example.test/q/{code}"
