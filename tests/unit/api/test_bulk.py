"""The same decision about many rows: each its own, what came of each told, a stranger's like an unknown one."""

from typing import Any

import pytest

from tests.unit.api.test_today import HERE, THERE, Desk
from tests.unit.api.world import World

BULK: dict[str, tuple[str, dict[str, Any]]] = {  # kind of what waits -> how many of it are settled at once
    "goodwill": ("goodwill/approve", {}),
    "unmatched_sources": ("unmatched-sources/dismiss", {"reason": "an advertisement"}),
    "unread_replies": ("messages/read", {}),
    "low_scores": ("feedback/handled", {}),
    "tasks": ("tasks/done", {}),
    "leads": ("leads/entered", {}),
}


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


@pytest.mark.parametrize("kind", sorted(set(BULK) - {"goodwill"}))
def test_many_are_settled_at_once_and_leave_the_list_of_today(desk: Desk, kind: str) -> None:
    path, said = BULK[kind]
    ids = [desk.row(kind).id for _ in range(3)]
    answer = desk.world.call("POST", f"/{path}", {"ids": [*ids, "row_none", ids[0]], **said}, key="k")
    assert answer.status == 200, answer.text
    found = answer.json()
    assert [(item["id"], item["ok"]) for item in found["items"]] == [*((id, True) for id in ids), ("row_none", False)]
    assert (found["failed"], found["items"][-1]["code"]) == (1, "not_found")
    assert desk.counts()[kind] == 0


@pytest.mark.parametrize("kind", sorted(BULK))
def test_of_another_branch_or_tenant_nothing_is_touched(desk: Desk, kind: str) -> None:
    path, said = BULK[kind]
    there = desk.row(kind, THERE).id
    for token in (desk.world.token(role="admin", locations=[HERE]), desk.world.token(of=desk.world.b)):
        found = desk.world.call("POST", f"/{path}", {"ids": [there], **said}, key="k", token=token).json()
        assert [item["code"] for item in found["items"]] == ["not_found"]
    assert desk.counts()[kind] == 1
    member = desk.world.token(role="member")
    assert desk.world.call("POST", f"/{path}", {"ids": [there], **said}, key="k", token=member).status == 403
    many = desk.world.call("POST", f"/{path}", {"ids": ["x"] * 101, **said}, key="k2")
    assert (many.status, many.json()["field"]) == (422, "ids")


def test_advocates_are_archived_together_and_a_second_time_is_nothing_new(world: World) -> None:
    ids = [world.fill(world.a, tag=tag)["advocates"] for tag in ("1", "2")]
    for _ in range(2):
        found = world.call("POST", "/advocates/archive", {"ids": ids}).json()
        assert [item["status"] for item in found["items"]] == ["archived", "archived"]
    audits = world.call("GET", f"/audit?subject={ids[0]}").json()["items"]
    assert [each["action"] for each in audits] == ["advocate.changed"]
