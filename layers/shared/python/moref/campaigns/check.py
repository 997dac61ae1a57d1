"""Everything that may be wrong with a definition, with the place named. Pure; what is not the definition's own business
comes as `Around`. The engine relies on it: nothing is saved that has a problem."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from moref.campaigns.check_conditions import check_condition
from moref.campaigns.check_waits import MOST_DAYS, check_wait, longest_days
from moref.campaigns.definition import Branch, Definition, Send, Step, Task, Wait, following
from moref.campaigns.fairness import review_fairness
from moref.campaigns.problem import Problem

MOST_SENDS = 10
OF_JOBS = ("job_completed", "job_invoiced")  # triggers whose customer has a page for a score


class Form(Protocol):
    """What messaging.templates.effective says of a template."""

    @property
    def kind(self) -> str: ...
    @property
    def has_sms(self) -> bool: ...
    @property
    def has_email(self) -> bool: ...
    def needs(self) -> frozenset[str]: ...


@dataclass(frozen=True, slots=True)
class Around:
    """`template`: its form by name, None when there is none. `has_review_link`: as campaigns.fairness asks."""

    location_ids: Collection[str]
    template: Callable[[str], Form | None]
    has_review_link: Callable[[str], bool]


def check_definition(definition: Definition, around: Around) -> list[Problem]:
    """In the order of the definition; empty when all is well. Places are paths: "steps.ask.next"."""
    found = check_condition("trigger.when", definition.trigger.when, definition.trigger.kind, around.location_ids)
    found += _graph(definition)
    for name, step in definition.steps.items():
        found += _step(f"steps.{name}", step, definition, around)
    if sum(isinstance(step, Send) for step in definition.steps.values()) > MOST_SENDS:
        found.append(Problem("steps", f"more than {MOST_SENDS} messages in one campaign"))
    return found + review_fairness(definition, around.has_review_link)


def _step(place: str, step: Step, definition: Definition, around: Around) -> list[Problem]:
    trigger = definition.trigger.kind
    if isinstance(step, Wait):
        return check_wait(place, step, trigger)
    if isinstance(step, Send):
        return _send(place, step, definition, around)
    if isinstance(step, Branch):
        return _branch(place, step, definition, around)
    return [Problem(f"{place}.words", "says nothing")] if isinstance(step, Task) and not step.words.strip() else []


def _send(place: str, step: Send, definition: Definition, around: Around) -> list[Problem]:
    form = around.template(step.template)
    if form is None:
        return [Problem(f"{place}.template", f"there is no template {step.template[:64]!r}")]
    found = []
    if form.kind not in ("marketing", "service"):
        found.append(Problem(f"{place}.template", f"a {form.kind} template is not for campaigns"))
    if step.channel == "email" and not form.has_email:
        found.append(Problem(f"{place}.channel", "the template has no e-mail form"))
    if step.channel in ("sms", "whatsapp") and not form.has_sms:
        found.append(Problem(f"{place}.channel", "the template has no text form"))
    if "feedback_link" in form.needs() and definition.trigger.kind not in OF_JOBS:
        words = "the template leads to the page that asks for a score, which only a campaign about a job has"
        found.append(Problem(f"{place}.template", words))
    return found


def _branch(place: str, step: Branch, definition: Definition, around: Around) -> list[Problem]:
    found = []
    if not following(step):
        found.append(Problem(place, "an empty branch: no way leads on"))
    for number, case in enumerate(step.cases):
        at = f"{place}.cases.{number}"
        found += check_condition(f"{at}.when", case.when, definition.trigger.kind, around.location_ids)
        if not case.when.model_dump(exclude_none=True):
            found.append(Problem(f"{at}.when", "says nothing, so that it always holds: use `otherwise`"))
        elif case.when in [other.when for other in step.cases[:number]]:
            found.append(Problem(f"{at}.when", "never reached: an earlier case asks the same"))
    return found


def _graph(definition: Definition) -> list[Problem]:
    found = []
    if definition.first not in definition.steps:
        found.append(Problem("first", f"there is no step {definition.first!r}"))
    for name, step in definition.steps.items():
        for place, next in _ways(f"steps.{name}", step):
            if next not in definition.steps:
                found.append(Problem(place, f"there is no step {next!r}"))
    reached = _reachable(definition)
    found += [Problem(f"steps.{name}", "no way leads here") for name in definition.steps if name not in reached]
    cycles = [place for name, step in definition.steps.items() for place, next in _ways(f"steps.{name}", step)
              if next in definition.steps and name in _behind(definition, next)]  # fmt: skip
    found += [Problem(place, "leads back to itself: a campaign has an end") for place in cycles]
    if not cycles and longest_days(definition) > MOST_DAYS:
        found.append(Problem("steps", f"its waits add up to more than {MOST_DAYS} days"))
    return found


def _ways(place: str, step: Step) -> list[tuple[str, str]]:
    """(place, name) of every step it leads to."""
    if isinstance(step, Branch):
        ways = [(f"{place}.cases.{number}.next", case.next) for number, case in enumerate(step.cases)]
        return [(at, name) for at, name in [*ways, (f"{place}.otherwise", step.otherwise)] if name is not None]
    return [(f"{place}.next", name) for name in following(step)]


def _reachable(definition: Definition) -> set[str]:
    return _behind(definition, definition.first)


def _behind(definition: Definition, start: str) -> set[str]:
    """The step and all that can follow it."""
    found: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in definition.steps and name not in found:
            found.add(name)
            todo += following(definition.steps[name])
    return found
