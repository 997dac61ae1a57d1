"""Every route x role x reach x tenant: allowed, 403 or 404 exactly as the table of operations says.

A new route is in it by itself. What the table does not decide (an act's own rules) is listed with its reason.
"""

from typing import Any, get_args

import pytest

from moref.api.operation import Operation
from moref.api.routes import OPERATIONS
from moref.signin.roles import RANK
from moref.tenants.model import Role
from tests.unit.api.test_isolation import BODIES, NO_TENANTS_ID, resource
from tests.unit.api.world import World

MEMBERS_ONLY = [each for each in OPERATIONS if each.access == "member"]
REACHES = ("whole", "here", "elsewhere")
REFUSED = {401, 403, 404}
# Where the act itself refuses callers whom the table allows: its status and why.
OTHER_ROW = (404, "the body names a further row, which is not there")
OF_ALL = (403, "what all locations share is changed by those who see all of them; a location's own form by its members")
OWN_RULES: dict[str, tuple[int, str]] = {
    "POST /v1/advocates/{id}/links": OTHER_ROW,
    "POST /v1/advocates/{id}/goodwill": OTHER_ROW,
    "POST /v1/conversions/{id}/holds/close": OTHER_ROW,
    "POST /v1/conversions/{id}/holds/reopen": OTHER_ROW,
    "POST /v1/conversions/{id}/holds/appeal": OTHER_ROW,
    "POST /v1/jobs/{id}/attribute": OTHER_ROW,
    "POST /v1/jobs/{id}/send-now": OTHER_ROW,
    "POST /v1/contacts/{id}/merge": OTHER_ROW,
    "POST /v1/unmatched-sources/{id}/attribute": OTHER_ROW,
    "POST /v1/payouts/{id}/new-address/confirm": OTHER_ROW,
    "PUT /v1/senders/{id}": (404, "the world's sender is of no channel"),
    "PATCH /v1/members/{id}": (403, "an admin does not change an owner"),
    "DELETE /v1/members/{id}": (403, "nor remove one"),
    "PATCH /v1/vendor-accounts/{id}": (404, "the world's account is of no vendor"),
    "POST /v1/programs/{id}/acceptances": (404, "an advocate of one branch is not seen by another's members"),
    "POST /v1/programs/{id}/exceptions": (404, "an advocate of one branch is not seen by another's members"),
    **dict.fromkeys(
        (
            "PUT /v1/templates/{id}", "PATCH /v1/templates/{id}", "DELETE /v1/templates/{id}",
            "POST /v1/templates/{id}/revert", "PATCH /v1/campaigns/{id}", "DELETE /v1/campaigns/{id}",
            "PUT /v1/campaigns/{id}/definition", *(
                f"POST /v1/campaigns/{{id}}/{act}"
                for act in ("revert", "activate", "pause", "resume", "archive", "lock", "unlock")
            ),
        ),
        OF_ALL,
    ),
}  # fmt: skip


@pytest.fixture
def elsewhere(world: World) -> str:
    """A second branch, where nothing happens."""
    body = {
        "name": "Dallas", "legal_entity_id": world.legal_entity(world.a), "time_zone": "America/Chicago",
        "postal_address": "1 Street", "staff_email": "a@example.com", "review_url": "https://reviews.example.com/x",
    }  # fmt: skip
    return str(world.call("POST", "/locations", body).json()["id"])


def token(world: World, role: Role, reach: str, elsewhere: str) -> str:
    """`token` of the world names a member by role and number of locations; these differ in which location, too."""
    if reach == "whole":
        return world.token(role=role)
    place = {"here": [world.a.location_id], "elsewhere": [elsewhere, elsewhere]}[reach]
    return world.token(role=role, locations=place)


def place_of(world: World, operation: Operation, id: str) -> str | None:
    """Where the row is, read from the table itself."""
    if resource(operation) == "locations":
        return id
    for row in world.store.rows.values():
        if row["pk"].startswith(world.a.organization_id) and row["pk"].endswith(f"#{id}"):
            data: dict[str, Any] = row["data"]
            return data.get("location_id") or data.get("default_location_id")
    raise AssertionError(f"no row {id}")


def expected(operation: Operation, role: Role, reach: str, *, unseen: bool) -> int | None:
    """403, 404, or None for allowed. What a caller may not do at all is said before what is there."""
    if RANK[role] < RANK[operation.least] or (operation.whole and reach != "whole"):
        return 403
    return 404 if unseen else None


@pytest.mark.parametrize("operation", MEMBERS_ONLY, ids=lambda operation: operation.route)
def test_a_route_answers_as_the_table_says(world: World, elsewhere: str, operation: Operation) -> None:
    own, used, wrong, by_id = (
        OWN_RULES.get(operation.route, (None, ""))[0],
        False,
        [],
        "{id}" in operation.path and operation.route not in NO_TENANTS_ID,
    )
    ours, theirs = world.fill(world.a), world.fill(world.b, tag="theirs")
    ids = {"ours": ours[resource(operation)], "theirs": theirs[resource(operation)]} if by_id else {"": "payouts"}
    for whose, id in ids.items():
        gone = False
        place = place_of(world, operation, id) if whose == "ours" else None
        for role in get_args(Role):
            for reach in REACHES:
                unseen = whose == "theirs" or (reach == "elsewhere" and place not in (None, elsewhere))
                answer = world.call(
                    operation.method,
                    operation.path.removeprefix("/v1").replace("{id}", id),
                    BODIES.get(operation.route, {} if operation.method != "GET" else None),
                    token=token(world, role, reach, elsewhere),
                    key=f"{whose}-{role}-{reach}",
                )
                want = expected(operation, role, reach, unseen=unseen)
                got = answer.status if answer.status in REFUSED or answer.status >= 500 else None
                gone = gone or (operation.method == "DELETE" and answer.status < 300)
                if got == want or (gone and got == 404):
                    continue
                if got == own and (want is None or (got == 403 and reach != "whole")):
                    used = True
                else:
                    wrong.append(f"{role} {reach} {whose}: {got or answer.status} instead of {want or 'allowed'}")
    assert not wrong
    assert used is (own is not None), "an exception that nobody needs"


def test_every_role_and_reach_occurs_in_the_table() -> None:
    """Were they all alike, the matrix would show nothing."""
    assert {each.least for each in MEMBERS_ONLY} == set(get_args(Role))
    assert {each.whole for each in MEMBERS_ONLY} == {True, False}
