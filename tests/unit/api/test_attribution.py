"""Attribution in the API: search, attribute, remove, merge, unmatched sources, disputes and explanations."""

from typing import Any

import pytest

from moref.intake import name_index
from moref.intake.model import Contact, Job
from moref.people import person_keys
from moref.records import Create, Point, get
from moref.referrals.ensure_link import ensure_link
from moref.referrals.model import Referral, UnmatchedSource
from tests.unit.api.world import World

PHONE = "+15125550142"


@pytest.fixture
def case(world: World) -> dict[str, str]:
    """An advocate (Ann) with a link, and the job of a stranger (Bo)."""
    of, now = world.a, world.clock.now()
    place: dict[str, Any] = {
        "organization_id": of.organization_id, "created_at": now, "updated_at": now, "location_id": of.location_id,
    }  # fmt: skip
    keys = person_keys(world.runtime.keys, of.organization_id, PHONE, None)
    ann = Contact(**place, id="con_ann", first_name="Ann", last_name="Lee", phone=PHONE, person_keys=keys)
    bo = Contact(**place, id="con_bo", first_name="Bo", last_name="Friend")
    job = Job(
        **place, id="job_bo", connection_id=of.connection_id, external_id="J", contact_id="con_bo", received_at=now
    )
    points = [Point(of.organization_id, "person", key, "con_ann") for key in keys]
    named = [point for contact in (ann, bo) for point in name_index.points(world.runtime.keys, contact)]
    world.store.commit(Create(ann), Create(bo), Create(job), *points, *named)
    link = ensure_link(world.runtime, of.organization_id, "con_ann", of.location_id)
    return {"advocate": link.advocate_id, "code": link.id, "job": "job_bo"}


@pytest.mark.parametrize("q", ["lee", "Ann L", "(512) 555-0142"])
def test_a_member_finds_people_with_what_is_asked_in_the_body(world: World, case: dict[str, str], q: str) -> None:
    answer = world.call("POST", "/people/search", {"q": q}, token=world.token(role="member"))
    assert answer.status == 200
    (found,) = answer.json()["items"]
    assert (found["contact_id"], found["advocate_id"], found["phone"]) == ("con_ann", case["advocate"], PHONE)


def test_a_search_is_limited_to_the_locations_of_the_member_and_to_the_tenant(
    world: World, case: dict[str, str]
) -> None:
    elsewhere = world.token(role="member", locations=["loc_other"])
    assert world.call("POST", "/people/search", {"q": "lee"}, token=elsewhere).json()["items"] == []
    theirs = world.token(world.b)
    assert world.call("POST", "/people/search", {"q": "lee"}, token=theirs).json()["items"] == []
    body = {"advocate_id": case["advocate"], "reason": "x"}
    limited = world.token(role="admin", locations=["loc_other"])
    assert world.call("POST", f"/jobs/{case['job']}/attribute", body, token=limited).status == 404


def test_pages_go_on_with_their_cursor_for_the_same_words_only(world: World, case: dict[str, str]) -> None:
    place = dict(get(world.store, Contact, world.a.organization_id, "con_ann"))
    more = Contact(**{**place, "id": "con_zoe", "first_name": "Zoe", "version": 0})
    world.store.commit(Create(more), *name_index.points(world.runtime.keys, more))
    first = world.call("POST", "/people/search", {"q": "lee", "limit": 1}).json()
    then = world.call("POST", "/people/search", {"q": "lee", "limit": 1, "cursor": first["next_cursor"]}).json()
    found = [row["contact_id"] for page in (first, then) for row in page["items"]]
    assert (found, then["next_cursor"]) == (["con_ann", "con_zoe"], None)
    wrong = world.call("POST", "/people/search", {"q": "ann", "cursor": first["next_cursor"]})
    assert (wrong.status, wrong.json()["field"]) == (422, "cursor")
    assert world.call("POST", "/people/search", {"q": "..."}).json()["field"] == "q"


def test_attribute_explain_remove(world: World, case: dict[str, str]) -> None:
    body = {"advocate_id": case["advocate"], "reason": "she called"}
    made = world.call("POST", f"/jobs/{case['job']}/attribute", body).json()
    assert (made["job_id"], made["status"], made["evidence"][0]["kind"]) == (case["job"], "new", "staff")
    said = world.call("GET", f"/referrals/{made['id']}/explanation").json()
    assert (said["credit"]["name"], said["why"]["kind"]) == ("Ann Lee", "staff")
    redacted = world.call("GET", f"/referrals/{made['id']}/explanation?audience=advocate").json()
    assert redacted["credit"]["name"] == "you"
    assert world.call("GET", f"/referrals/{made['id']}/explanation?audience=press").json()["field"] == "audience"
    for _ in range(2):
        removed = world.call("POST", f"/referrals/{made['id']}/remove", {"reason": "it was another Ann"}).json()
        assert (removed["status"], removed["reason"]) == ("removed", "it was another Ann")
    again = world.call("POST", f"/jobs/{case['job']}/attribute", body)
    assert (again.status, again.json()["code"]) == (409, "conflict")
    actions = [row["action"] for row in world.call("GET", "/audit").json()["items"]]
    assert actions.count("referral.removed") == actions.count("referral.attributed") == 1


def test_a_merge_answers_with_the_row_that_counts(world: World, case: dict[str, str]) -> None:
    body = {"into": "con_ann", "reason": "the same person"}
    assert world.call("POST", "/contacts/con_bo/merge", body).json() == {"id": "con_ann", "merged": "con_bo"}
    assert world.call("GET", "/contacts/con_bo").json()["merged_into"] == "con_ann"
    self_merge = world.call("POST", "/contacts/con_ann/merge", body)
    assert (self_merge.status, self_merge.json()["field"]) == (422, "into")


@pytest.mark.parametrize("way", ["attribute", "dismiss"])
def test_an_unmatched_source_is_listed_and_resolved(world: World, case: dict[str, str], way: str) -> None:
    of, now = world.a, world.clock.now()
    source = UnmatchedSource(
        organization_id=of.organization_id, id="src_1", created_at=now, updated_at=now, location_id=of.location_id,
        job_id=case["job"], contact_id="con_bo", why="nobody", said="Anne Leigh",
    )  # fmt: skip
    world.store.commit(Create(source))
    (row,) = world.call("GET", "/unmatched-sources?status=open").json()["items"]
    assert (row["said"], row["job_id"]) == ("Anne Leigh", case["job"])
    body = {"reason": "she said so"} | ({"advocate_id": case["advocate"]} if way == "attribute" else {})
    done = world.call("POST", f"/unmatched-sources/src_1/{way}", body).json()
    assert done["status"] == {"attribute": "attributed", "dismiss": "dismissed"}[way]
    assert world.call("GET", "/unmatched-sources?status=open").json()["items"] == []
    referrals = world.call("GET", f"/referrals?advocate_id={case['advocate']}").json()["items"]
    assert len(referrals) == (way == "attribute")


def test_a_dispute_is_opened_for_an_advocate_and_decided(world: World, case: dict[str, str]) -> None:
    body = {"advocate_id": case["advocate"], "job_id": case["job"], "claim": "I sent her", "proof": ["a text of 2 May"]}
    made = world.call("POST", "/disputes", body)
    assert (made.status, made.json()["status"]) == (201, "open")
    path = f"/disputes/{made.json()['id']}"
    late = world.call("POST", f"{path}/accept", {"reason": "yes", "referred_at": "2099-01-01T00:00:00Z"})
    assert (late.status, late.json()["field"]) == (422, "referred_at")
    unreadable = world.call("POST", f"{path}/accept", {"reason": "yes", "referred_at": "May"})
    assert (unreadable.status, unreadable.json()["field"]) == (422, "referred_at")
    accepted = world.call("POST", f"{path}/accept", {"reason": "yes", "referred_at": "2026-05-02T10:00:00Z"}).json()
    referral = get(world.store, Referral, world.a.organization_id, accepted["result_id"])
    assert (accepted["status"], referral.job_id) == ("accepted", case["job"])
    assert world.call("POST", f"{path}/reject", {"reason": "no"}).status == 409
