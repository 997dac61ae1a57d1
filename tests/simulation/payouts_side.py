"""The rules of the machine about what is owed already: workers, staff, the provider, time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from moref.kernel.errors import MorefError
from moref.kernel.names import CAMPAIGNS, PAYOUTS, REFERRALS
from moref.rewards.model import Payout
from moref.rewards.retry import retry
from moref.tenants.switches import set_switch
from tests.fakes.memory_store import Crash
from tests.simulation import invariants
from tests.simulation.provider import FAULTS
from tests.simulation.store import StrictStore
from tests.simulation.town import Town
from tests.simulation.world import OTHER, PayoutWork, real_work

some = st.integers(min_value=0, max_value=1_000_000)
# The n-th write or call from now: there the process dies (positive), or hears no answer and lives on (negative).
crashes = st.sampled_from([None] * 14 + [*range(1, 15), *range(-14, 0)])
OUTSIDE = (PAYOUTS, CAMPAIGNS)


class PayoutsSide(RuleBasedStateMachine):
    work: ClassVar[PayoutWork] = staticmethod(real_work)

    def __init__(self) -> None:
        super().__init__()
        self.world = Town(type(self).work, store=self.new_store(), furnished=False)
        self.other = Town(type(self).work, org=OTHER, beside=self.world, furnished=False)
        self._checked: tuple[int, ...] | None = None

    def new_store(self) -> StrictStore:
        return StrictStore()

    def town(self, pick: int) -> Town:
        return self.other if pick % 4 == 3 else self.world

    @contextmanager
    def trouble(self, town: Town | None, at: int | None) -> Iterator[None]:
        """Something may fail in here, and whoever asked learns of it; then they, or their queue, ask again."""
        store = self.world.store
        store.crash_at, store.silence = None if at is None else store.points + abs(at), (at or 0) < 0
        try:
            with store.acts(town.org if town else None):
                yield
        except (Crash, MorefError):
            pass
        finally:
            store.crash_at, store.silence = None, False

    @rule(pick=some, at=crashes)
    def work_on(self, pick: int, at: int | None) -> None:
        self._one_message(pick, at, None, silent=False)

    @rule(pick=some, at=crashes, fault=st.sampled_from(FAULTS))
    def work_on_with_a_fault(self, pick: int, at: int | None, fault: str) -> None:
        self._one_message(pick, at, fault, silent=False)

    @rule(pick=some, fault=st.sampled_from(FAULTS))
    def work_on_while_nobody_answers(self, pick: int, fault: str) -> None:
        self._one_message(pick, None, fault, silent=True)

    def _one_message(self, pick: int, at: int | None, fault: str | None, *, silent: bool) -> None:
        """A few visible messages about payouts, in any order; time moves to the next one when there is none."""
        self.world.drain((REFERRALS,))
        ready = self.world.ready(OUTSIDE) or self.world.jump()
        if not ready:
            return
        providers = self.world.shared.providers.values()
        for provider in providers:
            provider.fault, provider.silent = fault, silent
        with self.trouble(None, at):
            for _ in range(1 + pick % 3):
                self.world.step(ready[pick % len(ready)])
                ready = self.world.ready(OUTSIDE)
                if not ready:
                    break
        for provider in providers:
            provider.fault, provider.silent = None, False

    @rule(pick=some, at=crashes, how=st.sampled_from(["retry", "cancel", "cancel unheard"]))
    def staff_resolve(self, pick: int, at: int | None, how: str) -> None:
        town = self.town(pick)
        town.provider.silent = how == "cancel unheard"
        if how == "retry":
            self._staff(town, pick, at, lambda id: retry(town.runtime, town.org, id, actor="mem_1"))
        else:
            self._staff(town, pick, at, town.cancel)
        town.provider.silent = False

    def _staff(self, town: Town, pick: int, at: int | None, decide: Callable[[str], object]) -> None:
        """Any payout, those that need a person first; a decision that does not fit its state is refused."""
        payouts = sorted(town.all(Payout), key=lambda payout: (payout.status != "needs_person", payout.id))
        waiting = [payout for payout in payouts if payout.status == "needs_person"] or payouts
        if waiting:
            with self.trouble(town, at):
                decide(waiting[pick % len(waiting)].id)

    @precondition(lambda self: self.world.handled)
    @rule(pick=some)
    def deliver_again(self, pick: int) -> None:
        queue, message = self.world.handled[pick % len(self.world.handled)]
        self.world.queues.waiting.append((self.world.clock.at, queue, message))

    @rule(seconds=st.sampled_from([1, 40, 90, 200, 900, 3 * 3600, 20 * 3600]))
    def wait(self, seconds: int) -> None:
        self.world.pass_time(seconds=seconds)
        self.life_goes_on()

    def life_goes_on(self) -> None:
        """Workers do not wait for us: the next message about a payout is handled."""
        ready = self.world.ready(OUTSIDE)
        if ready:
            self.world.step(ready[0])

    @rule(seconds=st.sampled_from([0, 200, 900, 3 * 3600]), at=crashes)
    def reconcile(self, seconds: int, at: int | None) -> None:
        self.world.pass_time(seconds=seconds)
        with self.trouble(None, at):
            self.world.reconcile()
        self.life_goes_on()

    @rule(pick=some, how=st.sampled_from(["progress", "cancel", "notice", "delivered", "failed"]), at=crashes)
    def provider_acts(self, pick: int, how: str, at: int | None) -> None:
        town = self.town(pick)
        if not town.provider.orders:
            return
        external_id = sorted(town.provider.orders)[pick % len(town.provider.orders)]
        order = town.provider.orders[external_id]
        if how == "progress" and order.status not in ("CANCELED", "EXECUTED"):
            town.provider.progress(external_id)
        elif how == "cancel" and order.status != "EXECUTED":
            town.provider.progress(external_id, "CANCELED", "PENDING")
        elif how in ("delivered", "failed") and order.status == "EXECUTED":
            word = "SUCCEEDED" if how == "delivered" else "FAILED"
            town.provider.progress(external_id, delivery=word)
            with self.trouble(town, at):
                town.notice(f"REWARDS.DELIVERY.{word}", "rewards", order.reward_id or "")
        elif how == "notice":
            with self.trouble(town, at):
                town.notice("ORDERS.APPROVED", "orders", order.id)

    def switch(self, town: Town, *, stop: bool) -> None:
        set_switch(town.store, town.clock.at, town.org, "payouts", stop=stop, reason="checking", by="mem_1")

    @invariant()
    def money_is_right(self) -> None:
        """Nothing that was written or asked since the last look: it would be the same look."""
        providers = self.world.shared.providers.values()
        orders = [hash(tuple(one.orders.values())) for one in providers]
        now = (self.world.store.committed, *(len(one.asked) for one in providers), *orders)
        if now != self._checked:
            invariants.check(self.world)
            invariants.check(self.other)
            self._checked = now

    def teardown(self) -> None:
        """Faults stop, providers decide what was pending, switches are released: everything comes to its end."""
        for town in (self.world, self.other):
            self.switch(town, stop=False)
            for external_id, order in town.provider.orders.items():
                if order.status not in ("EXECUTED", "CANCELED"):
                    town.provider.progress(external_id)
        self.world.settle_down(others=(self.other,))
        for town in (self.world, self.other):
            invariants.nobody_is_told_wrong(town)
            town.look_again()
        self.world.clock.move(minutes=1)
        self.world.settle_down(others=(self.other,))
        for town in (self.world, self.other):
            invariants.check(town)
            invariants.ended(town)
            invariants.as_jobs_say(town)
