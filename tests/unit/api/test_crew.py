"""Crew members and QR codes over the API: the code leads to a link, and what comes by it is credited to them."""

import base64
from typing import Any

from moref.kernel.keys import GLOBAL
from moref.records import get
from moref.referrals.model import Advocate, CrewMember, Door
from moref.referrals.request_quote import Quote, request_quote
from moref.tenants.model import Location
from tests.qr_reader import text_of
from tests.unit.api.world import World


def added(world: World, name: str = "Cara Crew", **over: Any) -> dict[str, Any]:
    answer = world.call("POST", "/crew-members", {"location_id": world.a.location_id, "name": name}, **over)
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_qr_code_leads_to_the_link_of_that_crew_member(world: World) -> None:
    crew = added(world)
    assert crew["url"] == f"https://go.example.test/r/{crew['code']}"
    door = get(world.store, Door, GLOBAL, crew["code"])
    assert (door.owner_id, door.location_id, door.advocate_id) == (
        world.a.organization_id, world.a.location_id, crew["advocate_id"]
    )  # fmt: skip
    for path in (f"/crew-members/{crew['id']}", f"/links/{crew['code']}"):
        png = world.call("GET", f"{path}/qr.png")
        assert (png.status, png.headers["content-type"]) == (200, "image/png")
        assert text_of(base64.b64decode(png.text)) == crew["url"]
        svg = world.call("GET", f"{path}/qr.svg")
        assert (svg.status, svg.headers["content-type"]) == (200, "image/svg+xml")
        assert svg.text.startswith("<?xml") or svg.text.startswith("<svg")
        assert "default-src 'none'" in svg.headers["content-security-policy"]
    assert world.call("GET", f"/crew-members/{crew['id']}/qrXsvg").status == 404


def test_a_referral_by_it_is_credited_to_the_crew_member_and_nobody_is_paid(world: World) -> None:
    crew, other = added(world), added(world, "Carl Crew")
    quote = Quote(
        nonce="n1", first_name="Fred", last_name="Friend", phone="+15125550190", email=None, origin_street=None,
        origin_zip="78701", destination_zip="78702", move_date=None, notes="", consent_text=None, consent_version="1",
    )  # fmt: skip
    request_quote(world.runtime, crew["code"], quote)
    items = world.call("GET", f"/referrals?advocate_id={crew['advocate_id']}").json()["items"]
    assert [item["code"] for item in items] == [crew["code"]]
    assert world.call("GET", f"/referrals?advocate_id={other['advocate_id']}").json()["items"] == []
    advocate = get(world.store, Advocate, world.a.organization_id, crew["advocate_id"])
    assert advocate.kind == "house", "so that the customers' program does not count"


def test_two_of_one_name_are_two(world: World) -> None:
    first, second = added(world), added(world)
    assert first["advocate_id"] != second["advocate_id"]
    assert first["code"] != second["code"]
    assert added(world, key="once")["id"] == added(world, key="once")["id"]


def test_a_customer_who_names_somebody_is_never_matched_with_the_crew(world: World) -> None:
    from moref.referrals.advocates import of_name

    added(world, "Jane Doe")
    found = of_name(world.store, world.runtime.keys, world.a.organization_id, "Jane Doe", world.a.location_id)
    assert found == []


def test_whoever_is_archived_keeps_the_link(world: World) -> None:
    crew = added(world)
    path = f"/crew-members/{crew['id']}"
    changed = world.call("PATCH", path, {"version": 1, "name": "Cara Chief", "status": "archived"}).json()
    assert (changed["name"], changed["status"], changed["url"]) == ("Cara Chief", "archived", crew["url"])
    assert world.call("PATCH", path, {"version": 1, "name": "Late"}).status == 409
    assert world.call("GET", f"{path}/qr.svg").status == 200
    assert get(world.store, Door, GLOBAL, crew["code"]).advocate_id == crew["advocate_id"]
    assert [item["id"] for item in world.call("GET", "/crew-members?status=archived").json()["items"]] == [crew["id"]]
    names = [item["first_name"] for item in world.call("GET", "/contacts").json()["items"]]
    assert names == ["Cara Chief"]


def test_crew_is_of_a_branch_and_only_of_an_open_one(world: World) -> None:
    from moref.records import Change

    place = get(world.store, Location, world.a.organization_id, world.a.location_id)
    world.store.commit(Change(place, place.changed(world.clock.now(), status="archived")))
    body = {"location_id": place.id, "name": "Late"}
    refused = world.call("POST", "/crew-members", body)
    assert (refused.status, refused.json()["field"]) == (422, "location_id")
    assert world.call("POST", "/crew-members", body | {"location_id": world.b.location_id}).status == 404
    elsewhere = world.token(role="admin", locations=["loc_other"])
    assert world.call("POST", "/crew-members", body, token=elsewhere).status == 404
    assert world.call("POST", "/crew-members", body, token=world.token(role="member")).status == 403
    rows = [row for row in world.store.rows.values() if row["noun"] == CrewMember.noun]
    assert rows == []
