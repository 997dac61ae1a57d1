"""How far an enrollment goes now. Pure: state, definition and what is known give the next state and what to do.

It stands at one step, whose run is scheduled. Waits end when they are due or when what they wait for has come; a send
waits for the window. What was decided on the way to a send that must wait is not kept: the enrollment goes back to
where it decided, and decides again at the moment of sending. A click at night is seen in the morning.
"""

from dataclasses import dataclass
from datetime import datetime

from moref.campaigns.conditions import Known, has_come, holds
from moref.campaigns.definition import Branch, Definition, Send, Step, Stop, Task, Wait
from moref.campaigns.model import EnrollmentStatus, StepRun
from moref.campaigns.places import Place
from moref.campaigns.waits import after_duration, at_wall_time, days_later, on_weekday
from moref.campaigns.windows import next_allowed

NO_WINDOW = "no_window"


@dataclass(frozen=True, slots=True)
class Position:
    """Where an enrollment is. `key` spreads it inside the opening of a window: its id."""

    at: str | None
    steps: dict[str, StepRun]
    key: str
    status: EnrollmentStatus = "active"
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Walked:
    position: Position
    effects: tuple[tuple[str, Send | Task], ...]  # step name and step, in order


def walk(position: Position, definition: Definition, known: Known, *, since: datetime | None = None) -> Walked:
    """`since`: what the first wait counts from, by default now. Everything done is in `effects`, each once."""
    walker = _Walker(position, definition, known, since or known.now)
    walker.go()
    return Walked(walker.position(), tuple(walker.effects))


def first(definition: Definition, key: str) -> Position:
    return Position(definition.first, {}, key)


class _Walker:
    def __init__(self, position: Position, definition: Definition, known: Known, since: datetime) -> None:
        self.start, self.definition, self.known, self.since = position, definition, known, since
        self.at = position.at
        self.steps = dict(position.steps)
        self.effects: list[tuple[str, Send | Task]] = []
        self.decide_again: tuple[str, dict[str, StepRun]] | None = None  # step, and the runs as they were then
        self.ended: tuple[EnrollmentStatus, str | None] = (position.status, position.reason)

    def position(self) -> Position:
        return Position(self.at, self.steps, self.start.key, *self.ended)

    def go(self) -> None:
        while self.at is not None:
            name, step = self.at, self.definition.steps[self.at]
            if (run := self.steps.get(name)) is None:
                run = StepRun(due_at=self._due(step))
            before = dict(self.steps)
            self.steps[name] = run
            if run.status == "scheduled" and not self._done(name, step, run):
                return
            if isinstance(step, Wait) or (isinstance(step, Branch) and self.decide_again is None):
                self.decide_again = (name, before | {name: run})
            elif isinstance(step, Send | Task):
                self.decide_again = None
            self.since = self.known.now
            if not isinstance(step, Stop):
                self._to(self._next(name, step))

    def _due(self, step: Step) -> datetime:
        due = wait_due(step, self.since, self.known) if isinstance(step, Wait) else self.known.now
        return max(due, self.since)

    def _done(self, name: str, step: Step, run: StepRun) -> bool:
        """Does the step, if it can be done now."""
        if isinstance(step, Wait):
            come = step.until if step.until is not None and has_come(step.until, self.known) else None
            if come is None and self.known.now < run.due_at:
                return False
            return self._settle(name, run, reason=come)
        if self.known.now < run.due_at:
            return False
        if isinstance(step, Send):
            return self._send(name, step, run)
        if isinstance(step, Task):
            self.effects.append((name, step))
        elif isinstance(step, Stop):
            self.at, self.ended = None, ("finished", step.reason)
        return self._settle(name, run, reason=_way(step, self.known) if isinstance(step, Branch) else None)

    def _send(self, name: str, step: Send, run: StepRun) -> bool:
        allowed = next_allowed(self.known.now, self.known.places, self.start.key)
        if allowed is None:
            return self._settle(name, run, status="skipped", reason=NO_WINDOW)
        if allowed <= self.known.now:
            self.effects.append((name, step))
            return self._settle(name, run)
        if self.decide_again is not None:
            self.at, self.steps = self.decide_again
        at = str(self.at)
        self.steps[at] = self.steps[at].model_copy(update={"due_at": allowed})
        return False

    def _settle(self, name: str, run: StepRun, status: str = "done", reason: str | None = None) -> bool:
        self.steps[name] = run.model_copy(update={"status": status, "reason": reason, "done_at": self.known.now})
        return True

    def _next(self, name: str, step: Send | Wait | Branch | Task) -> str | None:
        if not isinstance(step, Branch):
            return step.next
        way = self.steps[name].reason
        return step.otherwise if way == OTHERWISE else step.cases[int(str(way).removeprefix(CASE)) - 1].next

    def _to(self, name: str | None) -> None:
        """Every step at most once, whatever the graph says."""
        self.at = name if name not in self.steps else None
        if self.at is None:
            self.ended = ("finished", "all_steps")


OTHERWISE, CASE = "otherwise", "case "


def _way(step: Branch, known: Known) -> str:
    """Which way a branch goes, in words that the run keeps: "case 1" or "otherwise"."""
    for number, case in enumerate(step.cases, 1):
        if holds(case.when, known):
            return f"{CASE}{number}"
    return OTHERWISE


def wait_due(step: Wait, since: datetime, known: Known) -> datetime:
    """When a wait that began at `since` is over by itself."""
    places: list[Place] = known.places
    if step.at is not None:
        return (
            on_weekday(since, step.weekdays, step.at, places) if step.weekdays else at_wall_time(since, step.at, places)
        )
    minutes, days = step.minutes, step.days
    if step.setting is not None:
        value = known.setting(step.setting)
        minutes, days = (value, None) if step.setting.endswith("_minutes") else (None, value)
    return after_duration(since, minutes or 0) if days is None else days_later(since, days, places)
