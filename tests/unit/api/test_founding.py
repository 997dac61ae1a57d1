"""Whoever signed in founds an organization in one call, and is told what its branch still lacks."""

from typing import Any

import pytest

from moref.budgets.model import Budget, budget_id
from moref.intake.model import ConnectionHealth
from moref.kernel.keys import GLOBAL
from moref.records import Change, Create, get
from moref.rewards.funding import Funding
from moref.signin.model import MEMBERSHIPS, person_id
from moref.tenants.model import LegalEntity, Member
from tests.unit.api.world import World

EMAIL = "nora@newbird.example.com"


def form(**over: Any) -> dict[str, Any]:
    location = {
        "time_zone": "America/Chicago", "postal_address": "1 Main Street, Austin, TX 78701",
        "review_url": "https://reviews.example.com/newbird",
    }  # fmt: skip
    return {"request_id": "first", "name": "Newbird Moving", "owner_name": "Nora", "location": location} | over


def founded(world: World, email: str = EMAIL, **over: Any) -> Any:
    return world.call("POST", "/organizations", form(**over), token=world.person_token(email))


def test_one_call_makes_all_that_a_first_job_needs_and_the_caller_its_owner(world: World) -> None:
    answer = founded(world)
    assert answer.status == 201, answer.text
    made = answer.json()
    org, place = made["organization"]["id"], made["location"]
    assert (made["organization"]["name"], place["name"], place["staff_email"]) == ("Newbird Moving",) * 2 + (EMAIL,)
    owner = get(world.store, Member, org, made["member_id"])
    assert (owner.email, owner.role, owner.location_ids) == (EMAIL, "owner", None)
    assert get(world.store, LegalEntity, org, place["legal_entity_id"]).name == "Newbird Moving"
    token = world.token_of(owner)
    assert world.call("GET", f"/programs/{made['program_id']}", token=token).json()["status"] == "active"
    shown = world.call("GET", f"/connections/{made['connection']['id']}", token=token).json()
    assert shown == made["connection"]
    assert shown["hook_url"].startswith("https://go.example.test/hooks/crm/generic/")
    assert made["secret"].startswith("whsec_")
    assert made["secret"] not in repr(world.store.rows)
    assert world.store.lookup(GLOBAL, MEMBERSHIPS, person_id(world.runtime.keys, EMAIL)) == [f"{org}/{owner.id}"]


def test_a_repeat_within_the_hour_is_the_same_answer_and_later_none(world: World) -> None:
    first, again = founded(world), founded(world)
    assert first.json() == again.json()
    other = founded(world, request_id="second").json()
    assert other["organization"]["id"] != first.json()["organization"]["id"]
    world.clock.move(hours=1)
    late = founded(world)
    assert (late.status, late.json()["field"]) == (409, "request_id")


def test_who_is_no_longer_its_owner_does_not_get_the_secret_again(world: World) -> None:
    made = founded(world).json()
    owner = get(world.store, Member, made["organization"]["id"], made["member_id"])
    world.store.commit(Change(owner, owner.changed(world.clock.now(), status="removed")))
    refused = founded(world)
    assert refused.status == 409
    assert made["secret"] not in refused.text


def test_anothers_request_id_leads_to_nothing_of_theirs(world: World) -> None:
    ids = {founded(world, email).json()["organization"]["id"] for email in (EMAIL, "other@example.com")}
    assert len(ids) == 2
    assert founded(world, "third@example.com", request_id="bluebird").json()["organization"]["id"] not in (
        world.a.organization_id, world.b.organization_id
    )  # fmt: skip


def test_only_a_person_founds_and_not_without_end(world: World) -> None:
    assert world.call("POST", "/organizations", form(), token="").status == 401
    for number in range(20):
        assert founded(world, request_id=f"n{number}").status == 201
    assert founded(world, request_id="n20").status == 409
    assert founded(world, "somebody@example.com").status == 201


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"ein": "07-1234567"}, "ein"),
        ({"owner_email": "olive@bluebird.example.com"}, "owner_email"),
        ({"location": form()["location"] | {"time_zone": "Mars/Olympus"}}, "location.time_zone"),
        ({"location": form()["location"] | {"review_url": "http://reviews.example.com"}}, "review_url"),
        ({"location": form()["location"] | {"legal_entity_id": "ent_1"}}, "location.legal_entity_id"),
        ({"lead_url": "https://10.0.0.1/"}, "lead_url"),
    ],
    ids=str,
)
def test_a_wrong_founding_is_refused_and_leaves_nothing(world: World, over: Any, field: str) -> None:
    before = len([row for row in world.store.rows.values() if row["noun"] == "organization"])
    refused = founded(world, **over)
    assert (refused.status, refused.json()["field"]) == (422, field)
    assert len([row for row in world.store.rows.values() if row["noun"] == "organization"]) == before


# Readiness


class Branch:
    def __init__(self, world: World) -> None:
        self.world, made = world, founded(world).json()
        self.org, self.place, self.connection = made["organization"]["id"], made["location"], made["connection"]
        self.token = world.token_of(get(world.store, Member, self.org, made["member_id"]))

    def lacks(self, name: str) -> tuple[str, str]:
        found = self.world.call("GET", f"/locations/{self.place['id']}/readiness", token=self.token).json()
        check = next(each for each in found["checks"] if each["name"] == name)
        assert (check["todo"] == "") is (check["state"] == "ok"), check
        return check["state"], check["words"]

    def row(self, kind: Any, id: str, **fields: Any) -> None:
        now = self.world.clock.now()
        made = kind(organization_id=self.org, id=id, created_at=now, updated_at=now, **fields)
        before = self.world.store.find(kind, self.org, id)
        if before is None:
            self.world.store.commit(Create(made))
        else:
            self.world.store.commit(Change(before, before.changed(now, **fields)))


def test_a_new_branch_is_told_what_it_lacks_in_the_order_people_do_it(world: World) -> None:
    branch = Branch(world)
    found = world.call("GET", f"/locations/{branch.place['id']}/readiness", token=branch.token).json()
    assert found["ready"] is False
    assert {each["name"]: each["state"] for each in found["checks"]} == {
        "payer": "missing", "crm": "waiting", "facts": "ok", "email_sender": "ok", "sms_sender": "missing",
        "postal_address": "ok", "review_link": "ok", "site": "ok", "reward_provider": "missing", "budget": "ok",
        "members": "ok",
    }  # fmt: skip


def test_the_payer_needs_its_ein(world: World) -> None:
    branch = Branch(world)
    path = f"/legal-entities/{branch.place['legal_entity_id']}"
    world.call("PATCH", path, {"version": 1, "ein": "12-3456789"}, token=branch.token)
    assert branch.lacks("payer")[0] == "ok"


def test_a_crm_works_when_something_usable_came(world: World) -> None:
    branch, now = Branch(world), world.clock.now()
    branch.row(ConnectionHealth, branch.connection["id"], received_at=now, became="quarantined", reason="facts: wrong")
    assert branch.lacks("crm") == ("missing", "what comes from generic cannot be used: facts: wrong")
    branch.row(ConnectionHealth, branch.connection["id"], received_at=now, became="ignored", reason=None)
    assert branch.lacks("crm")[0] == "ok"
    world.call("PATCH", f"/connections/{branch.connection['id']}", {"version": 1, "status": "stopped"},
               token=branch.token)  # fmt: skip
    assert branch.lacks("crm") == ("missing", "no CRM is connected")


def test_the_provider_needs_money(world: World) -> None:
    branch, now = Branch(world), world.clock.now()
    account = {"api_key": "TEST_0123456789", "webhook_secret": "w" * 20, "funding_source_id": "BALANCE"}
    connected = world.call("PUT", "/vendor-accounts/tremendous", account, token=branch.token)
    assert connected.status == 200, connected.text
    assert branch.lacks("reward_provider")[0] == "waiting"
    for status, balance, state in (
        ("ok", 0, "missing"),
        ("short", 5, "missing"),
        ("low", 900, "ok"),
        ("ok", 900, "ok"),
    ):
        branch.row(Funding, "tremendous", status=status, since=now, balance=balance, checked_at=now)
        assert branch.lacks("reward_provider")[0] == state, (status, balance)


def test_a_paused_budget_and_a_missing_second_approver_are_told(world: World) -> None:
    branch = Branch(world)
    branch.row(Budget, budget_id(branch.org, None), amount=5000, status="paused", reason="holiday")
    assert branch.lacks("budget")[0] == "missing"
    branch.row(Budget, budget_id(branch.org, None), amount=5000, status="active")
    assert branch.lacks("budget") == ("ok", "a budget limits what is approved")
    program = world.call("GET", "/programs", token=branch.token).json()["items"][0]
    body = {"version": program["version"], "second_approver_over": 1000}
    assert world.call("PATCH", f"/programs/{program['id']}", body, token=branch.token).status == 200
    assert branch.lacks("members")[0] == "missing"
    branch.row(Member, "mem_2", email="b@example.com", name="B", role="admin", location_ids=["loc_other"])
    assert branch.lacks("members")[0] == "missing", "not of this branch"
    branch.row(Member, "mem_3", email="c@example.com", name="C", role="admin", location_ids=[branch.place["id"]])
    assert branch.lacks("members")[0] == "ok"
