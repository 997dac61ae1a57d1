"""The public review link reaches everybody alike, whatever they think of us (rules.md "Reviews", 16 CFR 465).

The rule, over every campaign that is in force at a location at once: for two customers who differ in nothing but what
they say of us, all that happens up to the last step with the link is the same: the same steps send, in the same order,
after the same waits. Only behind that may the score decide.

* A step *holds the link* when its template leads to the review page or to the page that asks for the score, on which
  everybody finds it.
* The score decides where a condition looks at the score or its tone. So do `clicked`, `quoted` and `booked`, as facts,
  as the end of a wait, and as what starts a campaign: only who was asked to refer gets that far, and who is asked may
  depend on the score.
* `answered` and `no_answer_days` do not: who says nothing has no opinion that we could select by.
* Tasks and branches take no time. Every message counts, though: it uses up the day's allowance, and so delays the next.

A campaign for the happy and another for the unhappy are no way around: each holds the link behind the score.
"""

from collections.abc import Callable, Mapping

from moref.campaigns.definition import Branch, Condition, Definition, Send, Stop, Task, Wait
from moref.campaigns.problem import Problem

HasReviewLink = Callable[[str], bool]  # by the template's name
REFERRING = frozenset({"clicked", "quoted", "booked"})
REFERRED = frozenset({"link_clicked", "quoted", "reward_issued"})  # triggers
NOTHING = 0  # the shape of a way on which no link lies ahead

_BRANCH = (
    "what the customer said of us decides here who gets the review link, or after which messages and waits. Everybody "
    "must get it at the same step: move that step before this branch"
)
_WAIT = (
    "a step with the review link comes earlier or later for those who were asked to refer; wait for a time instead, or "
    "until answered"
)
_TRIGGER = "only customers of some opinion get here, and a step holds the review link, which everybody must get"


def check_campaigns(campaigns: Mapping[str, Definition], has_review_link: HasReviewLink) -> list[Problem]:
    """All campaigns in force at one location, by id; places begin with the campaign's id."""
    return [
        Problem(f"{id}.{found.place}", found.words)
        for id, definition in campaigns.items()
        for found in review_fairness(definition, has_review_link)
    ]


def review_fairness(definition: Definition, has_review_link: HasReviewLink) -> list[Problem]:
    """Empty when fair. Takes any graph, also one with cycles and unknown names, which others complain about."""
    ways = _Ways(definition, has_review_link)
    trigger = definition.trigger
    if ways.shape(definition.first) != NOTHING:
        if trigger.kind in REFERRED:
            ways.problems.append(Problem("trigger.kind", _TRIGGER))
        elif score_decides(trigger.when):
            ways.problems.append(Problem("trigger.when", _TRIGGER))
    return ways.problems


def score_decides(condition: Condition) -> bool:
    """Whether what a customer thinks of us decides it, at least indirectly."""
    return condition.looks_at_feedback() or any(getattr(condition, name) is not None for name in REFERRING)


def opinion_matters(definition: Definition) -> bool:
    """Whether the score decides anywhere: without that a definition is fair, whatever its templates hold."""
    if definition.trigger.kind in REFERRED or score_decides(definition.trigger.when):
        return True
    for step in definition.steps.values():
        if isinstance(step, Wait) and step.until in REFERRING:
            return True
        if isinstance(step, Branch) and any(score_decides(case.when) for case in step.cases):
            return True
    return False


class _Ways:
    """Gives the ways on from a step a number; the same number, the same messages and waits up to the last link."""

    def __init__(self, definition: Definition, has_review_link: HasReviewLink) -> None:
        self.problems: list[Problem] = []
        self._steps = definition.steps
        self._has_review_link = has_review_link
        self._shapes: dict[str, int] = {}
        self._numbers: dict[tuple[object, ...], int] = {}

    def shape(self, name: str | None) -> int:
        step = self._steps.get(name) if name is not None else None
        if name is None or step is None or isinstance(step, Stop):
            return NOTHING
        if name not in self._shapes:
            self._shapes[name] = NOTHING  # what a cycle meets
            self._shapes[name] = self._of(name, step)
        return self._shapes[name]

    def _of(self, name: str, step: Send | Wait | Branch | Task) -> int:
        if isinstance(step, Branch):
            return self._branch(name, step)
        ahead = self.shape(step.next)
        if isinstance(step, Send):
            holds = self._has_review_link(step.template)
            return self._number("send", name, ahead) if holds or ahead != NOTHING else NOTHING
        if isinstance(step, Task) or ahead == NOTHING:
            return ahead
        if step.until in REFERRING:
            self.problems.append(Problem(f"steps.{name}.until", _WAIT))
        return self._number("wait", step.model_dump_json(exclude={"next"}), ahead)

    def _branch(self, name: str, step: Branch) -> int:
        """From the last case to the first: each is "if this, that way, else the rest"."""
        rest = self.shape(step.otherwise)
        for place, case in reversed(list(enumerate(step.cases))):
            way = self.shape(case.next)
            if way == rest:
                continue
            if score_decides(case.when):
                self.problems.append(Problem(f"steps.{name}.cases.{place}", _BRANCH))
            else:
                rest = self._number("if", case.when.model_dump_json(), way, rest)
        return rest

    def _number(self, *what: object) -> int:
        return self._numbers.setdefault(what, len(self._numbers) + 1)
