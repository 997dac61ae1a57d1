"""People's wishes through the API: what staff record, read, import and resume."""

import csv
import io
from typing import Any

import pytest

from moref import people
from moref.campaigns.model import Feedback
from moref.intake.model import Contact
from moref.messaging.model import Message, Suppression
from moref.messaging.senders import Sender
from moref.records import Create, Point, every, get
from tests.unit.api.world import Answer, World

PHONE, EMAIL = "+15125550123", "ann@friend.example"


def person(world: World, id: str = "con_1", phone: str = PHONE, email: str = EMAIL) -> Contact:
    now, org = world.clock.now(), world.a.organization_id
    keys = people.person_keys(world.runtime.keys, org, phone, email)
    made = Contact(
        organization_id=org, id=id, created_at=now, updated_at=now, location_id=world.a.location_id,
        first_name="Ann", phone=phone, email=email, person_keys=keys,
    )  # fmt: skip
    world.store.commit(Create(made), *(Point(org, "person", key, id) for key in keys))
    return get(world.store, Contact, org, id)


def ok(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    return answer.json()


def actions(world: World) -> set[str]:
    return {item["action"] for item in world.call("GET", "/audit").json()["items"]}


def test_the_language_of_a_contact_is_changed_on_the_copy_that_was_read(world: World) -> None:
    version = person(world).version
    changed = ok(world.call("PATCH", "/contacts/con_1", {"version": version, "language": "es"}))
    assert (changed["language"], changed["language_by"], changed["version"]) == ("es", "staff", version + 1)
    assert world.call("PATCH", "/contacts/con_1", {"version": version, "language": "en"}).status == 409
    wrong = world.call("PATCH", "/contacts/con_1", {"version": version + 1, "language": "fr"})
    assert (wrong.status, wrong.json()["field"]) == (422, "language")


def test_a_spoken_opt_out_is_recorded_and_a_consent_needs_its_proof(world: World) -> None:
    person(world)
    stopped = ok(world.call("POST", "/contacts/con_1/opt-out", {"channels": ["sms", "email"], "reason": "by phone"}))
    assert sorted(stopped["opted_out"]) == ["email", "sms"]
    for missing in ("consent_text", "source", "at"):
        body = {"channel": "sms", "consent_text": "I agree to get texts from you", "source": "call",
                "at": "2026-06-01T15:00:00Z"}  # fmt: skip
        refused = world.call(
            "POST", "/contacts/con_1/opt-in", {name: value for name, value in body.items() if name != missing}
        )
        assert (refused.status, refused.json()["field"]) == (422, missing)
    agreed = ok(world.call("POST", "/contacts/con_1/opt-in", body))
    assert sorted(agreed["opted_out"]) == ["email"]
    assert [(one["channel"], one["at"]) for one in agreed["consents"]] == [("sms", "2026-06-01T15:00:00Z")]
    assert {"contact.opted_out", "contact.opted_in"} <= actions(world)


def test_a_reply_is_read_and_only_a_reply(world: World) -> None:
    person(world)
    now, org = world.clock.now(), world.a.organization_id
    place = {"organization_id": org, "created_at": now, "updated_at": now, "location_id": world.a.location_id}
    reply = Message(
        **place, id="msg_in", direction="in", channel="sms", template="inbound", kind="service", contact_id="con_1",
        status="received", address=PHONE, body="leave me alone",
    )  # fmt: skip
    world.store.commit(Create(reply))
    assert [item["id"] for item in ok(world.call("GET", "/messages?status=received"))["items"]] == ["msg_in"]
    read = ok(world.call("POST", "/messages/msg_in/read", {"opt_out": True}))
    assert read["read_by"] is not None
    assert sorted(ok(world.call("GET", "/contacts/con_1"))["opted_out"]) == ["email", "sms"]
    outgoing = world.fill(world.a)["messages"]
    assert world.call("POST", f"/messages/{outgoing}/read").status == 409


def test_staff_judge_feedback_otherwise(world: World) -> None:
    id = world.fill(world.a)["feedback"]
    body = {"version": 1, "sentiment": "negative", "reason": "irony"}
    judged = ok(world.call("POST", f"/feedback/{id}/sentiment", body))
    assert (judged["sentiment"], judged["sentiment_reason"]) == ("negative", "irony")
    assert judged["sentiment_by"] == world.a.member_id
    assert world.call("POST", f"/feedback/{id}/sentiment", body).status == 409
    assert get(world.store, Feedback, world.a.organization_id, id).version == 2
    assert "feedback.judged" in actions(world)


# The do-not-contact list


def test_a_list_is_tried_imported_exported_and_lifted(world: World) -> None:
    person(world)
    file = 'phone,email,reason\n(512) 555-0123,,"=HYPERLINK(""x"")"\n,bo@other.example,\nnobody,,\n'
    org = world.a.organization_id
    tried = ok(world.call("POST", "/do-not-contact/import", {"csv": file, "dry_run": True}))
    assert every(world.store, Suppression, org) == []
    done = ok(world.call("POST", "/do-not-contact/import", {"csv": file, "dry_run": False}))
    assert done == tried | {"dry_run": False}
    assert (done["rows"], done["added"], done["rejected"]) == (3, 2, 1)
    assert done["errors"] == [{"line": 4, "detail": "not a phone number"}]
    exported = world.call("GET", "/do-not-contact/export")
    assert exported.headers["content-type"].startswith("text/csv")
    assert PHONE not in exported.text
    assert "bo@other" not in exported.text
    rows = sorted(csv.DictReader(io.StringIO(exported.text)), key=lambda row: row["channel"], reverse=True)
    assert [(row["channel"], row["reason"], row["contact_ids"]) for row in rows] == [
        ("sms", "do_not_contact", "con_1"),
        ("email", "do_not_contact", ""),
    ]
    assert rows[0]["note"] == '\'=HYPERLINK("x")'  # a spreadsheet shows it, and runs nothing
    listed = ok(world.call("GET", "/do-not-contact"))["items"]
    assert {item["id"] for item in listed} == {row["id"] for row in rows}
    lifted = ok(world.call("POST", f"/do-not-contact/{rows[0]['id']}/lift", {"reason": "typed by mistake"}))
    assert (lifted["active"], lifted["contact_ids"]) == (False, ["con_1"])
    assert len(world.call("GET", "/do-not-contact/export").text.splitlines()) == 2
    assert {"do_not_contact.imported", "do_not_contact.lifted"} <= actions(world)


@pytest.mark.parametrize(
    "file", ["name\nAnn\n", "phone\n" + "5125550123\n" * 501, 'email\n"open\n', "phone\n" + "x" * 210_000]
)
def test_a_file_that_cannot_be_taken_is_a_422_that_names_it(world: World, file: str) -> None:
    answer = world.call("POST", "/do-not-contact/import", {"csv": file, "dry_run": False})
    assert (answer.status, answer.json()["field"]) == (422, "csv")


def test_an_export_that_would_be_cut_is_refused_with_the_way_out(world: World) -> None:
    for part in range(2):
        numbers = "".join(f"+1512556{number:04}\n" for number in range(part * 300, part * 300 + 300))
        ok(world.call("POST", "/do-not-contact/import", {"csv": "phone\n" + numbers, "dry_run": False}))
        world.clock.move(hours=1)
    answer = world.call("GET", "/do-not-contact/export")
    assert (answer.status, answer.json()["field"]) == (422, "created_until")
    half = world.clock.now().replace(minute=30).isoformat().replace("+00:00", "Z").replace("T17", "T15")
    assert len(world.call("GET", f"/do-not-contact/export?created_until={half}").text.splitlines()) == 301
    assert len(world.call("GET", f"/do-not-contact/export?created_since={half}").text.splitlines()) == 301


# Senders and readiness


def test_a_sender_is_told_blocked_and_resumed_and_readiness_says_so(world: World) -> None:
    place, org = world.a.location_id, world.a.organization_id
    body = {"version": 0, "states": {"brand": "active", "campaign": "pending"}}
    refused = world.call("PUT", f"/senders/sms.{place}", body)
    assert (refused.status, refused.json()["field"]) == (422, "sms_sender")
    location = ok(world.call("GET", f"/locations/{place}"))
    ok(world.call("PATCH", f"/locations/{place}", {"version": location["version"], "sms_sender": "+15125550100"}))
    sender = ok(world.call("PUT", f"/senders/sms.{place}", body))
    assert (sender["status"], sender["address"], sender["location_id"]) == ("pending", "+15125550100", place)
    assert world.call("PUT", f"/senders/sms.{place}", body).status == 409
    wrong = world.call("PUT", f"/senders/sms.{place}", {"version": 1, "states": {"brand": "asleep"}})
    assert wrong.status == 422
    email = ok(world.call("PUT", "/senders/email", {"version": 0, "states": {"dkim": "pending"}}))
    assert (email["id"], email["location_id"]) == ("email", None)
    stopped = get(world.store, Sender, org, "email")
    from moref.messaging.senders import block

    block(world.runtime, org, "email", "", "4 % bounced")
    states = {check["name"]: check for check in ok(world.call("GET", f"/locations/{place}/readiness"))["checks"]}
    assert states["email_sender"]["state"] == "missing"
    assert "4 % bounced" in states["email_sender"]["words"]
    resumed = ok(
        world.call("POST", "/senders/email/resume", {"version": stopped.version + 1, "reason": "list cleaned"})
    )
    assert (resumed["status"], resumed["stopped_because"]) == ("pending", None)
    assert {"sender.changed", "sender.blocked", "sender.resumed"} <= actions(world)


def test_the_organizations_e_mail_is_not_for_members_of_one_branch(world: World) -> None:
    token = world.token(role="admin", locations=[world.a.location_id])
    body = {"version": 0, "states": {"dkim": "active"}}
    assert world.call("PUT", "/senders/email", body, token=token).status == 404
    ok(world.call("PUT", "/senders/email", body))
    resume = {"version": 1, "reason": "x"}
    assert world.call("POST", "/senders/email/resume", resume, token=token).status == 404
    ok(world.call("GET", f"/locations/{world.a.location_id}/readiness", token=token))
    assert world.call("GET", f"/locations/{world.b.location_id}/readiness").status == 404
