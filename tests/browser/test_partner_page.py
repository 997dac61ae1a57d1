"""A partner's page without JavaScript: accept, send a lead, see what became of it."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Eyes
from tests.fakes.referral_world import World
from tests.unit.partners.world import World as Partners

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", ["390", "1280"])
def test_from_the_invitation_to_what_became_of_a_lead(w: World, eyes: Eyes, size: str) -> None:
    partners = Partners(base=w)
    page = eyes.open(f"/p/{partners.partner.token}", size)
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("Please read and accept the terms.")).to_be_visible()
    page.get_by_label("I have read these terms").check()
    page.get_by_label("We only recommend").check()
    page.get_by_role("button", name="Accept the invitation").click()
    expect(page.get_by_text("Your page is being made")).to_be_visible()
    partners.work()
    expect(page.get_by_role("heading", name="Send a lead")).to_be_visible()
    page.get_by_role("button", name="Send the lead").click()
    expect(page.get_by_role("link", name="From ZIP code")).to_be_visible()
    page.get_by_label("Their name").fill("Fred Friend")
    page.get_by_label("Their phone").fill("(512) 555-0188")
    page.get_by_label("From ZIP code").fill("78701")
    page.get_by_role("button", name="Send the lead").click()
    expect(page.get_by_role("heading", name="Fred Friend")).to_be_visible()
    expect(page.get_by_text("Not paid yet")).to_be_visible()
    assert len(partners.referrals()) == 1
