"""Two organizations under a machine that does everything that ever went wrong, in any order."""

from collections.abc import Callable
from datetime import timedelta
from functools import cache, partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from moref.api.bulk import decide
from moref.budgets.model import Budget, budget_id
from moref.conversions.approve import POLICY, approve
from moref.conversions.model import Conversion
from moref.conversions.reject import reject
from moref.conversions.undo import undo
from moref.intake.model import Contact
from moref.kernel.names import REFERRALS
from moref.programs.model import Program, Tier, program_id
from moref.records import get
from moref.referrals.model import Referral
from moref.referrals.remove import remove
from tests.simulation.payouts_side import PayoutsSide, crashes, some
from tests.simulation.town import Town
from tests.simulation.world import OTHER

FRIENDS = 4  # of each organization
BUDGET = 12_000  # some of what is asked for
MINIMUM = 30_000  # the job's amount from which it counts
# What a CRM may say of a job, true and taken back; the fact that qualifies more often than others.
SAID: list[tuple[str, object]] = [
    ("booked", True), ("completed", True), ("invoiced", True), ("invoiced", True), ("invoiced", False),
    ("paid", True), ("cancelled", True), ("cancelled", True), ("cancelled", False), ("amount", 50_000),
    ("amount", 90_000), ("amount", 20_000),
]  # fmt: skip
PROGRAMS: list[dict[str, object]] = [
    {"tiers": [Tier(at=1, amount=1500)]},
    {"tiers": [Tier(at=1, amount=7700)], "second_approver_over": 5000},
    {"tiers": [Tier(at=1, basis_points=500, maximum=4000)]},
    {"tiers": [Tier(at=1, amount=2500), Tier(at=2, amount=4100)], "mode": "milestone", "minimum_amount": MINIMUM},
    {"approval": "automatic", "hold_days": 0},
    {"approval": "manual"},
]


@cache
def beginning() -> tuple[Town, Town]:
    """Three friends of one organization and one of the other came by a link, and their jobs are invoiced."""
    world = Town()
    other = Town(org=OTHER, beside=world)
    world.make(Budget, budget_id(world.org, "loc_1"), location_id="loc_1", amount=BUDGET)
    for town, friends in ((world, 3), (other, 1)):
        for friend in range(1, friends + 1):
            town.quote(friend)
            world.clock.move(hours=2)  # one evening of many referrals is looked at by people
            town.says(friend, "amount", 50_000)
            town.says(friend, "invoiced", True)
    world.drain((REFERRALS,))
    return world, other


class PayoutMachine(PayoutsSide):
    @initialize()
    def begin(self) -> None:
        for town, before in zip((self.world, self.other), beginning(), strict=True):
            town.friends = before.friends
        self.world.shared.begin_as(beginning()[0].shared)
        self._decide(self.world, 0, None, partial(_approve, self.world, POLICY))

    # Friends and their jobs

    @rule(pick=some, place=st.integers(min_value=0, max_value=1), at=crashes)
    def quote(self, pick: int, place: int, at: int | None) -> None:
        town = self.town(pick)
        with self.trouble(town, at):
            town.click(place)
            town.quote(pick % FRIENDS + 1, place)

    @rule(pick=some, said=st.sampled_from(SAID), ago=st.sampled_from([0, 0, 60, 7200]), at=crashes)
    def job_turns(self, pick: int, said: tuple[str, object], ago: int, at: int | None) -> None:
        """News of a job, also older than what is known; the worker may die over it."""
        town = self.town(pick)
        self.world.drain((REFERRALS,))
        self.world.clock.move(seconds=1)
        with self.trouble(town, None):
            town.says(pick % FRIENDS + 1, *said, ago=timedelta(seconds=ago))
        ready = self.world.ready((REFERRALS,))
        if ready:
            with self.trouble(None, at):
                self.world.step(ready[pick % len(ready)])
        self.life_goes_on()

    # Decisions

    @rule(pick=some, at=crashes, actor=st.sampled_from(["mem_1", "mem_1", "mem_2", POLICY]))
    def approve(self, pick: int, at: int | None, actor: str) -> None:
        """By staff it is released after ten minutes, by the policy at once."""
        town = self.town(pick)
        self._decide(town, pick, at, partial(_approve, town, actor))

    @rule(pick=some, at=crashes, how=st.sampled_from(["undo", "undo", "undo", "reject", "remove", "all", "all"]))
    def think_again(self, pick: int, at: int | None, how: str) -> None:
        town = self.town(pick)
        runtime, org = town.runtime, town.org
        if how == "undo":
            self._decide(town, pick, at, lambda id: undo(runtime, org, id, actor="mem_1"))
        elif how == "reject":
            self._decide(town, pick, at, lambda id: reject(runtime, org, id, actor="mem_1", reason="no"))
        elif how == "remove":
            referrals = sorted(one.id for one in town.all(Referral))
            with self.trouble(town, at):
                remove(runtime, org, referrals[pick % len(referrals)], actor="mem_1", reason="not theirs")
        else:
            with self.trouble(town, at):
                decide(sorted(one.id for one in town.all(Conversion)), partial(_approve, town, "mem_1"))

    def _decide(self, town: Town, pick: int, at: int | None, one: Callable[[str], object]) -> None:
        ids = sorted(conversion.id for conversion in town.all(Conversion))
        with self.trouble(town, at):
            one(ids[pick % len(ids)])  # who loses a race clicks again
        if pick % 2:
            self.world.jump()
            self.life_goes_on()

    @rule(pick=some, new=st.sampled_from([*PROGRAMS, "ann@new.test", "ann@home.test", True, False]))
    def change(self, pick: int, new: dict[str, object] | str | bool) -> None:
        """The program's rules, where the advocate gets mail, the stop switch."""
        town = self.town(pick)
        if isinstance(new, bool):
            self.switch(town, stop=new)
        elif isinstance(new, str):
            town.edit(get(town.store, Contact, town.org, "con_ann"), email=new)
        else:
            program = get(town.store, Program, town.org, program_id(town.org, "customer", None))
            town.edit(program, **new, revision=program.revision + 1)


def _approve(town: Town, actor: str, id: str) -> Conversion:
    return approve(town.runtime, town.org, id, actor=actor, reason="known", pause=lambda _: None)
