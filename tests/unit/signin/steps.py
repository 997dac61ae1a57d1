"""What somebody does who signs in, over the real handler; the code is read as the worker that mails it makes it."""

from typing import Any

from moref.kernel.keys import PEOPLE
from moref.records import get
from moref.signin.codes import code_of
from moref.signin.model import Challenge, keyed
from moref.tenants.model import Member
from tests.unit.api.world import Answer, World

NEW = "new@example.com"


def owner_email(world: World) -> str:
    return get(world.store, Member, world.a.organization_id, world.a.member_id).email


def post(world: World, path: str, body: Any, token: str = "", **over: Any) -> Answer:
    return world.call("POST", path, body, token=token, **over)


def ask(world: World, email: str, **over: Any) -> Answer:
    return post(world, "/sign-in/code", {"email": email}, **over)


def code(world: World, email: str) -> str:
    return code_of(world.runtime.keys, get(world.store, Challenge, PEOPLE, keyed(world.runtime.keys, "chl", email)))


def wrong(world: World, email: str) -> str:
    return f"{(int(code(world, email)) + 1) % 10**6:06d}"


def verify(world: World, email: str, text: str, **over: Any) -> Answer:
    return post(world, "/sign-in/verify", {"email": email, "code": text} | over)


def sign_in(world: World, email: str, **over: Any) -> dict[str, Any]:
    assert ask(world, email).status == 202
    answer = verify(world, email, code(world, email), **over)
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def refresh(world: World, token: str, **over: Any) -> Answer:
    return post(world, "/sign-in/refresh", {"refresh_token": token} | over)
