"""Archiving a branch and opening it again: not the last one, not one that jobs are sent to; links lead somewhere."""

from typing import Any

import pytest

from moref.kernel.env import Redirect
from moref.kernel.errors import Conflict
from moref.pages.dispatch import answer as page
from moref.tenants.forms import LocationChanges
from moref.tenants.model import Location
from moref.tenants.save_location import change_location
from redirect.visit import RedirectDoor
from tests.fakes.light import FakeLight
from tests.fakes.page_server import event
from tests.unit.api.world import World


def branch(world: World, name: str) -> str:
    body = {
        "name": name, "legal_entity_id": world.legal_entity(world.a), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    return str(world.call("POST", "/locations", body).json()["id"])


def put(world: World, id: str, status: str) -> Any:
    version = world.call("GET", f"/locations/{id}").json()["version"]
    return world.call("PATCH", f"/locations/{id}", {"version": version, "status": status})


def test_the_last_open_branch_stays_open(world: World) -> None:
    dallas, austin = branch(world, "Dallas"), world.a.location_id
    world.call("PATCH", f"/connections/{world.a.connection_id}", {"version": 1, "default_location_id": dallas})
    assert put(world, austin, "archived").json()["status"] == "archived"
    world.call("PATCH", f"/connections/{world.a.connection_id}", {"version": 2, "status": "stopped"})
    last = put(world, dallas, "archived")
    assert (last.status, last.json()["detail"]) == (409, "the last open location stays open")
    assert put(world, austin, "active").json()["status"] == "active"
    assert put(world, dallas, "archived").status == 200


def test_a_branch_that_a_connection_sends_jobs_to_names_the_connection(world: World) -> None:
    branch(world, "Dallas")
    refused = put(world, world.a.location_id, "archived")
    assert refused.status == 409
    assert refused.json()["detail"].startswith("CRM webhook sends its jobs here")


def test_nothing_is_sent_to_an_archived_branch_by_default(world: World) -> None:
    dallas = branch(world, "Dallas")
    put(world, dallas, "archived")
    path = f"/connections/{world.a.connection_id}"
    refused = world.call("PATCH", path, {"version": 1, "default_location_id": dallas})
    assert (refused.status, refused.json()["field"]) == (422, "default_location_id")


def test_two_that_are_archived_at_the_same_moment_cannot_both_be_the_last(world: World) -> None:
    """One commits between the other's look and its commit: the row it relied on has moved."""
    dallas, austin = branch(world, "Dallas"), world.a.location_id
    world.call("PATCH", f"/connections/{world.a.connection_id}", {"version": 1, "status": "stopped"})
    store, commit = world.store, world.store.commit

    def archive(id: str, version: int) -> Location:
        changes = LocationChanges.model_validate({"version": version, "status": "archived"})
        return change_location(world.runtime, world.a.organization_id, id, changes, actor="mem")

    def meanwhile(*writes: Any) -> None:
        store.commit = commit  # type: ignore[method-assign]
        archive(austin, 1)
        commit(*writes)

    store.commit = meanwhile  # type: ignore[method-assign]
    with pytest.raises(Conflict):
        archive(dallas, 1)
    open_ones = [row["id"] for row in world.call("GET", "/locations?status=active").json()["items"]]
    assert open_ones == [dallas]


def test_jobs_of_a_branch_name_go_to_the_open_one(world: World) -> None:
    from moref.intake.telling import location_of

    old, new = branch(world, "Dallas"), branch(world, "Dallas")
    put(world, old, "archived")
    assert location_of(world.runtime, world.a.organization_id, "dallas") == new
    put(world, old, "active")
    put(world, new, "archived")
    assert location_of(world.runtime, world.a.organization_id, "dallas") == old


def test_every_level_of_a_setting_is_told_and_which_one_counts(world: World) -> None:
    place = f"/locations/{world.a.location_id}"
    world.call("PATCH", "/organization", {"version": 1, "settings": {"feedback_threshold": 5}})
    world.call("PATCH", place, {"version": 1, "settings": {"feedback_threshold": 3}})
    world.call("PATCH", "/organization", {"version": 2, "locked": ["feedback_threshold"]})
    told = world.call("GET", f"{place}/settings").json()["feedback_threshold"]
    assert told["levels"] == {"default": 4, "organization": 5, "location": 3}
    assert (told["value"], told["from"], told["locked"]) == (5, "organization", True)
    general = world.call("GET", "/organization/settings").json()["feedback_threshold"]
    assert general["levels"] == {"default": 4, "organization": 5}


def test_links_of_an_archived_branch_count_the_visit_and_open_a_page_that_says_so(world: World) -> None:
    dallas = branch(world, "Dallas")
    version = world.call("GET", f"/locations/{dallas}").json()["version"]
    site = {"version": version, "site_url": "https://www.bluebird.example.com/dallas"}
    world.call("PATCH", f"/locations/{dallas}", site)
    code = world.call("POST", "/crew-members", {"location_id": dallas, "name": "Cara"}).json()["code"]
    settings = Redirect()
    settings.stage, settings.base_url = "prod", "https://go.example.test"
    settings.core_table, settings.traffic_table = "core", "traffic"
    light: Any = FakeLight(world.store)

    def visited() -> tuple[str, str]:
        """By an environment that remembers nothing."""
        door = RedirectDoor(light, settings, lambda: world.clock.now().timestamp())
        answer, outcome, _ = door.visit("GET", code, {"user-agent": "Mozilla/5.0 (iPhone) Safari/604.1"})
        return answer["headers"]["location"], outcome

    there = (f"https://www.bluebird.example.com/dallas?ref={code}", "recorded")
    assert visited() == there
    put(world, dallas, "archived")
    assert visited() == (f"https://go.example.test/q/{code}", "recorded")
    assert page(world.runtime, event("GET", f"/q/{code}"))["statusCode"] == 410
    put(world, dallas, "active")
    assert visited() == there
    assert page(world.runtime, event("GET", f"/q/{code}"))["statusCode"] == 200
