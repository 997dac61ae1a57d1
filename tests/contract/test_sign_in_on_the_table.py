"""Signing in over both stores: guesses that race are counted one by one, and a refresh token is used once."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from pynamodb.exceptions import PynamoDBException

from moref.kernel import ids
from moref.kernel.errors import BadInput, Conflict, Retry, TooMany, Unauthenticated
from moref.kernel.keys import PEOPLE
from moref.records import get
from moref.runtime import Runtime
from moref.signin.ask_code import ask_code
from moref.signin.codes import TRIES, code_of
from moref.signin.model import Challenge, keyed
from moref.signin.refresh import refresh
from moref.signin.verify_code import verify_code
from tests.contract.conftest import Backend
from tests.fakes.runtime import fake_runtime

SOURCE = "192.0.2.1"


@pytest.fixture
def runtime(backend: Backend) -> Runtime:
    return replace(fake_runtime(), store=backend.store)


def challenge(runtime: Runtime, email: str) -> Challenge:
    return get(runtime.store, Challenge, PEOPLE, keyed(runtime.keys, "chl", email))


def outcome(do: Any) -> str:
    try:
        do()
    except (BadInput, TooMany, Retry, Conflict, Unauthenticated) as refused:
        return type(refused).__name__
    except PynamoDBException:  # a busy machine lets reads time out
        return "Retry"
    return "in"


def asked(runtime: Runtime) -> tuple[str, str]:
    email = f"{ids.token()}@example.com"  # the table is shared
    ask_code(runtime, email, "en", source=ids.token())
    return email, code_of(runtime.keys, challenge(runtime, email))


def test_every_guess_of_many_at_once_is_counted_before_it_is_answered(runtime: Runtime) -> None:
    email, right = asked(runtime)
    guesses = [f"{(int(right) + step) % 10**6:06d}" for step in range(1, 25)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda one: outcome(lambda: verify_code(runtime, email, one, source=SOURCE)), guesses))
    assert set(found) <= {"BadInput", "TooMany", "Retry"}
    after = challenge(runtime, email)
    assert found.count("BadInput") <= len(after.failed_at) <= 20
    assert (after.status == "burnt") == (len(after.failed_at) >= TRIES)
    for guess in guesses[:TRIES]:
        outcome(lambda one=guess: verify_code(runtime, email, one, source=SOURCE))
    assert challenge(runtime, email).status == "burnt"
    assert outcome(lambda: verify_code(runtime, email, right, source=SOURCE)) in ("BadInput", "TooMany")


def test_a_code_and_a_refresh_token_are_used_once(runtime: Runtime) -> None:
    email, right = asked(runtime)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: outcome(lambda: verify_code(runtime, email, right, source=SOURCE)), range(4)))
    assert found.count("in") <= 1, found
    assert challenge(runtime, email).status == "used"
    email, right = asked(runtime)
    token = verify_code(runtime, email, right, source=SOURCE).refresh_token
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: outcome(lambda: refresh(runtime, token)), range(4)))
    assert found.count("in") <= 1, found
