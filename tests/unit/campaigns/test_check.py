"""What is refused when a campaign is saved, and that the place is named."""

from dataclasses import dataclass
from typing import Any

import pytest

from moref.campaigns.catalogue import CATALOGUE
from moref.campaigns.check import Around, check_definition
from moref.campaigns.definition import Definition
from moref.kernel.errors import BadInput
from moref.messaging.templates import effective
from tests.fakes.memory_store import MemoryStore

STORE = MemoryStore()


@dataclass(frozen=True)
class Form:
    kind: str = "marketing"
    has_sms: bool = True
    has_email: bool = True
    links: frozenset[str] = frozenset()

    def needs(self) -> frozenset[str]:
        return self.links


def template(name: str) -> Any:
    made = {"only_mail": Form(has_sms=False), "only_sms": Form(has_email=False)}
    if name in made:
        return made[name]
    try:
        return effective(STORE, "org_1", name)
    except BadInput:
        return None


AROUND = Around(["loc_1"], template, lambda name: name in ("ask", "ask_again"))


def send(template: str = "invite", **more: Any) -> dict[str, Any]:
    return {"kind": "send", "template": template} | more


def wait(**more: Any) -> dict[str, Any]:
    return {"kind": "wait"} | more


def problems(steps: dict[str, Any], *, first: str = "a", trigger: Any = "job_completed") -> dict[str, str]:
    begins = trigger if isinstance(trigger, dict) else {"kind": trigger}
    definition = Definition.model_validate({"trigger": begins, "first": first, "steps": steps})
    return dict(check_definition(definition, AROUND))


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_ready_made_campaign_passes(name: str) -> None:
    assert check_definition(CATALOGUE[name].definition, AROUND) == []


def branch(*cases: Any, **more: Any) -> dict[str, Any]:
    return {"kind": "branch", "cases": list(cases)} | more


BAD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("first", {"b": send()}, {}),
    ("steps.a.next", {"a": send(next="gone")}, {}),
    ("steps.a.cases.0.next", {"a": branch({"when": {"happy": True}, "next": "gone"})}, {}),
    ("steps.a.otherwise", {"a": branch({"when": {"happy": True}}, otherwise="gone")}, {}),
    ("steps.b", {"a": send(), "b": send()}, {}),
    ("steps.b.next", {"a": send(next="b"), "b": wait(days=1, next="a")}, {}),
    ("steps.a.next", {"a": send(next="a")}, {}),
    ("steps.a", {"a": branch({"when": {"happy": True}})}, {}),
    ("steps.a.cases.0.when", {"a": branch({"when": {}, "next": "b"}), "b": send()}, {}),
    ("steps.a.cases.1.when", {
        "a": branch({"when": {"happy": True}, "next": "b"}, {"when": {"happy": True}}), "b": send(),
    }, {}),
    ("steps.a", {"a": wait(next="b"), "b": send()}, {}),
    ("steps.a.days", {"a": wait(minutes=5, days=1, next="b"), "b": send()}, {}),
    ("steps.a.minutes", {"a": wait(minutes=0, next="b"), "b": send()}, {}),
    ("steps.a.weekdays", {"a": wait(days=1, weekdays=["mon"], next="b"), "b": send()}, {}),
    ("steps.a.weekdays", {"a": wait(at="10:00", weekdays=[], next="b"), "b": send()}, {}),
    ("steps.a.setting", {"a": wait(setting="nothing_days", next="b"), "b": send()}, {}),
    ("steps.a.setting", {"a": wait(setting="campaigns", next="b"), "b": send()}, {}),
    ("steps.a.setting", {"a": wait(setting="feedback_threshold", next="b"), "b": send()}, {}),
    ("steps.a.until", {"a": wait(days=1, until="answered", next="b"), "b": send()}, {"trigger": "link_clicked"}),
    ("steps", {"a": wait(days=200, next="b"), "b": wait(days=166, next="c"), "c": send()}, {}),
    ("steps", {f"s{n}": send(next=f"s{n + 1}") for n in range(10)} | {"s10": send()}, {"first": "s0"}),
    ("steps.a.template", {"a": send("gone")}, {}),
    ("steps.a.template", {"a": send("low_score")}, {}),
    ("steps.a.template", {"a": send("ask")}, {"trigger": "partner_onboarded"}),
    ("steps.a.channel", {"a": send("only_mail", channel="sms")}, {}),
    ("steps.a.channel", {"a": send("only_sms", channel="email")}, {}),
    ("steps.a.words", {"a": {"kind": "task", "words": "  "}}, {}),
    ("trigger.when.location_ids.1", {"a": send()}, {
        "trigger": {"kind": "job_completed", "when": {"location_ids": ["loc_1", "loc_2"]}}}),
    ("trigger.when.setting", {"a": send()}, {"trigger": {"kind": "job_completed", "when": {"setting": "nothing"}}}),
    ("trigger.when.setting", {"a": send()}, {
        "trigger": {"kind": "job_completed", "when": {"setting": "feedback_threshold"}}}),
    ("trigger.when.happy", {"a": send()}, {"trigger": {"kind": "quoted", "when": {"happy": True}}}),
    ("trigger.when.job_types", {"a": send()}, {"trigger": {"kind": "reward_issued", "when": {"job_types": ["x"]}}}),
    ("trigger.when.score_at_most", {"a": send()}, {
        "trigger": {"kind": "feedback_given", "when": {"score_at_least": 4, "score_at_most": 3}}}),
    ("trigger.when.sentiment", {"a": send()}, {"trigger": {"kind": "feedback_given", "when": {"sentiment": []}}}),
    ("trigger.when.no_answer_days", {"a": send()}, {
        "trigger": {"kind": "job_completed", "when": {"answered": True, "no_answer_days": 2}}}),
    # The question leads to the page with the public review link: who is asked must not depend on the score.
    ("steps.a.cases.0", {
        "a": branch({"when": {"happy": True}, "next": "b"}), "b": send("ask"),
    }, {}),
]  # fmt: skip


@pytest.mark.parametrize(("place", "steps", "more"), BAD, ids=[f"{n}-{row[0]}" for n, row in enumerate(BAD)])
def test_what_cannot_work_is_refused_with_its_place(place: str, steps: dict[str, Any], more: dict[str, Any]) -> None:
    found = problems(steps, **more)
    assert place in found, found
    assert all(words and "\n" not in words for words in found.values())


def test_only_what_is_wrong_is_named() -> None:
    found = problems({"a": send(next="b"), "b": wait(minutes=5, days=2, next="c"), "c": send()})
    assert list(found) == ["steps.b.days"]


def test_a_year_of_waits_is_allowed_and_the_longest_way_counts() -> None:
    steps = {
        "a": branch({"when": {"happy": True}, "next": "b"}, otherwise="c"),
        "b": wait(days=365, next="d"), "c": wait(days=300, next="d"), "d": send(),
    }  # fmt: skip
    assert "steps" not in problems(steps)
    steps["d"] = wait(minutes=60, next="e")
    steps["e"] = send()
    assert "steps" in problems(steps)
