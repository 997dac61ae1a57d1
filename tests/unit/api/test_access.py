"""Who an operation is for: a member, whoever signed in, anyone; and how long ago they proved who they are."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from moref.api.operation import Access, Call, Operation
from moref.api.perform import perform
from moref.api.problems import Reply
from moref.isolation import Bound, TenantBreach
from moref.kernel.keys import PEOPLE
from moref.kernel.webhook import Request
from moref.records import Change, get
from moref.signin.model import Person, person_id
from moref.tenants.model import Member
from tests.unit.api.world import World

ANN = "ann@example.com"


def operation(access: Access, does: Callable[[Call], Any], **over: Any) -> Operation:
    return Operation("POST", "/v1/thing", does, "member", "things", "Does it", dict, access=access, **over)


def asked(world: World, one: Operation, token: str | None, key: str | None = None) -> Reply:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    headers |= {} if key is None else {"idempotency-key": key}
    return perform(world.runtime, one, Request("POST", "/v1/thing", headers, b"", "192.0.2.7"), {}, "req")


def who(call: Call) -> Any:
    return {"home": call.who.home if call.who else None, "actor": call.who.actor if call.who else None}


def email(call: Call) -> Any:
    return {"email": call.person.email}


def test_what_anyone_may_do_looks_at_no_token(world: World) -> None:
    for token in (None, "nonsense", world.token()):
        reply = asked(world, operation("anyone", who), token)
        assert (reply.status, json.loads(reply.body)) == (200, {"home": None, "actor": None})
    source = asked(world, operation("anyone", lambda call: {"source": call.source}), None)
    assert json.loads(source.body) == {"source": "192.0.2.7"}


def test_a_person_without_organization_opens_what_is_for_persons_and_nothing_else(world: World) -> None:
    token = world.person_token(ANN)
    assert json.loads(asked(world, operation("person", email), token).body) == {"email": ANN}
    assert asked(world, operation("member", who), token).status == 401
    assert world.call("GET", "/organization", token=token).status == 401


def test_a_member_is_a_person_too(world: World) -> None:
    owner = get(world.store, Member, world.a.organization_id, world.a.member_id)
    assert json.loads(asked(world, operation("person", email), world.token()).body) == {"email": owner.email}
    world.store.commit(Change(owner, owner.changed(world.clock.now(), status="removed")))
    assert asked(world, operation("person", email), world.token()).status == 401


def test_without_a_token_or_with_an_unknown_persons_nobody_is_signed_in(world: World) -> None:
    assert asked(world, operation("person", email), None).status == 401
    token = world.person_token(ANN)
    del world.store.rows["core", f"{PEOPLE}#person#{person_id(world.runtime.keys, ANN)}", "self"]
    assert asked(world, operation("person", email), token).status == 401


@pytest.mark.parametrize("access", ["member", "person"])
def test_a_sensitive_act_needs_a_sign_in_of_the_last_quarter_of_an_hour(world: World, access: Access) -> None:
    one = operation(access, who, fresh=True)
    owner = get(world.store, Member, world.a.organization_id, world.a.member_id)
    long_ago, lately = (world.clock.now() - timedelta(minutes=15, seconds=-s) for s in (0, 1))
    assert asked(world, one, world.token_of(owner, lately)).status == 200
    stale = asked(world, one, world.token_of(owner, long_ago))
    assert (stale.status, json.loads(stale.body)["code"]) == (403, "sign_in_again")
    assert asked(world, operation(access, who), world.token_of(owner, long_ago)).status == 200


def test_idempotency_keys_of_persons_are_their_own(world: World) -> None:
    done: list[str] = []

    def does(call: Call) -> Any:
        done.append(call.person.email)
        return {"id": call.new_id("org")}

    one = operation("person", does, idempotency="required")
    ann, bob = world.person_token(ANN), world.person_token("bob@example.com")
    first, again, other = (asked(world, one, token, "k").body for token in (ann, ann, bob))
    assert first == again != other
    assert done == [ANN, "bob@example.com"]


def test_a_members_store_never_reaches_the_rows_of_people(world: World) -> None:
    world.person_token(ANN)
    store = Bound(world.store, world.a.organization_id)
    with pytest.raises(TenantBreach):
        store.find(Person, PEOPLE, person_id(world.runtime.keys, ANN))
