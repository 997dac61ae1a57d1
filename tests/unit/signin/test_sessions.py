"""Sessions: renewed by tokens good for one use, ended by a copy, by hand, and everywhere."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import jwt
import pytest

from moref.aws.compose import composed
from moref.kernel.env import Api, Worker
from moref.kernel.keys import PEOPLE
from moref.records import Change, Create, every, get
from moref.rewards.model import AuditRow
from moref.signin.model import Person, Session, membership
from moref.tenants.model import Member
from tests.unit.api.world import World
from tests.unit.signin.steps import NEW, ask, code, owner_email, post, refresh, sign_in, verify


def status(world: World, access_token: str, path: str = "/organization") -> int:
    return world.call("GET", path, token=access_token).status


def sessions(world: World) -> list[Session]:
    return every(world.store, Session, PEOPLE)


def member_in_b(world: World) -> str:
    """The owner of A is an admin of B as well."""
    now, id = world.clock.now(), "mem_guest"
    made = {"organization_id": world.b.organization_id, "id": id, "created_at": now, "updated_at": now}
    member = Member(**made, email=owner_email(world), name="Guest", role="admin")
    world.store.commit(Create(member), membership(world.runtime.keys, member))
    return id


def actions(world: World) -> list[str]:
    rows = every(world.store, AuditRow, world.a.organization_id, newest_first=False)
    return [row.action for row in rows]


def test_a_member_signs_in_for_their_organization(world: World) -> None:
    found = sign_in(world, owner_email(world))
    assert found["organization_id"] == world.a.organization_id
    assert [each["role"] for each in found["memberships"]] == ["owner"]
    assert (found["token_type"], found["expires_in"]) == ("Bearer", 900)
    assert status(world, found["access_token"]) == 200
    assert actions(world)[-1] == "member.signed_in"
    world.clock.move(minutes=15)
    assert status(world, found["access_token"]) == 401


def test_a_newcomer_is_somebody_without_organization(world: World) -> None:
    found = sign_in(world, NEW)
    assert (found["organization_id"], found["memberships"], found["invitations"]) == (None, [], [])
    assert status(world, found["access_token"]) == 401
    assert world.call("GET", "/me", token=found["access_token"]).json()["email"] == NEW


def test_a_refresh_token_is_good_once_and_the_next_one_goes_on(world: World) -> None:
    first = sign_in(world, owner_email(world))
    world.clock.move(days=29)
    second = refresh(world, first["refresh_token"]).json()
    world.clock.move(days=29)
    third = refresh(world, second["refresh_token"])
    assert third.status == 200
    assert status(world, third.json()["access_token"]) == 200
    world.clock.move(days=30)
    assert refresh(world, third.json()["refresh_token"]).status == 401


def test_renewing_makes_no_sign_in_fresh(world: World) -> None:
    first = sign_in(world, owner_email(world))
    world.clock.move(minutes=14)
    again = refresh(world, first["refresh_token"]).json()["access_token"]
    body = {"email": "x@example.com", "name": "X"}
    assert world.call("POST", "/invitations", body, token=again).status == 201
    world.clock.move(minutes=1)
    stale = world.call("POST", "/invitations", body, token=again)
    assert (stale.status, stale.json()["code"]) == (403, "sign_in_again")


def test_a_used_refresh_token_ends_the_whole_family(world: World) -> None:
    first = sign_in(world, owner_email(world))["refresh_token"]
    second = refresh(world, first).json()["refresh_token"]
    third = refresh(world, second).json()["refresh_token"]
    world.clock.move(seconds=11)
    assert refresh(world, first).status == 401
    assert refresh(world, third).status == 401, "whoever holds the newest one may be the thief"
    assert [session.status for session in sessions(world)] == ["reused"]
    assert actions(world)[-1] == "session.reused"
    assert sign_in(world, owner_email(world))


def test_the_token_just_used_ends_nothing_for_ten_seconds_and_gives_nothing(world: World) -> None:
    first = sign_in(world, NEW)["refresh_token"]
    second = refresh(world, first).json()["refresh_token"]
    late = refresh(world, first)
    assert (late.status, "refresh_token" in late.json().get("field", "")) == (409, True)
    assert refresh(world, second).status == 200
    world.clock.move(seconds=10)
    assert refresh(world, first).status == 401


def test_of_two_tabs_that_renew_at_once_one_gets_tokens_and_the_session_lives(world: World) -> None:
    token = sign_in(world, NEW)["refresh_token"]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: refresh(world, token), range(4)))
    assert sorted(answer.status for answer in found) == [200, 409, 409, 409]
    [good] = [answer.json()["refresh_token"] for answer in found if answer.status == 200]
    assert refresh(world, good).status == 200


def test_tokens_are_kept_as_digests_only(world: World) -> None:
    found = sign_in(world, NEW)
    text = str([row["data"] for row in world.store.rows.values() if "data" in row])
    for part in (*found["refresh_token"].split(".")[1:], found["access_token"]):
        assert part not in text


@pytest.mark.parametrize(
    "change",
    [
        lambda id, family, turn: f"{id}.{turn}.{family}",
        lambda id, family, turn: f"{id}.{family}x.{turn}",
        lambda id, family, turn: f"ses_x.{family}.{turn}",
        lambda id, family, turn: f"{id}.{family}",
        lambda id, family, turn: f"{id}..{turn}",
        lambda id, family, turn: f"x#session#{id}.{family}.{turn}",
        lambda id, family, turn: f"{id}.{family}.{turn}.{turn}",
        lambda id, family, turn: "",
    ],
)
def test_what_is_no_refresh_token_is_refused_and_ends_nothing(world: World, change: Any) -> None:
    good = sign_in(world, NEW)["refresh_token"]
    assert refresh(world, change(*good.split("."))).status == 401
    assert refresh(world, good).status == 200


def test_a_person_switches_between_their_organizations_only(world: World) -> None:
    guest = member_in_b(world)
    found = sign_in(world, owner_email(world))
    assert {each["organization_id"] for each in found["memberships"]} == {
        world.a.organization_id, world.b.organization_id,
    }  # fmt: skip
    other = refresh(world, found["refresh_token"], organization_id=world.b.organization_id).json()
    assert (other["organization_id"], other["member_id"]) == (world.b.organization_id, guest)
    assert world.call("GET", "/organization", token=other["access_token"]).json()["id"] == world.b.organization_id
    stays = refresh(world, other["refresh_token"]).json()
    assert stays["organization_id"] == world.b.organization_id
    strange = refresh(world, stays["refresh_token"], organization_id="org_unknown")
    assert strange.status == 404
    assert refresh(world, stays["refresh_token"]).status == 200, "a wrong wish ends no session"


def test_another_organization_than_ones_own_is_answered_as_an_unknown_one(world: World) -> None:
    found = sign_in(world, owner_email(world))
    theirs = refresh(world, found["refresh_token"], organization_id=world.b.organization_id)
    unknown = refresh(world, found["refresh_token"], organization_id="org_unknown")
    assert theirs == unknown
    assert theirs.status == 404


def test_a_code_is_still_good_after_a_wrong_wish(world: World) -> None:
    ask(world, NEW)
    assert verify(world, NEW, code(world, NEW), organization_id=world.a.organization_id).status == 404
    assert verify(world, NEW, code(world, NEW)).status == 200


def test_a_removed_members_session_gives_no_token_of_that_organization(world: World) -> None:
    found = sign_in(world, owner_email(world))
    owner = get(world.store, Member, world.a.organization_id, world.a.member_id)
    world.store.commit(Change(owner, owner.changed(world.clock.now(), status="removed")))
    assert status(world, found["access_token"]) == 401
    again = refresh(world, found["refresh_token"]).json()
    assert (again["organization_id"], again["memberships"]) == (None, [])


def test_signing_out_ends_the_session(world: World) -> None:
    found, other = sign_in(world, NEW), sign_in(world, NEW)
    assert post(world, "/sign-out", {"refresh_token": found["refresh_token"]}).status == 204
    assert refresh(world, found["refresh_token"]).status == 401
    assert refresh(world, other["refresh_token"]).status == 200
    for nothing in (found["refresh_token"], "nonsense", "a.b.c"):
        assert post(world, "/sign-out", {"refresh_token": nothing}).status == 204


def test_signing_out_everywhere_ends_every_token_at_once(world: World) -> None:
    member_in_b(world)
    email = owner_email(world)
    first = sign_in(world, email)
    other = sign_in(world, email, organization_id=world.b.organization_id)
    stranger = sign_in(world, NEW)
    world.clock.move(seconds=2)
    assert post(world, "/sign-out/everywhere", None, token=first["access_token"]).status == 204
    for tokens in (first, other):
        assert status(world, tokens["access_token"]) == 401
        assert refresh(world, tokens["refresh_token"]).status == 401
    assert refresh(world, stranger["refresh_token"]).status == 200
    world.clock.move(seconds=2)
    assert status(world, sign_in(world, email)["access_token"]) == 200


def test_somebody_without_organization_signs_out_everywhere_too(world: World) -> None:
    found = sign_in(world, NEW)
    world.clock.move(seconds=2)
    assert post(world, "/sign-out/everywhere", None, token=found["access_token"]).status == 204
    assert status(world, found["access_token"], "/me") == 401
    assert refresh(world, found["refresh_token"]).status == 401


def keyed(world: World, kids: str) -> None:
    values = {name: getattr(world.runtime.settings, name) for name in Worker.fields()} | {"token_keys": kids}
    composed[Api] = replace(world.runtime, settings=Worker.from_env(Worker.to_env(values)))


def test_a_second_signing_key_takes_over_without_a_cut(world: World) -> None:
    old = sign_in(world, owner_email(world))["access_token"]
    keyed(world, "2,1")
    new = sign_in(world, owner_email(world))["access_token"]
    assert [jwt.get_unverified_header(token)["kid"] for token in (old, new)] == ["1", "2"]
    assert [status(world, token) for token in (old, new)] == [200, 200]
    keyed(world, "2")
    assert [status(world, token) for token in (old, new)] == [401, 200]


def test_one_keys_signature_under_anothers_name_is_refused(world: World) -> None:
    keyed(world, "2,1")
    token = sign_in(world, owner_email(world))["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    for kid, signs in (("1", "2"), ("2", "1"), ("3", "3"), ("", "1"), ("1,2", "1")):
        key = world.runtime.keys.derive(f"api-token.{signs}")
        forged = jwt.encode(claims, key, algorithm="HS256", headers={"kid": kid})
        assert status(world, forged) == 401, (kid, signs)


def test_a_person_is_known_by_the_proved_address_alone(world: World) -> None:
    """A member's row with the same address that no commit of ours made leads nowhere."""
    now = world.clock.now()
    made = {"organization_id": world.b.organization_id, "id": "mem_x", "created_at": now, "updated_at": now}
    world.store.commit(Create(Member(**made, email="else@example.com", name="X", role="owner")))
    member = get(world.store, Member, world.b.organization_id, "mem_x")
    point = membership(world.runtime.keys, member.model_copy(update={"email": NEW}))
    world.store.commit(point)
    assert sign_in(world, NEW)["memberships"] == []
    assert [person.email for person in every(world.store, Person, PEOPLE)] == [NEW]
