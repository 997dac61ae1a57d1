"""Cursors: every row once, whatever the page size; of use to nobody else and for no other list."""

import base64

import pytest

from tests.unit.api.world import World


def pages(world: World, path: str, limit: int) -> list[str]:
    found, cursor = [], ""
    joint = "&" if "?" in path else "?"
    while True:
        page = world.call("GET", f"{path}{joint}limit={limit}{cursor}").json()
        assert len(page["items"]) <= limit
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def filled(world: World, count: int = 7) -> list[str]:
    made = []
    for place in range(count):
        made.append(world.fill(world.a, tag=f"n{place}")["referrals"])
        world.clock.move(seconds=1)
    return made


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 100])
def test_every_row_comes_once_and_newest_first(world: World, limit: int) -> None:
    made = filled(world)
    assert pages(world, "/referrals", limit) == made[::-1]
    assert pages(world, "/referrals?status=new", limit) == made[::-1]


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
@pytest.mark.parametrize("path", ["/referrals", "/referrals?status=new", "/payouts", "/messages"])
def test_a_caller_limited_to_locations_gets_shorter_pages_and_still_every_row(
    world: World, limit: int, path: str
) -> None:
    body = {
        "name": "Dallas", "legal_entity_id": world.legal_entity(world.a), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    dallas = world.call("POST", "/locations", body).json()["id"]
    own = []
    for place, mine in enumerate("nnnynnyynn"):  # whole pages of other branches stand before, between and after
        made = world.fill(world.a, dallas if mine == "y" else None, tag=f"n{place}")
        own += [made[path.strip("/").partition("?")[0]]] if mine == "y" else []
        world.clock.move(seconds=1)
    token = world.token(role="admin", locations=[dallas])
    found, shorter, cursor, joint = [], 0, "", "&" if "?" in path else "?"
    while True:
        page = world.call("GET", f"{path}{joint}limit={limit}{cursor}", token=token).json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        shorter += len(page["items"]) < limit
        cursor = f"&cursor={page['next_cursor']}"
    assert found == own[::-1]
    assert shorter > 0


def test_a_time_range_cuts_the_list(world: World) -> None:
    made = filled(world)
    assert pages(world, "/referrals?created_since=2026-06-02T15:00:02Z&created_until=2026-06-02T15:00:04Z", 2) == [
        made[4], made[3], made[2],
    ]  # fmt: skip
    zoned = "/referrals?created_since=2026-06-02T10:00:05-05:00"
    assert pages(world, zoned, 5) == [made[6], made[5]]


def test_a_cursor_of_another_list_tenant_or_filter_is_refused(world: World) -> None:
    filled(world)
    cursor = world.call("GET", "/referrals?limit=2").json()["next_cursor"]
    assert world.call("GET", f"/referrals?limit=3&cursor={cursor}").status == 200
    for path in ("/jobs?", "/referrals?status=new&", "/referrals?created_since=2020-01-01T00:00:00Z&"):
        assert world.call("GET", f"{path}limit=2&cursor={cursor}").status == 422
    assert world.call("GET", f"/referrals?limit=2&cursor={cursor}", token=world.token(world.b)).status == 422


def test_a_cursor_changed_anywhere_is_refused(world: World) -> None:
    filled(world)
    cursor = world.call("GET", "/referrals?limit=2").json()["next_cursor"]
    raw = bytearray(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    for place in range(0, len(raw), 5):
        changed = raw.copy()
        changed[place] ^= 1
        text = base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("=")
        assert world.call("GET", f"/referrals?cursor={text}").status == 422
    for text in ("x", "%25%25%25", "A" * 4097, "\u00e9"):
        assert world.call("GET", f"/referrals?cursor={text}").status in (400, 422)
