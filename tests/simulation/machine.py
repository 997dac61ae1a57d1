"""The payout path under a machine that does everything that ever went wrong, in any order."""

from collections.abc import Callable
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from moref.budgets.model import Budget, budget_id
from moref.conversions.approve import POLICY, approve
from moref.conversions.judge import conversion_id
from moref.conversions.model import Conversion
from moref.conversions.qualify import qualify
from moref.conversions.undo import undo
from moref.intake.model import Contact
from moref.kernel.errors import MorefError
from moref.kernel.names import PAYOUTS, REFERRALS
from moref.programs.model import Program, Tier, program_id
from moref.records import get
from moref.rewards.model import Payout
from moref.rewards.retry import retry
from moref.tenants.switches import set_switch
from tests.fakes.memory_store import Crash
from tests.simulation import invariants
from tests.simulation.provider import FAULTS
from tests.simulation.world import ORG, PayoutWork, World, real_work

MOST = 4
BUDGET = 12_000  # some of what is asked for
some = st.integers(min_value=0, max_value=1_000_000)
crashes = st.one_of(st.none(), st.none(), st.integers(min_value=1, max_value=14))


class PayoutMachine(RuleBasedStateMachine):
    work: ClassVar[PayoutWork] = staticmethod(real_work)

    def __init__(self) -> None:
        super().__init__()
        self.world = World(type(self).work)

    @initialize()
    def begin(self) -> None:
        self.world.make(Budget, budget_id(ORG, "loc_1"), location_id="loc_1", amount=BUDGET)
        self.invoice()
        self.approve(0, None, POLICY)

    def _some_job(self, pick: int) -> int:
        return pick % self.world.friends + 1

    @precondition(lambda self: self.world.friends < MOST)
    @rule()
    def invoice(self) -> None:
        self.world.refer()
        self.world.fact(self.world.friends, "invoiced")
        qualify(self.world.runtime, ORG, f"ref_{self.world.friends}")

    @rule(pick=some, crash=crashes, actor=st.sampled_from(["mem_1", POLICY]))
    def approve(self, pick: int, crash: int | None, actor: str) -> None:
        """By staff it is released after ten minutes, by the policy at once."""
        self._decide(pick, crash, lambda id: approve(self.world.runtime, ORG, id, actor=actor, reason="known"))

    @rule(pick=some, crash=crashes)
    def undo(self, pick: int, crash: int | None) -> None:
        self._decide(pick, crash, lambda id: undo(self.world.runtime, ORG, id, actor="mem_1"))

    def _decide(self, pick: int, crash: int | None, decide: Callable[[str], object]) -> None:
        self._crashing(crash)
        id = conversion_id(ORG, f"ref_{self._some_job(pick)}")
        try:
            decide(id)
        except (Crash, MorefError):
            pass  # staff click again
        finally:
            self.world.store.crash_at = None

    @rule(pick=some, crash=crashes)
    def work_on(self, pick: int, crash: int | None) -> None:
        self._one_message(pick, crash, None, silent=False)

    @rule(pick=some, crash=crashes, fault=st.sampled_from(FAULTS))
    def work_on_with_a_fault(self, pick: int, crash: int | None, fault: str) -> None:
        self._one_message(pick, crash, fault, silent=False)

    @rule(pick=some, fault=st.sampled_from(FAULTS))
    def work_on_while_nobody_answers(self, pick: int, fault: str) -> None:
        self._one_message(pick, None, fault, silent=True)

    def _one_message(self, pick: int, crash: int | None, fault: str | None, *, silent: bool) -> None:
        """Any visible message of the payouts queue, in any order; time moves to the next one when there is none."""
        self.world.drain((REFERRALS,))
        ready = self.world.ready((PAYOUTS,)) or self.world.jump()
        if not ready:
            return
        self._crashing(crash)
        self.world.provider.fault, self.world.provider.silent = fault, silent
        self.world.step(ready[pick % len(ready)])
        self.world.store.crash_at, self.world.provider.fault, self.world.provider.silent = None, None, False

    @rule(pick=some, crash=crashes)
    def staff_retry(self, pick: int, crash: int | None) -> None:
        self._staff(pick, crash, lambda id: retry(self.world.runtime, ORG, id, actor="mem_1"))

    @rule(pick=some, crash=crashes, silent=st.booleans())
    def staff_cancel(self, pick: int, crash: int | None, silent: bool) -> None:
        self.world.provider.silent = silent
        self._staff(pick, crash, self.world.cancel)
        self.world.provider.silent = False

    def _staff(self, pick: int, crash: int | None, decide: Callable[[str], object]) -> None:
        """Any payout, those that need a person first; a decision that does not fit its state is refused."""
        payouts = sorted(self.world.all(Payout), key=lambda payout: (payout.status != "needs_person", payout.id))
        if not payouts:
            return
        waiting = [payout for payout in payouts if payout.status == "needs_person"] or payouts
        self._crashing(crash)
        try:
            decide(waiting[pick % len(waiting)].id)
        except (Crash, MorefError):
            pass
        finally:
            self.world.store.crash_at = None

    @precondition(lambda self: self.world.handled)
    @rule(pick=some)
    def deliver_again(self, pick: int) -> None:
        queue, message = self.world.handled[pick % len(self.world.handled)]
        self.world.queues.waiting.append((self.world.clock.at, queue, message))

    @rule(seconds=st.sampled_from([1, 40, 90, 200, 900, 3 * 3600, 20 * 3600]))
    def wait(self, seconds: int) -> None:
        self.world.pass_time(seconds=seconds)

    @rule(seconds=st.sampled_from([0, 200, 900, 3 * 3600]))
    def reconcile(self, seconds: int) -> None:
        self.world.pass_time(seconds=seconds)
        self.world.reconcile()

    @rule(pick=some, undo=st.booleans(), crash=crashes)
    def job_turns(self, pick: int, undo: bool, crash: int | None) -> None:
        """Cancelled, or the cancellation taken back."""
        self.world.drain((REFERRALS,))
        self.world.clock.move(seconds=1)
        self.world.fact(self._some_job(pick), "cancelled", undo)
        self._crashing(crash)
        self.world.step(self.world.ready((REFERRALS,))[-1])
        self.world.store.crash_at = None

    @rule(stop=st.booleans())
    def switch(self, stop: bool) -> None:
        set_switch(
            self.world.store, self.world.clock.at, ORG, "payouts", stop=stop, reason="checking", by="mem_1"
        )  # fmt: skip

    @rule(amount=st.sampled_from([1500, 7700]))
    def edit_program(self, amount: int) -> None:
        program = get(self.world.store, Program, ORG, program_id(ORG, "customer", None))
        self.world.edit(program, tiers=[Tier(at=1, amount=amount)], revision=program.revision + 1)

    @rule(email=st.sampled_from(["ann@new.test", "ann@home.test"]))
    def move_house(self, email: str) -> None:
        self.world.edit(get(self.world.store, Contact, ORG, "con_ann"), email=email)

    @precondition(lambda self: self.world.provider.orders)
    @rule(pick=some, how=st.sampled_from(["progress", "cancel", "notice", "delivered", "failed"]), crash=crashes)
    def provider_acts(self, pick: int, how: str, crash: int | None) -> None:
        external_id = sorted(self.world.provider.orders)[pick % len(self.world.provider.orders)]
        order = self.world.provider.orders[external_id]
        if how == "progress" and order.status not in ("CANCELED", "EXECUTED"):
            self.world.provider.progress(external_id)
        elif how == "cancel" and order.status != "EXECUTED":
            self.world.provider.progress(external_id, "CANCELED", "PENDING")
        elif how in ("delivered", "failed") and order.status == "EXECUTED":
            word = "SUCCEEDED" if how == "delivered" else "FAILED"
            self.world.provider.progress(external_id, delivery=word)
            self._notice(f"REWARDS.DELIVERY.{word}", "rewards", order.reward_id or "", crash)
        elif how == "notice":
            self._notice("ORDERS.APPROVED", "orders", order.id, crash)

    def _notice(self, name: str, kind: str, id: str, crash: int | None) -> None:
        self._crashing(crash)
        try:
            self.world.notice(name, kind, id)
        except (Crash, MorefError):
            pass  # the inbox message comes again, or the reconcile job asks
        finally:
            self.world.store.crash_at = None

    def _crashing(self, points: int | None) -> None:
        self.world.store.crash_at = None if points is None else self.world.store.points + points

    @invariant()
    def money_is_right(self) -> None:
        invariants.check(self.world)

    def teardown(self) -> None:
        """Faults stop, the provider decides what was pending, the switch is released: everything comes to its end."""
        set_switch(
            self.world.store, self.world.clock.at, ORG, "payouts", stop=False, reason="fine", by="mem_1"
        )  # fmt: skip
        for external_id, order in self.world.provider.orders.items():
            if order.status not in ("EXECUTED", "CANCELED"):
                self.world.provider.progress(external_id)
        self.world.settle_down()
        invariants.check(self.world)
        invariants.ended(self.world)
        self._as_the_job_says()

    def _as_the_job_says(self) -> None:
        """Every conversion agrees with its job, or says why it does not."""
        for n in range(1, self.world.friends + 1):
            self.world.tell("referral.changed", f"ref_{n}")
        self.world.clock.move(minutes=1)
        self.world.drain()
        for one in self.world.all(Conversion):
            cancelled = self.world.job_cancelled(one.job_id)
            assert one.status != "withdrawn" or cancelled
            assert one.status not in ("pending", "held") or not cancelled
            assert not (one.status == "approved" and cancelled) or one.reason
