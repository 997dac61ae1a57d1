"""Everybody gets the public review link at the same step; whatever graph a tenant draws."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moref.campaigns.definition import Branch, Condition, Definition, Send, Stop, Wait
from moref.campaigns.fairness import REFERRED, REFERRING, check_campaigns, review_fairness, score_decides

LINK = "asks"


def holds(template: str) -> bool:
    return template == LINK


def send(template: str = "other", next: str | None = None, **over: Any) -> dict[str, Any]:
    return {"kind": "send", "template": template, "next": next, **over}


def branch(when: dict[str, Any], next: str | None, otherwise: str | None) -> dict[str, Any]:
    return {"kind": "branch", "cases": [{"when": when, "next": next}], "otherwise": otherwise}


def graph(trigger: str = "job_completed", when: dict[str, Any] | None = None, **steps: Any) -> Definition:
    """The first step is the first named."""
    first = next(iter(steps))
    return Definition.model_validate({"trigger": {"kind": trigger, "when": when or {}}, "first": first, "steps": steps})


def places(definition: Definition) -> list[str]:
    return [problem.place for problem in review_fairness(definition, holds)]


HAPPY = {"happy": True}
FAIR = {
    "the link before the score is looked at": graph(
        a=send(LINK, "b"), b=branch(HAPPY, "c", "d"), c=send(), d={"kind": "task", "words": "call"}
    ),
    "both ways meet before the link": graph(
        a=branch(HAPPY, "t", "b"), t={"kind": "task", "words": "say thanks", "next": "b"}, b=send(LINK)
    ),
    "the same wait on both ways": graph(
        a=branch(HAPPY, "w", "v"),
        w={"kind": "wait", "days": 2, "next": "b"}, v={"kind": "wait", "days": 2, "next": "b"}, b=send(LINK),
    ),
    "whoever has not answered is asked again": graph(
        a=send(LINK, "b"), b=branch({"no_answer_days": 3}, "c", None), c=send(LINK)
    ),
    "everybody who answered": graph("feedback_given", a=send(LINK)),
    "by the size of the job": graph(a=branch({"amount_at_least": 100}, "b", None), b=send(LINK)),
    "no link at all": graph("reward_issued", a=branch(HAPPY, "b", None), b=send()),
    "a wait that an answer ends": graph(a={"kind": "wait", "days": 3, "until": "answered", "next": "b"}, b=send(LINK)),
}  # fmt: skip
UNFAIR = {
    "only the happy": (graph(a=branch(HAPPY, "b", None), b=send(LINK)), "steps.a.cases.0"),
    "only the unhappy": (graph(a=branch(HAPPY, None, "b"), b=send(LINK)), "steps.a.cases.0"),
    "by a low score": (graph(a=branch({"score_at_most": 2}, "c", "b"), b=send(LINK), c=send()), "steps.a.cases.0"),
    "by the tone": (graph(a=branch({"sentiment": ["positive"]}, "b", None), b=send(LINK)), "steps.a.cases.0"),
    "two steps with the same words": (
        graph(a=branch(HAPPY, "b", "c"), b=send(LINK), c=send(LINK)), "steps.a.cases.0"
    ),
    "another channel": (
        graph(a=branch(HAPPY, "b", "c"), b=send(LINK, channel="sms"), c=send(LINK, channel="email")), "steps.a.cases.0"
    ),
    "later for the unhappy": (
        graph(a=branch(HAPPY, "b", "w"), w={"kind": "wait", "days": 2, "next": "b"}, b=send(LINK)), "steps.a.cases.0"
    ),
    "another message first": (graph(a=branch(HAPPY, "i", "b"), i=send(next="b"), b=send(LINK)), "steps.a.cases.0"),
    "the unhappy are stopped": (
        graph(a=branch({"happy": False}, "s", "b"), s={"kind": "stop"}, b=send(LINK)), "steps.a.cases.0"
    ),
    "started by a good score": (graph("feedback_given", HAPPY, a=send(LINK)), "trigger.when"),
    "started by a reward": (graph("reward_issued", a=send(LINK)), "trigger.kind"),
    "started by a click on the link": (graph("link_clicked", a=send(LINK)), "trigger.kind"),
    "who referred somebody": (graph(a=branch({"clicked": True}, "b", None), b=send(LINK)), "steps.a.cases.0"),
    "sooner for who referred": (
        graph(a={"kind": "wait", "days": 3, "until": "quoted", "next": "b"}, b=send(LINK)), "steps.a.until"
    ),
    "behind another branch": (
        graph(a=branch({"amount_at_least": 9}, "b", "b"), b=branch(HAPPY, "c", None), c=send(LINK)), "steps.b.cases.0"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAIR)
def test_fair(name: str) -> None:
    assert places(FAIR[name]) == []


@pytest.mark.parametrize("name", UNFAIR)
def test_unfair_with_the_place_named(name: str) -> None:
    definition, place = UNFAIR[name]
    assert places(definition) == [place]


def test_a_campaign_for_each_opinion_is_no_way_around() -> None:
    happy = graph("feedback_given", {"score_at_least": 4}, a=send(LINK))
    unhappy = graph("feedback_given", {"score_at_most": 3}, a=send())
    found = check_campaigns({"a": happy, "b": unhappy}, holds)
    assert [problem.place for problem in found] == ["a.trigger.when"]
    assert "everybody" in found[0].words


def test_a_cycle_and_unknown_names_are_somebody_elses_complaint() -> None:
    assert places(graph(a=send("other", "b"), b=branch(HAPPY, "a", "nowhere"))) == []
    assert places(graph(a=branch(HAPPY, "b", "nowhere"), b=send(LINK, "a"))) == ["steps.a.cases.0"]


def test_a_long_graph_of_branches_is_checked_at_once() -> None:
    """Two ways at each of 50 steps are 2^50 paths."""
    steps: dict[str, Any] = {f"s{n}": branch({"amount_at_least": n}, f"s{n + 1}", f"s{n + 2}") for n in range(48)}
    steps |= {"s48": send(next="s49"), "s49": send(LINK)}
    assert places(graph(**steps)) == []
    steps["s47"] = branch(HAPPY, "s48", "s49")
    assert places(graph(**steps)) == ["steps.s47.cases.0"]


# Against brute force: every path of small random graphs.

DECIDING: list[dict[str, Any]] = [
    {"happy": True}, {"happy": False}, {"score_at_least": 3}, {"score_at_most": 2}, {"sentiment": ["negative"]},
    {"clicked": True}, {"booked": False},
]  # fmt: skip
OTHER: list[dict[str, Any]] = [{"amount_at_least": 5}, {"job_types": ["local"]}, {"answered": True}, {}]


@st.composite
def graphs(draw: st.DrawFn, conditions: list[dict[str, Any]]) -> Definition:
    count = draw(st.integers(1, 6))
    steps: dict[str, Any] = {}
    for n in range(count):
        later = st.sampled_from([None, *(f"s{m}" for m in range(n + 1, count))])
        kind = draw(st.sampled_from(["link", "send", "wait", "task", "branch", "branch", "stop"]))
        way = draw(later)
        if kind in ("link", "send"):
            steps[f"s{n}"] = send(LINK if kind == "link" else "other", way)
        elif kind == "wait":
            until = draw(st.sampled_from([None, None, "answered", "clicked"]))
            steps[f"s{n}"] = {"kind": "wait", "days": draw(st.integers(1, 2)), "until": until, "next": way}
        elif kind == "task":
            steps[f"s{n}"] = {"kind": "task", "words": "call", "next": way}
        elif kind == "branch":
            cases = [
                {"when": draw(st.sampled_from(conditions)), "next": draw(later)} for _ in range(draw(st.integers(1, 2)))
            ]
            steps[f"s{n}"] = {"kind": "branch", "cases": cases, "otherwise": way}
        else:
            steps[f"s{n}"] = {"kind": "stop"}
    trigger = draw(st.sampled_from(["job_completed", "feedback_given", "quoted"]))
    return graph(trigger, draw(st.sampled_from([{}, {}, *conditions[:2]])), **steps)


def trace(definition: Definition, deciding: dict[str, bool], other: dict[str, bool]) -> list[str]:
    """What happens to somebody, up to the last step with the link. Every condition is a coin of its own: a deciding one
    at each place, any other one for the whole graph."""
    happened: list[str] = []
    last = 0
    name: str | None = definition.first if _holds(definition.trigger.when, "trigger", deciding, other) else None
    while name is not None:
        step = definition.steps[name]
        if isinstance(step, Stop):
            break
        if isinstance(step, Branch):
            taken = (
                case.next for n, case in enumerate(step.cases) if _holds(case.when, f"{name}.{n}", deciding, other)
            )
            name = next(taken, step.otherwise)
            continue
        if isinstance(step, Send):
            happened.append(f"send {name}")
            last = len(happened) if holds(step.template) else last
        elif isinstance(step, Wait):
            early = step.until in REFERRING and deciding[f"{name}.until"]
            happened.append(f"wait {step.days} {step.until} {early}")
        name = step.next
    return happened[:last]


def _holds(when: Condition, place: str, deciding: dict[str, bool], other: dict[str, bool]) -> bool:
    if when == Condition():
        return True
    return deciding[place] if score_decides(when) else other[when.model_dump_json()]


def conditions_of(definition: Definition) -> Iterator[tuple[str, Condition]]:
    yield "trigger", definition.trigger.when
    for name, step in definition.steps.items():
        if isinstance(step, Branch):
            yield from ((f"{name}.{n}", case.when) for n, case in enumerate(step.cases))


def unfair(definition: Definition) -> bool:
    found = list(conditions_of(definition))
    coins = [place for place, when in found if score_decides(when)]
    waits = [(name, step) for name, step in definition.steps.items() if isinstance(step, Wait)]
    coins += [f"{name}.until" for name, step in waits if step.until in REFERRING]
    others = sorted({when.model_dump_json() for _, when in found if not score_decides(when) and when != Condition()})
    for fixed in _all(others):
        traces = {tuple(trace(definition, deciding, fixed)) for deciding in _all(coins)}
        if definition.trigger.kind in REFERRED:
            traces.add(())  # those who never referred anybody
        if len(traces) > 1:
            return True
    return False


def _all(names: list[str]) -> Iterator[dict[str, bool]]:
    for values in product((False, True), repeat=len(names)):
        yield dict(zip(names, values, strict=True))


@settings(max_examples=400, deadline=None)
@given(graphs(DECIDING + OTHER))
def test_whatever_lets_the_score_decide_is_refused(definition: Definition) -> None:
    if unfair(definition):
        assert places(definition)


@settings(max_examples=400, deadline=None)
@given(graphs(DECIDING))
def test_where_nothing_but_the_score_decides_exactly_the_unfair_is_refused(definition: Definition) -> None:
    assert bool(places(definition)) == unfair(definition)
