"""Debian's chromium through Playwright, on pages served in this process over fakes."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, ViewportSize, sync_playwright

from tests.browser.town import Town
from tests.fakes.page_server import serving_function
from tests.fakes.referral_world import World, world

SCREENSHOTS = Path(__file__).parents[2] / ".local" / "screenshots"
LONGEST_PICTURE = 6000  # pixels; of the API's long reference the first window will do
SIZES: dict[str, ViewportSize] = {
    "320": {"width": 320, "height": 568},
    "390": {"width": 390, "height": 844},
    "1280": {"width": 1280, "height": 900},
}


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is not installed")
        pytest.skip("chromium is not installed")
    # Root has no sandbox of chromium's: in a build container there is only root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def w() -> World:
    return world()


@pytest.fixture
def town(w: World) -> Town:
    return Town(w)


@pytest.fixture
def site(town: Town) -> Iterator[str]:
    with serving_function(town.answer) as url:
        yield url


class Eyes:
    """Opens pages, without JavaScript unless asked; takes pictures; remembers what no page of ours may do: ask another
    address for anything, or break its own content security policy.
    """

    def __init__(self, browser: Browser, site: str) -> None:
        self._browser, self._site = browser, site
        self._contexts: list[BrowserContext] = []
        self.complaints: list[str] = []

    def open(self, path: str, size: str = "390", *, scripts: bool = False) -> Page:
        context = self._browser.new_context(viewport=SIZES[size], java_script_enabled=scripts)
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", self._saw)
        page.on("console", self._heard)
        page.set_default_timeout(10_000)
        page.goto(self._site + path)
        return page

    def _saw(self, request: Request) -> None:
        if not request.url.startswith((self._site, "about:")):
            self.complaints.append(f"asked {request.url}")

    def _heard(self, message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            self.complaints.append(message.text)

    @staticmethod
    def picture(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        height = page.evaluate("document.documentElement.scrollHeight")
        page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=height <= LONGEST_PICTURE)

    def close(self) -> None:
        for context in self._contexts:
            context.close()


@pytest.fixture
def eyes(chromium: Browser, site: str) -> Iterator[Eyes]:
    made = Eyes(chromium, site)
    yield made
    made.close()
    assert made.complaints == []
