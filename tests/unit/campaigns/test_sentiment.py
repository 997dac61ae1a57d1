"""How a score and a comment are read, by hand-computed points, and what staff may make of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moref.campaigns.give_feedback import give_feedback
from moref.campaigns.judge_feedback import judge_feedback
from moref.campaigns.model import Feedback
from moref.campaigns.sentiment import judge
from moref.kernel.errors import Conflict
from moref.records import get
from tests.unit.messaging.world import ORG, World, world

READINGS = [
    (5, "", "positive", "+4"),
    (4, "", "positive", "+2"),
    (3, "", "neutral", "0"),
    (2, "", "negative", "-2"),
    (1, "", "negative", "-4"),
    (4, "ok", "positive", "+2"),
    (3, "Great crew, very careful!", "positive", "+3"),  # 2 + 1.5, at most 3
    (5, "They broke my lamp, terrible people, never again", "neutral", "+1"),
    (4, "Good, but late and slow", "neutral", "+1"),
    (3, "It was not great", "neutral", "-1.5"),  # turned over at three quarters
    (3, "wasn't bad", "neutral", "+0.75"),
    (3, "No, it was great", "positive", "+2"),  # the comma ends what the "no" denies
    (5, "no problems at all, nothing was damaged", "positive", "+6.5"),
    (2, "No recomiendo, son unos ladrones", "negative", "-5"),
    (3, "Muy amables, excelente servicio", "positive", "+3"),
    (3, "LLEGARON TARDE y rompieron una lampara", "negative", "-3"),
    (3, "pesimo", "negative", "-3"),  # accents do not matter
    (3, "\U0001f44d\U0001f44d", "positive", "+3"),
    (None, "excelente, los recomiendo", "positive", "+3"),
    (None, "please leave me alone", "neutral", "0"),
    (None, "worst movers ever", "negative", "-3"),
]


@pytest.mark.parametrize(("score", "comment", "sentiment", "together"), READINGS)
def test_points_are_as_computed_by_hand(score: int | None, comment: str, sentiment: str, together: str) -> None:
    found = judge(score, comment)
    assert (found.sentiment, found.reason.rpartition("; together ")[2]) == (sentiment, together)


def test_the_reason_names_what_was_found() -> None:
    reason = judge(4, "Great crew, but not careful").reason
    assert reason == "score 4 of 5 (+2); comment +1.25 (great +2, not careful -0.75); together +3.25"


@given(st.integers(1, 5), st.text(max_size=300))
def test_any_comment_is_read_and_a_better_score_never_reads_worse(score: int, comment: str) -> None:
    order = ["negative", "neutral", "positive"]
    ranks = [order.index(judge(each, comment).sentiment) for each in range(1, 6)]
    assert ranks == sorted(ranks)
    assert judge(score, comment) == judge(score, comment.upper().lower() if comment.isascii() else comment)


def asked() -> World:
    it = world()
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    return it


def test_feedback_keeps_how_it_was_read_and_a_later_comment_is_read_with_it() -> None:
    it = asked()
    enrollment = it.enrollment().id
    first = give_feedback(it.runtime, ORG, enrollment, score=4, comment="fine")
    assert (first.sentiment, first.sentiment_by) == ("positive", "rule")
    again = give_feedback(it.runtime, ORG, enrollment, score=4, comment="but they stole my ring, thieves")
    assert again.sentiment == "neutral"
    assert "thieves -3" in again.sentiment_reason


def test_staff_judge_otherwise_and_it_stays_and_campaigns_hear_of_it() -> None:
    it = asked()
    first = give_feedback(it.runtime, ORG, it.enrollment().id, score=5, comment="Great. Just great. My sofa is gone")
    said = {"sentiment": "negative", "reason": "irony", "actor": "mem_1"}
    judged = judge_feedback(it.runtime, ORG, first.id, version=first.version, **said)  # type: ignore[arg-type]
    assert (judged.sentiment, judged.sentiment_reason, judged.sentiment_by) == ("negative", "irony", "mem_1")
    heard = [event for event in it.store.events if event["name"] == "feedback.given"]
    assert [(event["data"]["sentiment"], event["data"]["feedback_version"]) for event in heard] == [
        ("positive", 1),
        ("negative", 2),
    ]
    with pytest.raises(Conflict):
        judge_feedback(it.runtime, ORG, first.id, version=first.version, **said)  # type: ignore[arg-type]
    give_feedback(it.runtime, ORG, it.enrollment().id, score=5, comment="excellent, thanks")
    assert get(it.store, Feedback, ORG, first.id).sentiment == "negative"
