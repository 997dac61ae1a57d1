"""Two rows of one person are merged: what counts is the person's; nothing is paid twice, no ordinal is lost."""

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moref.conversions.approve import approve
from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.conversions.qualify import qualify
from moref.conversions.undo import undo
from moref.intake.model import Contact
from moref.programs.model import Cap, Program, Standing, Tier, program_id
from moref.programs.tiers import joined, next_ordinal
from moref.records import Point, get
from moref.referrals.advocates import LOOKUP
from moref.referrals.merge_contacts import merge_contacts
from moref.referrals.merge_rows import merge_rows
from moref.referrals.model import Advocate
from moref.rewards.model import Reward
from moref.rewards.reverse import reverse
from moref.rewards.year_to_date import year_to_date
from tests.fakes.memory_store import Crash
from tests.simulation.world import ORG, World

Who = Literal["ann", "bea"]
BEA = "adv_2"


class Town:
    """Ann is an advocate twice: as con_ann, and as con_bea with another e-mail address."""

    def __init__(self, **rules: object) -> None:
        self.world = World()
        if rules:
            program = get(self.world.store, Program, ORG, program_id(ORG, "customer", None))
            self.world.edit(program, **rules)
        self.world.make(
            Contact, "con_bea", location_id="loc_1", first_name="Ann", email="bea@home.test", person_keys=["key-bea"]
        )
        self.world.make(Advocate, BEA, contact_id="con_bea", location_id="loc_1")
        self.world.store.commit(*_found())

    def friend(self, who: Who) -> str:
        """A conversion of theirs that waits for staff."""
        referral = self.world.refer()
        if who == "bea":
            referral = self.world.edit(referral, advocate_id=BEA)
        self.world.fact(self.world.friends, "invoiced")
        self.world.queues.waiting.clear()
        qualify(self.world.runtime, ORG, referral.id)
        return conversion_id(ORG, referral.id)

    def yes(self, id: str) -> Conversion:
        return approve(self.world.runtime, ORG, id, actor="mem_1", reason="checked", pause=lambda _: None)

    def merge(self) -> None:
        merge_contacts(self.world.runtime, ORG, "con_bea", "con_ann", actor="mem_1", reason="one person")
        merge_rows(self.world.runtime, ORG, "con_bea")

    def takes_back(self, id: str) -> None:
        reward = get(self.world.store, Conversion, ORG, id).reward_id
        if reward is not None:
            assert reverse(self.world.runtime, ORG, reward, "it was somebody else")

    def ladder(self) -> Advocate:
        return get(self.world.store, Advocate, ORG, "adv_1")

    def standing(self) -> list[Conversion]:
        return [one for one in self.world.all(Conversion) if one.status == "approved"]


def _found() -> list[Point]:
    """The look-ups by which a person's advocate row is found, whose ids here are not derived."""
    return [Point(ORG, LOOKUP, "con_ann", "adv_1"), Point(ORG, LOOKUP, "con_bea", BEA)]


def ordinals(town: Town) -> list[int]:
    return sorted(one.ordinal or 0 for one in town.standing())


def test_after_a_merge_the_person_goes_on_from_the_higher_of_both_ladders() -> None:
    town = Town()
    for who in ("ann", "ann", "ann", "bea", "bea"):
        town.yes(town.friend(who))
    waiting = town.friend("bea")
    town.merge()
    assert (town.ladder().approved, get(town.world.store, Advocate, ORG, BEA).approved) == (3, 0)
    assert town.yes(waiting).ordinal == 4
    fifth = town.yes(town.friend("ann"))
    assert fifth.ordinal == 5
    assert get(town.world.store, Reward, ORG, fifth.reward_id or "").amount == 10_000  # the tier of the fifth, once


def test_a_reversal_of_what_the_other_row_earned_frees_its_ordinal_for_the_person() -> None:
    town = Town()
    first = town.friend("bea")
    town.yes(first)
    town.merge()
    town.takes_back(first)
    assert (town.ladder().approved, town.ladder().freed_ordinals) == (0, [1])
    assert town.yes(town.friend("ann")).ordinal == 1
    assert town.yes(town.friend("bea")).ordinal == 2


@pytest.mark.parametrize("period", ["lifetime", "year"])
def test_what_both_rows_had_earned_and_both_give_back_is_earned_once_more_and_not_twice(period: str) -> None:
    """Six reversals after a merge: the next six approvals climb one ladder, with its milestone once."""
    town = Town(tiers=[Tier(at=3, amount=9000)], mode="milestone", tier_period=period)
    ids = [town.friend(who) for who in ("ann", "bea") * 3]
    for id in ids:
        town.yes(id)
    town.merge()
    for id in ids:
        undo(town.world.runtime, ORG, id, actor="mem_1")
    assert (town.ladder().approved, town.ladder().freed_ordinals) == (0, [1, 2, 3])
    for id in ids:
        town.yes(id)
    assert ordinals(town) == [1, 2, 3, 4, 5, 6]
    assert [one.amount for one in town.world.all(Reward) if one.status == "pending"] == [9000]


def test_caps_and_the_tax_year_are_the_persons() -> None:
    town = Town(caps=[Cap(period="year", count=3)])
    for who in ("ann", "bea"):
        town.yes(town.friend(who))
    late = town.friend("bea")
    town.merge()
    year = town.world.clock.at.year
    assert year_to_date(town.world.runtime, ORG, "con_ann", year) == 5000
    assert town.yes(late).reward_id is not None
    assert town.yes(town.friend("ann")).reward_id is None  # the fourth of the year
    counted = [row for row in town.world.all(Standing) if row.moved_to is None and row.period == f"tax-{year}"]
    assert [(row.advocate_id, row.rewards, row.amounts["USD"]) for row in counted] == [("adv_1", 3, 7500)]


def test_a_period_given_back_after_a_merge_is_given_back_where_it_counts() -> None:
    town = Town(caps=[Cap(period="year", count=2)])
    old = town.friend("bea")
    town.yes(old)
    town.merge()
    town.yes(town.friend("ann"))
    town.takes_back(old)
    assert town.yes(town.friend("ann")).reward_id is not None
    assert town.yes(town.friend("ann")).reward_id is None


def test_an_approval_that_met_the_merge_counts_after_it() -> None:
    """The worker read the row before the merge and commits after it: it is refused, and decides again."""
    town = Town()
    town.yes(town.friend("bea"))
    late, merged = town.friend("bea"), False
    commit = town.world.store.commit

    def first_the_merge(*writes: object) -> None:
        nonlocal merged
        if not merged:
            merged = True
            town.merge()
        commit(*writes)  # type: ignore[arg-type]

    town.world.store.commit = first_the_merge  # type: ignore[method-assign]
    assert town.yes(late).ordinal == 2
    assert (town.ladder().approved, get(town.world.store, Advocate, ORG, BEA).approved) == (2, 0)


@pytest.mark.parametrize("point", range(1, 5))
def test_a_crash_while_merging_leaves_counts_that_a_second_try_completes(point: int) -> None:
    town = Town()
    town.yes(town.friend("bea"))
    town.world.store.crash_at = town.world.store.points + point
    with pytest.raises(Crash):
        town.merge()
    town.merge()
    assert (town.ladder().approved, town.ladder().joined) == (1, [BEA])
    assert town.yes(town.friend("ann")).ordinal == 2


STEP = st.sampled_from(["ann", "bea", "ann", "bea", "back", "merge"])


@settings(max_examples=60, deadline=None)
@given(st.lists(STEP, min_size=3, max_size=12), st.integers(0, 10))
def test_no_conversion_is_paid_twice_and_no_ordinal_is_lost(steps: list[str], which: int) -> None:
    town, merged = Town(), False
    for step in [*steps, "merge", "ann", "bea", "ann"]:
        if step == "merge" and not merged:
            town.merge()
            merged = True
        elif step == "back" and town.standing():
            town.takes_back(town.standing()[which % len(town.standing())].id)
        elif step in ("ann", "bea"):
            before = set(ordinals(town))
            made = town.yes(town.friend(step))  # type: ignore[arg-type]
            freed_twice = merged and made.ordinal in before
            assert not freed_twice or made.ordinal <= max(before)  # type: ignore[operator]
    rewards = [one for one in town.world.all(Reward) if one.status == "pending"]
    assert len({one.conversion_id for one in rewards}) == len(rewards) == len(town.standing())
    top, free = max(ordinals(town)), town.ladder().freed_ordinals
    assert set(range(1, top + 1)) <= {*ordinals(town), *free}
    assert town.ladder().approved + len(free) >= top
    assert sorted(set(free)) == free


@given(st.lists(st.booleans(), max_size=9), st.lists(st.booleans(), max_size=9), st.integers(0, 12))
def test_the_joined_ladder_earns_every_ordinal_that_nobody_holds_and_no_other(
    one: list[bool], two: list[bool], more: int
) -> None:
    """Each list says of the ordinals 1, 2, ... of a row whether it stands or was freed."""
    held = {n for row in (one, two) for n, stands in enumerate(row, 1) if stands}
    ladders = [(sum(row), [n for n, stands in enumerate(row, 1) if not stands]) for row in (one, two)]
    approved, freed = joined(*ladders)
    earned = []
    for _ in range(more):
        ordinal, freed = next_ordinal(approved, freed)
        approved += 1
        earned.append(ordinal)
    assert len(set(earned)) == len(earned)
    assert held.isdisjoint(earned)
    missing = [n for n in range(1, max([*held, 0, *(len(row) for row in (one, two))]) + more + 1) if n not in held]
    assert earned == missing[:more]
