"""The campaign editor: what is ready-made, what is saved, who may change it where, what a wrong one is told."""

from datetime import timedelta
from typing import Any, cast

import pytest

from moref.api.campaigns import PAGE
from moref.campaigns.catalogue import CATALOGUE
from moref.campaigns.model import CampaignVersion, Enrollment, StepRun
from moref.campaigns.places import Place
from moref.intake.model import Contact, Job
from moref.messaging.model import Message
from moref.records import Change, every, get
from moref.rewards.model import AuditRow
from moref.tenants.model import Location
from tests.unit.api.world import World


def definition(trigger: dict[str, Any], **steps: Any) -> dict[str, Any]:
    """The first step named is where it begins."""
    return {"trigger": {"when": {}} | trigger, "first": next(iter(steps)), "steps": steps}


FAIR = definition(
    {"kind": "job_completed"},
    wait={"kind": "wait", "minutes": 60, "next": "ask"},
    ask={"kind": "send", "template": "ask", "channel": "best"},
)


def a_campaign(world: World, name: str = "Ours", **over: Any) -> dict[str, Any]:
    answer = world.call("POST", "/campaigns", {"name": name, "definition": FAIR} | over)
    assert answer.status == 201, answer.text
    return cast(dict[str, Any], answer.json())


def one(world: World, id: str, **of: Any) -> dict[str, Any]:
    return cast(dict[str, Any], world.call("GET", f"/campaigns/{id}", **of).json())


def events(world: World, name: str) -> list[dict[str, Any]]:
    return [event for event in world.store.events if event["name"] == name]


def test_ready_made_campaigns_are_there_before_anybody_has_changed_one(world: World) -> None:
    items = {item["id"]: item for item in world.call("GET", "/campaigns").json()["items"]}
    assert items.keys() == CATALOGUE.keys()
    for id, item in items.items():
        assert (item["status"], item["version"], item["definition_from"]) == (CATALOGUE[id].status, 0, "ready_made")
    active = world.call("GET", "/campaigns?status=active").json()["items"]
    assert {item["id"] for item in active} == {name for name, made in CATALOGUE.items() if made.status == "active"}
    shown = one(world, "review_collection")["definition"]
    assert shown["trigger"]["kind"] == "job_completed"
    assert CATALOGUE["review_collection"].definition.model_validate(shown) == CATALOGUE["review_collection"].definition


def test_a_campaign_is_made_activated_paused_resumed_and_archived(world: World) -> None:
    made = a_campaign(world)
    assert (made["status"], made["versions"], made["definition"]) == ("draft", 1, FAIR)
    for move, status in (("activate", "active"), ("pause", "paused"), ("resume", "active"), ("archive", "archived")):
        for _ in range(2):  # asked for twice, it is there
            answer = world.call("POST", f"/campaigns/{made['id']}/{move}")
            assert answer.json()["status"] == status, answer.text
    assert world.call("POST", f"/campaigns/{made['id']}/pause").status == 409
    rows = every(world.store, AuditRow, world.a.organization_id, parent=made["id"], newest_first=False)
    assert [row.action.removeprefix("campaign.") for row in rows] == [
        "created",
        "activate",
        "pause",
        "resume",
        "archive",
    ]
    assert {row.actor for row in rows} == {world.a.member_id}


def test_what_was_held_goes_on_by_an_event_in_the_same_commit(world: World) -> None:
    world.call("POST", "/campaigns/review_collection/pause")
    assert events(world, "campaign.resumed") == []
    world.call("POST", "/campaigns/review_collection/resume")
    assert [event["subject"] for event in events(world, "campaign.resumed")] == ["review_collection"]
    world.call("POST", "/campaigns/review_collection/archive", {"end_running": True})
    assert [event["subject"] for event in events(world, "campaign.ended")] == ["review_collection"]


def test_a_creation_repeated_with_its_key_is_the_same_campaign(world: World) -> None:
    body = {"name": "Once", "copy_of": "win_back"}
    first = world.call("POST", "/campaigns", body, key="k1").json()
    assert world.call("POST", "/campaigns", body, key="k1").json() == first
    assert [item["name"] for item in world.call("GET", "/campaigns").json()["items"]].count("Once") == 1
    assert first["definition"] == one(world, "win_back")["definition"]


def test_every_place_that_is_wrong_is_named_and_nothing_is_saved(world: World) -> None:
    bad = {
        "trigger": {"kind": "job_completed"},
        "first": "ask",
        "steps": {
            "ask": {"kind": "send", "template": "no_such_template", "next": "fork"},
            "fork": {"kind": "branch", "cases": [{"when": {"happy": True}, "next": "gone"}], "otherwise": "ask"},
            "lost": {"kind": "wait", "minutes": 0},
        },
    }
    answer = world.call("PUT", "/campaigns/review_collection/definition", {"version": 0, "definition": bad})
    assert answer.status == 422
    assert {error["field"] for error in answer.json()["errors"]} >= {
        "definition.steps.ask.template", "definition.steps.fork.cases.0.next", "definition.steps.fork.otherwise",
        "definition.steps.lost", "definition.steps.lost.minutes",
    }  # fmt: skip
    assert one(world, "review_collection")["version"] == 0
    assert every(world.store, CampaignVersion, world.a.organization_id) == []


def test_a_shape_that_is_no_definition_is_named_by_its_place(world: World) -> None:
    body = {"version": 0, "definition": FAIR | {"steps": {"ask": {"kind": "send", "template": 5}}}}
    found = world.call("PUT", "/campaigns/review_collection/definition", body).json()
    assert found["field"].startswith("definition.steps.ask")


def test_the_review_link_for_the_happy_alone_is_refused(world: World) -> None:
    unfair = definition(
        {"kind": "feedback_given", "when": {"happy": True}},
        invite={"kind": "send", "template": "invite", "next": "review"},
        review={"kind": "send", "template": "ask"},
    )
    found = world.call("POST", "/campaigns", {"name": "Stars", "definition": unfair})
    assert found.status == 422
    assert "definition.trigger.when" in {error["field"] for error in found.json()["errors"]}


def test_saving_makes_versions_and_reverting_goes_back_as_a_new_one(world: World) -> None:
    path = "/campaigns/review_collection"
    first = world.call("PUT", f"{path}/definition", {"version": 0, "definition": FAIR}).json()
    assert (first["version_id"], first["definition_from"], first["status"]) == (
        "review_collection.v1", "organization", "active",
    )  # fmt: skip
    later = FAIR | {"steps": FAIR["steps"] | {"wait": {"kind": "wait", "days": 1, "next": "ask"}}}
    second = world.call("PUT", f"{path}/definition", {"version": first["version"], "definition": later}).json()
    stale = world.call("PUT", f"{path}/definition", {"version": first["version"], "definition": FAIR})
    assert stale.status == 409
    back = world.call("POST", f"{path}/revert", {"version": second["version"], "version_id": first["version_id"]})
    assert (back.json()["version_id"], back.json()["definition"]) == ("review_collection.v3", FAIR)
    shown = world.call("GET", f"{path}/versions").json()["items"]
    assert [item["number"] for item in shown] == [3, 2, 1, 0]
    assert [item["definition"] for item in shown[:3]] == [FAIR, later, FAIR]
    ready = world.call("POST", f"{path}/revert", {"version": back.json()["version"]}).json()
    assert ready["definition_from"] == "ready_made"
    foreign = world.call("POST", f"{path}/revert", {"version": ready["version"], "version_id": "win_back.v1"})
    assert foreign.status == 404


def test_versions_come_in_pages(world: World) -> None:
    path, version = "/campaigns/win_back", 0
    for days in range(1, PAGE + 3):
        steps = FAIR["steps"] | {"wait": {"kind": "wait", "days": days, "next": "ask"}}
        body = {"version": version, "definition": FAIR | {"steps": steps}}
        version = world.call("PUT", f"{path}/definition", body).json()["version"]
        world.clock.move(seconds=1)
    first = world.call("GET", f"{path}/versions").json()
    rest = world.call("GET", f"{path}/versions?cursor={first['next_cursor']}").json()
    numbers = [item["number"] for item in first["items"] + rest["items"]]
    assert numbers == [*range(PAGE + 2, 0, -1), 0]
    assert rest["next_cursor"] is None
    elsewhere = world.call("GET", f"/campaigns/review_collection/versions?cursor={first['next_cursor']}")
    assert elsewhere.status == 422


def test_a_location_takes_its_own_form_and_gives_it_back(world: World) -> None:
    id = f"review_collection.{world.a.location_id}"
    own = world.call("PUT", f"/campaigns/{id}/definition", {"version": 0, "definition": FAIR}).json()
    assert (own["definition_from"], own["status_from"], own["id"]) == ("location", "ready_made", id)
    assert world.call("POST", f"/campaigns/{id}/pause").json()["status_from"] == "location"
    assert one(world, "review_collection")["status"] == "active"
    there = world.call("GET", f"/campaigns?location_id={world.a.location_id}").json()["items"]
    assert {item["id"]: item["status"] for item in there}[id] == "paused"
    back = world.call("DELETE", f"/campaigns/{id}").json()
    assert (back["definition_from"], back["status"]) == ("ready_made", "active")
    assert [event["subject"] for event in events(world, "campaign.resumed")] == ["review_collection"]
    assert world.call("DELETE", "/campaigns/review_collection").status == 422


def test_while_the_organization_locks_a_location_cannot_and_is_told_who_did(world: World) -> None:
    id = f"review_collection.{world.a.location_id}"
    world.call("PUT", f"/campaigns/{id}/definition", {"version": 0, "definition": FAIR})
    assert world.call("POST", "/campaigns/review_collection/lock").json()["locked"] is True
    assert one(world, id)["definition_from"] == "ready_made"
    for method, path, body in (
        ("PUT", f"/campaigns/{id}/definition", {"version": 1, "definition": FAIR}),
        ("POST", f"/campaigns/{id}/pause", None),
        ("DELETE", f"/campaigns/{id}", None),
    ):
        answer = world.call(method, path, body)
        assert answer.status == 409
        assert "owner" in answer.json()["detail"]
    world.call("POST", "/campaigns/review_collection/unlock")
    assert one(world, id)["definition_from"] == "location"
    assert world.call("POST", f"/campaigns/{id}/lock").status == 422


def test_an_admin_of_one_location_changes_its_forms_and_nothing_else(world: World) -> None:
    token = world.token(role="admin", locations=[world.a.location_id])
    body = {"version": 0, "definition": FAIR}
    assert world.call("PUT", "/campaigns/review_collection/definition", body, token=token).status == 403
    assert world.call("POST", "/campaigns", {"name": "Mine"}, token=token).status == 403
    id = f"review_collection.{world.a.location_id}"
    assert world.call("PUT", f"/campaigns/{id}/definition", body, token=token).status == 200
    other = world.token(role="admin", locations=["loc_elsewhere", "loc_there"])
    assert world.call("POST", f"/campaigns/{id}/pause", token=other).status == 404
    assert world.call("GET", f"/campaigns/{id}", token=other).status == 404


def test_a_draft_without_definition_says_so_where_it_matters(world: World) -> None:
    id = a_campaign(world, definition=None)["id"]
    assert one(world, id)["definition"] is None
    assert world.call("POST", f"/campaigns/{id}/activate").status == 409
    assert world.call("POST", f"/campaigns/{id}/test-send").status == 409
    contact = world.fill(world.a)["contacts"]
    assert world.call("POST", f"/campaigns/{id}/preview", {"contact_id": contact}).json()["field"] == "definition"


def test_a_name_changes_with_the_version_read(world: World) -> None:
    renamed = world.call("PATCH", "/campaigns/win_back", {"version": 0, "name": "Put it right"}).json()
    assert (renamed["name"], renamed["version"], renamed["definition_from"]) == ("Put it right", 1, "ready_made")
    assert world.call("PATCH", "/campaigns/win_back", {"version": 0, "name": "No"}).status == 409


def test_preview_says_when_on_both_clocks_and_why_not(world: World) -> None:
    contact = world.fill(world.a)["contacts"]
    body = {"contact_id": contact, "at": "2026-06-02T15:00:00Z"}
    found = world.call("POST", "/campaigns/review_collection/preview", body, token=world.token(role="member"))
    assert found.status == 200, found.text
    steps = found.json()["steps"]
    ask = next(step for step in steps if step["step"] == "ask")
    assert (ask["kind"], ask["zone"]) == ("send", "America/Chicago")
    assert ask["local"].endswith("-05:00")
    assert ask["why_not"] == "no_sender"
    unsaved = {**body, "definition": FAIR}
    names = [step["step"] for step in world.call("POST", "/campaigns/win_back/preview", unsaved).json()["steps"]]
    assert names == ["wait", "ask"]
    wrong = {**body, "definition": FAIR | {"first": "nowhere"}}
    assert world.call("POST", "/campaigns/win_back/preview", wrong).json()["field"] == "definition.first"


def test_a_test_send_goes_to_oneself_once_for_each_template(world: World) -> None:
    found = world.call("POST", "/campaigns/review_collection/test-send", key="k").json()["messages"]
    assert [each["template"] for each in found] == ["ask", "ask_again", "invite_without_score"]
    for each in found:
        message = get(world.store, Message, world.a.organization_id, each["message_id"])
        assert (message.contact_id, message.enrollment_id, message.channel) == (None, None, "email")


def test_a_crew_sends_the_link_at_the_door_and_the_yes_is_kept(world: World) -> None:
    rows, org, now = world.fill(world.a), world.a.organization_id, world.clock.now()
    job, contact = get(world.store, Job, org, rows["jobs"]), get(world.store, Contact, org, rows["contacts"])
    location = get(world.store, Location, org, world.a.location_id)
    world.store.commit(
        Change(job, job.changed(now, contact_id=contact.id)),
        Change(contact, contact.changed(now, email="ann@example.com")),
        Change(location, location.changed(now, sms_sender=None)),
    )
    sent = world.call("POST", f"/jobs/{job.id}/send-now", {"consent_text": "May we text you your link? Yes."})
    assert sent.status == 202, sent.text
    message = get(world.store, Message, org, sent.json()["message_id"])
    assert (message.template, message.contact_id) == ("invite_without_score", contact.id)
    assert [consent.channel for consent in get(world.store, Contact, org, contact.id).consents] == ["sms"]
    again = world.call("POST", f"/jobs/{job.id}/send-now")
    assert again.json()["message_id"] == message.id
    assert world.call("POST", f"/jobs/{job.id}/send-now", {"template": "ask"}).json()["field"] == "template"


def test_an_enrollment_shows_what_happened_what_was_skipped_and_what_comes(world: World) -> None:
    rows = world.fill(world.a)
    before = get(world.store, Enrollment, world.a.organization_id, rows["enrollments"])
    now = world.clock.now()
    steps = {
        "ask": StepRun(due_at=now, done_at=now, status="done", message_id=rows["messages"]),
        "answer": StepRun(due_at=now + timedelta(days=2)),
    }
    place = Place(zone="America/Denver", state="CO")
    world.store.commit(Change(before, before.changed(now, steps=steps, at="answer", places=[place])))
    shown = world.call("GET", f"/enrollments/{before.id}").json()
    assert [(step["step"], step["status"], step["message_status"]) for step in shown["journey"]] == [
        ("ask", "done", "queued"), ("answer", "scheduled", None),
    ]  # fmt: skip
    assert shown["journey"][1]["local"] == "2026-06-04T09:00:00-06:00"
    listed = world.call("GET", f"/enrollments?contact_id={rows['contacts']}").json()["items"]
    assert [item["id"] for item in listed] == [before.id]


def test_staff_take_somebody_off_and_it_is_audited(world: World) -> None:
    id = world.fill(world.a)["enrollments"]
    stopped = world.call("POST", f"/enrollments/{id}/stop", {"reason": "moved away"}).json()
    assert (stopped["status"], stopped["reason"]) == ("stopped", "staff: moved away")
    assert stopped["journey"][0]["status"] == "cancelled"
    assert world.call("POST", f"/enrollments/{id}/stop", {"reason": "again"}).status == 409
    [row] = every(world.store, AuditRow, world.a.organization_id, parent=id)
    assert (row.action, row.actor) == ("enrollment.stopped", world.a.member_id)


def test_a_task_is_done_and_undone(world: World) -> None:
    id = world.fill(world.a)["tasks"]
    for _ in range(2):
        done = world.call("POST", f"/tasks/{id}/done").json()
        assert (done["status"], done["done_by"]) == ("done", world.a.member_id)
    assert [item["id"] for item in world.call("GET", "/tasks?status=done").json()["items"]] == [id]
    undone = world.call("POST", f"/tasks/{id}/undone").json()
    assert (undone["status"], undone["done_at"]) == ("open", None)
    rows = every(world.store, AuditRow, world.a.organization_id, parent=id, newest_first=False)
    assert [row.action for row in rows] == ["task.done", "task.undone"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("from=2026-06-02&to=2026-06-01", "from"),
        ("from=2026-01-01&to=2026-06-01", "from"),
        ("to=0001-01-01", "to"),
    ],
)
def test_a_funnel_of_days_that_make_no_sense_is_a_422(world: World, query: str, field: str) -> None:
    answer = world.call("GET", f"/campaigns/review_collection/funnel?{query}")
    assert (answer.status, answer.json()["field"]) == (422, field)


def test_a_funnel_of_nothing_is_zeros(world: World) -> None:
    found = world.call("GET", f"/campaigns/review_collection/funnel?location_id={world.a.location_id}").json()
    assert found["total"] == dict.fromkeys(("sent", "delivered", "opened", "clicked", "quoted", "booked"), 0)
    assert (found["from"], found["to"], found["steps"]) == ("2026-05-04", "2026-06-02", [])
    assert world.call("GET", "/campaigns/review_collection/funnel?location_id=loc_x").status == 404
