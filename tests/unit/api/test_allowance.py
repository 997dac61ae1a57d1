"""How often the API may be called: never more than the limit, told in every answer, refused in time."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from moref.api import allowance
from moref.api.allowance import BLOCK, PARTS, CallMinute, take
from moref.api.tokens import Caller, SignedIn
from moref.kernel.errors import TooMany
from moref.records import Change, every, get
from moref.tenants.model import Organization
from tests.unit.api.world import World


def allow(world: World, calls: int) -> None:
    """The organization's calls a minute."""
    row = get(world.store, Organization, world.a.organization_id, world.a.organization_id)
    world.store.commit(Change(row, row.changed(world.clock.now(), calls_per_minute=calls)))


def caller(world: World, name: str = "mem_1") -> Caller:
    return Caller(world.a.organization_id, name, "owner", None, world.clock.now())


def spend(world: World, who: Caller) -> int:
    """Calls until the refusal."""
    made = 0
    while made < 10_000:
        try:
            take(world.runtime, who)
        except TooMany:
            return made
        made += 1
    raise AssertionError("without end")


def test_every_answer_says_what_is_left_and_until_when(world: World) -> None:
    world.clock.move(seconds=15)
    first = world.call("GET", "/organization")
    assert first.headers["ratelimit-policy"] == '"minute";q=600;w=60'
    assert first.headers["ratelimit"] == '"minute";r=599;t=45'
    wrong = world.call("GET", "/jobs?nonsense=1")
    assert (wrong.status, wrong.headers["ratelimit"]) == (422, '"minute";r=598;t=45')


def test_past_the_limit_is_a_429_that_says_when_to_come_again_and_the_next_minute_is_open(world: World) -> None:
    allow(world, 5 * PARTS)
    world.clock.move(seconds=50)
    for _ in range(5):
        assert world.call("GET", "/organization").status == 200
    refused = world.call("GET", "/organization")
    assert (refused.status, refused.headers["retry-after"], refused.json()["code"]) == (429, "10", "too_many")
    world.clock.move(seconds=10)
    assert world.call("GET", "/organization").status == 200


def test_one_callers_loop_leaves_the_others_theirs(world: World) -> None:
    allow(world, 100 * PARTS)
    assert spend(world, caller(world, "mem_loop")) == 100
    assert spend(world, caller(world, "mem_other")) == 100


def test_all_callers_together_stay_within_the_organizations_limit(world: World) -> None:
    allow(world, 100)
    assert sum(spend(world, caller(world, f"mem_{place}")) for place in range(PARTS + 3)) == 100


def test_another_organizations_calls_count_for_nothing_here(world: World) -> None:
    allow(world, 5 * PARTS)
    assert spend(world, caller(world)) == 5
    assert world.call("GET", "/organization", token=world.token(world.b)).status == 200


def test_environments_that_race_never_exceed_it(world: World) -> None:
    """Threads with nothing kept between their calls are environments of their own."""
    allow(world, 40 * PARTS)
    lock, made = threading.Lock(), []

    def environment(place: int) -> None:
        for _ in range(30):
            allowance.kept.clear()
            try:
                take(world.runtime, caller(world))
            except TooMany:
                continue
            with lock:
                made.append(place)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(environment, range(4)))
    (row,) = every(world.store, CallMinute, world.a.organization_id)
    assert sum(row.taken.values()) <= 40
    assert 0 < len(made) <= 40


def test_a_block_costs_one_write(world: World) -> None:
    for _ in range(BLOCK):
        take(world.runtime, caller(world))
    (row,) = every(world.store, CallMinute, world.a.organization_id)
    assert (row.version, row.taken) == (1, {"mem_1": BLOCK})
    take(world.runtime, caller(world))
    (row,) = every(world.store, CallMinute, world.a.organization_id)
    assert (row.version, row.taken) == (2, {"mem_1": 2 * BLOCK})


def test_people_without_an_organization_have_each_their_own(world: World) -> None:
    ann, ben = (SignedIn(f"per_{name}", f"{name}@example.com", world.clock.now()) for name in ("ann", "ben"))
    for _ in range(600):
        take(world.runtime, ann)
    with pytest.raises(TooMany):
        take(world.runtime, ann)
    take(world.runtime, ben)
