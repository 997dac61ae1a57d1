"""Partners over HTTP: invited, stopped, and what became of their leads."""

from typing import Any

from moref.partners.accept import accept
from moref.partners.model import Partner
from moref.partners.onboard import onboard_partner
from moref.records import get
from tests.unit.api.world import World

FORM: dict[str, Any] = {"partner_type": "business", "first_name": "Homes Inc.", "email": "ana@homes.example.com"}


def invited(world: World, **over: Any) -> dict[str, Any]:
    answer = world.call("POST", "/partners", {"location_id": world.a.location_id} | FORM | over)
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_from_the_invitation_to_the_statement_of_a_lead(world: World) -> None:
    made = invited(world)
    assert (made["status"], made["partner_type"]) == ("invited", "business")
    assert made["page_url"].startswith("https://go.example.test/p/")
    lead = {"first_name": "Fred", "phone": "(512) 555-0188", "origin_zip": "78701"}
    path = f"/partners/{made['id']}"
    assert world.call("POST", f"{path}/leads", lead, key="l0").status == 409
    org = world.a.organization_id
    accept(world.runtime, get(world.store, Partner, org, made["id"]), terms_number=None, attested=True)
    onboard_partner(world.runtime, org, made["id"])
    sent = world.call("POST", f"{path}/leads", lead, key="l1")
    assert sent.status == 201, sent.text
    assert world.call("POST", f"{path}/leads", lead, key="l1").json() == sent.json()
    told = world.call("GET", f"/referrals/{sent.json()['referral_id']}/statement").json()
    assert (told["submitted_by"], told["person"], told["lead_id"]) == ("staff", "Fred", sent.json()["lead_id"])
    assert told["rule"]["words"] == "No program rewards this at the moment."
    redacted = world.call("GET", f"/referrals/{sent.json()['referral_id']}/statement?audience=partner").json()
    assert redacted["explanation"]["credit"]["name"] == "you"
    assert world.call("POST", f"{path}/suspend", {"reason": "complaints"}).json()["status"] == "suspended"
    assert world.call("POST", f"{path}/leads", lead, key="l2").status == 409
    assert world.call("POST", f"{path}/resume").json()["status"] == "active"
    actions = [row["action"] for row in world.call("GET", "/audit").json()["items"]]
    assert {"partner.invited", "partner.suspended", "partner.resumed"} <= set(actions)


def test_an_invitation_is_mailed_again_and_withdrawn(world: World) -> None:
    made = invited(world, language="es")
    assert (made["mailed"], made["language"]) == (1, "es")
    path, member = f"/partners/{made['id']}", world.token(role="member")
    (message,) = world.call("GET", "/messages").json()["items"]
    assert (message["id"], message["template"], message["body"]) == (made["message_id"], "partner_invitation", None)
    assert world.call("POST", f"{path}/mail", key="m1", token=member).status == 403
    again = world.call("POST", f"{path}/mail", key="m1")
    assert (again.status, again.json()["mailed"]) == (200, 2)
    assert world.call("POST", f"{path}/mail", key="m1").json() == again.json()
    assert world.call("POST", f"{path}/withdraw").json()["status"] == "withdrawn"
    assert world.call("POST", f"{path}/mail", key="m2").status == 409
    by_hand = invited(world, email="bo@homes.example.com", mail=False)
    assert (by_hand["mailed"], by_hand["message_id"]) == (0, None)


def test_wrong_words_are_named_and_the_page_is_for_those_who_invite(world: World) -> None:
    form = {"location_id": world.a.location_id} | FORM
    for over, field in (
        ({"email": None}, "email"),
        ({"email": "x"}, "email"),
        ({"partner_type": "friend"}, "partner_type"),
    ):
        answer = world.call("POST", "/partners", form | over)
        assert (answer.status, answer.json()["field"]) == (422, field), answer.text
    made = invited(world)
    shown = world.call("GET", f"/partners/{made['id']}", token=world.token(role="member")).json()
    assert shown["page_url"] is None
    assert "token" not in shown
