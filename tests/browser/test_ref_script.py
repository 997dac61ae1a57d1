"""ref.js on the pages of a fictitious company's site: the code that came with the visitor leaves with the form.

The site and ours are two addresses that only this browser knows: every request is answered here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from moref.pages.dispatch import answer
from tests.fakes.page_server import event
from tests.fakes.referral_world import World

pytestmark = pytest.mark.browser
OURS, SITE = "https://go.moref.example", "https://www.bluebird.example"
CODE, OTHER = "7K3M9QX2WDQ", "2WDQ7K3M9QX"
FIELD = "[name=moref_ref]"
SCRIPT = f'<script src="{OURS}/ref.js" async></script>'
FORM = '<form id="quote" method="post" action="/thanks"><input name="email"><button>Send</button>{}</form>'
PAGES = {
    "/": SCRIPT + '<a href="/contact">Contact</a>',
    "/contact": SCRIPT + FORM.format('<input type="hidden" name="moref_ref">'),
    "/plain": SCRIPT + FORM.format(""),
    "/twice": SCRIPT + SCRIPT + FORM.format(""),
    "/off": SCRIPT + FORM.format("").replace("<form", '<form data-moref="off"'),
    "/link": SCRIPT + '<a data-moref-quote href="/contact">Get a quote</a>',
    "/late": SCRIPT
    + "<script>addEventListener('load', () => { document.body.insertAdjacentHTML('beforeend', `"
    + FORM.format("")
    + "`) })</script>",
    "/thanks": "<h1>Thanks</h1>",
}


@dataclass
class Company:
    """A browser that meets the company's site, and what the site's forms were sent."""

    context: BrowserContext
    w: World
    posted: list[dict[str, list[str]]] = field(default_factory=list)

    def serve(self, route: Route) -> None:
        asked, url = route.request, urlsplit(route.request.url)
        if f"{url.scheme}://{url.netloc}" == OURS:
            made = answer(self.w.runtime, event(asked.method, url.path))
            route.fulfill(status=made["statusCode"], headers=made["headers"], body=made["body"])
        elif asked.url.startswith(SITE) and url.path in PAGES:
            if asked.method == "POST":
                self.posted.append(parse_qs(asked.post_data or "", keep_blank_values=True))
            route.fulfill(content_type="text/html", body=f"<!doctype html><body>{PAGES[url.path]}")
        else:
            route.abort()

    def visit(self, path: str) -> Page:
        """In a new tab: nothing of another tab's session is there."""
        page = self.context.new_page()
        page.set_default_timeout(10_000)
        page.goto(SITE + path)
        return page


@pytest.fixture
def company(chromium: Browser, w: World) -> Iterator[Company]:
    context = chromium.new_context()
    made = Company(context, w)
    context.route("**/*", made.serve)
    yield made
    context.close()


def send(page: Page) -> None:
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thanks")).to_be_visible()


def test_the_code_survives_navigation_and_arrives_with_the_form_once(company: Company) -> None:
    page = company.visit(f"/?ref={CODE}&utm_source=sms")
    page.get_by_role("link", name="Contact").click()
    expect(page.locator(FIELD)).to_have_value(CODE)
    send(page)
    assert company.posted == [{"email": [""], "moref_ref": [CODE]}]


@pytest.mark.parametrize("path", ["/plain", "/twice", "/late"])
def test_a_form_without_the_field_gets_it_once(company: Company, path: str) -> None:
    send(company.visit(f"{path}?ref={CODE}"))
    assert company.posted == [{"email": [""], "moref_ref": [CODE]}]


def test_the_code_is_kept_for_ninety_days_on_this_site_alone(company: Company) -> None:
    page = company.visit(f"/?ref={CODE}")
    page.wait_for_function("document.cookie.includes('moref_ref')")
    (cookie,) = company.context.cookies()
    assert (cookie["name"], cookie["value"], cookie["domain"]) == ("moref_ref", CODE, "www.bluebird.example")
    assert (cookie["path"], cookie["secure"], cookie["sameSite"]) == ("/", True, "Lax")
    left = cookie["expires"] - page.evaluate("Date.now() / 1000")
    assert left == pytest.approx(90 * 24 * 3600, abs=60)
    again = company.visit("/contact")  # another tab, another day
    expect(again.locator(FIELD)).to_have_value(CODE)


def test_within_a_visit_the_code_is_known_without_cookies(company: Company) -> None:
    page = company.visit(f"/contact?ref={CODE}")
    expect(page.locator(FIELD)).to_have_value(CODE)
    company.context.clear_cookies()
    page.goto(f"{SITE}/contact")
    expect(page.locator(FIELD)).to_have_value(CODE)


def test_the_newest_link_counts(company: Company) -> None:
    expect(company.visit(f"/contact?ref={CODE}").locator(FIELD)).to_have_value(CODE)
    expect(company.visit(f"/contact?ref={OTHER}").locator(FIELD)).to_have_value(OTHER)
    expect(company.visit("/contact").locator(FIELD)).to_have_value(OTHER)


def test_a_quote_link_leads_to_our_form(company: Company) -> None:
    page = company.visit(f"/link?ref={CODE}")
    expect(page.get_by_role("link", name="Get a quote")).to_have_attribute("href", f"{OURS}/q/{CODE}")


def test_a_form_that_is_to_be_left_alone_is(company: Company) -> None:
    send(company.visit(f"/off?ref={CODE}"))
    assert company.posted == [{"email": [""]}]


@pytest.mark.parametrize("code", ["", "%22%3E%3Cscript%3E", "short", "7K3M9QX2WDQ7K3M9QX2WDQ"])
def test_what_is_no_code_is_neither_kept_nor_sent(company: Company, code: str) -> None:
    page = company.visit(f"/plain?ref={code}")
    page.wait_for_load_state("networkidle")
    send(page)
    assert company.posted == [{"email": [""]}]
    assert company.context.cookies() == []


def test_a_wrong_code_in_the_address_does_not_hide_the_right_one_of_before(company: Company) -> None:
    page = company.visit(f"/contact?ref={CODE}")
    expect(page.locator(FIELD)).to_have_value(CODE)
    page.goto(f"{SITE}/contact?ref=newsletter")
    expect(page.locator(FIELD)).to_have_value(CODE)
