"""The feedback and preferences pages in a browser: one question, then the same public link for every score."""

import pytest
from playwright.sync_api import expect

from moref.campaigns.model import Enrollment, Feedback, PageToken
from moref.kernel.keys import GLOBAL
from moref.records import Create, every
from tests.browser.conftest import Eyes
from tests.fakes.referral_world import LOCATION, ORG, World

pytestmark = pytest.mark.browser
sizes = pytest.mark.parametrize("size", ["390", "1280"])
TOKEN = "abcdefghij2345672345"


def asked(w: World) -> str:
    """A customer who was asked for a score; the path of the page."""
    w.contact("con_c", phone="+15125550144")
    w.job("job_1", "con_c", facts=["completed"])
    enrollment = Enrollment(
        **w.base("enr_1"), campaign="default", campaign_version=1, contact_id="con_c", job_id="job_1",
        location_id=LOCATION, zones=["America/Chicago"], token=TOKEN,
    )  # fmt: skip
    token = PageToken(
        **{**w.base(TOKEN), "organization_id": GLOBAL}, owner_id=ORG, page="review", subject_id=enrollment.id
    )
    w.store.commit(Create(enrollment), Create(token))
    return f"/review/{TOKEN}"


@sizes
@pytest.mark.parametrize(("words", "score"), [("Excellent", 5), ("Very poor", 1)])
def test_a_score_is_given_and_the_public_link_is_the_same(
    w: World, eyes: Eyes, size: str, words: str, score: int
) -> None:
    page = eyes.open(asked(w), size)
    eyes.picture(page, f"review-{size}")
    assert every(w.store, Feedback, ORG) == []  # looking records nothing
    page.get_by_role("radio", name=words).and_(page.locator(f"#score-{score}")).check()
    page.get_by_label("Anything you want to tell us?").fill("Careful people")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you!")).to_be_visible()
    eyes.picture(page, f"review-thanks-{score}-{size}")
    link = page.get_by_role("link", name="Write a public review")
    expect(link).to_have_attribute("href", "https://review.example/bluebird")
    (given,) = every(w.store, Feedback, ORG)
    assert (given.score, given.comment) == (score, "Careful people")


def test_without_a_choice_the_question_stays_and_the_comment_is_kept(w: World, eyes: Eyes) -> None:
    page = eyes.open(asked(w))
    page.get_by_label("Anything you want to tell us?").fill("Careful people")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.get_by_label("Anything you want to tell us?").input_value() == "Careful people"
    eyes.picture(page, "review-error-390")
    assert every(w.store, Feedback, ORG) == []
