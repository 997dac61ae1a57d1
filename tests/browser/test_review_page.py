"""The feedback page in a browser: one question, then the same public link for every score."""

import pytest
from playwright.sync_api import expect

from moref.campaigns.model import Feedback
from moref.records import every
from tests.browser.conftest import Eyes
from tests.browser.town import ask
from tests.fakes.referral_world import ORG, World

pytestmark = pytest.mark.browser
sizes = pytest.mark.parametrize("size", ["390", "1280"])


@sizes
@pytest.mark.parametrize(("words", "score"), [("Excellent", 5), ("Very poor", 1)])
def test_a_score_is_given_and_the_public_link_is_the_same(
    w: World, eyes: Eyes, size: str, words: str, score: int
) -> None:
    page = eyes.open(ask(w), size)
    assert every(w.store, Feedback, ORG) == []  # looking records nothing
    page.get_by_role("radio", name=words).and_(page.locator(f"#score-{score}")).check()
    page.get_by_label("Anything you want to tell us?").fill("Careful people")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    link = page.get_by_role("link", name="Write a public review")
    expect(link).to_have_attribute("href", "https://review.example/bluebird")
    (given,) = every(w.store, Feedback, ORG)
    assert (given.score, given.comment) == (score, "Careful people")


def test_without_a_choice_the_question_stays_and_the_comment_is_kept(w: World, eyes: Eyes) -> None:
    page = eyes.open(ask(w))
    page.get_by_label("Anything you want to tell us?").fill("Careful people")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_label("Anything you want to tell us?").input_value() == "Careful people"
    assert every(w.store, Feedback, ORG) == []
