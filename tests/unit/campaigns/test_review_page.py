"""The feedback page: what it records, what it shows, and to whom."""

import re

import pytest

from moref.campaigns.model import Feedback
from moref.pages import review
from moref.records import every
from moref.tenants.model import Location
from tests.unit.messaging.world import ORG, PLACE, World, world

REVIEW_URL = "https://reviews.example.test/bluebird"


def asked() -> tuple[World, str]:
    it = world()
    it.job_facts("completed", completed=True)
    it.move(hours=3)
    return it, it.enrollment().token or ""


def given(it: World) -> list[Feedback]:
    return every(it.store, Feedback, ORG)


def test_a_get_records_nothing_however_often() -> None:
    it, token = asked()
    rows = len(it.store.rows)
    for _ in range(3):
        page = review.get(it.runtime, token)
        assert page.status == 200
        assert str(page.body).count('type="radio"') == 5
        assert REVIEW_URL not in str(page.body)
    assert len(it.store.rows) == rows


def test_after_any_score_everybody_sees_the_very_same_page_with_the_public_link() -> None:
    shown = set()
    for score in "12345":
        it, token = asked()
        answer = review.post(it.runtime, token, {"score": score, "comment": ""})
        assert (answer.status, answer.headers["location"]) == (303, f"/review/{token}")
        page = str(review.get(it.runtime, token).body)
        assert f'href="{REVIEW_URL}"' in page
        shown.add(re.sub(r'(name="score" value=)"\d"', r"\1", page))
        assert [one.score for one in given(it)] == [int(score)]
    assert len(shown) == 1


def test_sending_twice_keeps_the_first_score() -> None:
    it, token = asked()
    review.post(it.runtime, token, {"score": "2"})
    review.post(it.runtime, token, {"score": "5", "comment": "more"})
    (feedback,) = given(it)
    assert (feedback.score, feedback.comment) == (2, "more")


@pytest.mark.parametrize("score", ["", "0", "6", "5.0", " 5", "five", "\u0665"])
def test_without_a_usable_score_the_form_comes_back_with_the_comment_escaped(score: str) -> None:
    it, token = asked()
    page = review.post(it.runtime, token, {"score": score, "comment": "<script>alert(1)</script>"})
    assert page.status == 422
    assert "&lt;script&gt;" in page.body
    assert "<script" not in page.body
    assert not given(it)


def test_a_long_comment_is_cut() -> None:
    it, token = asked()
    review.post(it.runtime, token, {"score": "5", "comment": "x" * 3000})
    assert len(given(it)[0].comment) == 2000


@pytest.mark.parametrize("token", ["", "x", "aaaaaaaaaaaaaaaaaaaa", "A" * 20, "a" * 500, "../secret", "a#b"])
def test_a_token_that_leads_nowhere_is_a_friendly_404(token: str) -> None:
    it, _ = asked()
    for page in (review.get(it.runtime, token), review.post(it.runtime, token, {"score": "5"})):
        assert page.status == 404
        assert "could not find this page" in page.body
    assert not given(it)


def test_headers_keep_the_token_from_leaking_and_nothing_foreign_from_loading() -> None:
    it, token = asked()
    it.change(Location, PLACE, name='A "B" <Movers>')
    page = review.get(it.runtime, token)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<Movers>" not in page.body
    assert "<script" not in page.body
