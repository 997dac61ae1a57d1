"""The pure walk: where an enrollment goes from here, and what it does on the way."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moref.campaigns.definition import Definition, Send
from moref.campaigns.model import StepRun
from moref.campaigns.walk import Position, first, walk
from moref.campaigns.windows import closes_at
from tests.fakes.runtime import START
from tests.unit.campaigns.known import PlainKnown

NIGHT = START + timedelta(hours=13)  # 23:00 in Chicago


def graph(**steps: Any) -> Definition:
    return Definition.model_validate({"trigger": {"kind": "job_completed"}, "first": "a", "steps": steps})


def send(next: str | None = None) -> dict[str, Any]:
    return {"kind": "send", "template": "ask", "next": next}


def wait(next: str | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": "wait", "next": next} | more


def branch(next: str, otherwise: str | None = None, **when: Any) -> dict[str, Any]:
    return {"kind": "branch", "cases": [{"when": when, "next": next}], "otherwise": otherwise}


def sent(effects: Any) -> list[str]:
    return [name for name, step in effects if isinstance(step, Send)]


def test_steps_that_take_no_time_are_one_walk() -> None:
    definition = graph(
        a=send("b"), b={"kind": "task", "words": "x", "next": "c"}, c=branch("d", clicked=True), d=send(),
    )  # fmt: skip
    walked = walk(first(definition, "enr"), definition, PlainKnown(clicked=True))
    assert [name for name, _ in walked.effects] == ["a", "b", "d"]
    assert (walked.position.at, walked.position.status, walked.position.reason) == (None, "finished", "all_steps")
    assert walked.position.steps["c"].reason == "case 1"


def test_the_first_wait_counts_from_what_happened_the_others_from_when_they_begin() -> None:
    definition = graph(a=wait("b", minutes=120), b=send("c"), c=wait("d", minutes=60), d=send())
    known = PlainKnown()
    walked = walk(first(definition, "enr"), definition, known, since=START - timedelta(minutes=50))
    assert walked.position.steps["a"].due_at == START + timedelta(minutes=70)
    known.now = START + timedelta(minutes=90)  # fired late
    walked = walk(walked.position, definition, known)
    assert sent(walked.effects) == ["b"]
    assert walked.position.steps["c"].due_at == known.now + timedelta(minutes=60)


@pytest.mark.parametrize(
    ("given_", "due"),
    [
        ({"minutes": 90}, datetime(2026, 6, 2, 16, 30, tzinfo=UTC)),
        ({"days": 3}, datetime(2026, 6, 5, 15, 0, tzinfo=UTC)),
        ({"days": 180}, datetime(2026, 11, 29, 16, 0, tzinfo=UTC)),  # the same wall time in winter
        ({"setting": "ask_delay_minutes"}, datetime(2026, 6, 2, 17, 0, tzinfo=UTC)),
        ({"setting": "remind_after_days"}, datetime(2026, 6, 5, 15, 0, tzinfo=UTC)),
        ({"at": "09:30"}, datetime(2026, 6, 3, 14, 30, tzinfo=UTC)),
        ({"at": "09:30", "weekdays": ["mon", "sat"]}, datetime(2026, 6, 6, 14, 30, tzinfo=UTC)),
    ],
)
def test_every_kind_of_wait(given_: dict[str, Any], due: datetime) -> None:
    definition = graph(a=wait("b", **given_), b=send())
    assert walk(first(definition, "enr"), definition, PlainKnown()).position.steps["a"].due_at == due


def test_before_its_time_nothing_happens_and_nothing_changes() -> None:
    definition = graph(a=wait("b", days=2), b=send())
    known = PlainKnown()
    position = walk(first(definition, "enr"), definition, known).position
    known.now += timedelta(days=1, hours=23)
    walked = walk(position, definition, known)
    assert (walked.position, walked.effects) == (position, ())


@pytest.mark.parametrize("until", ["answered", "clicked", "quoted", "booked"])
def test_a_wait_ends_early_when_what_it_waits_for_comes(until: str) -> None:
    definition = graph(a=wait("b", days=30, until=until), b=send())
    known = PlainKnown()
    position = walk(first(definition, "enr"), definition, known).position
    assert not walk(position, definition, known).effects
    setattr(known, "score" if until == "answered" else until, 4 if until == "answered" else True)
    known.now += timedelta(hours=1)
    walked = walk(position, definition, known)
    assert (sent(walked.effects), walked.position.steps["a"].reason) == (["b"], until)
    assert not walk(first(definition, "enr"), definition, known).position.steps["b"].reason, "there when it begins"


def test_what_is_decided_at_night_is_decided_again_in_the_morning() -> None:
    definition = graph(a=wait("b", days=1), b=branch("none", "c", clicked=True), c=send(), none={"kind": "stop"})
    known = PlainKnown(now=NIGHT)
    position = walk(first(definition, "enr"), definition, known).position
    known.now += timedelta(days=1)
    walked = walk(position, definition, known)
    assert (walked.position.at, walked.effects) == ("a", ())
    assert "b" not in walked.position.steps
    morning = walked.position.steps["a"].due_at
    assert known.now < morning < known.now + timedelta(hours=13)
    for clicked, ends in ((True, []), (False, ["c"])):
        known.clicked, known.now = clicked, morning
        assert sent(walk(walked.position, definition, known).effects) == ends


def test_a_branch_that_nothing_waits_before_is_decided_again_too() -> None:
    definition = graph(a=branch("none", "b", clicked=True), b=send(), none={"kind": "stop", "reason": "they did"})
    known = PlainKnown(now=NIGHT)
    walked = walk(first(definition, "enr"), definition, known)
    assert (walked.position.at, list(walked.position.steps)) == ("a", ["a"])
    known.now, known.clicked = walked.position.steps["a"].due_at, True
    over = walk(walked.position, definition, known).position
    assert (over.at, over.status, over.reason) == (None, "finished", "they did")


def test_what_was_done_before_a_message_that_must_wait_is_kept() -> None:
    definition = graph(a={"kind": "task", "words": "x", "next": "b"}, b=branch("c", "c", clicked=True), c=send())
    walked = walk(first(definition, "enr"), definition, PlainKnown(now=NIGHT))
    assert [name for name, _ in walked.effects] == ["a"]
    assert (walked.position.at, walked.position.steps["a"].status) == ("b", "done")


def test_places_that_never_agree_skip_the_message_with_the_reason() -> None:
    from moref.campaigns.places import Place

    definition = graph(a=send("b"), b={"kind": "task", "words": "x"})
    places = [Place(zone="Pacific/Guam"), Place(zone="America/New_York", state="ME")]
    walked = walk(first(definition, "enr"), definition, PlainKnown(places=places))
    assert (walked.position.steps["a"].status, walked.position.steps["a"].reason) == ("skipped", "no_window")
    assert [name for name, _ in walked.effects] == ["b"]


@pytest.mark.parametrize(
    ("when", "known", "holds"),
    [
        ({"happy": True}, {"score": 4}, True), ({"happy": True}, {"score": 3}, False),
        ({"happy": False}, {"score": 3}, True), ({"happy": False}, {}, False), ({"happy": True}, {}, False),
        ({"score_at_least": 2, "score_at_most": 3}, {"score": 3}, True),
        ({"score_at_least": 2, "score_at_most": 3}, {"score": 4}, False),
        ({"score_at_least": 1}, {}, False), ({"score_at_most": 5}, {}, False),
        ({"sentiment": ["negative"]}, {"sentiment": "negative"}, True), ({"sentiment": ["negative"]}, {}, False),
        ({"answered": False}, {}, True), ({"answered": True}, {"score": 1}, True),
        ({"no_answer_days": 2}, {"asked_at": START - timedelta(days=2)}, True),
        ({"no_answer_days": 2}, {"asked_at": START - timedelta(days=1, hours=23)}, False),
        ({"no_answer_days": 2}, {"asked_at": START - timedelta(days=9), "score": 3}, False),
        ({"no_answer_days": 2}, {}, False), ({"clicked": False}, {}, True), ({"booked": True}, {"booked": True}, True),
        ({"clicked": True, "quoted": False}, {"clicked": True, "quoted": True}, False),
        ({"job_types": ["local"]}, {"job_type": "local"}, True), ({"job_types": ["local"]}, {}, False),
        ({"amount_at_least": 5}, {"amount": 5}, True), ({"amount_at_most": 5}, {"amount": 6}, False),
        ({"amount_at_most": 5}, {}, False), ({"location_ids": ["loc_2"]}, {}, False),
        ({"advocate_kinds": ["partner", "house"]}, {"advocate_kind": "house"}, True),
        ({"setting": "remind_without_score"}, {}, False), ({"setting": "campaigns"}, {}, True), ({}, {}, True),
    ],
)  # fmt: skip
def test_conditions(when: dict[str, Any], known: dict[str, Any], holds: bool) -> None:
    definition = graph(a=branch("yes", "no", **when), yes=send(), no=send())
    walked = walk(first(definition, "enr"), definition, PlainKnown(**known))
    assert sent(walked.effects) == ["yes" if holds else "no"]


NAMES = [f"s{number}" for number in range(8)]


@st.composite
def graphs(draw: st.DrawFn) -> Definition:
    """Any graph over eight steps that leads forward only."""
    steps: dict[str, Any] = {}
    for place, name in enumerate(NAMES):
        on = st.sampled_from([None, *NAMES[place + 1 :]])
        kind = draw(st.sampled_from(["send", "wait", "branch", "task", "stop"]))
        if kind == "branch":
            when = draw(st.sampled_from([{"clicked": True}, {"happy": True}, {"answered": False}, {}]))
            steps[name] = branch("x", draw(on), **when)
            steps[name]["cases"][0]["next"] = draw(on)
        elif kind == "wait":
            until = draw(st.sampled_from([None, "clicked", "answered"]))
            steps[name] = wait(draw(on), minutes=draw(st.integers(0, 4000)), until=until)
        else:
            more = {"task": {"words": "x"}, "send": {"template": "ask"}, "stop": {}}[kind]
            steps[name] = {"kind": kind, **more} | ({} if kind == "stop" else {"next": draw(on)})
    return Definition.model_validate({"trigger": {"kind": "job_completed"}, "first": NAMES[0], "steps": steps})


@settings(max_examples=300, deadline=None)
@given(graphs(), st.lists(st.tuples(st.integers(0, 3000), st.booleans(), st.sampled_from([None, 2, 5])), max_size=30))
def test_whenever_it_is_woken_each_step_is_done_once_inside_the_hours_and_it_comes_to_an_end(
    definition: Definition, wakes: list[tuple[int, bool, int | None]]
) -> None:
    known, position, done = PlainKnown(), first(definition, "enr"), list[str]()

    def go() -> Position:
        walked = walk(position, definition, known)
        if sent(walked.effects):
            assert closes_at(known.now, known.places) is not None
        done.extend(name for name, _ in walked.effects)
        again = walk(walked.position, definition, known)  # woken twice
        assert (again.effects, again.position) == ((), walked.position)
        return walked.position

    for minutes, clicked, score in wakes:
        position = go()
        known.now += timedelta(minutes=minutes)
        known.clicked, known.score = known.clicked or clicked, known.score or score
    for _ in range(40):
        position = go()
        if position.at is None:
            break
        known.now = max(known.now, position.steps[position.at].due_at)
    assert (position.at, position.status) == (None, "finished")
    assert len(done) == len(set(done))
    assert all(isinstance(run, StepRun) and run.status != "scheduled" for run in position.steps.values())
