"""Members: invited, accepted by whoever proves the address, changed and removed by those who may; an owner stays."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from moref.records import Change, every, get
from moref.rewards.model import AuditRow
from moref.signin.model import Invitation
from moref.signin.send_mail import send_invitation
from moref.tenants.model import Member, Organization, Role
from tests.unit.api.world import Answer, World
from tests.unit.signin.steps import NEW, owner_email, post, refresh, sign_in
from tests.unit.signin.test_codes import Mailbox


def invite(world: World, token: str | None = None, **over: Any) -> Answer:
    body = {"email": NEW, "name": "Nia New", "role": "admin"} | over
    return world.call("POST", "/invitations", body, token=token)


def joined(world: World, email: str, role: Role = "member") -> tuple[str, str]:
    """(member id, access token)"""
    id = invite(world, email=email, role=role).json()["id"]
    found = sign_in(world, email)
    accepted = post(world, f"/invitations/{id}/accept", None, token=found["access_token"]).json()
    return accepted["member_id"], refresh(world, found["refresh_token"]).json()["access_token"]


def change(world: World, id: str, body: dict[str, Any], token: str | None = None) -> Answer:
    version = get(world.store, Member, world.a.organization_id, id).version
    return world.call("PATCH", f"/members/{id}", {"version": version} | body, token=token)


def owners(world: World) -> list[str]:
    found = every(world.store, Member, world.a.organization_id, status="active")
    return [member.id for member in found if member.role == "owner"]


def test_an_invitation_is_accepted_by_signing_in_with_its_address(world: World) -> None:
    made = invite(world).json()
    found = sign_in(world, NEW)
    assert found["organization_id"] is None
    [shown] = found["invitations"]
    assert (shown["id"], shown["role"]) == (made["id"], "admin")
    accepted = post(world, f"/invitations/{made['id']}/accept", None, token=found["access_token"])
    assert accepted.json()["organization_id"] == world.a.organization_id
    again = post(world, f"/invitations/{made['id']}/accept", None, token=found["access_token"])
    assert again.json() == accepted.json()
    now = refresh(world, found["refresh_token"]).json()
    assert (now["organization_id"], now["invitations"]) == (world.a.organization_id, [])
    assert world.call("GET", "/members", token=now["access_token"]).status == 200
    actions = [row.action for row in every(world.store, AuditRow, world.a.organization_id)]
    assert {"invitation.made", "member.joined"} <= set(actions)


def test_nobody_else_accepts_it(world: World) -> None:
    id = invite(world).json()["id"]
    for token in (sign_in(world, "other@example.com")["access_token"], world.token(), world.token(world.b)):
        theirs, unknown = (post(world, f"/invitations/{each}/accept", None, token=token) for each in (id, "inv_x"))
        assert (theirs.status, theirs.text) == (unknown.status, unknown.text)
        assert theirs.status == 404


def test_of_two_organizations_that_invite_each_is_accepted_by_itself(world: World) -> None:
    mine, theirs = invite(world).json()["id"], invite(world, world.token(world.b), role="member").json()["id"]
    found = sign_in(world, NEW)
    assert {each["id"] for each in found["invitations"]} == {mine, theirs}
    for id, of in ((theirs, world.b), (mine, world.a)):
        accepted = post(world, f"/invitations/{id}/accept", None, token=found["access_token"]).json()
        assert accepted["organization_id"] == of.organization_id
    again = refresh(world, found["refresh_token"], organization_id=world.b.organization_id).json()
    assert {each["role"] for each in again["memberships"]} == {"admin", "member"}


def test_an_invitation_ends_after_a_week_is_sent_again_and_withdrawn(world: World) -> None:
    id = invite(world).json()["id"]
    token = sign_in(world, NEW)["access_token"]
    assert invite(world).status == 409
    world.clock.move(days=7)
    token = sign_in(world, NEW)["access_token"]
    assert post(world, f"/invitations/{id}/accept", None, token=token).status == 409
    assert post(world, f"/invitations/{id}/resend", None, token=world.token()).json()["status"] == "open"
    assert post(world, f"/invitations/{id}/withdraw", None, token=world.token()).json()["status"] == "withdrawn"
    assert post(world, f"/invitations/{id}/accept", None, token=token).status == 409
    assert post(world, f"/invitations/{id}/resend", None, token=world.token()).status == 409
    assert invite(world).json()["id"] == id, "an address has one invitation, open again"
    assert post(world, f"/invitations/{id}/accept", None, token=token).status == 200
    assert post(world, f"/invitations/{id}/withdraw", None, token=world.token()).status == 409
    assert invite(world).status == 409, "a member is not invited"


def test_an_organization_sends_fifty_invitations_a_day(world: World) -> None:
    for place in range(50):
        assert invite(world, email=f"a{place}@example.com").status == 201
    assert invite(world, email="b@example.com").status == 429
    world.clock.move(days=1)
    assert invite(world, email="b@example.com").status == 201


def test_the_invitation_is_mailed_in_the_organizations_name_while_it_is_open(world: World) -> None:
    id, box = invite(world, language="es").json()["id"], Mailbox()
    org = world.a.organization_id
    assert {"name": "invitation.sent", "subject": id, "organization_id": org}.items() <= world.store.events[-1].items()
    send_invitation(world.runtime, org, id, send=box.send)
    [mail] = box.mails
    name = get(world.store, Organization, org, org).name
    assert (mail.to, f"{name} le invita" in mail.subject) == (NEW, True)
    world.call("PUT", "/switches/sends", {"reason": "stop"})
    send_invitation(world.runtime, org, id, send=box.send)
    world.call("DELETE", "/switches/sends")
    world.clock.move(days=7)
    send_invitation(world.runtime, org, id, send=box.send)
    assert len(box.mails) == 1


def test_an_admin_neither_makes_nor_touches_owners_nor_raises_themselves(world: World) -> None:
    id, token = joined(world, NEW, "admin")
    assert invite(world, token, email="x@example.com", role="owner").json()["field"] == "role"
    assert change(world, world.a.member_id, {"role": "member"}, token).status == 403
    assert change(world, world.a.member_id, {"name": "Renamed"}, token).status == 403
    assert world.call("DELETE", f"/members/{world.a.member_id}", token=token).status == 403
    assert change(world, id, {"role": "owner"}, token).status == 403
    other, _ = joined(world, "m@example.com")
    assert change(world, other, {"role": "owner"}, token).status == 403
    assert change(world, other, {"role": "admin"}, token).status == 200
    assert change(world, id, {"role": "member"}, token).status == 200, "one may step down"
    assert change(world, other, {"role": "member"}, token).status == 403


def test_a_member_manages_nobody(world: World) -> None:
    _, token = joined(world, NEW)
    assert invite(world, token, email="x@example.com").status == 403
    assert world.call("GET", "/members", token=token).status == 403
    assert change(world, world.a.member_id, {"name": "x"}, token).status == 403


def test_an_owner_of_the_token_who_is_an_admin_by_now_acts_as_an_admin(world: World) -> None:
    id, token = joined(world, NEW, "owner")
    assert change(world, id, {"role": "admin"}).status == 200
    assert invite(world, token, email="x@example.com", role="owner").status == 403
    assert change(world, world.a.member_id, {"role": "member"}, token).status == 403
    world.call("DELETE", f"/members/{id}")
    assert world.call("GET", "/organization", token=token).status == 401


def test_the_last_owner_stays(world: World) -> None:
    assert change(world, world.a.member_id, {"role": "admin"}).status == 409
    assert world.call("DELETE", f"/members/{world.a.member_id}").status == 409
    id, _ = joined(world, NEW, "owner")
    assert change(world, world.a.member_id, {"role": "admin"}).status == 200
    assert owners(world) == [id]


@pytest.mark.parametrize("how", ["demoted", "removed"])
def test_two_owners_who_push_each_other_out_at_once_leave_one(world: World, how: str) -> None:
    other, theirs = joined(world, NEW, "owner")
    mine = world.token()

    def push(pair: tuple[str, str]) -> int:
        id, token = pair
        if how == "removed":
            return world.call("DELETE", f"/members/{id}", token=token).status
        return change(world, id, {"role": "admin"}, token).status

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(push, [(other, mine), (world.a.member_id, theirs)]))
    assert len(owners(world)) == 1, found
    assert found.count(200) == 1


def meanwhile(world: World, id: str, **fields: Any) -> None:
    """The member's row changes between the next change's reads and its commit."""
    store, plain = world.store, world.store.commit
    done: list[int] = []

    def commit(*writes: Any) -> None:
        changes = [write for write in writes if isinstance(write, Change) and isinstance(write.after, Member)]
        if changes and not done:
            done.append(1)
            row = get(store, Member, world.a.organization_id, id)
            plain(Change(row, row.changed(world.clock.now(), **fields)))
        plain(*writes)

    store.commit = commit  # type: ignore[method-assign]  # an interleaving, not a stub: both commits are real


def test_two_owners_who_leave_at_the_same_instant_leave_one(world: World) -> None:
    """The rows that the second commit was decided on have changed."""
    other, _ = joined(world, NEW, "owner")
    token = world.token()
    meanwhile(world, other, status="removed")
    assert world.call("DELETE", f"/members/{world.a.member_id}", token=token).status == 409
    assert owners(world) == [world.a.member_id]


@pytest.mark.parametrize("fields", [{"role": "member"}, {"status": "removed"}], ids=str)
def test_who_is_demoted_or_removed_this_instant_changes_nobody_any_more(world: World, fields: dict[str, str]) -> None:
    acting, token = joined(world, NEW, "admin")
    target, _ = joined(world, "m@example.com")
    meanwhile(world, acting, **fields)
    assert change(world, target, {"role": "admin"}, token).status == 409
    assert get(world.store, Member, world.a.organization_id, target).role == "member"


def test_whoever_comes_back_is_the_same_member_and_old_tokens_stay_dead(world: World) -> None:
    id, old = joined(world, NEW, "admin")
    world.call("DELETE", f"/members/{id}")
    assert world.call("GET", "/organization", token=old).status == 401
    world.clock.move(seconds=5)
    again, new = joined(world, NEW)
    assert again == id
    assert world.call("GET", "/organization", token=new).status == 200
    assert world.call("GET", "/organization", token=old).status == 401


def test_a_member_is_limited_to_locations_that_are_there(world: World) -> None:
    id, token = joined(world, NEW)
    world.fill(world.a)
    assert change(world, id, {"location_ids": [world.b.location_id]}).status == 404
    assert change(world, id, {"location_ids": []}).status == 422
    assert change(world, id, {"role": "owner", "location_ids": [world.a.location_id]}).status == 422
    assert change(world, id, {"location_ids": [world.a.location_id]}).status == 200
    assert world.call("GET", "/inbox", token=token).status == 403
    assert invite(world, email="x@example.com", location_ids=[world.b.location_id]).status == 404


@pytest.mark.parametrize(
    "field",
    [
        {"organization_id": "org_x"}, {"id": "mem_x"}, {"status": "active"}, {"email": "x@example.com"},
        {"tokens_since": None}, {"invited_by": "mem"}, {"member_id": "x"}, {"turn": 1}, {"expires_at": "2030-01-01"},
    ],
    ids=str,
)  # fmt: skip
def test_no_field_is_written_that_the_form_does_not_name(world: World, field: dict[str, Any]) -> None:
    before = get(world.store, Member, world.a.organization_id, world.a.member_id)
    assert change(world, world.a.member_id, {"name": "Me"} | field).status == 422
    assert get(world.store, Member, world.a.organization_id, world.a.member_id) == before
    if field.keys() != {"email"}:
        assert invite(world, **field).status == 422
        assert every(world.store, Invitation, world.a.organization_id) == []


@pytest.mark.parametrize(
    "query", ["role=owner", "version=1&version=2", "organization_id=org_x", "_method=DELETE", "role[]=owner"]
)
def test_what_a_query_adds_is_refused(world: World, query: str) -> None:
    version = get(world.store, Member, world.a.organization_id, world.a.member_id).version
    answer = world.call("PATCH", f"/members/{world.a.member_id}?{query}", {"version": version, "name": "Me"})
    assert answer.status == 422


@pytest.mark.parametrize(
    "raw",
    [
        '{"email": "x@example.com", "name": "X", "role": "member", "role": "owner"}',
        '{"email": "a@example.com", "name": "X", "email": "b@example.com"}',
        '{"email": "x@example.com", "name": "X", "\\u0072ole": "member", "role": "owner"}',
    ],
)
def test_a_field_that_stands_twice_is_refused(world: World, raw: str) -> None:
    answer = world.call("POST", "/invitations", raw=raw.encode())
    assert (answer.status, answer.json()["code"]) == (400, "malformed")
    assert every(world.store, Invitation, world.a.organization_id) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"x-http-method-override": "DELETE"}, {"x-method-override": "DELETE"}, {"x-http-method": "DELETE"},
        {"x-original-url": "/v1/members"}, {"x-rewrite-url": "/v1/audit"}, {"x-forwarded-host": "evil.example"},
        {"x-organization-id": "org_x"}, {"x-role": "owner"},
    ],
    ids=str,
)  # fmt: skip
def test_headers_change_neither_method_nor_address_nor_who_calls(world: World, headers: dict[str, str]) -> None:
    id, token = joined(world, NEW)
    plain = world.call("GET", "/organization", token=token)
    assert world.call("GET", "/organization", token=token, headers=headers).text == plain.text
    shown = world.call("GET", f"/members/{id}", token=world.token(), headers=headers)
    assert (shown.status, shown.json()["status"]) == (200, "active")
    assert world.call("GET", f"/members/{id}", token=token, headers=headers).status == 403


def test_the_owners_address_is_the_one_they_sign_in_with(world: World) -> None:
    assert sign_in(world, owner_email(world))["member_id"] == world.a.member_id
