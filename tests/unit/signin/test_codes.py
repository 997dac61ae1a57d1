"""One-time codes: once, for five minutes, five guesses; counted exactly; nothing tells a known address from another."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from moref.aws.compose import composed
from moref.kernel.env import Api
from moref.kernel.errors import Retry
from moref.messaging.channels.base import Account, Outgoing
from moref.records import E
from moref.runtime import Runtime
from moref.signin.model import Challenge
from moref.signin.send_mail import SOON, send_code
from tests.fakes.memory_store import MemoryStore
from tests.fakes.runtime import FakeQueues
from tests.unit.api.world import Answer, World
from tests.unit.signin.steps import NEW, ask, code, owner_email, post, sign_in, verify, wrong


def test_a_code_signs_in_once(world: World) -> None:
    ask(world, NEW)
    text = code(world, NEW)
    assert verify(world, NEW, text).status == 200
    assert verify(world, NEW, text).status == 422


def test_a_code_lives_five_minutes(world: World) -> None:
    ask(world, NEW)
    world.clock.move(minutes=5)
    assert verify(world, NEW, code(world, NEW)).status == 422
    ask(world, NEW)
    world.clock.move(minutes=4, seconds=59)
    assert verify(world, NEW, code(world, NEW)).status == 200


def test_a_new_code_ends_the_old_one(world: World) -> None:
    ask(world, NEW)
    old = code(world, NEW)
    ask(world, NEW)
    assert old != code(world, NEW)
    assert verify(world, NEW, old).status == 422
    assert verify(world, NEW, code(world, NEW)).status == 200


def test_five_wrong_guesses_burn_a_code(world: World) -> None:
    for tries, status in ((4, 200), (5, 422)):
        ask(world, NEW)
        for _ in range(tries):
            assert verify(world, NEW, wrong(world, NEW)).status == 422
        assert verify(world, NEW, code(world, NEW)).status == status


def test_a_code_is_its_addresss_own(world: World) -> None:
    ask(world, NEW)
    ask(world, "other@example.com")
    assert verify(world, "other@example.com", code(world, NEW)).status == 422


class AtOnce(MemoryStore):
    """Everybody has read the code's row before anybody writes it."""

    def __init__(self, of: MemoryStore, many: int) -> None:
        super().__init__()
        self.rows = of.rows
        self._all_have_read = threading.Barrier(many, timeout=30)
        self._once = threading.local()

    def find(self, kind: type[E], organization_id: str, id: str) -> E | None:
        found = super().find(kind, organization_id, id)
        if kind is Challenge and not hasattr(self._once, "read"):
            self._once.read = True
            self._all_have_read.wait()
        return found


def at_once(world: World, email: str, guesses: list[str]) -> list[int]:
    composed[Api] = replace(world.runtime, store=AtOnce(world.store, len(guesses)))
    with ThreadPoolExecutor(len(guesses)) as pool:
        found = list(pool.map(lambda guess: verify(world, email, guess).status, guesses))
    composed[Api] = world.runtime
    return found


def test_fifty_guesses_at_once_count_as_fifty(world: World) -> None:
    """Five burn the code; with twenty the address is closed for the day, also for the right code."""
    ask(world, NEW)
    right = code(world, NEW)
    found = at_once(world, NEW, [f"{(int(right) + step) % 10**6:06d}" for step in range(1, 51)])
    assert (found.count(422), found.count(429)) == (20, 30)
    assert verify(world, NEW, right).status == 429
    world.clock.move(days=1)
    sign_in(world, NEW)


def test_only_one_of_many_right_answers_signs_in(world: World) -> None:
    ask(world, NEW)
    assert sorted(at_once(world, NEW, [code(world, NEW)] * 8)) == [200, *[422] * 7]


def test_an_address_gets_five_codes_an_hour(world: World) -> None:
    for _ in range(5):
        assert ask(world, NEW).status == 202
        world.clock.move(minutes=10)
    refused = ask(world, NEW)
    assert (refused.status, refused.json()["code"]) == (429, "too_many")
    assert int(refused.headers["retry-after"]) == 600
    assert ask(world, "other@example.com").status == 202
    world.clock.move(seconds=600)
    assert ask(world, NEW).status == 202


def test_a_network_address_asks_for_sixty_codes_an_hour_whatever_headers_say(world: World) -> None:
    for place in range(60):
        assert ask(world, f"a{place}@example.com").status == 202
    for headers in ({}, {"x-forwarded-for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}):
        assert ask(world, "b@example.com", headers=headers).status == 429
    assert ask(world, "b@example.com", source="198.51.100.4").status == 202


def test_a_network_address_guesses_a_hundred_times_a_day_over_all_addresses(world: World) -> None:
    for place in range(100):
        assert verify(world, f"a{place}@example.com", "000000").status == 422
    assert verify(world, "b@example.com", "000000").status == 429
    world.clock.move(days=1)
    assert verify(world, "b@example.com", "000000").status == 422


def test_the_addresses_of_one_ipv6_network_are_one_source(world: World) -> None:
    for place in range(60):
        assert ask(world, f"a{place}@example.com", source=f"2001:db8::{place + 1:x}").status == 202
    assert ask(world, "b@example.com", source="2001:db8::ffff:1").status == 429
    assert ask(world, "b@example.com", source="2001:db8:0:1::1").status == 202


class Counted:
    """Every call that a store gets, and what each commit writes."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store
        self.calls: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self.store, name)

        def call(*args: Any, **options: Any) -> Any:
            if name in ("find", "lookup", "list"):
                self.calls.append((name, getattr(args[0], "__name__", "")))
            elif name == "commit":
                self.calls.append((name, [type(write).__name__ for write in args]))
            return inner(*args, **options)

        return call if callable(inner) else inner


def watched(world: World, do: Callable[[], Answer]) -> tuple[Any, list[Any]]:
    counted = Counted(world.store)
    composed[Api] = replace(world.runtime, store=counted)
    answer = do()
    composed[Api] = world.runtime
    return (answer.status, answer.text, sorted(answer.headers)), counted.calls


def test_a_known_and_an_unknown_address_get_the_same_answer_for_the_same_work(world: World) -> None:
    known, unknown = owner_email(world), NEW
    verify(world, "somebody@example.com", "000000")  # the network's own row is there for both
    first = watched(world, lambda: ask(world, known))
    assert first == watched(world, lambda: ask(world, unknown))
    assert first[1]
    guessed = watched(world, lambda: verify(world, known, wrong(world, known)))
    assert guessed == watched(world, lambda: verify(world, unknown, wrong(world, unknown)))
    # Whether anybody asked for a code is not told either; a first row is created where a later one is changed.
    answer, calls = watched(world, lambda: verify(world, "nobody@example.com", "000000"))
    assert answer == guessed[0]
    assert [call[0] for call in calls] == [call[0] for call in guessed[1]]


def test_neither_code_nor_address_stands_in_an_event_and_no_row_holds_the_code(world: World) -> None:
    ask(world, NEW)
    told = json.dumps(world.store.events) + json.dumps(cast_queues(world).sent)
    assert '"sign_in.code_asked"' in told
    rows = json.dumps([row["data"] for row in world.store.rows.values() if "data" in row])
    assert NEW not in told
    assert code(world, NEW) not in told + rows
    assert "127.0.0.1" not in rows


def cast_queues(world: World) -> FakeQueues:
    assert isinstance(world.runtime.queues, FakeQueues)
    return world.runtime.queues


class Mailbox:
    def __init__(self, error: Exception | None = None) -> None:
        self.mails: list[Outgoing] = []
        self.error = error

    def send(self, runtime: Runtime, account: Account, out: Outgoing) -> str:
        if self.error is not None:
            raise self.error
        self.mails.append(out)
        return "id"


def challenge_id(world: World) -> str:
    return str(world.store.events[-1]["subject"])


@pytest.mark.parametrize(("language", "words"), [("en", "is your code"), ("es", "es su código")])
def test_the_worker_mails_the_newest_code(world: World, language: str, words: str) -> None:
    post(world, "/sign-in/code", {"email": NEW, "language": language})
    box = Mailbox()
    send_code(world.runtime, challenge_id(world), send=box.send)
    [mail] = box.mails
    assert (mail.to, mail.sender) == (NEW, "Mo-ref")
    assert code(world, NEW) in mail.subject
    assert words in mail.subject
    assert code(world, NEW) in (mail.html or "")


def test_no_mail_leaves_for_a_code_that_is_over(world: World) -> None:
    box = Mailbox()
    ask(world, NEW)
    id = challenge_id(world)
    world.clock.move(minutes=5)
    send_code(world.runtime, id, send=box.send)
    sign_in(world, NEW)
    send_code(world.runtime, id, send=box.send)
    send_code(world.runtime, "chl_unknown", send=box.send)
    assert box.mails == []


def test_a_mail_that_ses_did_not_take_is_tried_again_soon(world: World) -> None:
    ask(world, NEW)
    send_code(world.runtime, challenge_id(world), send=Mailbox(Retry("throttled")).send)
    [(queue, message)] = cast_queues(world).sent
    assert (queue, message["name"], message["subject"]) == ("messages", "sign_in.code_asked", challenge_id(world))
    assert SOON < 60


def test_what_is_no_address_or_code_is_refused_by_its_field(world: World) -> None:
    for body, field in (
        ({"email": "nobody"}, "email"),
        ({"email": ["a@example.com"]}, "email"),
        ({"email": NEW, "language": "fr"}, "language"),
        ({"email": NEW, "role": "owner"}, "role"),
    ):
        answer = post(world, "/sign-in/code", body)
        assert (answer.status, answer.json()["field"]) == (422, field)
    for text in ("12345", "1234567", "abcdef", "\u0661\u0662\u0663\u0664\u0665\u0666", 123456, None):
        assert post(world, "/sign-in/verify", {"email": NEW, "code": text}).json()["field"] == "code"


def test_an_address_is_the_same_in_every_spelling_of_case(world: World) -> None:
    ask(world, "New@Example.COM")
    assert verify(world, " new@example.com", code(world, NEW)).status == 200
